package policy

/*
#include "shim.h"
*/
import "C"

import (
	"time"
)

// What limits, breakers, detectors and streams say to C; native.go has the rest.

func nativeSettle(engine uint64, hold string, used []byte) (Closed, error) {
	var closed C.int32_t
	var out C.lpego_out
	err := reported(C.lpego_settle(C.uint64_t(engine), first(viewed(hold)), size(viewed(hold)), first(used), size(used), &closed,
		&out), &out)
	return Closed(closed), err
}

func nativeRelease(engine uint64, hold string) (Closed, error) {
	var closed C.int32_t
	var out C.lpego_out
	err := reported(C.lpego_release(C.uint64_t(engine), first(viewed(hold)), size(viewed(hold)), &closed, &out), &out)
	return Closed(closed), err
}

func nativeExtend(engine uint64, hold string) (Closed, error) {
	var closed C.int32_t
	var out C.lpego_out
	err := reported(C.lpego_extend(C.uint64_t(engine), first(viewed(hold)), size(viewed(hold)), &closed, &out), &out)
	return Closed(closed), err
}

func nativeObserve(engine uint64, hold string, outcome []byte) error {
	var out C.lpego_out
	return reported(C.lpego_observe(C.uint64_t(engine), first(viewed(hold)), size(viewed(hold)), first(outcome), size(outcome),
		&out), &out)
}

// nativeExchangeSettle settles with what the answer says when used is nil.
func nativeExchangeSettle(exchange uint64, used []byte) (Closed, error) {
	var closed C.int32_t
	var out C.lpego_out
	err := reported(C.lpego_exchange_settle(C.uint64_t(exchange), first(used), size(used), &closed, &out), &out)
	return Closed(closed), err
}

func nativeExchangeRelease(exchange uint64) (Closed, error) {
	var closed C.int32_t
	var out C.lpego_out
	err := reported(C.lpego_exchange_release(C.uint64_t(exchange), &closed, &out), &out)
	return Closed(closed), err
}

func nativeExchangeObserve(exchange uint64, outcome []byte) error {
	var out C.lpego_out
	return reported(C.lpego_exchange_observe(C.uint64_t(exchange), first(outcome), size(outcome), &out), &out)
}

func nativeExchangeHold(exchange uint64) ([]byte, error) {
	var out C.lpego_out
	return text(C.lpego_exchange_hold(C.uint64_t(exchange), &out), &out)
}

func nativeSwitchOff(engine uint64, breaker string, key []byte, reason string, until time.Time) error {
	last := C.int64_t(C.LPE_NEVER)
	if !until.IsZero() {
		last = micros(until)
	}
	var out C.lpego_out
	return reported(C.lpego_switch_off(C.uint64_t(engine), first(viewed(breaker)), size(viewed(breaker)), first(key), size(key),
		first(viewed(reason)), size(viewed(reason)), last, &out), &out)
}

func nativeSwitchOn(engine uint64, breaker string, key []byte) error {
	var out C.lpego_out
	return reported(C.lpego_switch_on(C.uint64_t(engine), first(viewed(breaker)), size(viewed(breaker)), first(key), size(key),
		&out), &out)
}

func nativeSwitches(engine uint64) ([]byte, error) {
	var out C.lpego_out
	return text(C.lpego_switches(C.uint64_t(engine), &out), &out)
}

func nativeDetectorNew(options []byte) (uint64, error) {
	var number C.uint64_t
	var out C.lpego_out
	err := reported(C.lpego_detector_new(first(options), size(options), &number, &out), &out)
	return uint64(number), err
}

func nativeDetectorScan(detector uint64, scanned string) ([]byte, error) {
	var out C.lpego_out
	return text(C.lpego_detector_scan(C.uint64_t(detector), first(viewed(scanned)), size(viewed(scanned)), &out), &out)
}

func nativeDetectorRedact(detector uint64, form, style, redacted string) ([]byte, error) {
	var out C.lpego_out
	return text(C.lpego_detector_redact(C.uint64_t(detector), first(viewed(form)), size(viewed(form)), first(viewed(style)),
		size(viewed(style)), first(viewed(redacted)), size(viewed(redacted)), &out), &out)
}

// nativeExchangeRedact takes out of a context, or, with a format, out of a provider's body.
func nativeExchangeRedact(exchange uint64, format string, body []byte) ([]byte, error) {
	var out C.lpego_out
	return text(C.lpego_exchange_redact(C.uint64_t(exchange), first(viewed(format)), size(viewed(format)), first(body), size(body),
		&out), &out)
}

func nativeExchangeRestore(exchange uint64, restored string) ([]byte, error) {
	var out C.lpego_out
	return text(C.lpego_exchange_restore(C.uint64_t(exchange), first(viewed(restored)), size(viewed(restored)), &out), &out)
}

func nativeStreamBegin(exchange uint64, asked question, format string) (uint64, error) {
	c := nativeQuestion(exchange, asked)
	var number C.uint64_t
	var out C.lpego_out
	err := reported(C.lpego_stream_begin(&c, first(viewed(format)), size(viewed(format)), &number, &out), &out)
	return uint64(number), err
}

func nativeStreamPush(stream uint64, chunk []byte) ([]byte, bool, error) {
	stopped := C.int32_t(1)
	var out C.lpego_out
	passed, err := text(C.lpego_stream_push(C.uint64_t(stream), first(chunk), size(chunk), &stopped, &out), &out)
	return passed, stopped != 0, err
}

func nativeStreamFinish(stream uint64, asked question) ([]byte, Decision, error) {
	c, buffer := nativeQuestion(stream, asked), buffers.Get().(*[4096]byte)
	var answer C.lpego_answer
	var rest C.lpego_out
	C.lpego_stream_finish(&c, first(buffer[:]), size(buffer[:]), &answer, &rest)
	passed := []byte(taken(&rest))
	decision, err := decided(asked, &answer, buffer)
	return passed, decision, err
}

func nativeStreamAbort(stream uint64) error {
	var out C.lpego_out
	return reported(C.lpego_stream_abort(C.uint64_t(stream), &out), &out)
}
