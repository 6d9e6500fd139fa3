package policy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	policy "github.com/llm-policy-engine/llm-policy-engine/go"
)

// The cases that every language runs: conformance/README.md says what they are.

type conformanceCase struct {
	Policies           map[string][]string
	Files              map[string][]string
	Path               string
	Handles            []string
	AllowWithoutPolicy bool `json:"allow_without_policy"`
	Steps              []conformanceStep
	Expect             []string
}

type conformanceStep struct {
	Do       string
	Stage    string
	Now      time.Time
	Format   string
	Context  handedIn
	Body     handedIn
	Host     handedIn
	Policies map[string][]string
	Used     *handedIn
	Outcome  handedIn
	Exchange bool
	Breaker  string
	Key      []string
	Reason   string
	Options  handedIn
	Form     string
	Style    string
	Text     *handedIn
	Hide     bool
	Chunks   handedIn
	Size     int
	Abort    bool
}

// handedIn is what a call gets: a value, or exact bytes.
type handedIn struct {
	Value  json.RawMessage
	Text   string
	Repeat [][2]any
	Base64 []byte
}

func (h handedIn) bytes() []byte {
	switch {
	case h.Value != nil:
		return h.Value
	case h.Repeat != nil:
		var all strings.Builder
		for _, piece := range h.Repeat {
			all.WriteString(strings.Repeat(piece[0].(string), int(piece[1].(float64))))
		}
		return []byte(all.String())
	case h.Base64 != nil:
		return h.Base64
	}
	return []byte(h.Text)
}

// forms are all that Go has for it, the most natural one first.
func (h handedIn) forms(t *testing.T) []any {
	text := h.bytes()
	forms := []any{text, string(text), json.RawMessage(text)}
	if h.Value == nil {
		return forms
	}
	var object map[string]any
	if err := json.Unmarshal(h.Value, &object); err != nil {
		t.Fatal(err)
	}
	builder := policy.NewBuilder()
	for _, set := range setters("", object) {
		set(builder)
	}
	return append([]any{object, builder, &object}, forms...)
}

func TestConformance(t *testing.T) {
	files, err := filepath.Glob("../conformance/cases/*/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no cases: ", err)
	}
	results := map[string][]string{}
	for _, file := range files {
		area, name := filepath.Base(filepath.Dir(file)), strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(area+"/"+name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var c conformanceCase
			if err := json.Unmarshal(text, &c); err != nil {
				t.Fatal(err)
			}
			came := c.run(t)
			results[area+"/"+name] = came
			if got, want := strings.Join(came, "\n"), strings.Join(c.Expect, "\n"); got != want {
				t.Errorf("expected\n%s\ncame\n%s", want, got)
			}
		})
	}
	text, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll("../conformance/results", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("../conformance/results/go.json", text, 0o644); err != nil {
		t.Fatal(err)
	}
}

func (c conformanceCase) run(t *testing.T) []string {
	engine, err := c.open(t)
	if err != nil {
		return []string{code(t, err)}
	}
	defer engine.Close()
	host := &conformanceHost{t: t, engine: engine}
	var came []string
	for _, step := range c.Steps {
		came = append(came, host.step(step))
	}
	return came
}

