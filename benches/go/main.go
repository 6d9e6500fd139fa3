// What a decision costs in Go: ours, cel-go, and OPA as a library.
//
//	go-bench FOLDER MILLISECONDS TURNS
//
// FOLDER is a workload that the program `borders` wrote. Every contender's answer is checked before the clock starts. The clock is
// the CPU time of the process: the collector's threads count.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"cel.dev/cel-go/cel"
	policy "github.com/llm-policy-engine/llm-policy-engine/go"
	"github.com/open-policy-agent/opa/v1/rego"
)

type workload struct {
	Name     string
	Denied   bool
	Deciding []string
	CEL      []string
	IDs      []string
	Rego     string
	document string
	bytes    []byte
	request  map[string]any
}

// way is one way to ask a contender.
type way struct {
	contender, name string
	call            func()
	count           int
	took            []float64
}

func main() {
	log.SetFlags(0)
	milliseconds, err := strconv.ParseFloat(os.Args[2], 64)
	check(err)
	turns, err := strconv.Atoi(os.Args[3])
	check(err)
	load := read(os.Args[1])
	ways := slices.Concat(ours(load), celGo(load), opa(load))
	for n := range ways {
		ways[n].count = batch(ways[n].call, milliseconds*1e6)
	}
	for range turns {
		for n := range ways {
			ways[n].took = append(ways[n].took, turn(ways[n].call, ways[n].count))
		}
	}
	out := json.NewEncoder(os.Stdout)
	check(out.Encode(map[string]any{"runtime": "Go " + strings.TrimPrefix(runtime.Version(), "go")}))
	for _, way := range ways {
		check(out.Encode(map[string]any{"contender": way.contender, "call": way.name, "nanoseconds": way.took}))
	}
}

func read(folder string) workload {
	file := func(name string) []byte {
		bytes, err := os.ReadFile(filepath.Join(folder, name))
		check(err)
		return bytes
	}
	load := workload{document: string(file("policy.yaml")), bytes: file("request.json")}
	check(json.Unmarshal(file("workload.json"), &load))
	check(json.Unmarshal(load.bytes, &load.request))
	return load
}

func (w workload) agree(contender string, denied bool, deciding []string) {
	slices.Sort(deciding)
	if denied != w.Denied || !slices.Equal(deciding, w.Deciding) {
		log.Fatalf("%s says %v by %v on %s, not %v by %v", contender, denied, deciding, w.Name, w.Denied, w.Deciding)
	}
}

func ours(load workload) []way {
	engine, err := policy.New(policy.Documents{"policy.yaml": load.document})
	check(err)
	ctx := context.Background()
	prepared, err := engine.Prepare(ctx, load.request)
	check(err)
	decision, err := engine.Evaluate(ctx, load.request)
	check(err)
	detail, err := decision.Detail()
	check(err)
	var matched []string
	for _, match := range detail.Matched {
		matched = append(matched, match.Rule)
	}
	load.agree("ours", !decision.Allowed, matched)

	denied := func(decision policy.Decision, err error) {
		if err != nil || decision.Allowed || decision.MatchCount != len(load.Deciding) {
			log.Fatal(decision, err)
		}
	}
	builder, effect := policy.NewBuilder(), policy.EffectOnly()
	return []way{
		{contender: "ours", name: "json", call: func() { denied(engine.EvaluateJSON(ctx, load.bytes)) }},
		{contender: "ours", name: "json, effect", call: func() { denied(engine.EvaluateJSON(ctx, load.bytes, effect)) }},
		{contender: "ours", name: "object", call: func() { denied(engine.Evaluate(ctx, load.request)) }},
		{contender: "ours", name: "object, effect", call: func() { denied(engine.Evaluate(ctx, load.request, effect)) }},
		{contender: "ours", name: "builder", call: func() { denied(engine.Evaluate(ctx, build(builder.Reset()), effect)) }},
		{contender: "ours", name: "prepared", call: func() { denied(prepared.Evaluate(ctx)) }},
		{contender: "ours", name: "prepared, effect", call: func() { denied(prepared.Evaluate(ctx, effect)) }},
	}
}

// build sets the fields of request.json.
func build(builder *policy.Builder) *policy.Builder {
	return builder.String("user.id", "u-10482").String("user.role", "engineer").
		Strings("user.roles", "engineer", "ml-platform", "on-call").Strings("user.permissions", "chat.use", "models.read").
		String("user.tier", "pro").Bool("user.mfa_verified", true).Int("user.quota.tokens_remaining", 200000).
		Int("user.quota.tokens_used", 4096).Float("user.budget.remaining", 0.62).Float("user.limits.max_request_cost", 0.75).
		String("team.id", "team-7").Float("team.budget.remaining", 1840.5).String("app.id", "app-7").
		String("request.provider", "openai").String("request.model", "gpt-4o-mini").Int("request.max_tokens", 1024).
		String("request.environment", "production").String("request.region", "eu-west-1").
		Strings("request.tags", "batch", "summary").
		String("request.prompt", "Summarise the incident review of last Tuesday for the team newsletter. Keep the timeline, "+
			"name the services that were degraded, say what customers noticed, and close with what we agreed to do.").
		String("metadata.ticket", "OPS-4411")
}

func celGo(load workload) []way {
	var roots []cel.EnvOption
	for name := range load.request {
		roots = append(roots, cel.Variable(name, cel.MapType(cel.StringType, cel.DynType)))
	}
	env, err := cel.NewEnv(roots...)
	check(err)
	var programs []cel.Program
	for _, condition := range load.CEL {
		ast, issues := env.Compile(condition)
		check(issues.Err())
		program, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize))
		check(err)
		programs = append(programs, program)
	}
	matching := func() (ids []string) {
		for n, program := range programs {
			result, _, err := program.Eval(load.request)
			check(err)
			if result.Value() == true {
				ids = append(ids, load.IDs[n])
			}
		}
		return ids
	}
	name := versioned("cel.dev/cel-go")
	load.agree(name, true, matching())
	return []way{{contender: name, name: "object", call: func() { matching() }}}
}

func opa(load workload) []way {
	ctx := context.Background()
	query, err := rego.New(rego.Query("data.bench.decision"), rego.Module("bench.rego", load.Rego)).PrepareForEval(ctx)
	check(err)
	run := func() map[string]any {
		results, err := query.Eval(ctx, rego.EvalInput(load.request))
		check(err)
		return results[0].Expressions[0].Value.(map[string]any)
	}
	var denies []string
	for _, id := range run()["deny"].([]any) {
		denies = append(denies, id.(string))
	}
	name := versioned("github.com/open-policy-agent/opa")
	load.agree(name, len(denies) > 0, denies)
	return []way{{contender: name, name: "object", call: func() { run() }}}
}

// versioned is the last part of a module's path, with its version.
func versioned(module string) string {
	info, _ := debug.ReadBuildInfo()
	for _, dependency := range info.Deps {
		if dependency.Path == module {
			return filepath.Base(module) + " " + strings.TrimPrefix(dependency.Version, "v")
		}
	}
	return filepath.Base(module)
}

func spent() float64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return float64(usage.Utime.Nano() + usage.Stime.Nano())
}

func turn(call func(), count int) float64 {
	begun := spent()
	for range count {
		call()
	}
	return (spent() - begun) / float64(count)
}

// batch says how many calls fill a turn; it warms the caches up on the way.
func batch(call func(), length float64) int {
	for count := 1; ; count *= 4 {
		if each := turn(call, count); each*float64(count)*4 >= length {
			return int(length/each) + 1
		}
	}
}

func check(err error) {
	if err != nil {
		panic(fmt.Sprint(err))
	}
}
