//go:build !llmpolicy_system

package policy

// #cgo LDFLAGS: ${SRCDIR}/lib/linux_amd64/libllm_policy.a -lm -ldl -lpthread
import "C"

import _ "github.com/llm-policy-engine/llm-policy-engine/go/lib/linux_amd64" // so that "go mod vendor" keeps the archive
