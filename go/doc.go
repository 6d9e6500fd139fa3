// Package policy decides about LLM traffic: who may send what to which model, which tools an agent may call, what an answer
// may hold. Policies are documents; the engine compiles them to one indexed program and evaluates it in this process.
//
//	engine, err := policy.Open("policies")
//	if err != nil { ... }
//	defer engine.Close()
//	decision, err := engine.Evaluate(ctx, map[string]any{"user": user, "request": request})
//	if !decision.Allowed { ... } // also when err is not nil: a decision fails closed
//
// # What a context may be
//
// A map with string keys, a struct with json tags, JSON as []byte, [json.RawMessage] or string, or a [Builder], which is the
// fastest of them. JSON that is held as bytes goes through [Engine.EvaluateJSON] without a copy. A context that stays the same
// is read once by [Engine.Prepare] and decided about often. A provider's own body goes to [Engine.EvaluateBody], and the stages
// of one turn to an [Exchange].
//
// # Threads, memory, signals
//
// Everything but a Builder may be used by many goroutines at once, also while another one reloads or closes. An evaluation is
// one call through cgo, starts no thread, takes no lock, and never calls back into Go; the library installs no signal handler.
// Close frees at once; what is forgotten is freed when the collector finds it.
package policy
