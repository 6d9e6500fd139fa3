// Package policyhttp puts the policy engine in front of an HTTP handler that talks to a model: it decides about each
// request's body before the handler sees it, and about the answer before the client does.
//
//	guard := policyhttp.Guard(engine, policyhttp.Config{Format: "openai-chat", Host: whoAsks, Answers: true})
//	http.Handle("POST /v1/chat/completions", guard(handler))
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
	// Answers: the handler's answer is decided about too, at stage response, before any of it is sent. It is held back as a
	// whole, so a handler that streams does not stream; an answer that is not of the format is not sent.
	Answers bool
	// MaxBytes is the longest body, of a request and of an answer; 0 is 8 MiB.
	MaxBytes int64
	// Decided is told of each decision, such as for a log; may be nil.
	Decided func(*http.Request, policy.Decision, error)
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

// Decision is what was decided about the request that ctx belongs to, for the handler behind a guard: with its obligations,
// such as a redaction, which the handler carries out. The zero value, a deny, when there was no guard.
func Decision(ctx context.Context) policy.Decision {
	decision, _ := ctx.Value(key{}).(policy.Decision)
	return decision
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
	r = r.WithContext(context.WithValue(r.Context(), key{}, decision))
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if !g.config.Answers {
		g.next.ServeHTTP(w, r)
		return
	}

	answer := &answer{header: http.Header{}, status: http.StatusOK, most: g.config.MaxBytes}
	g.next.ServeHTTP(answer, r)
	decision, err = g.answer(r.Context(), exchange, answer)
	if g.config.Decided != nil {
		g.config.Decided(r, decision, err)
	}
	if err != nil || !decision.Allowed {
		g.config.Refuse(w, r, decision, err)
		return
	}
	for name, values := range answer.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(answer.body.Len()))
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body.Bytes())
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

func (g *guard) answer(ctx context.Context, exchange *policy.Exchange, answer *answer) (policy.Decision, error) {
	if answer.tooLong {
		return policy.Decision{Effect: policy.EffectDeny, Stage: policy.StageResponse}, badAnswer(errTooLong)
	}
	if answer.body.Len() == 0 {
		return policy.Decision{Effect: policy.EffectAllow, Allowed: true, Stage: policy.StageResponse}, nil
	}
	decision, err := exchange.EvaluateBody(ctx, g.config.Format, answer.body.Bytes(), policy.In(policy.StageResponse))
	if err != nil {
		err = badAnswer(err)
	}
	return decision, err
}

func badAnswer(err error) error { return &fault{http.StatusBadGateway, "bad_answer", err} }

// answer holds what a handler writes.
type answer struct {
	header  http.Header
	status  int
	wrote   bool
	body    bytes.Buffer
	most    int64
	tooLong bool
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if !a.wrote && status >= 200 {
		a.status, a.wrote = status, true
	}
}

func (a *answer) Write(bytes []byte) (int, error) {
	a.wrote = true
	if int64(a.body.Len()+len(bytes)) > a.most {
		a.tooLong = true
		return 0, errTooLong
	}
	return a.body.Write(bytes)
}

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
