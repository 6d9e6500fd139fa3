package policyhttp_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	policy "github.com/llm-policy-engine/llm-policy-engine/go"
	"github.com/llm-policy-engine/llm-policy-engine/go/policyhttp"
)

const limited = `
version: "1.0"
metadata: {name: limited}
config: {default_action: allow, stages: [request, response]}
limits:
  day: {kind: quota, key: user.id, amount: 1000, window: {sliding: 1d}}
rules:
  - {id: key, stages: [response], when: contains_secret(response.text), actions: [{type: deny, code: a-key}]}
  - {id: mail, stages: [response], when: "contains_pii(response.text, ['email'])", actions: [{redact: {fields: [response.text], detect: [email], style: label}}]}
`

// limitedEngine is one of a quota of 1,000 tokens, and the tokens that ann has used and holds.
func limitedEngine(t *testing.T) (*policy.Engine, func() (float64, float64)) {
	t.Helper()
	engine, err := policy.New(policy.Documents{"limited.yaml": limited}, policy.Handles(policy.Redact))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	return engine, func() (float64, float64) {
		decision, err := engine.DryRun(t.Context(), `{"user": {"id": "ann"}, "request": {"estimated_tokens": 0}}`)
		if err != nil || len(decision.Limits()) != 1 {
			t.Fatal(decision, err)
		}
		state := decision.Limits()[0]
		return state.Used, state.Reserved
	}
}

func ann(*http.Request) (any, error) { return map[string]any{"user": map[string]any{"id": "ann"}}, nil }

func ask(t *testing.T, guarded http.Handler) *httptest.ResponseRecorder {
	t.Helper()
	recorder := httptest.NewRecorder()
	text := `{"model": "gpt-4o", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello!"}]}`
	guarded.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(text)))
	return recorder
}

func TestWhatIsHeldIsClosed(t *testing.T) {
	usage := `{"model": "gpt-4o", "choices": [{"index": 0, "message": {"role": "assistant", "content": "%s"}}], "usage": {"prompt_tokens": 7, "completion_tokens": 5}}`
	answers := func(status int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
		}
	}
	cases := []struct {
		name    string
		answers bool
		handler http.HandlerFunc
		used    func(float64) bool
	}{
		{"with the usage", true, answers(200, fmt.Sprintf(usage, "Hi")), func(used float64) bool { return used == 12 }},
		{"of a refused answer", true, answers(200, fmt.Sprintf(usage, "ghp_16C7e42F292c6912E7710c838347Ae178B4a")), func(used float64) bool { return used == 12 }},
		{"failed", true, answers(500, "{}"), func(used float64) bool { return used == 0 }},
		{"wrong", false, answers(400, "{}"), func(used float64) bool { return used == 0 }},
		{"as estimated", false, answers(200, "anything"), func(used float64) bool { return used >= 100 }},
		{"by the handler", false, func(_ http.ResponseWriter, r *http.Request) {
			if _, err := policyhttp.Exchange(r.Context()).Settle(policy.Used{Usage: &policy.Usage{InputTokens: 3}}); err != nil {
				t.Error(err)
			}
		}, func(used float64) bool { return used == 3 }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			engine, state := limitedEngine(t)
			settled := 0
			guarded := policyhttp.Guard(engine, policyhttp.Config{Format: "openai-chat", Host: ann, Answers: c.answers,
				Settled: func(_ *http.Request, closed policy.Closed, err error) {
					settled++
					if err != nil {
						t.Error(closed, err)
					}
				}})(c.handler)
			ask(t, guarded)
			if used, reserved := state(); !c.used(used) || reserved != 0 || settled != 1 {
				t.Error(used, reserved, settled)
			}
		})
	}
	engine, state := limitedEngine(t)
	guarded := policyhttp.Guard(engine, policyhttp.Config{Format: "openai-chat", Host: ann})(
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("the handler's") }))
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is the handler's own")
			}
		}()
		ask(t, guarded)
	}()
	if used, reserved := state(); used != 0 || reserved != 0 {
		t.Error("after a panic", used, reserved)
	}
}

func events(texts ...string) []string {
	var all []string
	for _, text := range texts {
		all = append(all, `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[{"index":0,"delta":{"content":"`+text+`"},"finish_reason":null}]}`+"\n\n")
	}
	all = append(all, `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`+"\n\n")
	return append(all, "data: [DONE]\n\n")
}

func TestStreams(t *testing.T) {
	cases := []struct {
		name   string
		events []string
		status int
		has    string
	}{
		{"passes", events("Write to ", "ada@exa", "mple.org", ", please."), 200, "[EMAIL]"},
		{"is stopped", events("The key is ghp_16C7e42F292c69", "12E7710c838347Ae178B4a, keep it."), 200, "content_filter"},
		{"cannot be read", []string{"data: {\n\n"}, 200, "content_filter"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			engine, state := limitedEngine(t)
			var last policy.Decision
			guarded := policyhttp.Guard(engine, policyhttp.Config{Format: "openai-chat", Host: ann, Answers: true,
				Decided: func(_ *http.Request, decision policy.Decision, _ error) { last = decision },
			})(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
				for _, event := range c.events {
					if _, err := io.WriteString(w, event); err != nil {
						return
					}
					w.(http.Flusher).Flush()
				}
			}))
			recorder := ask(t, guarded)
			text := recorder.Body.String()
			if (c.status != 0 && recorder.Code != c.status) || !strings.Contains(text, c.has) || last.Allowed != (c.name == "passes") {
				t.Error(recorder.Code, last, text)
			}
			for _, secret := range []string{"ada@", "ghp_"} {
				if strings.Contains(text, secret) {
					t.Error(text)
				}
			}
			if used, reserved := state(); used == 0 || reserved != 0 {
				t.Error(used, reserved)
			}
		})
	}

	engine, state := limitedEngine(t)
	ctx, leave := context.WithCancel(t.Context())
	guarded := policyhttp.Guard(engine, policyhttp.Config{Format: "openai-chat", Host: ann, Answers: true})(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, events("Hello")[0])
			leave()
		}))
	text := `{"model": "gpt-4o", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello!"}]}`
	guarded.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader(text)))
	if used, reserved := state(); used == 0 || used >= 100 || reserved != 0 {
		t.Error("of one who has gone, what came is charged", used, reserved)
	}
}
