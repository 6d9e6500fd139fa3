package policy

import (
	"context"
	"encoding/json"
	"runtime"
	"time"
)

// LimitState is how a limit stands after a request; of one that was refused or only tried, how it would stand. Amounts are
// dollars, tokens or requests, as Unit says.
type LimitState struct {
	// Policy is the document, as "namespace/name".
	Policy string `json:"policy"`
	// Limit is its name.
	Limit string `json:"limit"`
	// Kind is "budget", "quota", "rate", "concurrency", or "open": the bound of requests under way of another limit.
	Kind string `json:"kind"`
	// Unit is "USD", "tokens" or "requests".
	Unit string `json:"unit"`
	// Key is whom it counts for.
	Key []string `json:"key"`
	// Amount is what may be used at most at a time.
	Amount float64 `json:"amount"`
	// Used is what is used.
	Used float64 `json:"used"`
	// Reserved is, of what is used, what requests that are under way hold.
	Reserved float64 `json:"reserved"`
	// Remaining is what is left.
	Remaining float64 `json:"remaining"`
	// Cost is what this request costs, as it is estimated.
	Cost float64 `json:"cost"`
	// Fits: the request has room here.
	Fits bool `json:"fits"`
	// ResetsAt is when the limit counts anew; zero when its window has no end.
	ResetsAt time.Time `json:"resets_at"`
	// RetryAfterMS is milliseconds until the request would have room; 0 when it has, and when that cannot be said.
	RetryAfterMS uint64 `json:"retry_after_ms"`
	// Reached are the shares of the steps that are in force: 0.75 is 75%.
	Reached []float64 `json:"reached"`
	// Alerts are, of these, those that this request was the first to reach in this window: what an alert goes by.
	Alerts []float64 `json:"alerts"`
	// Shadow: it is only observed.
	Shadow bool `json:"shadow"`
}

// Limits are how each limit stands that applies to the request; nil when none applies, and when [EffectOnly] was asked for. They
// vary from run to run, so they are no part of [Decision.JSON].
func (d Decision) Limits() []LimitState {
	var states []LimitState
	if d.limits != "" {
		_ = json.Unmarshal([]byte(d.limits), &states) // the library wrote it
	}
	return states
}

// LimitsJSON are [Decision.Limits] as a list in canonical JSON.
func (d Decision) LimitsJSON() string {
	if d.limits == "" {
		return "[]"
	}
	return d.limits
}

// Hold is what is held for the request, for [Engine.Settle], [Engine.Release], [Engine.Extend] and [Engine.Observe], here or in
// another process that has the same store. It is empty when nothing is held, and when [EffectOnly] was asked for: what is taken
// then stays charged as it was estimated.
func (d Decision) Hold() string { return d.hold }

// Usage is what an answer says that its request used, in tokens.
type Usage struct {
	// InputTokens are all that were read, cached ones among them.
	InputTokens uint64 `json:"input_tokens"`
	// OutputTokens are all that were written, reasoning among them.
	OutputTokens uint64 `json:"output_tokens"`
	// CachedTokens are, of the input, those that came from the provider's cache.
	CachedTokens uint64 `json:"cached_tokens,omitempty"`
	// ReasoningTokens are, of the output, those of the reasoning.
	ReasoningTokens uint64 `json:"reasoning_tokens,omitempty"`
}

// Used is what a request really used. Each part may be left out; what nobody knows costs what was estimated.
type Used struct {
	// Usage is counted in tokens.
	Usage *Usage `json:"usage,omitempty"`
	// Model is the one that answered, where it is not the one that was asked.
	Model string `json:"model,omitempty"`
	// Cost is in dollars, and counts before what the tokens cost by the table of prices.
	Cost *float64 `json:"cost,omitempty"`
	// Outcome tells circuit breakers what became of the call, as [Engine.Observe] does.
	Outcome CallOutcome `json:"outcome,omitempty"`
	// LatencyMS is how long the call took, in milliseconds; only with an outcome.
	LatencyMS float64 `json:"latency_ms,omitempty"`
}

