package policy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	policy "github.com/llm-policy-engine/llm-policy-engine/go"
)

const models = `
version: "1.0"
metadata: {name: models}
config: {default_action: allow}
rules:
  - id: no-previews
    when: request.model.endsWith('-preview')
    actions: [{type: deny, reason: "{{ request.model }} is \"not\" for production", code: preview, public_message: "Choose another\nmodel."}]
  - {id: slow, when: user.tier == 'free', actions: [{type: throttle, delay_ms: 1500}]}
  - {id: ask, when: request.model == 'big', actions: [{type: require_approval, approvers: ['role:boss']}]}
  - {id: tagged, when: request.model == 'tagged', actions: [{type: tag, values: {tier: user.tier}}, {type: warn, message: careful}]}
  - {id: later, when: "now > timestamp('2030-01-01T00:00:00Z')", actions: [{type: deny, reason: too late}]}
  - {id: tools, stages: [tool_call], when: tool.name == 'rm', actions: [{type: deny, reason: no rm}]}
  - {id: shadowed, when: request.model == 'shadow', mode: shadow, actions: [{type: deny, reason: one day}]}
  - {id: roles, when: "'admin' in user.roles && request.stream", actions: [{type: deny, reason: roles}]}
  - {id: short, stages: [response], when: "request.model == 'small' && size(response.text) > 9", actions: [{type: deny, reason: too long}]}
`

const broken = "version: '1.0'\nmetadata: {name: a}\nruels: []\n"

