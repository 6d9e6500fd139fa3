// Package policyhttp puts the policy engine in front of an HTTP handler that talks to a model: it decides about each
// request's body before the handler sees it, and about the answer before the client does.
//
//	guard := policyhttp.Guard(engine, policyhttp.Config{Format: "openai-chat", Host: whoAsks, Answers: true})
//	http.Handle("POST /v1/chat/completions", guard(handler))
//
// What limits hold for a request is closed when the handler returns: with what the answer says that was used, or, without
// Answers, as it was estimated, unless the handler settles the [Exchange] itself. An answer of status 400 and above costs
// nothing, and from 500 on circuit breakers hear of a failure.
package policyhttp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	policy "github.com/llm-policy-engine/llm-policy-engine/go"
)

// Config says what is guarded, and how.
type Config struct {
	// Format is what the bodies are: "openai-chat", "anthropic", ... docs/providers.md has all.
	Format string
	// Host says who asks, as a context: {"user": {"id": ...}, ...}. It must come from what the server has authenticated, never
	// from the body. An error refuses the request with 401. Nil: nothing is known about who asks.
	Host func(*http.Request) (any, error)
	// Answers: the handler's answer is decided about too, at stage response, before any of it is sent. One of the content type
	// text/event-stream goes out as it is found to be safe, and when it is stopped, writing fails. Any other is held back as a
	// whole; one that is not of the format is not sent.
	Answers bool
	// MaxBytes is the longest body, of a request and of an answer; 0 is 8 MiB.
	MaxBytes int64
	// Decided is told of each decision, such as for a log; may be nil.
	Decided func(*http.Request, policy.Decision, error)
	// Settled is told what became of what limits held for a request; may be nil. An error leaves it held until its lease ends.
	Settled func(*http.Request, policy.Closed, error)
	// Refuse writes what a client gets instead; nil is [Refuse].
	Refuse func(http.ResponseWriter, *http.Request, policy.Decision, error)
}

// fault is what went wrong outside of the engine's decision, and what a client is told of it.
type fault struct {
	status int
	code   string
	cause  error
}

func (f *fault) Error() string { return "policyhttp: " + f.code + ": " + f.cause.Error() }

func (f *fault) Unwrap() error { return f.cause }

var errTooLong = errors.New("the body is longer than MaxBytes")

type key struct{}

type turn struct {
	exchange *policy.Exchange
	decision policy.Decision
}

// Decision is what was decided about the request that ctx belongs to, for the handler behind a guard: with its obligations,
// such as a redaction, which the handler carries out. The zero value, a deny, when there was no guard.
func Decision(ctx context.Context) policy.Decision {
	turn, _ := ctx.Value(key{}).(turn)
	return turn.decision
}

// Exchange is that of the request that ctx belongs to, for the handler behind a guard: to redact the body, to restore a text, to
// settle with what it knows. Nil when there was no guard. It is closed when the handler returns.
func Exchange(ctx context.Context) *policy.Exchange {
	turn, _ := ctx.Value(key{}).(turn)
	return turn.exchange
}

// Guard makes the middleware.
func Guard(engine *policy.Engine, config Config) func(http.Handler) http.Handler {
	if config.MaxBytes == 0 {
		config.MaxBytes = 8 << 20
	}
	if config.Refuse == nil {
		config.Refuse = Refuse
	}
	return func(next http.Handler) http.Handler {
		return &guard{engine: engine, config: config, next: next}
	}
}

type guard struct {
	engine *policy.Engine
	config Config
	next   http.Handler
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	exchange, body, decision, err := g.request(r)
	if exchange != nil {
		defer exchange.Close()
	}
	if g.config.Decided != nil {
		g.config.Decided(r, decision, err)
	}
	if err != nil || !decision.Allowed {
		g.config.Refuse(w, r, decision, err)
		return
	}
	r = r.WithContext(context.WithValue(r.Context(), key{}, turn{exchange, decision}))
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	closing := &closing{guard: g, request: r, exchange: exchange, begun: time.Now()}
	defer closing.released() // when the handler panics
	if !g.config.Answers {
		seen := &seen{ResponseWriter: w, status: http.StatusOK}
		g.next.ServeHTTP(seen, r)
		closing.settled(seen.status, policy.Used{})
		return
	}

	answer := &answer{header: http.Header{}, status: http.StatusOK, most: g.config.MaxBytes, to: w}
	answer.begin = func() (*policy.Stream, error) { return exchange.Stream(r.Context(), g.config.Format) }
	g.next.ServeHTTP(answer, r)
	var used any
	if answer.stream != nil {
		decision, err = answer.finish(r.Context())
	} else {
		decision, used, err = g.answer(r.Context(), exchange, answer)
	}
	closing.settled(answer.status, used)
	if g.config.Decided != nil {
		g.config.Decided(r, decision, err)
	}
	switch {
	case answer.sent: // what a stream was refused for stands in it
	case err != nil || !decision.Allowed:
		g.config.Refuse(w, r, decision, err)
	default:
		w.Header().Set("Content-Length", strconv.Itoa(answer.body.Len()))
		_ = answer.send(answer.body.Bytes())
	}
}

