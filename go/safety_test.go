package policy_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	policy "github.com/llm-policy-engine/llm-policy-engine/go"
)

func TestAPanicStaysInside(t *testing.T) {
	for range 3 {
		err := policy.SelfTestPanic()
		if !errors.Is(err, policy.ErrInternal) || !strings.Contains(err.Error(), "report it") {
			t.Fatal(err)
		}
	}
	want(t, "afterwards", decide(t, engineOf(t, models), model("x")).Allowed, true)
}

func TestUseAfterClose(t *testing.T) {
	engine := engineOf(t, models)
	prepared, err := engine.Prepare(t.Context(), model("x"))
	if err != nil {
		t.Fatal(err)
	}
	exchange, err := engine.Exchange(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := errors.Join(prepared.Close(), exchange.Close()); err != nil {
			t.Error(err)
		}
	}
	closed := func(what string, decision policy.Decision, err error) {
		t.Helper()
		if !errors.Is(err, policy.ErrClosed) || decision.Allowed || decision.Effect != policy.EffectDeny ||
			decision.Code() != "invalid_handle" {
			t.Error(what, decision, err)
		}
	}
	decision, err := prepared.Evaluate(t.Context())
	closed("prepared", decision, err)
	decision, err = exchange.Evaluate(t.Context(), model("x"))
	closed("exchange", decision, err)

	again, err := engine.Prepare(t.Context(), model("x"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	}
	// Another engine in the same place is not reached through the closed one.
	_ = engineOf(t, models)
	decision, err = engine.Evaluate(t.Context(), model("x"))
	closed("engine", decision, err)
	decision, err = engine.EvaluateJSON(t.Context(), []byte(`{}`))
	closed("engine", decision, err)
	decision, err = engine.EvaluateBody(t.Context(), "openai-chat", []byte(`{}`), nil)
	closed("engine", decision, err)
	decision, err = again.Evaluate(t.Context())
	closed("prepared of a closed engine", decision, err)
	_, err = engine.Explain(t.Context(), "{}")
	closed("explain", decision, err)
	_, err = engine.Prepare(t.Context(), "{}")
	closed("prepare", decision, err)
	_, err = engine.Exchange(t.Context(), nil)
	closed("exchange", decision, err)
	closed("reload", decision, engine.ReloadDocuments(policy.Documents{"a.yaml": models}))
	want(t, "bundle", engine.Bundle(), "")
}

// What is forgotten is freed, and only then: a method's call keeps its object.
func TestTheCollectorFreesWhatIsForgotten(t *testing.T) {
	stop := make(chan struct{})
	var collecting sync.WaitGroup
	spawn(&collecting, func() {
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	})
	for range 200 {
		engine, err := policy.New(policy.Documents{"models.yaml": models})
		if err != nil {
			t.Fatal(err)
		}
		prepared, err := engine.Prepare(t.Context(), model("x"))
		if err != nil {
			t.Fatal(err)
		}
		if decision, err := prepared.Evaluate(t.Context()); err != nil || !decision.Allowed {
			t.Fatal(decision, err)
		}
		exchange, err := engine.Exchange(t.Context(), `{"user": {"tier": "gold", "roles": []}}`)
		if err != nil {
			t.Fatal(err)
		}
		if decision, err := exchange.Evaluate(t.Context(), `{"request": {"model": "x"}}`); err != nil || !decision.Allowed {
			t.Fatal(decision, err)
		}
	}
	close(stop)
	collecting.Wait()
}

func TestGoroutinesWithReload(t *testing.T) {
	engine := engineOf(t, models)
	others := policy.Documents{"models.yaml": strings.Replace(models, "too late", "much too late", 1)}
	builder := policy.NewBuilder().String("request.model", "x-preview").String("user.tier", "gold").Strings("user.roles")
	done := make(chan struct{})
	var deciding sync.WaitGroup
	for worker := range 4 {
		spawn(&deciding, func() {
			for round := 0; ; round++ {
				select {
				case <-done:
					return
				default:
				}
				var decision policy.Decision
				var err error
				switch (round + worker) % 5 {
				case 0:
					decision, err = engine.Evaluate(t.Context(), model("x-preview"))
				case 1:
					decision, err = engine.Evaluate(t.Context(), builder)
				case 2:
					decision, err = engine.EvaluateJSON(t.Context(), []byte(`{"request": {"model": "x-preview"}}`))
				case 3:
					var results []policy.Result
					results, err = engine.EvaluateBatch(t.Context(), []any{model("x-preview"), builder})
					if err == nil {
						decision, err = results[1].Decision, results[1].Err
					}
				case 4:
					var prepared *policy.Prepared
					if prepared, err = engine.Prepare(t.Context(), builder); err != nil {
						break
					}
					if decision, err = prepared.Evaluate(t.Context()); errors.Is(err, policy.ErrStaleInput) {
						continue
					}
					prepared.Close()
				}
				if err != nil || decision.Code() != "preview" {
					t.Error(decision, err)
					return
				}
			}
		})
	}
	for round := range 60 {
		documents := policy.Documents{"models.yaml": models}
		if round%2 == 0 {
			documents = others
		}
		if err := engine.ReloadDocuments(documents); err != nil {
			t.Error(err)
		}
		if round%10 == 0 {
			if err := engine.ReloadDocuments(policy.Documents{"a.yaml": broken}); !errors.Is(err, policy.ErrInvalidPolicy) {
				t.Error(err)
			}
		}
	}
	close(done)
	deciding.Wait()
}

func TestCloseDuringCalls(t *testing.T) {
	for range 40 {
		engine := engineOf(t, models)
		prepared, err := engine.Prepare(t.Context(), model("x"))
		if err != nil {
			t.Fatal(err)
		}
		var calling sync.WaitGroup
		for worker := range 4 {
			spawn(&calling, func() {
				for {
					decision, err := engine.Evaluate(t.Context(), model("x"))
					if worker%2 == 0 {
						decision, err = prepared.Evaluate(t.Context())
					}
					switch {
					case err == nil && decision.Allowed:
					case errors.Is(err, policy.ErrClosed) && !decision.Allowed:
						return
					default:
						t.Error(decision, err)
						return
					}
				}
			})
		}
		time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
		spawn(&calling, func() { engine.Close() })
		spawn(&calling, func() { prepared.Close() })
		calling.Wait()
	}
}

// No entry panics, and none allows, whatever it is given.
func TestGarbage(t *testing.T) {
	engine := engineOf(t, strings.Replace(models, "default_action: allow", "default_action: deny", 1))
	whole, err := os.ReadFile("../examples/contexts/allowed-developer.json")
	if err != nil {
		t.Fatal(err)
	}
	inputs := [][]byte{nil, {}, {0}, {0xff, 0xfe}, []byte("null"), []byte("[]"), []byte("7"), []byte(`"x"`), []byte("{"), []byte("}"),
		[]byte(`{"a":"\ud800"}`), []byte("{\"a\":\"\xed\xa0\x80\"}"), []byte(`{"request":{"model":"a","model":"b"}}`),
		[]byte(`{"request":{"Model":"a","model":"b"}}`), []byte(`{"a":1e999}`), []byte(`{"a":NaN}`),
		[]byte(strings.Repeat("[", 100_000)), []byte(strings.Repeat(`{"a":`, 100_000)), []byte(`{"a":` + strings.Repeat("9", 100_000) + "}")}
	for cut := 0; cut < len(whole); cut += 7 {
		inputs = append(inputs, whole[:cut])
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		changed := append([]byte(nil), whole...)
		for range 1 + random.IntN(4) {
			changed[random.IntN(len(changed))] = byte(random.IntN(256))
		}
		inputs = append(inputs, changed)
	}
	for _, input := range inputs {
		check := func(what string, decision policy.Decision, err error) {
			if decision.Allowed || (err != nil && decision.Effect != policy.EffectDeny) {
				t.Errorf("%s of %.80q: %v %v", what, input, decision, err)
			}
			if err != nil && !errors.Is(err, policy.ErrInvalidInput) && !errors.Is(err, policy.ErrInvalidArgument) {
				t.Errorf("%s of %.80q: %v", what, input, err)
			}
		}
		decision, err := engine.EvaluateJSON(t.Context(), input)
		check("EvaluateJSON", decision, err)
		decision, err = engine.Evaluate(t.Context(), string(input))
		check("Evaluate", decision, err)
		decision, err = engine.Evaluate(t.Context(), map[string]any{"request": map[string]any{"model": string(input)}, string(input): 1})
		check("Evaluate of a map", decision, err)
		decision, err = engine.Evaluate(t.Context(), policy.NewBuilder().String(string(input), string(input)).JSON("request", input))
		check("Evaluate of a builder", decision, err)
		decision, err = engine.EvaluateBody(t.Context(), "openai-chat", input, string(input))
		check("EvaluateBody", decision, err)
		decision, err = engine.EvaluateBody(t.Context(), string(input), []byte("{}"), nil)
		check("EvaluateBody, format", decision, err)
		results, err := engine.EvaluateBatch(t.Context(), []any{input, string(input)})
		check("EvaluateBatch", results[0].Decision, err)
		check("EvaluateBatch", results[1].Decision, results[1].Err)
		if prepared, err := engine.Prepare(t.Context(), input); err == nil {
			decision, err = prepared.Evaluate(t.Context())
			check("Prepare", decision, err)
			prepared.Close()
		}
		_, err = engine.Explain(t.Context(), input)
		check("Explain", policy.Decision{Effect: policy.EffectDeny}, err)
		if exchange, err := engine.Exchange(t.Context(), input); err == nil {
			decision, err = exchange.Evaluate(t.Context(), input)
			check("Exchange", decision, err)
			exchange.Close()
		}
		if exchange, err := engine.Resume(t.Context(), input); err == nil {
			t.Errorf("%.80q is no exchange", input)
			exchange.Close()
		}
		if refused, err := policy.New(policy.Documents{string(input): string(input)}); err == nil {
			t.Errorf("%.80q is no policy", input)
			refused.Close()
		}
		if _, err := policy.Validate(policy.Documents{"a.yaml": string(input)}); err != nil {
			t.Errorf("%.80q: %v", input, err)
		}
		_, _ = policy.ValidatePath(string(input[:min(len(input), 4000)]))
	}
	type loop struct{ Next *loop }
	endless := &loop{}
	endless.Next = endless
	deep := map[string]any{}
	deep["deeper"] = deep
	for _, input := range []any{endless, deep, func() {}, 7, struct{}{}, (*policy.Builder)(nil), []string{"a"}, map[int]bool{1: true}} {
		if decision, _ := engine.Evaluate(t.Context(), input); decision.Allowed {
			t.Error(decision)
		}
	}
}

// The library installs no signal handler: Go's own still works, and so does a fault in Go code on any thread.
func TestSignalsAreGos(t *testing.T) {
	engine := engineOf(t, models)
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGUSR1)
	defer signal.Stop(caught)
	for range 50 {
		decide(t, engine, model("x"))
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGUSR1); err != nil {
			t.Fatal(err)
		}
		decide(t, engine, model("x"))
		<-caught
		func() {
			defer func() {
				if recover() == nil {
					t.Error("a nil pointer was read")
				}
			}()
			var nothing *policy.Decision
			_ = nothing.Effect
		}()
	}
}

