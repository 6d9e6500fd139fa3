//go:build !cgo

package policy

// Without cgo the engine cannot be linked; the name says so where the compiler stops.
var _ = the_policy_engine_needs_cgo_set_CGO_ENABLED_1_and_install_a_C_compiler
