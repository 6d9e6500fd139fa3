package policy

/*
#include "shim.h"

#cgo noescape lpego_evaluate
#cgo nocallback lpego_evaluate
#cgo noescape lpego_evaluate_prepared
#cgo nocallback lpego_evaluate_prepared
#cgo noescape lpego_evaluate_body
#cgo nocallback lpego_evaluate_body
#cgo noescape lpego_exchange_evaluate
#cgo nocallback lpego_exchange_evaluate
#cgo noescape lpego_evaluate_batch
#cgo nocallback lpego_evaluate_batch
#cgo noescape lpego_free
#cgo nocallback lpego_free
*/
import "C"

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"time"
	"unsafe"
)

// This file and native_limits.go are all that knows C. Objects of the library are numbers with a generation, so one that was closed is an error
// and never another object, and the library keeps an object while a call uses it: closing needs no lock here.

// init refuses to run with a library of another interface, which a system's library may be.
func init() {
	if got, want := uint32(C.lpe_abi_version()), uint32(C.LPE_ABI_VERSION); got != want {
		panic(fmt.Sprintf("policy: the engine's library has interface %d, and this package was made for %d", got, want))
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

// buffers take the canonical forms of decisions. Most fit; a longer one is copied from the library's memory.
var buffers = sync.Pool{New: func() any { return new([4096]byte) }}

// micros is a time as the library takes it. One beyond the years that an engine knows becomes one that the engine refuses, and which is not
// LPE_NEVER.
func micros(at time.Time) C.int64_t {
	if year := at.Year(); year < -9999 || year > 9999 {
		return math.MaxInt64 - 1
	}
	return C.int64_t(at.UnixMicro())
}

func nativeQuestion(of uint64, asked question) C.lpego_question {
	c := C.lpego_question{of: C.uint64_t(of), now_us: C.LPE_NOW, stage: C.int32_t(asked.stage), with_text: 1}
	if asked.timed {
		c.now_us = micros(asked.now)
	}
	if asked.effectOnly {
		c.with_text = 0
	}
	return c
}

func nativeEvaluate(engine uint64, asked question, input []byte) (Decision, error) {
	c, buffer := nativeQuestion(engine, asked), buffers.Get().(*[4096]byte)
	var answer C.lpego_answer
	C.lpego_evaluate(&c, first(input), size(input), (*C.uint8_t)(unsafe.Pointer(buffer)), C.size_t(len(buffer)), &answer)
	return decided(asked, &answer, buffer)
}

func nativeEvaluatePrepared(engine uint64, asked question, prepared uint64) (Decision, error) {
	c, buffer := nativeQuestion(engine, asked), buffers.Get().(*[4096]byte)
	var answer C.lpego_answer
	C.lpego_evaluate_prepared(&c, C.uint64_t(prepared), (*C.uint8_t)(unsafe.Pointer(buffer)), C.size_t(len(buffer)), &answer)
	return decided(asked, &answer, buffer)
}

func nativeEvaluateBody(engine uint64, asked question, format string, body, host []byte) (Decision, error) {
	c, buffer := nativeQuestion(engine, asked), buffers.Get().(*[4096]byte)
	var answer C.lpego_answer
	C.lpego_evaluate_body(&c, first(viewed(format)), size(viewed(format)), first(body), size(body), first(host), size(host),
		(*C.uint8_t)(unsafe.Pointer(buffer)), C.size_t(len(buffer)), &answer)
	return decided(asked, &answer, buffer)
}

// nativeExchangeEvaluate decides about a context, or, with a format, about a provider's body.
func nativeExchangeEvaluate(exchange uint64, asked question, format string, body []byte) (Decision, error) {
	c, buffer := nativeQuestion(exchange, asked), buffers.Get().(*[4096]byte)
	var answer C.lpego_answer
	C.lpego_exchange_evaluate(&c, first(viewed(format)), size(viewed(format)), first(body), size(body),
		(*C.uint8_t)(unsafe.Pointer(buffer)), C.size_t(len(buffer)), &answer)
	return decided(asked, &answer, buffer)
}

// nativeEvaluateBatch decides about inputs that lie one behind the other.
func nativeEvaluateBatch(engine uint64, asked question, inputs pieces) []Result {
	results := make([]Result, len(inputs.ends))
	if len(results) == 0 {
		return results
	}
	c, answers := nativeQuestion(engine, asked), make([]C.lpego_answer, len(results))
	C.lpego_evaluate_batch(&c, first(inputs.bytes), inputs.endsInC(), C.size_t(len(results)), unsafe.SliceData(answers))
	for at := range answers {
		results[at].Decision, results[at].Err = decided(asked, &answers[at], nil)
	}
	return results
}

// decided reads an answer, frees what it holds, and gives the buffer back. The decision of a failure is the deny that stands
// for it.
func decided(asked question, answer *C.lpego_answer, buffer *[4096]byte) (Decision, error) {
	record, out := &answer.decision, &answer.out
	decision := Decision{
		Effect:          Effect(record.effect),
		Allowed:         record.allowed == 1 && record.effect == C.LPE_EFFECT_ALLOW && answer.status == C.LPE_OK,
		Stage:           asked.stage,
		ShadowEffect:    Effect(record.shadow_effect),
		RetryAfter:      milliseconds(uint64(record.retry_after_ms)),
		Routed:          record.routed != 0,
		MatchCount:      int(record.matched),
		ObligationCount: int(record.obligations),
		WarningCount:    int(record.warnings),
		ErrorCount:      int(record.errors),
	}
	if buffer != nil {
		if out.text == 0 && out.len > 0 {
			decision.canonical = string(buffer[:out.len])
		}
		buffers.Put(buffer)
	}
	if answer.status == C.LPE_OK && out.text == 0 && answer.limits.text == 0 && answer.hold.text == 0 {
		return decision, nil
	}
	if out.text != 0 {
		decision.canonical = textOf(out)
	}
	if answer.limits.text != 0 {
		decision.limits = taken(&answer.limits)
	}
	if answer.hold.text != 0 {
		decision.hold = taken(&answer.hold)
	}
	err := reported(answer.status, out)
	if err != nil && decision.canonical == "" && !asked.effectOnly {
		decision.canonical = refusal(asked.stage, err)
	}
	return decision, err
}

// milliseconds is a time, at most the longest that Go can say.
func milliseconds(ms uint64) time.Duration {
	const most = uint64(1<<63-1) / uint64(time.Millisecond)
	return time.Duration(min(ms, most)) * time.Millisecond
}

func nativeDryRun(engine uint64, asked question, input []byte) (Decision, error) {
	c, buffer := nativeQuestion(engine, asked), buffers.Get().(*[4096]byte)
	var answer C.lpego_answer
	C.lpego_dry_run(&c, first(input), size(input), (*C.uint8_t)(unsafe.Pointer(buffer)), C.size_t(len(buffer)), &answer)
	return decided(asked, &answer, buffer)
}

func nativeExplain(engine uint64, asked question, input []byte) ([]byte, error) {
	c := nativeQuestion(engine, asked)
	var out C.lpego_out
	return text(C.lpego_explain(&c, first(input), size(input), &out), &out)
}

func nativeExplainBody(engine uint64, asked question, format string, body, host []byte) ([]byte, error) {
	c := nativeQuestion(engine, asked)
	var out C.lpego_out
	return text(C.lpego_explain_body(&c, first(viewed(format)), size(viewed(format)), first(body), size(body), first(host),
		size(host), &out), &out)
}

func nativePrepare(engine uint64, input []byte) (uint64, error) {
	var number C.uint64_t
	var out C.lpego_out
	err := reported(C.lpego_prepare(C.uint64_t(engine), first(input), size(input), &number, &out), &out)
	return uint64(number), err
}

func nativeExchangeBegin(engine uint64, host []byte) (uint64, error) {
	var number C.uint64_t
	var out C.lpego_out
	err := reported(C.lpego_exchange_begin(C.uint64_t(engine), first(host), size(host), &number, &out), &out)
	return uint64(number), err
}

func nativeExchangeResume(engine uint64, state []byte) (uint64, error) {
	var number C.uint64_t
	var out C.lpego_out
	err := reported(C.lpego_exchange_resume(C.uint64_t(engine), first(state), size(state), &number, &out), &out)
	return uint64(number), err
}

func nativeExchangeSave(exchange uint64) ([]byte, error) {
	var out C.lpego_out
	return text(C.lpego_exchange_save(C.uint64_t(exchange), &out), &out)
}

func nativeExchangeBundle(exchange uint64) ([]byte, error) {
	var out C.lpego_out
	return text(C.lpego_exchange_bundle(C.uint64_t(exchange), &out), &out)
}

func nativeBundle(engine uint64) ([]byte, error) {
	var out C.lpego_out
	return text(C.lpego_bundle(C.uint64_t(engine), &out), &out)
}

func nativeMetrics(engine uint64) ([]byte, error) {
	var out C.lpego_out
	return text(C.lpego_metrics(C.uint64_t(engine), &out), &out)
}

func nativeAuditStart(engine uint64, options AuditOptions) error {
	var out C.lpego_out
	return reported(C.lpego_audit_start(C.uint64_t(engine), C.uint32_t(options.Capacity), first(options.Key),
		size(options.Key), &out), &out)
}

func nativeAuditStop(engine uint64) error {
	var out C.lpego_out
	return reported(C.lpego_audit_stop(C.uint64_t(engine), &out), &out)
}

func nativeAuditDrain(engine uint64, most int) ([]byte, error) {
	var out C.lpego_out
	return text(C.lpego_audit_drain(C.uint64_t(engine), C.size_t(max(most, 0)), &out), &out)
}

func nativeOptions(settings settings) C.lpe_options {
	options := C.lpe_options{struct_size: C.sizeof_lpe_options, handles: C.uint32_t(settings.handles)}
	if settings.allowWithoutPolicy {
		options.allow_without_policy = 1
	}
	return options
}

func nativeOpen(path string, settings settings) (uint64, error) {
	options := nativeOptions(settings)
	var number C.uint64_t
	var out C.lpego_out
	store := viewed(settings.store)
	err := reported(C.lpego_open(first(viewed(path)), size(viewed(path)), &options, first(store), size(store), &number, &out), &out)
	return uint64(number), err
}

func nativeLoad(documents pieces, settings settings) (uint64, error) {
	options := nativeOptions(settings)
	var number C.uint64_t
	var out C.lpego_out
	store := viewed(settings.store)
	status := C.lpego_load(first(documents.bytes), documents.endsInC(), C.size_t(len(documents.ends)/2), &options, first(store),
		size(store), &number, &out)
	return uint64(number), reported(status, &out)
}

func nativeReloadPath(engine uint64, path string) error {
	var out C.lpego_out
	return reported(C.lpego_reload_path(C.uint64_t(engine), first(viewed(path)), size(viewed(path)), &out), &out)
}

func nativeReload(engine uint64, documents pieces) error {
	var out C.lpego_out
	return reported(C.lpego_reload(C.uint64_t(engine), first(documents.bytes), documents.endsInC(),
		C.size_t(len(documents.ends)/2), &out), &out)
}

func nativeValidatePath(path string) ([]byte, error) {
	var out C.lpego_out
	return text(C.lpego_validate_path(first(viewed(path)), size(viewed(path)), &out), &out)
}

func nativeValidate(documents pieces) ([]byte, error) {
	var out C.lpego_out
	return text(C.lpego_validate(first(documents.bytes), documents.endsInC(), C.size_t(len(documents.ends)/2), &out), &out)
}

func nativeClose(engine uint64)          { C.lpe_engine_close(C.lpe_engine(engine), nil) }
func nativeFreePrepared(prepared uint64) { C.lpe_prepared_free(C.lpe_prepared(prepared), nil) }
func nativeFreeExchange(exchange uint64) { C.lpe_exchange_free(C.lpe_exchange(exchange), nil) }
func nativeFreeDetector(detector uint64) { C.lpe_detector_free(C.lpe_detector(detector), nil) }
func nativeFreeStream(stream uint64)     { C.lpe_stream_free(C.lpe_stream(stream), nil) }

// pieces are byte strings that lie one behind the other, so that many cross in one call without a Go pointer in Go memory.
type pieces struct {
	bytes []byte
	ends  []C.size_t
}

func (p *pieces) add(text string) {
	p.bytes = append(p.bytes, text...)
	p.end()
}

// end ends the piece that was written last.
func (p *pieces) end() { p.ends = append(p.ends, C.size_t(len(p.bytes))) }

func (p *pieces) endsInC() *C.size_t { return unsafe.SliceData(p.ends) }

// first points to the bytes, which the library reads during the call and no longer.
func first(bytes []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(bytes))) }

