// Package linux_amd64 holds the static archive of the policy engine for this platform.
//
// It is a package so that "go mod vendor" and the module cache carry the archive; there is nothing to use in it.
package linux_amd64