// Closed is what became of a reservation that was to be closed.
type Closed int32

// What may become of a reservation.
const (
	// ClosedDone: it was open, and is closed now.
	ClosedDone Closed = iota + 1
	// ClosedLate: it had expired. What the request really cost stands now in place of what was charged then.
	ClosedLate
	// ClosedAlreadySettled: it was settled before; nothing was changed.
	ClosedAlreadySettled
	// ClosedAlreadyReleased: it was released before; nothing was changed.
	ClosedAlreadyReleased
	// ClosedAlreadyExpired: it had expired, and that stays so.
	ClosedAlreadyExpired
	// ClosedUnknown: the store does not know it, or no longer; nothing was changed.
	ClosedUnknown
	// ClosedNothing: nothing is held; no limit applied, or this exchange closed it before.
	ClosedNothing
)

// String is the name: "already_settled".
func (c Closed) String() string {
	names := [...]string{"done", "late", "already_settled", "already_released", "already_expired", "unknown", "nothing"}
	if c < ClosedDone || c > ClosedNothing {
		return "invalid"
	}
	return names[c-ClosedDone]
}

// DryRun decides as [Engine.Evaluate] does, and takes nothing from limits: [Decision.Limits] say what would be.
func (e *Engine) DryRun(ctx context.Context, input any, asks ...Ask) (Decision, error) {
	question := questionOf(asks)
	if err := ctx.Err(); err != nil {
		return failed(question, cancelled(err))
	}
	json, lent, err := encode(input)
	if err != nil {
		return failed(question, err)
	}
	decision, err := nativeDryRun(e.number, question, json)
	lent.back()
	runtime.KeepAlive(e)
	return e.told(decision, err)
}

// Settle closes what is held for a request that was allowed, with what it really used: a [Used], or the same as JSON. hold is
// [Decision.Hold]. Settling twice changes nothing, and says so. It takes no context: what was used has to be booked also when
// the one who asked has gone. An error that is [ErrLimitsUnavailable] leaves it held.
func (e *Engine) Settle(hold string, used any) (Closed, error) {
	json, lent, err := encodeHost(used)
	if err != nil {
		return 0, err
	}
	closed, err := nativeSettle(e.number, hold, json)
	lent.back()
	runtime.KeepAlive(e)
	return closed, err
}

// Release gives back what is held for a request that was not sent.
func (e *Engine) Release(hold string) (Closed, error) {
	closed, err := nativeRelease(e.number, hold)
	runtime.KeepAlive(e)
	return closed, err
}

// Extend lets what is held live on for another lease, ten minutes: for answers that take long.
func (e *Engine) Extend(hold string) (Closed, error) {
	closed, err := nativeExtend(e.number, hold)
	runtime.KeepAlive(e)
	return closed, err
}

// Hold is what is held for the request that was allowed last, as [Decision.Hold]; empty when nothing is.
func (x *Exchange) Hold() (string, error) {
	hold, err := nativeExchangeHold(x.number)
	runtime.KeepAlive(x)
	return string(hold), err
}

// Settle closes what is held for the request that was allowed last, as [Engine.Settle] does. With nil, what was used is what the
// answer says that was decided about; of a stream without such words, what was counted as it came.
func (x *Exchange) Settle(used any) (Closed, error) {
	var json []byte
	var lent *loan
	if used != nil {
		var err error
		if json, lent, err = encode(used); err != nil {
			return 0, err
		}
		if json == nil {
			json = []byte{} // empty, which is refused, and not nothing
		}
	}
	closed, err := nativeExchangeSettle(x.number, json)
	lent.back()
	runtime.KeepAlive(x)
	return closed, err
}

// Release gives back what is held for a request that was not sent.
func (x *Exchange) Release() (Closed, error) {
	closed, err := nativeExchangeRelease(x.number)
	runtime.KeepAlive(x)
	return closed, err
}
