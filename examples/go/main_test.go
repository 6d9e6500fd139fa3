package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	policy "github.com/llm-policy-engine/llm-policy-engine/go"
)

func TestService(t *testing.T) {
	engine, err := policy.Open("policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	var log strings.Builder
	server := httptest.NewServer(service(engine, http.HandlerFunc(fakeModel), slog.New(slog.NewTextHandler(&log, nil))))
	defer server.Close()

	cases := []struct {
		user, model, text string
		status            int
		answer            string
	}{
		{"ann", "big", "Hello!", 200, `"content":"You said: Hello!"`},
		{"bob", "small", "Hello!", 200, `"content":"You said: Hello!"`},
		{"bob", "big", "Hello!", 403, `{"error":{"code":"plan","message":"Your plan has the model small only."}}`},
		{"eve", "small", "Hello!", 401, `"code":"unauthenticated"`},
		{"ann", "big", "Use AKIAQ3EGRZKWVXN5T7PL for it", 403, `"code":"secret"`},
		{"ann", "big", "What is the number of the card?", 403, `{"error":{"code":"card_number","message":"Forbidden"}}`},
	}
	for _, c := range cases {
		body := `{"model": "` + c.model + `", "messages": [{"role": "user", "content": "` + c.text + `"}]}`
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v1/chat/completions", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+c.user)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != c.status || !strings.Contains(string(text), c.answer) {
			t.Errorf("%s, %s, %s: %d %s %v", c.user, c.model, c.text, response.StatusCode, text, err)
		}
	}
	if text := log.String(); !strings.Contains(text, "decision.code=plan") || strings.Contains(text, "AKIA") {
		t.Error(text)
	}
}

func TestPoliciesAreReadAgain(t *testing.T) {
	text, err := os.ReadFile("policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "policy.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(string(text))
	engine, err := policy.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	ask := func() policy.Decision {
		body := []byte(`{"model": "tiny", "messages": [{"role": "user", "content": "Hello!"}]}`)
		decision, err := engine.EvaluateBody(t.Context(), "openai-chat", body, map[string]any{"user": users["bob"]})
		if err != nil {
			t.Fatal(err)
		}
		return decision
	}
	if ask().Allowed {
		t.Error("the free plan has no model tiny")
	}
	write(strings.Replace(string(text), "'small'", "'tiny'", 1))
	if err := engine.Reload(); err != nil || !ask().Allowed {
		t.Error(err, ask())
	}
	write("version: '1.0'\n")
	if err := engine.Reload(); err == nil || !ask().Allowed {
		t.Error("a policy that is refused changes nothing")
	}
}
