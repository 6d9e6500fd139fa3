package policy_test

import (
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	policy "github.com/llm-policy-engine/llm-policy-engine/go"
)

const limited = `
version: "1.0"
metadata: {name: limited}
config: {default_action: allow, stages: [request, response]}
limits:
  day: {kind: quota, key: user.id, amount: 1000, window: {fixed: 1d}}
breakers:
  models: {key: request.model, consecutive_failures: 2, open_for: 1h}
rules:
  - {id: mail, when: "contains_pii(request.text, ['email'])", actions: [{redact: {fields: [request.text], detect: [email], style: reversible}}]}
`

func tokens(count int) map[string]any {
	return map[string]any{"user": map[string]any{"id": "ann"}, "request": map[string]any{"model": "m", "estimated_tokens": count}}
}

func TestLimits(t *testing.T) {
	engine := engineOf(t, limited, policy.Handles(policy.Redact))
	decision := decide(t, engine, tokens(300))
	state := decision.Limits()[0]
	if state.Limit != "day" || state.Unit != "tokens" || state.Key[0] != "ann" || state.Used != 300 || state.Remaining != 700 ||
		!state.Fits || !state.ResetsAt.After(time.Now()) {
		t.Error(state)
	}
	used := policy.Used{Usage: &policy.Usage{InputTokens: 7, OutputTokens: 5}, Outcome: policy.CallSucceeded, LatencyMS: 3}
	for _, step := range []struct {
		what string
		call func() (policy.Closed, error)
		want policy.Closed
	}{
		{"extend", func() (policy.Closed, error) { return engine.Extend(decision.Hold()) }, policy.ClosedDone},
		{"settle", func() (policy.Closed, error) { return engine.Settle(decision.Hold(), used) }, policy.ClosedDone},
		{"settle again", func() (policy.Closed, error) { return engine.Settle(decision.Hold(), used) }, policy.ClosedAlreadySettled},
		{"release", func() (policy.Closed, error) { return engine.Release(decision.Hold()) }, policy.ClosedAlreadySettled},
	} {
		if closed, err := step.call(); closed != step.want || err != nil {
			t.Error(step.what, closed, err)
		}
	}
	tried, err := engine.DryRun(t.Context(), tokens(300))
	if err != nil || tried.Hold() != "" || tried.Limits()[0].Used != 312 {
		t.Error(tried.Limits(), err)
	}
	refused := decide(t, engine, tokens(2000))
	if refused.Allowed || refused.Limit() != "day" || refused.Hold() != "" || refused.Limits()[0].Fits {
		t.Error(refused.JSON(), refused.LimitsJSON())
	}
}

func TestGarbageIsRefusedByWhatClosesHolds(t *testing.T) {
	engine := engineOf(t, limited, policy.Handles(policy.Redact))
	for _, hold := range []string{"", "nonsense", "{}", "\x00", "\xff", strings.Repeat("x", 100_000)} {
		_, released := engine.Release(hold)
		_, settled := engine.Settle(hold, nil)
		for _, err := range []error{released, settled, engine.Observe(hold, policy.Observation{Outcome: policy.CallFailed})} {
			if err == nil || errors.Is(err, policy.ErrInternal) {
				t.Errorf("%.10q: %v", hold, err)
			}
		}
	}
	hold, cost := decide(t, engine, tokens(1)).Hold(), -1.0
	for _, used := range []any{"", "[]", "{", `{"usage": 3}`, policy.Used{Cost: &cost}, make(chan int), []byte(nil)} {
		if closed, err := engine.Settle(hold, used); err == nil {
			t.Errorf("%v: %v", used, closed)
		}
	}
	if closed, err := engine.Settle(hold, nil); closed != policy.ClosedDone || err != nil {
		t.Error(closed, err)
	}
	if err := engine.SwitchOff("models", nil, "why", time.Date(20_000, 1, 1, 0, 0, 0, 0, time.UTC)); !errors.Is(err, policy.ErrInvalidArgument) {
		t.Error(err)
	}
	if _, err := policy.NewDetector(policy.DetectorOptions{Profile: "shop"}); !errors.Is(err, policy.ErrInvalidArgument) {
		t.Error(err)
	}
}

