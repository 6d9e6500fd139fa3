package policy_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
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
	bytes := h.bytes()
	forms := []any{bytes, string(bytes), json.RawMessage(bytes)}
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

func kept[T any](t *testing.T, made *T, err error, place **T) string {
	if err == nil {
		*place = made
	}
	return code(t, err)
}