func size(bytes []byte) C.size_t { return C.size_t(len(bytes)) }

// viewed is the text's own bytes, to be read only.
func viewed(text string) []byte { return unsafe.Slice(unsafe.StringData(text), len(text)) }

// text copies what the library wrote, and frees it.
func text(status C.int32_t, out *C.lpego_out) ([]byte, error) {
	if status != C.LPE_OK {
		return nil, reported(status, out)
	}
	copied := []byte(textOf(out))
	C.lpego_free(out)
	return copied, nil
}

// taken copies what the library wrote beside a decision, and frees it.
func taken(out *C.lpego_out) string {
	copied := textOf(out)
	C.lpego_free(out)
	return copied
}

func textOf(out *C.lpego_out) string {
	return strings.Clone(unsafe.String((*byte)(inC(out.text)), int(out.len)))
}

// reported is the failure that a call reports, or nil; it frees what the call put out.
func reported(status C.int32_t, out *C.lpego_out) error {
	var err error
	switch failure := (*C.lpe_error)(inC(out.failure)); {
	case status == C.LPE_OK:
	case failure == nil:
		err = newError("internal_error", "out of memory")
	default:
		err = errorFrom(bufferText(failure.message), []byte(bufferText(failure.json)))
	}
	C.lpego_free(out)
	return err
}

func bufferText(buffer C.lpe_buffer) string {
	return strings.Clone(unsafe.String((*byte)(unsafe.Pointer(buffer.ptr)), int(buffer.len)))
}

// inC is an address in C's memory, which the collector neither moves nor frees.
func inC(address C.uintptr_t) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&address))
}
