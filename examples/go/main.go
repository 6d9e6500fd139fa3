// A chat service whose requests and answers the policy engine decides about.
//
//	go run . -policies policy.yaml
//	curl -H 'Authorization: Bearer ann' localhost:8080/v1/chat/completions \
//	  -d '{"model": "small", "messages": [{"role": "user", "content": "Hello!"}]}'
//
// kill -HUP reads the policies again, and keeps the old ones when the new ones are refused.
package main

import (
	"errors"
	"flag"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	policy "github.com/llm-policy-engine/llm-policy-engine/go"
	"github.com/llm-policy-engine/llm-policy-engine/go/policyhttp"
)

// users are who may ask, by their keys. A real service asks whoever knows.
var users = map[string]map[string]any{
	"ann": {"id": "ann", "tier": "premium"},
	"bob": {"id": "bob", "tier": "free"},
}

// whoAsks is what the policies may know of the caller: from the key, never from the body.
func whoAsks(r *http.Request) (any, error) {
	user, known := users[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	if !known {
		return nil, errors.New("an unknown key")
	}
	return map[string]any{"user": user}, nil
}

// service is the guarded endpoint.
func service(engine *policy.Engine, model http.Handler, log *slog.Logger) http.Handler {
	guard := policyhttp.Guard(engine, policyhttp.Config{
		Format:  "openai-chat",
		Host:    whoAsks,
		Answers: true,
		Decided: func(r *http.Request, decision policy.Decision, err error) {
			log.Info("decided", "decision", decision, "error", err)
		},
	})
	mux := http.NewServeMux()
	mux.Handle("POST /v1/chat/completions", guard(model))
	return mux
}

func main() {
	address := flag.String("listen", "localhost:8080", "where to listen")
	policies := flag.String("policies", "policy.yaml", "a policy, or a directory of policies")
	flag.Parse()

	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	engine, err := policy.Open(*policies, policy.Logger(log))
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(2)
	}
	defer engine.Close()

	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		for range hangups {
			_ = engine.Reload() // the log says what came of it
		}
	}()

	server := &http.Server{
		Addr:              *address,
		Handler:           service(engine, http.HandlerFunc(fakeModel), log),
		ReadHeaderTimeout: 5 * time.Second,
	}
	log.Info("listening", "address", *address)
	log.Error("stopped", "error", server.ListenAndServe())
}
