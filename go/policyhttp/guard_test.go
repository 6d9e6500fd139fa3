package policyhttp_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	policy "github.com/llm-policy-engine/llm-policy-engine/go"
	"github.com/llm-policy-engine/llm-policy-engine/go/policyhttp"
)

const policies = `
version: "1.0"
metadata: {name: chat}
config: {default_action: allow, stages: [request, response]}
rules:
  - {id: no-previews, when: request.model.endsWith('-preview'), actions: [{type: deny, reason: secret reason, code: preview, public_message: Choose another model.}]}
  - {id: slow, when: user.tier == 'free', actions: [{type: throttle, delay_ms: 1500}]}
  - {id: ask, when: request.model == 'big', actions: [{type: require_approval, approvers: ['role:boss']}]}
  - {id: leak, stages: [response], when: "request.model == 'small' && response.text.contains('password')", actions: [{type: deny, code: leak}]}
`

func body(model string) string {
	return `{"model": "` + model + `", "messages": [{"role": "user", "content": "Hello!"}]}`
}

func answerOf(text string) string {
	return `{"id": "1", "model": "small", "choices": [{"index": 0, "message": {"role": "assistant", "content": "` + text + `"}, "finish_reason": "stop"}]}`
}

func TestGuard(t *testing.T) {
	engine, err := policy.New(policy.Documents{"chat.yaml": policies}, policy.Handles(policy.RequireApproval))
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	var seen, answered string
	var stages []policy.Stage
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		if err != nil || int64(len(got)) != r.ContentLength || !policyhttp.Decision(r.Context()).Allowed {
			t.Error(err, len(got), r.ContentLength)
		}
		seen = string(got)
		w.Header().Set("X-Model", "fake")
		if answered != "" {
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(answered))
		}
	})
	guarded := policyhttp.Guard(engine, policyhttp.Config{
		Format: "openai-chat",
		Host: func(r *http.Request) (any, error) {
			user := r.Header.Get("Authorization")
			if user == "" {
				return nil, errors.New("no key")
			}
			return map[string]any{"user": map[string]any{"tier": user}}, nil
		},
		Answers:  true,
		MaxBytes: 4096,
		Decided:  func(_ *http.Request, decision policy.Decision, _ error) { stages = append(stages, decision.Stage) },
	})(handler)

	cases := []struct {
		name, user, body, answer string
		status                   int
		text                     string
	}{
		{"allowed", "gold", body("small"), answerOf("Hi"), 201, answerOf("Hi")},
		{"an empty answer", "gold", body("small"), "", 200, ""},
		{"denied", "gold", body("x-preview"), "-", 403, `{"error":{"code":"preview","message":"Choose another model."}}`},
		{"throttled", "free", body("small"), "-", 429, `{"error":{"code":"throttled","message":"Too Many Requests"}}`},
		{"approval", "gold", body("big"), "-", 403, `{"error":{"code":"approval_required","message":"Forbidden"}}`},
		{"not JSON", "gold", "{", "-", 400, `{"error":{"code":"invalid_input","message":"Bad Request"}}`},
		{"no body", "gold", "", "-", 400, `{"error":{"code":"invalid_input","message":"Bad Request"}}`},
		{"nobody", "", body("small"), "-", 401, `{"error":{"code":"unauthenticated","message":"Unauthorized"}}`},
		{"long", "gold", body(strings.Repeat("m", 5000)), "-", 413, `{"error":{"code":"too_long","message":"Request Entity Too Large"}}`},
		{"who asks in the body", "free", `{"user": {"tier": "gold"}, ` + body("small")[1:], "-", 429, ""},
		{"a leak", "gold", body("small"), answerOf("the password is"), 403, `{"error":{"code":"leak","message":"Forbidden"}}`},
		{"a stream", "gold", body("small"), "data: {}\n\n", 502, `{"error":{"code":"bad_answer","message":"Bad Gateway"}}`},
		{"a long answer", "gold", body("small"), answerOf(strings.Repeat("m", 5000)), 502, `{"error":{"code":"bad_answer","message":"Bad Gateway"}}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			seen, answered, stages = "", c.answer, nil
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(c.body))
			if c.user != "" {
				request.Header.Set("Authorization", c.user)
			}
			recorder := httptest.NewRecorder()
			guarded.ServeHTTP(recorder, request)
			text := recorder.Body.String()
			if recorder.Code != c.status || (c.text != text && c.status != 429) {
				t.Error(recorder.Code, text)
			}
			if reached := seen != ""; reached != (c.answer != "-") || (reached && seen != c.body) {
				t.Errorf("the handler saw %q", seen)
			}
			if c.status == 429 && recorder.Header().Get("Retry-After") != "2" {
				t.Error(recorder.Header())
			}
			if c.status == 201 && (recorder.Header().Get("X-Model") != "fake" || len(stages) != 2 || stages[1] != policy.StageResponse) {
				t.Error(recorder.Header(), stages)
			}
			if c.status > 201 && recorder.Header().Get("X-Model") != "" {
				t.Error("headers of an answer that is not sent")
			}
			if strings.Contains(text, "secret reason") {
				t.Error("the reason is not for clients")
			}
		})
	}

	engine.Close()
	recorder := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body("small")))
	request.Header.Set("Authorization", "gold")
	guarded.ServeHTTP(recorder, request)
	if recorder.Code < 500 {
		t.Error("a closed engine lets requests pass")
	}
	if policyhttp.Decision(t.Context()).Allowed {
		t.Error("no guard, no leave")
	}
}
