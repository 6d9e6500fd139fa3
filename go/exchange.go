package policy

import (
	"context"
	"runtime"
)

// Exchange is the stages of one turn, decided about by the policies that its engine had when it began, for one caller. What
// was seen in an earlier stage is still there in a later one, so a rule about an answer can ask for the request's model. It
// goes on when the engine is reloaded or closed.
type Exchange struct {
	number  uint64
	engine  *Engine
	cleanup runtime.Cleanup
}

// Exchange begins an exchange. host is what the host says, a context like that of [Engine.Evaluate]: who asks, and what it
// knows beside. No body can change it.
func (e *Engine) Exchange(ctx context.Context, host any) (*Exchange, error) {
	return e.exchange(ctx, host, nativeExchangeBegin)
}

// Resume goes on with an exchange that [Exchange.Save] wrote, here or in another process. The policies have to be the same.
func (e *Engine) Resume(ctx context.Context, state []byte) (*Exchange, error) {
	return e.exchange(ctx, state, nativeExchangeResume)
}

func (e *Engine) exchange(ctx context.Context, input any, begin func(uint64, []byte) (uint64, error)) (*Exchange, error) {
	if err := ctx.Err(); err != nil {
		return nil, cancelled(err)
	}
	json, lent, err := encodeHost(input)
	if err != nil {
		return nil, err
	}
	number, err := begin(e.number, json)
	lent.back()
	if err != nil {
		runtime.KeepAlive(e)
		return nil, err
	}
	exchange := &Exchange{number: number, engine: e}
	exchange.cleanup = runtime.AddCleanup(exchange, nativeFreeExchange, number)
	return exchange, nil
}

// Evaluate decides about the next stage. body is a context with what is new: {"request": {...}}, {"response": {...}}. It
// replaces what an earlier stage said under the same name; what the host said stays. On failure, the exchange is as before.
func (x *Exchange) Evaluate(ctx context.Context, body any, asks ...Ask) (Decision, error) {
	question := questionOf(asks)
	if err := ctx.Err(); err != nil {
		return failed(question, cancelled(err))
	}
	json, lent, err := encode(body)
	if err != nil {
		return failed(question, err)
	}
	decision, err := nativeExchangeEvaluate(x.number, question, "", json)
	lent.back()
	runtime.KeepAlive(x)
	return x.engine.told(decision, err)
}

// EvaluateBody is [Exchange.Evaluate] for a provider's own body, as JSON; format is its name, such as "openai-chat".
func (x *Exchange) EvaluateBody(ctx context.Context, format string, body []byte, asks ...Ask) (Decision, error) {
	question := questionOf(asks)
	if err := ctx.Err(); err != nil {
		return failed(question, cancelled(err))
	}
	if format == "" {
		return failed(question, newError("invalid_argument", "the format is empty"))
	}
	decision, err := nativeExchangeEvaluate(x.number, question, format, body)
	runtime.KeepAlive(x)
	return x.engine.told(decision, err)
}

// Save is the exchange as text, for [Engine.Resume]. It holds the bodies and who asks: keep it as you keep them, and let
// nobody else write it.
func (x *Exchange) Save() ([]byte, error) {
	state, err := nativeExchangeSave(x.number)
	runtime.KeepAlive(x)
	return state, err
}

// Bundle is the digest of the documents that decide in the exchange. It is empty once the exchange is closed.
func (x *Exchange) Bundle() string {
	digest, _ := nativeExchangeBundle(x.number)
	runtime.KeepAlive(x)
	return string(digest)
}

// Close frees the exchange. Calls that are under way finish; later ones fail. Closing again does nothing. It never fails.
func (x *Exchange) Close() error {
	x.cleanup.Stop()
	nativeFreeExchange(x.number)
	runtime.KeepAlive(x)
	return nil
}
