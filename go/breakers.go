package policy

import (
	"encoding/json"
	"runtime"
	"time"
)

// CallOutcome is what became of a call, for circuit breakers.
type CallOutcome string

// The outcomes of a call.
const (
	// CallSucceeded: there was an answer.
	CallSucceeded CallOutcome = "success"
	// CallFailed: the call failed or timed out, through no fault of the caller.
	CallFailed CallOutcome = "failure"
	// CallIgnored: it says nothing about the one who was called, such as a request that was wrong.
	CallIgnored CallOutcome = "ignored"
)

// Observation is what [Engine.Observe] reports.
type Observation struct {
	// Outcome is what became of the call.
	Outcome CallOutcome `json:"outcome"`
	// LatencyMS is how long it took, in milliseconds; 0: not known.
	LatencyMS float64 `json:"latency_ms,omitempty"`
}

// Observe reports what became of a call that was allowed, an [Observation] or the same as JSON, to the breakers that let it
// through. hold is [Decision.Hold]. Report each call once; one that was not sent is released instead. [Engine.Settle] takes the
// same words beside what was used.
func (e *Engine) Observe(hold string, observed any) error {
	json, lent, err := encodeHost(observed)
	if err != nil {
		return err
	}
	err = nativeObserve(e.number, hold, json)
	lent.back()
	runtime.KeepAlive(e)
	return err
}

// Observe is [Engine.Observe] about the call that the exchange allowed last. What was reported before is not reported again.
func (x *Exchange) Observe(observed any) error {
	json, lent, err := encodeHost(observed)
	if err != nil {
		return err
	}
	err = nativeExchangeObserve(x.number, json)
	lent.back()
	runtime.KeepAlive(x)
	return err
}

// Switch is a breaker that is switched off.
type Switch struct {
	// Breaker is its name, as "namespace/document/breaker".
	Breaker string `json:"breaker"`
	// Key are the values of its key; none: all of them.
	Key []string `json:"key"`
	// Reason is what decisions show.
	Reason string `json:"reason"`
	// Until is when it ends; zero: not by itself.
	Until time.Time `json:"until"`
}

// SwitchOff switches a breaker off, as in an emergency or for maintenance: nothing goes through it for this key until then, or,
// with the zero time, until [Engine.SwitchOn]. breaker is its name, or "namespace/document/breaker"; key has the values of its
// key, none for all of them. Decisions show the reason. What was set before for the same is replaced. At most 4,096 switches are
// set at a time.
func (e *Engine) SwitchOff(breaker string, key []string, reason string, until time.Time) error {
	err := nativeSwitchOff(e.number, breaker, appendTexts(nil, key), reason, until)
	runtime.KeepAlive(e)
	return err
}

// SwitchOn takes back what [Engine.SwitchOff] set for the same breaker and key. Nothing happens when nothing is set.
func (e *Engine) SwitchOn(breaker string, key []string) error {
	err := nativeSwitchOn(e.number, breaker, appendTexts(nil, key))
	runtime.KeepAlive(e)
	return err
}

// Switches are the breakers that are switched off.
func (e *Engine) Switches() ([]Switch, error) {
	list, err := e.SwitchesJSON()
	return decoded[[]Switch](list, err)
}

// SwitchesJSON are [Engine.Switches] as a list in canonical JSON.
func (e *Engine) SwitchesJSON() (json.RawMessage, error) {
	list, err := nativeSwitches(e.number)
	runtime.KeepAlive(e)
	return list, err
}