func engineOf(t testing.TB, text string, options ...policy.Option) *policy.Engine {
	t.Helper()
	engine, err := policy.New(policy.Documents{"models.yaml": text}, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	return engine
}

func decide(t testing.TB, engine *policy.Engine, input any, asks ...policy.Ask) policy.Decision {
	t.Helper()
	decision, err := engine.Evaluate(t.Context(), input, asks...)
	if err != nil {
		t.Fatal(err)
	}
	return decision
}

func want[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func model(name string) map[string]any {
	return map[string]any{"request": map[string]any{"model": name}, "user": map[string]any{"tier": "gold", "roles": []string{}}}
}

func TestADecisionSaysWhatAndWhy(t *testing.T) {
	engine := engineOf(t, models)
	denied := decide(t, engine, model("gpt-5-preview"))
	want(t, "effect", denied.Effect, policy.EffectDeny)
	want(t, "allowed", denied.Allowed, false)
	want(t, "reason", denied.Reason(), `gpt-5-preview is "not" for production`)
	want(t, "public message", denied.PublicMessage(), "Choose another\nmodel.")
	want(t, "code", denied.Code(), "preview")
	want(t, "rule", denied.Rule(), "no-previews")
	want(t, "policy", denied.Policy(), "default/models")
	want(t, "bundle", denied.Bundle(), engine.Bundle())
	want(t, "stage", denied.Stage, policy.StageRequest)
	want(t, "text", denied.Err().Error(), `policy: deny: gpt-5-preview is "not" for production`)
	var refused *policy.Refused
	if !errors.As(denied.Err(), &refused) || refused.Decision.Code() != "preview" {
		t.Error("the error of a deny holds the decision")
	}

	allowed := decide(t, engine, model("gpt-5"))
	want(t, "effect", allowed.Effect, policy.EffectAllow)
	want(t, "allowed", allowed.Allowed, true)
	want(t, "error", allowed.Err(), nil)

	throttled := decide(t, engine, `{"user": {"tier": "free", "roles": []}, "request": {"model": "x"}}`)
	want(t, "effect", throttled.Effect, policy.EffectThrottle)
	want(t, "retry after", throttled.RetryAfter, 1500*time.Millisecond)

	want(t, "effect", decide(t, engine, model("big")).Code(), "unhandled_obligation")
	shadow := decide(t, engine, model("shadow"))
	want(t, "shadow", shadow.ShadowEffect, policy.EffectDeny)
	want(t, "allowed", shadow.Allowed, true)
}

func TestHandlesAreDeclared(t *testing.T) {
	engine := engineOf(t, models, policy.Handles(policy.RequireApproval))
	decision := decide(t, engine, model("big"))
	want(t, "effect", decision.Effect, policy.EffectRequireApproval)
	detail, err := decision.Detail()
	if err != nil || detail.Approval == nil {
		t.Fatal(detail, err)
	}
	want(t, "approvers", string(detail.Approval.Params), `{"approvers":["role:boss"]}`)
}

func TestDetailHoldsAll(t *testing.T) {
	engine := engineOf(t, models)
	decision := decide(t, engine, model("tagged"))
	want(t, "matches", decision.MatchCount, 1)
	want(t, "obligations", decision.ObligationCount, 1)
	want(t, "warnings", decision.WarningCount, 1)
	detail, err := decision.Detail()
	if err != nil {
		t.Fatal(err)
	}
	want(t, "action", detail.Obligations[0].Action, "tag")
	want(t, "params", string(detail.Obligations[0].Params), `{"values":{"tier":"gold"}}`)
	want(t, "warning", detail.Warnings[0].Message, "careful")
	want(t, "matched", fmt.Sprint(detail.Matched), "[{default/models tagged [tag warn] false  }]")
	want(t, "stage", detail.Stage, policy.StageRequest)
	want(t, "effect", detail.Effect, policy.EffectAllow)

	text, err := json.Marshal(decision)
	if err != nil || string(text) != decision.JSON() {
		t.Error(string(text), err)
	}

	failed := decide(t, engine, `{"request": {"model": 7}}`)
	if failed.Allowed || failed.ErrorCount == 0 {
		t.Error(failed)
	}
	detail, _ = failed.Detail()
	want(t, "path", detail.Errors[0].Path, "request.model")
}

func TestAnyDecisionIsOneWithoutText(t *testing.T) {
	engine := engineOf(t, models)
	for _, name := range []string{"gpt-5", "x-preview", "big", "tagged", "shadow"} {
		whole, brief := decide(t, engine, model(name)), decide(t, engine, model(name), policy.EffectOnly())
		want(t, name, brief.Effect, whole.Effect)
		want(t, name, brief.ObligationCount, whole.ObligationCount)
		want(t, "text", brief.JSON()+brief.Reason(), "")
		if _, err := brief.Detail(); !errors.Is(err, policy.ErrInvalidArgument) {
			t.Error(err)
		}
		if text, err := json.Marshal(brief); err != nil || !strings.Contains(string(text), `"effect":"`+brief.Effect.String()+`"`) {
			t.Error(string(text), err)
		}
	}
	var zero policy.Decision
	want(t, "zero", zero.Effect.String(), "deny")
	want(t, "zero", zero.Allowed || zero.Err() == nil, false)
}

type request struct {
	Model   string         `json:"model"`
	Stream  bool           `json:"stream"`
	Context map[string]any `json:"context,omitempty"`
}

// All ways to say a context lead to the same bytes.
func TestEveryFormOfAContextIsTheSame(t *testing.T) {
	engine := engineOf(t, models)
	text := `{"request": {"model": "m<>&-preview", "stream": true}, "user": {"roles": ["admin"], "tier": "ü\n"}}`
	forms := map[string]any{
		"string":     text,
		"bytes":      []byte(text),
		"RawMessage": json.RawMessage(text),
		"map": map[string]any{
			"request": map[string]any{"model": "m<>&-preview", "stream": true},
			"user":    map[string]any{"roles": []any{"admin"}, "tier": "ü\n"},
		},
		"struct": struct {
			Request request        `json:"request"`
			User    map[string]any `json:"user"`
		}{request{Model: "m<>&-preview", Stream: true}, map[string]any{"roles": []string{"admin"}, "tier": "ü\n"}},
		"pointer in a map": map[string]any{
			"request": &request{Model: "m<>&-preview", Stream: true},
			"user":    map[string]any{"roles": []string{"admin"}, "tier": "ü\n"},
		},
		"builder": policy.NewBuilder().String("request.model", "m<>&-preview").Strings("user.roles", "admin").
			Bool("request.stream", true).String("user.tier", "ü\n"),
	}
	wanted := decide(t, engine, text).JSON()
	if !strings.Contains(wanted, "m<>&-preview is") {
		t.Fatal(wanted)
	}
	for name, form := range forms {
		want(t, name, decide(t, engine, form).JSON(), wanted)
		prepared, err := engine.Prepare(t.Context(), form)
		if err != nil {
			t.Fatal(name, err)
		}
		decision, err := prepared.Evaluate(t.Context())
		if err != nil {
			t.Fatal(name, err)
		}
		want(t, name+", prepared", decision.JSON(), wanted)
		prepared.Close()
	}
	decision, err := engine.EvaluateJSON(t.Context(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want(t, "EvaluateJSON", decision.JSON(), wanted)
}

func TestNumbersArriveAsTheyAre(t *testing.T) {
	policies := `
version: "1.0"
metadata: {name: numbers}
config: {default_action: allow}
rules:
  - {id: seen, when: "true", actions: [{type: tag, values: {seen: request.context.n}}]}
`
	engine := engineOf(t, policies)
	cases := []struct {
		value any
		seen  string
	}{
		{int64(math.MinInt64), "-9223372036854775808"}, {uint64(math.MaxUint64), "18446744073709551615"},
		{int64(1<<53 + 1), "9007199254740993"}, {1.0, "1"}, {1.5, "1.5"}, {math.Copysign(0, -1), "0"}, {1e300, "1e+300"},
		{float32(0.1), "0.1"}, {int8(-5), "-5"}, {uint32(7), "7"}, {json.Number("12"), "12"}, {"\x00\x1f\u2028\"", `"\u0000\u001f` + "\u2028" + `\""`},
		{[]int{1, 2}, "[1,2]"}, {map[string]string{"a": "b"}, `{"a":"b"}`}, {[]map[string]any{{"a": nil}}, `[{"a":null}]`},
		{5e-324, "5e-324"}, {-1e15, "-1000000000000000"}, {float64(1 << 53), "9007199254740992"},
	}
	for _, c := range cases {
		wanted := `"values":{"seen":` + c.seen + `}`
		whole := map[string]any{"request": map[string]any{"context": map[string]any{"n": c.value}}}
		if got := decide(t, engine, whole).JSON(); !strings.Contains(got, wanted) {
			t.Errorf("%v in a map: want %s in %s", c.value, wanted, got)
		}
		if got := decide(t, engine, policy.NewBuilder().Any("request.context.n", c.value)).JSON(); !strings.Contains(got, wanted) {
			t.Errorf("%v in a builder: want %s in %s", c.value, wanted, got)
		}
	}
}

func TestABuilderIsATree(t *testing.T) {
	engine := engineOf(t, strings.Replace(models, "rules:", `rules:
  - {id: seen, when: "true", actions: [{type: tag, values: {all: metadata}}]}`, 1))
	seen := func(b *policy.Builder) string {
		detail, err := decide(t, engine, b).Detail()
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range detail.Obligations {
			if o.Rule == "seen" {
				return strings.TrimSuffix(strings.TrimPrefix(string(o.Params), `{"values":{"all":`), "}}")
			}
		}
		return ""
	}
	want(t, "order", seen(policy.NewBuilder().Int("metadata.a.x", 1).Int("metadata.b", 2).Int("metadata.a.y", 3)), `{"a":{"x":1,"y":3},"b":2}`)
	want(t, "again", seen(policy.NewBuilder().Int("metadata.a", 1).Int("metadata.a", 2)), `{"a":2}`)
	want(t, "below a leaf", seen(policy.NewBuilder().Int("metadata.a", 1).Int("metadata.a.b", 2)), `{"a":{"b":2}}`)
	want(t, "over an object", seen(policy.NewBuilder().Int("metadata.a.b.c", 1).Int("metadata.a", 2)), `{"a":2}`)
	want(t, "and below again", seen(policy.NewBuilder().Int("metadata.a.b.c", 1).Int("metadata.a", 2).Int("metadata.a.b.d", 3)), `{"a":{"b":{"d":3}}}`)
	want(t, "empty lists", seen(policy.NewBuilder().Strings("metadata.a").JSON("metadata.b", []byte(`{}`))), `{"a":[],"b":{}}`)
	want(t, "times", seen(policy.NewBuilder().Time("metadata.a", time.Unix(0, 1000).UTC())), `{"a":"1970-01-01T00:00:00.000001Z"}`)
	want(t, "names with dots", seen(policy.NewBuilder().Int("metadata.a", 1).Set(2, "metadata", "b.c")), `{"a":1,"b.c":2}`)
	want(t, "odd names", seen(policy.NewBuilder().Uint("metadata.\"é", math.MaxUint64)), `{"\"é":18446744073709551615}`)
	reused := policy.NewBuilder().Int("metadata.a.b", 1).Float("metadata.a.c", math.NaN())
	want(t, "reset", seen(reused.Reset().Bool("metadata.a.b", true)), `{"a":{"b":true}}`)
	var unmade policy.Builder
	want(t, "zero value", seen(unmade.Float("metadata.a", 0.25)), `{"a":0.25}`)

	for name, b := range map[string]*policy.Builder{
		"NaN":      policy.NewBuilder().Float("metadata.a", math.NaN()),
		"infinity": policy.NewBuilder().Any("metadata.a", map[string]any{"b": math.Inf(1)}),
		"not JSON": policy.NewBuilder().JSON("metadata.a", []byte(`1,"user":{"tier":"gold"}`)),
		"depth":    policy.NewBuilder().Int("metadata"+strings.Repeat(".a", 130), 1),
		"channel":  policy.NewBuilder().Any("metadata.a", make(chan int)),
	} {
		if decision, err := engine.Evaluate(t.Context(), b); !errors.Is(err, policy.ErrInvalidInput) || decision.Allowed {
			t.Error(name, decision, err)
		}
	}
}

func TestStageAndTimeAreAsked(t *testing.T) {
	engine := engineOf(t, models)
	then := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	want(t, "2031", decide(t, engine, model("x"), policy.At(then)).Reason(), "too late")
	want(t, "2029", decide(t, engine, model("x"), policy.At(then.AddDate(-2, 0, 0))).Allowed, true)
	tool := map[string]any{"tool": map[string]any{"name": "rm"}}
	decision := decide(t, engine, tool, policy.In(policy.StageToolCall))
	want(t, "tool call", decision.Reason(), "no rm")
	want(t, "stage", decision.Stage, policy.StageToolCall)
	for _, wrong := range []policy.Stage{0, -1, 5, math.MaxInt32} {
		decision, err := engine.Evaluate(t.Context(), tool, policy.In(wrong))
		if !errors.Is(err, policy.ErrInvalidArgument) || decision.Allowed {
			t.Error(wrong, decision, err)
		}
	}
	if _, err := engine.Evaluate(t.Context(), tool, policy.At(time.Unix(1<<58, 0))); err == nil {
		t.Error("a time that no engine knows")
	}
	var stage policy.Stage
	if err := stage.UnmarshalText([]byte("tool_result")); err != nil || stage != policy.StageToolResult {
		t.Error(stage, err)
	}
	if err := stage.UnmarshalText([]byte("toll")); !errors.Is(err, policy.ErrInvalidArgument) {
		t.Error(err)
	}
}

func TestBatch(t *testing.T) {
	engine := engineOf(t, models)
	inputs := []any{model("x"), `{"request": `, []byte(`{"request": {"model": "y-preview"}, "user": {"tier": "gold", "roles": []}}`), math.NaN(), ""}
	results, err := engine.EvaluateBatch(t.Context(), inputs)
	if err != nil || len(results) != len(inputs) {
		t.Fatal(results, err)
	}
	for at, input := range inputs {
		decision, err := engine.Evaluate(t.Context(), input)
		want(t, fmt.Sprint(at), results[at].JSON(), decision.JSON())
		want(t, fmt.Sprint(at), fmt.Sprint(results[at].Err), fmt.Sprint(err))
		want(t, fmt.Sprint(at), results[at].Allowed, at == 0)
	}
	if results, err := engine.EvaluateBatch(t.Context(), nil); err != nil || len(results) != 0 {
		t.Error(results, err)
	}
	engine.Close()
	results, err = engine.EvaluateBatch(t.Context(), inputs)
	if err != nil || !errors.Is(results[0].Err, policy.ErrClosed) || results[0].Allowed {
		t.Error(results, err)
	}
}

func TestExplainValidateReload(t *testing.T) {
	engine := engineOf(t, models)
	explanation, err := engine.Explain(t.Context(), model("x-preview"))
	if err != nil {
		t.Fatal(err)
	}
	var explained struct {
		Decision map[string]any
		Rules    []map[string]any
	}
	if err := json.Unmarshal(explanation, &explained); err != nil || explained.Decision["code"] != "preview" || len(explained.Rules) == 0 {
		t.Error(string(explanation), err)
	}

	report, err := policy.Validate(policy.Documents{"a.yaml": broken, "b.yaml": models})
	if err != nil || report.Valid || report.Documents != 2 {
		t.Fatal(report, err)
	}
	finding := report.Findings[0]
	want(t, "finding", fmt.Sprintf("%s:%d:%d %s", finding.File, finding.Line, finding.Column, finding.Severity), "a.yaml:3:1 error")
	if report, err = policy.Validate(policy.Documents{"b.yaml": models}); err != nil || !report.Valid || report.Bundle != engine.Bundle() {
		t.Error(report, err)
	}
	if _, err = policy.ValidatePath("no/such/place"); !errors.Is(err, policy.ErrUnreadableFile) {
		t.Error(err)
	}

	directory := t.TempDir()
	file := filepath.Join(directory, "models.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(models)
	var log bytes.Buffer
	opened, err := policy.Open(directory, policy.Logger(slog.New(slog.NewJSONHandler(&log, nil))))
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	prepared, err := opened.Prepare(t.Context(), model("x"))
	if err != nil {
		t.Fatal(err)
	}
	before := opened.Bundle()
	write(broken)
	if err := opened.Reload(); !errors.Is(err, policy.ErrInvalidPolicy) || opened.Bundle() != before {
		t.Error(err)
	}
	write(strings.Replace(models, "too late", "much too late", 1))
	if err := opened.Reload(); err != nil || opened.Bundle() == before {
		t.Error(err)
	}
	if _, err := prepared.Evaluate(t.Context()); !errors.Is(err, policy.ErrStaleInput) {
		t.Error(err)
	}
	if err := opened.ReloadDocuments(policy.Documents{"models.yaml": models}); err != nil {
		t.Error(err)
	}
	for _, said := range []string{"policies loaded", "policies refused, the old ones stay", "policies replaced"} {
		if !strings.Contains(log.String(), said) {
			t.Errorf("the log does not say %q:\n%s", said, log.String())
		}
	}
	if err := engine.Reload(); !errors.Is(err, policy.ErrInvalidArgument) {
		t.Error(err)
	}
}

func TestErrorsSayWhereAndWhatToDo(t *testing.T) {
	_, err := policy.New(policy.Documents{"a.yaml": broken})
	var failure *policy.Error
	if !errors.As(err, &failure) || !errors.Is(err, policy.ErrInvalidPolicy) || errors.Is(err, policy.ErrInvalidInput) {
		t.Fatal(err)
	}
	want(t, "code", failure.Code, "invalid_policy")
	if len(failure.Findings) == 0 || !strings.Contains(err.Error(), "a.yaml:3:1") || !strings.Contains(failure.Findings[0].String(), "a.yaml:3:1: ") {
		t.Error(err)
	}

	engine := engineOf(t, models)
	decision, err := engine.Evaluate(t.Context(), `{"request": {"model": "x",}}`)
	if !errors.As(err, &failure) || !errors.Is(err, policy.ErrInvalidInput) {
		t.Fatal(err)
	}
	want(t, "offset", failure.Offset, 26)
	want(t, "code", decision.Code(), "invalid_input")
	want(t, "bundle", decision.Bundle(), engine.Bundle())
	want(t, "allowed", decision.Allowed, false)

	if _, err := policy.New(nil); !errors.Is(err, policy.ErrNoDocuments) {
		t.Error(err)
	}
	if _, err := policy.Open("no/such/place"); !errors.Is(err, policy.ErrUnreadableFile) {
		t.Error(err)
	}

	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	decision, err = engine.Evaluate(cancelled, model("x"))
	if !errors.Is(err, context.Canceled) || decision.Allowed || decision.Code() != "cancelled" {
		t.Error(decision, err)
	}
}

func TestBodiesOfProviders(t *testing.T) {
	engine := engineOf(t, models)
	body := []byte(`{"model": "gpt-5-preview", "messages": [{"role": "user", "content": "Hello!"}]}`)
	host := map[string]any{"user": map[string]any{"tier": "gold", "roles": []string{}}}
	decision, err := engine.EvaluateBody(t.Context(), "openai-chat", body, host)
	if err != nil || decision.Code() != "preview" {
		t.Fatal(decision, err)
	}
	if explanation, err := engine.ExplainBody(t.Context(), "openai-chat", body, host); err != nil || !bytes.Contains(explanation, []byte("no-previews")) {
		t.Error(string(explanation), err)
	}
	decision, err = engine.EvaluateBody(t.Context(), "openai", body, nil)
	if !errors.Is(err, policy.ErrInvalidArgument) || decision.Allowed || !strings.Contains(err.Error(), "the formats are openai-chat") {
		t.Error(decision, err)
	}
}

func TestAnExchangeRemembers(t *testing.T) {
	engine := engineOf(t, models)
	host := map[string]any{"user": map[string]any{"tier": "gold", "roles": []string{}}}
	exchange, err := engine.Exchange(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	defer exchange.Close()
	body := []byte(`{"model": "small", "messages": [{"role": "user", "content": "Hello!"}]}`)
	if decision, err := exchange.EvaluateBody(t.Context(), "openai-chat", body); err != nil || !decision.Allowed {
		t.Fatal(decision, err)
	}
	state, err := exchange.Save()
	if err != nil {
		t.Fatal(err)
	}
	resumed, err := engine.Resume(t.Context(), state)
	if err != nil {
		t.Fatal(err)
	}
	defer resumed.Close()
	want(t, "bundle", resumed.Bundle(), engine.Bundle())
	if err := engine.ReloadDocuments(policy.Documents{"a.yaml": strings.Replace(models, "too long", "other", 1)}); err != nil {
		t.Fatal(err)
	}
	answer := map[string]any{"response": map[string]any{"text": "a long answer"}}
	for _, x := range []*policy.Exchange{exchange, resumed} {
		decision, err := x.Evaluate(t.Context(), answer, policy.In(policy.StageResponse))
		if err != nil || decision.Reason() != "too long" {
			t.Error(decision, err)
		}
		decision, err = x.Evaluate(t.Context(), `{"user": {"tier": "gold"}}`, policy.In(policy.StageResponse))
		if !errors.Is(err, policy.ErrInvalidInput) || decision.Allowed {
			t.Error(decision, err)
		}
		if _, err := x.EvaluateBody(t.Context(), "", body); !errors.Is(err, policy.ErrInvalidArgument) {
			t.Error(err)
		}
	}
	if _, err := engine.Resume(t.Context(), state); err == nil {
		t.Error("other policies go on with it")
	}
	if _, err := engine.Exchange(t.Context(), `{"request": {"model": "x"}}`); !errors.Is(err, policy.ErrInvalidInput) {
		t.Error(err)
	}
}

func TestADecisionLongerThanTheBuffer(t *testing.T) {
	reason := strings.Repeat("long ü ", 3000)
	engine := engineOf(t, "{version: '1.0', metadata: {name: a}, rules: [{id: r, when: 'true', actions: [{type: deny, reason: '"+reason+"'}]}]}")
	want(t, "reason", strings.TrimSpace(decide(t, engine, "{}").Reason()), strings.TrimSpace(reason))
}

func TestLogsHoldNoInput(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	engine := engineOf(t, models, policy.Logger(logger))
	decision := decide(t, engine, `{"request": {"model": "secret-preview"}}`)
	logger.Info("decided", "decision", decision)
	if text := log.String(); strings.Contains(text, "secret") || !strings.Contains(text, `"code":"preview"`) || !strings.Contains(text, "a rule failed") {
		t.Error(text)
	}
}

func TestCountersAndAudit(t *testing.T) {
	engine := engineOf(t, models)
	if err := engine.AuditStart(policy.AuditOptions{Capacity: 8, Key: []byte("key")}); err != nil {
		t.Fatal(err)
	}
	decide(t, engine, model("x"))
	decide(t, engine, model("x-preview"))
	if _, err := engine.Evaluate(t.Context(), "{"); err == nil {
		t.Fatal("not JSON")
	}
	drained, err := engine.AuditDrain(1)
	if err != nil || len(drained.Records) != 1 || drained.Waiting == 0 {
		t.Fatal(drained, err)
	}
	want(t, "first", drained.Records[0].Effect, policy.EffectAllow)
	want(t, "time", time.Since(drained.Records[0].Time) < time.Hour, true)
	if drained, err = engine.AuditDrain(100); err != nil || len(drained.Records) == 0 {
		t.Fatal(drained, err)
	}
	second := drained.Records[0]
	want(t, "second", second.Rule+" "+second.Code+" "+second.Stage.String(), "no-previews preview request")
	if second.Input == "" || second.Bundle != engine.Bundle() {
		t.Error(second)
	}
	for range 100 {
		decide(t, engine, model("x"))
	}
	if drained, err = engine.AuditDrain(100); err != nil || drained.Dropped == 0 || len(drained.Records) > 8 {
		t.Error(drained, err)
	}
	decide(t, engine, model("x"))
	metrics, err := engine.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.AuditStop(); err != nil {
		t.Error(err)
	}
	want(t, "denies", metrics.Decisions["request"]["deny"], 1)
	want(t, "allowed", metrics.Decisions["request"]["allow"], 102)
	want(t, "refused", metrics.Refused["invalid_input"], 1)
	if metrics.AuditDropped == 0 || metrics.AuditRecorded == 0 {
		t.Error(metrics)
	}
	engine.Close()
	if _, err := engine.Metrics(); !errors.Is(err, policy.ErrClosed) {
		t.Error(err)
	}
	if _, err := engine.AuditDrain(1); !errors.Is(err, policy.ErrClosed) {
		t.Error(err)
	}
	if err := engine.AuditStart(policy.AuditOptions{}); !errors.Is(err, policy.ErrClosed) {
		t.Error(err)
	}
}