func (c conformanceCase) open(t *testing.T) (*policy.Engine, error) {
	var options []policy.Option
	for _, name := range c.Handles {
		action, err := policy.ParseAction(name)
		if err != nil {
			return nil, err
		}
		options = append(options, policy.Handles(action))
	}
	if c.AllowWithoutPolicy {
		options = append(options, policy.AllowWithoutPolicy())
	}
	if c.Files == nil {
		return policy.New(documents(c.Policies), options...)
	}
	directory := t.TempDir()
	for _, texts := range []map[string][]string{c.Policies, c.Files} {
		for name, lines := range texts {
			path := filepath.Join(directory, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return policy.Open(filepath.Join(directory, c.Path), options...)
}

func documents(policies map[string][]string) policy.Documents {
	documents := policy.Documents{}
	for name, lines := range policies {
		documents[name] = strings.Join(lines, "\n")
	}
	return documents
}

// conformanceHost is what a host holds in the course of a case.
type conformanceHost struct {
	t        *testing.T
	engine   *policy.Engine
	prepared *policy.Prepared
	exchange *policy.Exchange
	// What was taken last, and what came out of the last redact_body.
	taken    policy.Decision
	redacted string
}

func (h *conformanceHost) step(step conformanceStep) string {
	ctx := h.t.Context()
	asks := []policy.Ask{policy.At(step.Now)}
	if step.Stage != "" {
		var stage policy.Stage
		if err := stage.UnmarshalText([]byte(step.Stage)); err != nil {
			return code(h.t, err)
		}
		asks = append(asks, policy.In(stage))
	}
	switch step.Do {
	case "evaluate":
		return h.evaluate(step.Context, asks)
	case "body":
		return h.same(step.Host.forms(h.t), func(host any) string {
			return h.decision(h.engine.EvaluateBody(ctx, step.Format, step.Body.bytes(), host, asks...))
		})
	case "prepare":
		prepared, err := h.engine.Prepare(ctx, step.Context.forms(h.t)[0])
		return kept(h.t, prepared, err, &h.prepared)
	case "prepared":
		return h.decision(h.prepared.Evaluate(ctx, asks...))
	case "begin":
		exchange, err := h.engine.Exchange(ctx, step.Host.forms(h.t)[0])
		return kept(h.t, exchange, err, &h.exchange)
	case "next":
		if step.Format != "" {
			return h.decision(h.exchange.EvaluateBody(ctx, step.Format, step.Body.bytes(), asks...))
		}
		return h.decision(h.exchange.Evaluate(ctx, step.Body.forms(h.t)[0], asks...))
	case "resume":
		state, err := h.exchange.Save()
		if err != nil {
			return code(h.t, err)
		}
		exchange, err := h.engine.Resume(ctx, state)
		return kept(h.t, exchange, err, &h.exchange)
	case "take":
		decision, err := h.engine.Evaluate(ctx, step.Context.forms(h.t)[0], asks...)
		h.taken = decision
		return h.decision(decision, err)
	case "dry_run":
		return h.same(step.Context.forms(h.t), func(form any) string { return h.decision(h.engine.DryRun(ctx, form, asks...)) })
	case "limits":
		if states := h.taken.Limits(); (len(states) == 0) != (h.taken.LimitsJSON() == "[]") {
			h.t.Errorf("%v of %s", states, h.taken.LimitsJSON())
		}
		return h.taken.LimitsJSON()
	case "settle":
		return h.settle(step)
	case "release":
		if step.Exchange {
			return closed(h.t)(h.exchange.Release())
		}
		return closed(h.t)(h.engine.Release(h.taken.Hold()))
	case "extend":
		return closed(h.t)(h.engine.Extend(h.taken.Hold()))
	case "observe":
		if step.Exchange {
			return code(h.t, h.exchange.Observe(step.Outcome.forms(h.t)[0]))
		}
		return code(h.t, h.engine.Observe(h.taken.Hold(), step.Outcome.forms(h.t)[0]))
	case "switch_off":
		return code(h.t, h.engine.SwitchOff(step.Breaker, step.Key, step.Reason, time.Time{}))
	case "switch_on":
		return code(h.t, h.engine.SwitchOn(step.Breaker, step.Key))
	case "switches":
		list, err := h.engine.SwitchesJSON()
		return result(h.t, string(list), err)
	case "scan", "redact":
		return h.detect(step)
	case "redact_body":
		body, err := h.redactBody(step)
		if err == nil {
			h.redacted = string(body)
		}
		if step.Hide {
			return code(h.t, err)
		}
		return result(h.t, string(body), err)
	case "restore":
		text := h.redacted
		if step.Text != nil {
			text = string(step.Text.bytes())
		}
		restored, err := h.exchange.Restore(text)
		return result(h.t, restored, err)
	case "stream":
		return h.stream(step, asks)
	case "reload":
		return code(h.t, h.engine.ReloadDocuments(documents(step.Policies)))
	case "close":
		return code(h.t, h.engine.Close())
	case "panic":
		return code(h.t, policy.SelfTestPanic())
	}
	h.t.Fatal("there is no step ", step.Do)
	return ""
}

func (h *conformanceHost) settle(step conformanceStep) string {
	var used any
	if step.Used != nil {
		used = step.Used.forms(h.t)[0]
	}
	if step.Exchange {
		return closed(h.t)(h.exchange.Settle(used))
	}
	return closed(h.t)(h.engine.Settle(h.taken.Hold(), used))
}

func (h *conformanceHost) detect(step conformanceStep) string {
	detector, err := policy.NewDetector(step.Options.forms(h.t)[0])
	if err != nil {
		return code(h.t, err)
	}
	defer detector.Close()
	text := string(step.Text.bytes())
	if step.Do == "redact" {
		redacted, err := detector.Redact(step.Form, step.Style, text)
		return result(h.t, redacted, err)
	}
	found, err := detector.ScanJSON(text)
	if typed, failed := detector.Scan(text); (failed == nil) != (err == nil) ||
		strings.Count(string(found), `"family"`) != len(typed.Findings) {
		h.t.Errorf("%v %v of %s %v", typed, failed, found, err)
	}
	return result(h.t, string(found), err)
}

func (h *conformanceHost) redactBody(step conformanceStep) ([]byte, error) {
	if step.Format != "" {
		return h.exchange.RedactBody(step.Format, step.Body.bytes())
	}
	body := step.Body.bytes()
	if step.Body.Value != nil { // what comes out looks like what went in: a value is written as encoding/json does
		var compact bytes.Buffer
		if err := json.Compact(&compact, body); err != nil {
			h.t.Fatal(err)
		}
		body = compact.Bytes()
	}
	return h.exchange.Redact(body)
}

func (h *conformanceHost) stream(step conformanceStep, asks []policy.Ask) string {
	stream, err := h.exchange.Stream(h.t.Context(), step.Format, asks...)
	if err != nil {
		return code(h.t, err)
	}
	defer stream.Close()
	var came strings.Builder
	for chunk := range slices.Chunk(step.Chunks.bytes(), step.Size) {
		passed, stopped, err := stream.Push(chunk)
		came.Write(passed)
		if err != nil && !stopped {
			h.t.Error("a push that failed goes on")
		}
		if stopped {
			break
		}
	}
	if step.Abort {
		return came.String() + "\n" + code(h.t, stream.Abort())
	}
	passed, decision, err := stream.Finish()
	came.Write(passed)
	return came.String() + "\n" + h.decision(decision, err)
}

// evaluate goes every way there is to the same decision: in each form, and the first form prepared, in a batch, and without text.
func (h *conformanceHost) evaluate(context handedIn, asks []policy.Ask) string {
	ctx, forms, begun := h.t.Context(), context.forms(h.t), time.Now()
	came := h.decision(h.engine.Evaluate(ctx, forms[0], asks...))
	if time.Since(begun) > 200*time.Millisecond {
		return came // one that uses up all fuel: it does so in each form
	}
	came = h.same(forms, func(form any) string { return h.decision(h.engine.Evaluate(ctx, form, asks...)) })
	same := func(what, other string) {
		h.t.Helper()
		if other != came {
			h.t.Errorf("two ways, two answers:\n%s\n%s: %s", came, what, other)
		}
	}
	same("EvaluateJSON", h.decision(h.engine.EvaluateJSON(ctx, context.bytes(), asks...)))
	results, err := h.engine.EvaluateBatch(ctx, []any{"{}", forms[0]}, asks...)
	if err != nil {
		h.t.Fatal(err)
	}
	same("in a batch", h.decision(results[1].Decision, results[1].Err))
	if prepared, err := h.engine.Prepare(ctx, forms[0]); err == nil {
		same("prepared", h.decision(prepared.Evaluate(ctx, asks...)))
		prepared.Close()
	} else {
		same("prepared", strings.Replace(came, came[:strings.IndexByte(came+" ", ' ')], code(h.t, err), 1))
	}
	brief, err := h.engine.Evaluate(ctx, forms[0], append(asks, policy.EffectOnly())...)
	if (err == nil) != strings.HasPrefix(came, "{") || brief.Allowed != strings.HasPrefix(came, `{"allowed":true`) {
		h.t.Errorf("without text: %v %v", brief, err)
	}
	return came
}

// same requires one answer from all forms of what is handed in.
func (h *conformanceHost) same(forms []any, ask func(any) string) string {
	came := ask(forms[0])
	for _, form := range forms[1:] {
		if other := ask(form); other != came {
			h.t.Errorf("two forms, two answers:\n%s\n%T: %s", came, form, other)
		}
	}
	return came
}

// decision is the text of a decision, and of an error the code and, where an engine was asked, the decision that stands for it.
func (h *conformanceHost) decision(decision policy.Decision, err error) string {
	switch {
	case err == nil:
		return decision.JSON()
	case decision.Bundle() == "":
		return code(h.t, err)
	}
	return code(h.t, err) + " " + decision.JSON()
}

// code is "ok", or the error's code.
func code(t *testing.T, err error) string {
	if err == nil {
		return "ok"
	}
	var failure *policy.Error
	if !errors.As(err, &failure) {
		t.Fatal(err)
	}
	return failure.Code
}

// closed is what became of a reservation, or the error's code.
func closed(t *testing.T) func(policy.Closed, error) string {
	return func(closed policy.Closed, err error) string { return result(t, closed.String(), err) }
}

// result is the text that a call gave, or the error's code.
func result(t *testing.T, text string, err error) string {
	if err != nil {
		return code(t, err)
	}
	return text
}

func kept[T any](t *testing.T, made *T, err error, place **T) string {
	if err == nil {
		*place = made
	}
	return code(t, err)
}
