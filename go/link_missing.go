//go:build !llmpolicy_system && !(linux && (amd64 || arm64))

package policy

// #error "there is no archive of the policy engine for this platform: install the C library and build with -tags llmpolicy_system"
import "C"
