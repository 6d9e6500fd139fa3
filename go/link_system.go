//go:build llmpolicy_system

package policy

// #cgo pkg-config: llm-policy
import "C"