func (g *guard) request(r *http.Request) (*policy.Exchange, []byte, policy.Decision, error) {
	deny := policy.Decision{Effect: policy.EffectDeny, Stage: policy.StageRequest}
	body, err := io.ReadAll(io.LimitReader(r.Body, g.config.MaxBytes+1))
	if err != nil {
		return nil, nil, deny, &fault{http.StatusBadRequest, "unreadable", err}
	}
	if int64(len(body)) > g.config.MaxBytes {
		return nil, nil, deny, &fault{http.StatusRequestEntityTooLarge, "too_long", errTooLong}
	}
	var host any
	if g.config.Host != nil {
		if host, err = g.config.Host(r); err != nil {
			return nil, nil, deny, &fault{http.StatusUnauthorized, "unauthenticated", err}
		}
	}
	exchange, err := g.engine.Exchange(r.Context(), host)
	if err != nil {
		return nil, nil, deny, &fault{http.StatusInternalServerError, "internal_error", err}
	}
	decision, err := exchange.EvaluateBody(r.Context(), g.config.Format, body)
	return exchange, body, decision, err
}

// answer decides about an answer that was held back, and says what was used where the answer does not.
func (g *guard) answer(ctx context.Context, exchange *policy.Exchange, answer *answer) (policy.Decision, any, error) {
	deny := policy.Decision{Effect: policy.EffectDeny, Stage: policy.StageResponse}
	switch {
	case answer.failed != nil:
		return deny, policy.Used{}, badAnswer(answer.failed)
	case answer.body.Len() == 0:
		return policy.Decision{Effect: policy.EffectAllow, Allowed: true, Stage: policy.StageResponse}, policy.Used{}, nil
	}
	decision, err := exchange.EvaluateBody(ctx, g.config.Format, answer.body.Bytes(), policy.In(policy.StageResponse))
	if err != nil {
		return decision, policy.Used{}, badAnswer(err)
	}
	return decision, nil, nil
}

func badAnswer(err error) error { return &fault{http.StatusBadGateway, "bad_answer", err} }

// Refuse writes what a client gets when the decision is not to allow: 429 with Retry-After for a throttle, 403 for a deny and
// where approval is needed, 400 for a body that is not of the format, 401, 413, 500 when the engine failed, and 502 for an
// answer that cannot be judged. The body is JSON, {"error": {"code": ..., "message": ...}}, with nothing in it that is for
// operators only.
func Refuse(w http.ResponseWriter, _ *http.Request, decision policy.Decision, err error) {
	status, code, message := http.StatusForbidden, decision.Code(), decision.PublicMessage()
	switch fault := (*fault)(nil); {
	case errors.As(err, &fault):
		status, code = fault.status, fault.code
	case errors.Is(err, policy.ErrInvalidInput):
		status = http.StatusBadRequest
	case err != nil:
		status, code = http.StatusInternalServerError, "internal_error"
	case decision.Effect == policy.EffectThrottle:
		status = http.StatusTooManyRequests
		seconds := math.Ceil(float64(decision.RetryAfter) / float64(time.Second))
		w.Header().Set("Retry-After", strconv.FormatFloat(seconds, 'f', 0, 64))
		code = orElse(code, "throttled")
	case decision.Effect == policy.EffectRequireApproval:
		code = orElse(code, "approval_required")
	}
	text, _ := json.Marshal(map[string]any{"error": map[string]string{
		"code":    orElse(code, "denied"),
		"message": orElse(message, http.StatusText(status)),
	}})
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
