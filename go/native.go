package policy

/*
#include "shim.h"

#cgo noescape lpego_evaluate
#cgo nocallback lpego_evaluate
#cgo noescape lpego_evaluate_prepared
#cgo nocallback lpego_evaluate_prepared
#cgo noescape lpego_evaluate_batch
#cgo nocallback lpego_evaluate_batch
*/
import "C"

import (
	"fmt"
	"strings"
	"sync"
	"time"
	"unsafe"
)

// This file is all that knows C. Objects of the library are numbers with a generation, so one that was closed is an error
// and never another object; the library keeps an object while a call uses it.

// init refuses to run with a library of another interface, which a system's library may be.
func init() {
	if got, want := uint32(C.lpe_abi_version()), uint32(C.LPE_ABI_VERSION); got != want {
		panic(fmt.Sprintf("policy: the policy engine's library has interface %d, this package was made for %d", got, want))
	}
}

// Version is the version of the engine that is linked in.
func Version() string {
	version := C.lpe_version()
	return string(unsafe.Slice((*byte)(unsafe.Pointer(version.ptr)), int(version.len)))
}

// SelfTestPanic panics inside the library on purpose, so that whoever ships it can prove that a panic stays inside: it
// returns an error that is [ErrInternal], and the process goes on.
func SelfTestPanic() error {
	var out C.lpego_out
	return reported(C.lpego_self_test_panic(&out), &out)
}

// now is the time that the machine's clock shows.
const clock = int64(C.LPE_NOW)

// question is what is asked of an engine, as C wants it.
func question(engine uint64, asked asked) C.lpego_question {
	at := C.lpego_question{engine: C.uint64_t(engine), now_us: C.LPE_NOW, stage: C.int32_t(asked.stage), with_text: 1}
	if asked.hasNow {
		at.now_us = C.int64_t(asked.now.UnixMicro())
	}
	if asked.effectOnly {
		at.with_text = 0
	}
	return at
}

// texts are buffers for decisions' canonical forms. Most fit; longer ones take one call more.
var texts = sync.Pool{New: func() any { return new([4096]byte) }}

func nativeEvaluate(engine uint64, asked asked, input []byte) (Decision, error) {
	question := question(engine, asked)
	var answer C.lpego_answer
	buffer := texts.Get().(*[4096]byte)
	C.lpego_evaluate(&question, bytePointer(input), C.size_t(len(input)),
		(*C.uint8_t)(unsafe.Pointer(buffer)), C.size_t(len(buffer)), &answer)
	decision, err := decided(asked, &answer, buffer)
	texts.Put(buffer)
	return decision, err
}

func nativeEvaluatePrepared(engine uint64, asked asked, prepared uint64) (Decision, error) {
	question := question(engine, asked)
	var answer C.lpego_answer
	buffer := texts.Get().(*[4096]byte)
	C.lpego_evaluate_prepared(&question, C.uint64_t(prepared),
		(*C.uint8_t)(unsafe.Pointer(buffer)), C.size_t(len(buffer)), &answer)
	decision, err := decided(asked, &answer, buffer)
	texts.Put(buffer)
	return decision, err
}

// nativeEvaluateBatch decides about inputs that lie one behind the other in bytes; each ends at its entry of ends.
func nativeEvaluateBatch(engine uint64, asked asked, bytes []byte, ends []uintptr) []Verdict {
	if len(ends) == 0 {
		return nil
	}
	question := question(engine, asked)
	answers := make([]C.lpego_answer, len(ends))
	C.lpego_evaluate_batch(&question, bytePointer(bytes), (*C.size_t)(unsafe.Pointer(unsafe.SliceData(ends))),
		C.size_t(len(ends)), unsafe.SliceData(answers))
	verdicts := make([]Verdict, len(ends))
	for at := range answers {
		verdicts[at].Decision, verdicts[at].Err = decided(asked, &answers[at], nil)
	}
	return verdicts
}

// decided reads an answer and frees what it holds. A failure's decision is the deny that stands for it.
func decided(asked asked, answer *C.lpego_answer, buffer *[4096]byte) (Decision, error) {
	record := &answer.decision
	decision := Decision{
		Effect:       Effect(record.effect),
		Allowed:      record.allowed == 1 && record.effect == C.LPE_EFFECT_ALLOW,
		Stage:        asked.stage,
		ShadowEffect: Effect(record.shadow_effect),
		Matches:      int(record.matched),
		Duties:       int(record.obligations),
		Warned:       int(record.warnings),
		Failed:       int(record.errors),
		Routed:       record.routed != 0,
		RetryAfter:   retryAfter(uint64(record.retry_after_ms)),
	}
	out := &answer.out
	if out.text == 0 {
		if out.len > 0 {
			decision.canonical = string(buffer[:out.len])
		}
		if answer.status == C.LPE_OK {
			return decision, nil
		}
	}
	decision.canonical, _ = taken(out, decision.canonical)
	err := reported(answer.status, out)
	if err != nil && decision.canonical == "" && !asked.effectOnly {
		decision.canonical = refusal(asked.stage, err)
	}
	return decision, err
}

// retryAfter is a time in milliseconds, at most the longest that Go can say.
func retryAfter(ms uint64) time.Duration {
	const most = uint64(1<<63-1) / uint64(time.Millisecond)
	return time.Duration(min(ms, most)) * time.Millisecond
}
