// A program that links the policy engine beside another static archive that was written in Rust.
package main

/*
#cgo LDFLAGS: ${SRCDIR}/libsecond.a
#include <stdint.h>
int64_t second_digits(uint64_t number);
*/
import "C"

import (
	"context"
	"errors"
	"log"

	policy "github.com/llm-policy-engine/llm-policy-engine/go"
)

func main() {
	const allowAll = "{version: '1.0', metadata: {name: a}, rules: [{id: r, when: 'true', actions: [{type: allow}]}]}"
	for range 3 {
		if got := C.second_digits(1213); got != 3 {
			log.Fatal("the second archive counts ", got)
		}
		if got := C.second_digits(0); got != -1 {
			log.Fatal("the second archive's panic is not caught: ", got)
		}
		if err := policy.SelfTestPanic(); !errors.Is(err, policy.ErrInternal) {
			log.Fatal(err)
		}
		engine, err := policy.New(policy.Documents{"a.yaml": allowAll})
		if err != nil {
			log.Fatal(err)
		}
		if decision, err := engine.Evaluate(context.Background(), "{}"); err != nil || !decision.Allowed {
			log.Fatal(decision, err)
		}
		engine.Close()
	}
}