// Memory stays flat: EVALUATIONS of them (100,000) through every entry.
func TestFlatMemory(t *testing.T) {
	count := 100_000
	if text := os.Getenv("EVALUATIONS"); text != "" {
		var err error
		if count, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	engine := engineOf(t, models)
	builder := policy.NewBuilder()
	once := func(at int) {
		name := "m" + strconv.Itoa(at) + "-preview"
		var decision policy.Decision
		var err error
		switch at % 8 {
		case 0:
			decision, err = engine.Evaluate(t.Context(), model(name))
		case 1:
			decision, err = engine.Evaluate(t.Context(), builder.Reset().String("request.model", name))
		case 2:
			decision, err = engine.EvaluateJSON(t.Context(), []byte(`{"request":{"model":"`+name+`"}}`))
		case 3:
			var results []policy.Result
			results, err = engine.EvaluateBatch(t.Context(), []any{model(name), "garbage"})
			decision = results[0].Decision
		case 4:
			var prepared *policy.Prepared
			if prepared, err = engine.Prepare(t.Context(), model(name)); err == nil {
				decision, err = prepared.Evaluate(t.Context())
			}
			if at%16 == 4 {
				prepared.Close() // the other half is left to the collector
			}
		case 5:
			body := []byte(`{"model": "` + name + `", "messages": [{"role": "user", "content": "Hello!"}]}`)
			decision, err = engine.EvaluateBody(t.Context(), "openai-chat", body, nil)
		case 6:
			var exchange *policy.Exchange
			if exchange, err = engine.Exchange(t.Context(), nil); err == nil {
				decision, err = exchange.Evaluate(t.Context(), model2(name))
			}
			if at%16 == 6 {
				exchange.Close()
			}
		case 7:
			if decision, err = engine.Evaluate(t.Context(), "{"+name); !errors.Is(err, policy.ErrInvalidInput) {
				t.Fatal(decision, err)
			}
			return
		}
		if err != nil || decision.Code() != "preview" {
			t.Fatal(at, decision, err)
		}
	}
	for at := range count / 4 {
		once(at)
	}
	before := resident(t)
	for at := range count {
		once(at)
	}
	after := resident(t)
	t.Logf("%d evaluations: %d kB, then %d kB", count, before, after)
	if grown := after - before; grown > 16<<10 {
		t.Errorf("memory grew by %d kB", grown)
	}
}

func model2(name string) map[string]any {
	return map[string]any{"request": map[string]any{"model": name}}
}

// resident is this process's memory in kB, after what is garbage was freed and given back.
func resident(t *testing.T) int {
	for range 3 {
		runtime.GC()
		time.Sleep(20 * time.Millisecond) // cleanups run in the background
	}
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if text, found := strings.CutPrefix(line, "VmRSS:"); found {
			kb, err := strconv.Atoi(strings.Fields(text)[0])
			if err != nil {
				t.Fatal(err)
			}
			return kb
		}
	}
	t.Fatal("no VmRSS")
	return 0
}

func spawn(group *sync.WaitGroup, work func()) {
	group.Add(1)
	go func() {
		defer group.Done()
		work()
	}()
}
