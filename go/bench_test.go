package policy_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	policy "github.com/llm-policy-engine/llm-policy-engine/go"
)

// The ways to decide about one context of examples/contexts, under the policies of examples/policies. The same bytes are
// given as JSON, as a map, as a struct's worth of typed fields, and prepared.
func BenchmarkEvaluate(b *testing.B) {
	engine, err := policy.Open("../examples/policies", policy.Handles(policy.Redact, policy.Route))
	if err != nil {
		b.Fatal(err)
	}
	defer engine.Close()
	text, err := os.ReadFile("../examples/contexts/allowed-developer.json")
	if err != nil {
		b.Fatal(err)
	}
	var host map[string]any
	if err := json.Unmarshal(text, &host); err != nil {
		b.Fatal(err)
	}
	prepared, err := engine.Prepare(b.Context(), text)
	if err != nil {
		b.Fatal(err)
	}
	builder := policy.NewBuilder()
	ctx := b.Context()
	run := func(name string, decide func() (policy.Decision, error)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if decision, err := decide(); err != nil || !decision.Allowed {
					b.Fatal(decision, err)
				}
			}
		})
	}
	run("json", func() (policy.Decision, error) { return engine.EvaluateJSON(ctx, text) })
	run("json/effect", func() (policy.Decision, error) { return engine.EvaluateJSON(ctx, text, policy.EffectOnly()) })
	run("prepared/effect", func() (policy.Decision, error) { return prepared.Evaluate(ctx, policy.EffectOnly()) })
	run("map/effect", func() (policy.Decision, error) { return engine.Evaluate(ctx, host, policy.EffectOnly()) })
	set := setters("", host)
	run("builder/effect", func() (policy.Decision, error) {
		builder.Reset()
		for _, set := range set {
			set(builder)
		}
		return engine.Evaluate(ctx, builder, policy.EffectOnly())
	})
	b.Run("json.Marshal alone", func(b *testing.B) {
		for b.Loop() {
			if _, err := json.Marshal(host); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// setters set the fields of an object one by one, with paths that were put together before.
func setters(path string, object map[string]any) []func(*policy.Builder) {
	var all []func(*policy.Builder)
	for name, value := range object {
		path := path + name
		if strings.Contains(name, ".") {
			names := strings.Split(path[:len(path)-len(name)], ".")
			names[len(names)-1] = name
			all = append(all, func(b *policy.Builder) { b.Set(value, names...) })
			continue
		}
		switch value := value.(type) {
		case map[string]any:
			if len(value) > 0 {
				all = append(all, setters(path+".", value)...)
			} else {
				all = append(all, func(b *policy.Builder) { b.JSON(path, []byte("{}")) })
			}
		case string:
			all = append(all, func(b *policy.Builder) { b.String(path, value) })
		case float64:
			all = append(all, func(b *policy.Builder) { b.Float(path, value) })
		case bool:
			all = append(all, func(b *policy.Builder) { b.Bool(path, value) })
		default:
			all = append(all, func(b *policy.Builder) { b.Any(path, value) })
		}
	}
	return all
}