func TestUseAfterCloseOfStreamsAndDetectors(t *testing.T) {
	engine := engineOf(t, limited, policy.Handles(policy.Redact))
	exchange, err := engine.Exchange(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := exchange.Stream(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	detector, err := policy.NewDetector(nil)
	if err != nil {
		t.Fatal(err)
	}
	exchange.Close()
	if _, stopped, err := stream.Push([]byte("Hello")); stopped || err != nil {
		t.Error("a stream goes on when its exchange is closed: ", stopped, err)
	}
	for range 2 {
		stream.Close()
		detector.Close()
		engine.Close()
	}
	_, stopped, pushed := stream.Push([]byte("x"))
	_, decision, finished := stream.Finish()
	if !stopped || decision.Allowed || decision.Code() != "invalid_handle" {
		t.Error(stopped, decision)
	}
	_, begun := exchange.Stream(t.Context(), "")
	_, settled := exchange.Settle(nil)
	_, restored := exchange.Restore("x")
	_, scanned := detector.Scan("x")
	_, switches := engine.Switches()
	_, extended := engine.Extend("x")
	for at, err := range []error{pushed, finished, stream.Abort(), begun, settled, restored, scanned, switches, extended,
		engine.SwitchOn("models", nil), exchange.Observe(nil)} {
		if !errors.Is(err, policy.ErrClosed) && at != 9 && at != 10 || err == nil {
			t.Error(at, err)
		}
	}
}

func TestAConversationTakesOutAndPutsBack(t *testing.T) {
	engine := engineOf(t, limited, policy.Handles(policy.Redact))
	exchange, err := engine.Exchange(t.Context(), map[string]any{"user": map[string]any{"id": "ann"}})
	if err != nil {
		t.Fatal(err)
	}
	defer exchange.Close()
	body := []byte(`{"model":"m","max_tokens":10,"messages":[{"role":"user","content":"I am ada@example.org"}]}`)
	if _, err := exchange.RedactBody("openai-chat", body); !errors.Is(err, policy.ErrInvalidArgument) {
		t.Error("nothing was decided yet: ", err)
	}
	if decision, err := exchange.EvaluateBody(t.Context(), "openai-chat", body); err != nil || !decision.Allowed {
		t.Fatal(decision, err)
	}
	sent, err := exchange.RedactBody("openai-chat", body)
	if err != nil || strings.Contains(string(sent), "ada@") {
		t.Fatal(string(sent), err)
	}
	_, name, _ := strings.Cut(string(sent), "I am ")
	name, _, _ = strings.Cut(name, `"`)
	if restored, err := exchange.Restore("Dear " + name); restored != "Dear ada@example.org" || err != nil {
		t.Error(restored, err)
	}
	stream, err := exchange.Stream(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	var came []byte
	for _, one := range []byte("Dear " + name + "!") {
		passed, stopped, err := stream.Push([]byte{one})
		if stopped || err != nil {
			t.Fatal(stopped, err)
		}
		came = append(came, passed...)
	}
	passed, decision, err := stream.Finish()
	if came = append(came, passed...); string(came) != "Dear ada@example.org!" || !decision.Allowed || err != nil {
		t.Errorf("%s %v %v", came, decision, err)
	}
	if _, stopped, err := stream.Push([]byte("more")); !stopped || !errors.Is(err, policy.ErrInvalidArgument) {
		t.Error("a stream ends once: ", stopped, err)
	}
}

func TestGoroutinesNeverPassALimitTogether(t *testing.T) {
	path := "sqlite:" + filepath.Join(t.TempDir(), "limits.db")
	for _, store := range []string{"memory:", path} {
		engine, other := engineOf(t, limited, policy.Store(store)), engineOf(t, limited, policy.Store(store))
		if store == "memory:" {
			other = engine
		}
		var allowed atomic.Int64
		var group sync.WaitGroup
		for at := range 8 {
			group.Add(1)
			go func() {
				defer group.Done()
				asked := []*policy.Engine{engine, other}[at%2]
				for range 25 {
					if decision, err := asked.Evaluate(t.Context(), tokens(7)); err != nil {
						t.Error(err)
					} else if decision.Allowed {
						allowed.Add(1)
					}
				}
			}()
		}
		group.Wait()
		want(t, store, allowed.Load(), 1000/7)
	}
	for _, store := range []string{"nonsense", "sqlite:" + filepath.Join(t.TempDir(), "no/where/x.db")} {
		if _, err := policy.New(policy.Documents{"a.yaml": limited}, policy.Store(store), policy.Handles(policy.Redact)); err == nil {
			t.Error(store)
		}
	}
}

func TestSwitches(t *testing.T) {
	engine := engineOf(t, limited, policy.Handles(policy.Redact))
	until := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := engine.SwitchOff("models", []string{"m"}, "maintenance", until); err != nil {
		t.Fatal(err)
	}
	off, err := engine.Switches()
	if err != nil || len(off) != 1 || off[0].Key[0] != "m" || off[0].Reason != "maintenance" || !off[0].Until.Equal(until) {
		t.Fatal(off, err)
	}
	want(t, "the breaker", decide(t, engine, tokens(1)).Breaker(), "models")
	if err := engine.SwitchOn("models", []string{"m"}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := engine.Observe(decide(t, engine, tokens(1)).Hold(), policy.Observation{Outcome: policy.CallFailed}); err != nil {
			t.Fatal(err)
		}
	}
	want(t, "open after two failures", decide(t, engine, tokens(1)).Allowed, false)
}

func TestFindingsHavePlaces(t *testing.T) {
	detector, err := policy.NewDetector(policy.DetectorOptions{Kinds: []string{"email"}, Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	defer detector.Close()
	text := "Grüße 👋 an ada@example.org"
	scan, err := detector.Scan(text)
	if err != nil || !scan.Complete || len(scan.Findings) != 1 {
		t.Fatal(scan, err)
	}
	found := scan.Findings[0]
	want(t, "in bytes", text[found.Bytes[0]:found.Bytes[1]], "ada@example.org")
	want(t, "in code points", string([]rune(text)[found.Chars[0]:found.Chars[1]]), "ada@example.org")
	redacted, err := detector.Redact("text", "label", text)
	if redacted != "Grüße 👋 an [EMAIL]" || err != nil {
		t.Error(redacted, err)
	}
	if _, err := detector.Scan("\xff"); err == nil {
		t.Error("a text is UTF-8")
	}
}
