// What one decision costs in Go: the engine with 100 rules in each form that a context may have, and cel-go with the same 100
// conditions as programs, one after the other. One rule matches. Prints the least of many batches, in nanoseconds.
//
//	make go-archive && cd benches/borders/go && go run .
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	policy "github.com/llm-policy-engine/llm-policy-engine/go"
)

const rules = 100

// condition is one of the kinds that a platform team writes.
func condition(n int) string {
	switch n % 5 {
	case 0:
		return fmt.Sprintf("request.model == 'model-%d' && user.tier == 'free'", n)
	case 1:
		return fmt.Sprintf("user.team == 'team-%d' && request.max_tokens > %d", n, 1000+n)
	case 2:
		return fmt.Sprintf("'role-%d' in user.roles && request.environment == 'production'", n)
	case 3:
		return fmt.Sprintf("request.model.startsWith('family-%d-') || user.id == 'u-%d'", n, n)
	}
	return fmt.Sprintf("request.region in ['r-%d', 'r-%d'] && user.tier != 'gold'", n, n+1)
}

const text = `{"user": {"id": "u-1729", "tier": "premium", "team": "search", "roles": ["developer", "role-52"]},
 "request": {"operation": "chat", "provider": "openai", "model": "gpt-4o", "region": "eu-central-1", "environment": "production",
  "max_tokens": 800, "messages": [{"role": "system", "text": "You review code."}, {"role": "user", "text": "Why does this loop never end?"}]}}`

func main() {
	var host map[string]any
	check(json.Unmarshal([]byte(text), &host))
	ours(host)
	celGo(host)
}

func ours(host map[string]any) {
	var document strings.Builder
	document.WriteString("version: '1.0'\nmetadata: {name: bench}\nconfig: {default_action: allow}\nrules:\n")
	for n := range rules {
		fmt.Fprintf(&document, "  - {id: r%d, when: %q, actions: [{type: deny}]}\n", n, condition(n))
	}
	engine, err := policy.New(policy.Documents{"bench.yaml": document.String()})
	check(err)
	defer engine.Close()
	ctx := context.Background()
	prepared, err := engine.Prepare(ctx, host)
	check(err)
	defer prepared.Close()
	bytes, builder := []byte(text), policy.NewBuilder()
	denied := func(decision policy.Decision, err error) {
		if err != nil || decision.MatchCount != 1 || decision.Effect != policy.EffectDeny {
			log.Fatal(decision, err)
		}
	}
	measure("prepared, effect", func() { denied(prepared.Evaluate(ctx, policy.EffectOnly())) })
	measure("prepared, with text", func() { denied(prepared.Evaluate(ctx)) })
	measure("JSON, effect", func() { denied(engine.EvaluateJSON(ctx, bytes, policy.EffectOnly())) })
	measure("JSON, with text", func() { denied(engine.EvaluateJSON(ctx, bytes)) })
	measure("map, effect", func() { denied(engine.Evaluate(ctx, host, policy.EffectOnly())) })
	measure("map, with text", func() { denied(engine.Evaluate(ctx, host)) })
	measure("builder, effect", func() {
		builder.Reset().String("user.id", "u-1729").String("user.tier", "premium").String("user.team", "search").
			Strings("user.roles", "developer", "role-52").String("request.operation", "chat").
			String("request.provider", "openai").String("request.model", "gpt-4o").String("request.region", "eu-central-1").
			String("request.environment", "production").Int("request.max_tokens", 800)
		denied(engine.Evaluate(ctx, builder, policy.EffectOnly()))
	})
	batch := make([]any, 100)
	for at := range batch {
		batch[at] = bytes
	}
	measure("JSON, effect, 100 in a batch", func() {
		results, err := engine.EvaluateBatch(ctx, batch, policy.EffectOnly())
		check(err)
		denied(results[99].Decision, results[99].Err)
	})
	measure("json.Marshal of the map alone", func() {
		_, err := json.Marshal(host)
		check(err)
	})
}

func celGo(host map[string]any) {
	env, err := cel.NewEnv(cel.Variable("user", cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable("request", cel.MapType(cel.StringType, cel.DynType)))
	check(err)
	var programs []cel.Program
	for n := range rules {
		ast, issues := env.Compile(condition(n))
		check(issues.Err())
		program, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize))
		check(err)
		programs = append(programs, program)
	}
	measure("cel-go, map, 100 programs", func() {
		matched := 0
		for _, program := range programs {
			result, _, err := program.Eval(host)
			check(err)
			if result.Value() == true {
				matched++
			}
		}
		if matched != 1 {
			log.Fatal("cel-go matches ", matched)
		}
	})
}

// measure prints the least time of a call, of many batches of about a millisecond.
func measure(name string, call func()) {
	count := 1
	for begun := time.Now(); time.Since(begun) < time.Millisecond; count++ {
		call()
	}
	least := time.Duration(1 << 62)
	for begun := time.Now(); time.Since(begun) < time.Second; {
		at := time.Now()
		for range count {
			call()
		}
		least = min(least, time.Since(at)/time.Duration(count))
	}
	fmt.Printf("%-32s %8d ns\n", name, least.Nanoseconds())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
