package policy

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"runtime"
	"time"
)

// Stage is where in a turn a decision is made.
type Stage int32

// The stages of a turn.
const (
	// StageRequest: before the request goes to the model. The default.
	StageRequest Stage = iota + 1
	// StageResponse: before the answer goes to the user.
	StageResponse
	// StageToolCall: before a tool is called.
	StageToolCall
	// StageToolResult: before the tool's result goes to the model.
	StageToolResult
)

// String is the stage's name: "tool_call".
func (s Stage) String() string {
	switch s {
	case StageRequest:
		return "request"
	case StageResponse:
		return "response"
	case StageToolCall:
		return "tool_call"
	case StageToolResult:
		return "tool_result"
	}
	return "unknown"
}

// MarshalText is [Stage.String].
func (s Stage) MarshalText() ([]byte, error) {
	return []byte(s.String()), nil
}

// UnmarshalText reads a stage's name.
func (s *Stage) UnmarshalText(name []byte) error {
	for stage := StageRequest; stage <= StageToolResult; stage++ {
		if stage.String() == string(name) {
			*s = stage
			return nil
		}
	}
	return newError("invalid_argument", "there is no stage `"+string(name)+"`; they are request, response, tool_call, tool_result")
}

// Ask says what is asked about an input; without any, it is a request, now.
type Ask struct {
	kind  askKind
	stage Stage
	now   time.Time
}

type askKind uint8

const (
	askTime askKind = iota + 1
	askStage
	askEffectOnly
)

// At asks about another time than now. Conditions see it to the microsecond.
func At(now time.Time) Ask { return Ask{kind: askTime, now: now} }

// In asks about a stage.
func In(stage Stage) Ask { return Ask{kind: askStage, stage: stage} }

// EffectOnly asks for the effect and the counts alone, without any text: for who only wants to know whether it is allowed.
func EffectOnly() Ask { return Ask{kind: askEffectOnly} }

// question is what is asked about an input.
type question struct {
	now        time.Time
	timed      bool
	stage      Stage
	effectOnly bool
}

func questionOf(asks []Ask) question {
	asked := question{stage: StageRequest}
	for at := range asks {
		switch ask := &asks[at]; ask.kind {
		case askTime:
			asked.now, asked.timed = ask.now, true
		case askStage:
			asked.stage = ask.stage
		case askEffectOnly:
			asked.effectOnly = true
		}
	}
	return asked
}

// Evaluate decides about a context: see the package's documentation for what it may be.
//
// When the error is not nil, the decision is a deny that says so: whoever looks at the decision alone fails closed.
func (e *Engine) Evaluate(ctx context.Context, input any, asks ...Ask) (Decision, error) {
	question := questionOf(asks)
	if err := ctx.Err(); err != nil {
		return failed(question, cancelled(err))
	}
	json, lent, err := encode(input)
	if err != nil {
		return failed(question, err)
	}
	decision, err := nativeEvaluate(e.number, question, json)
	lent.back()
	runtime.KeepAlive(e)
	return e.told(decision, err)
}

// EvaluateJSON is [Engine.Evaluate] for a context that is held as JSON: the bytes are read where they are.
func (e *Engine) EvaluateJSON(ctx context.Context, json []byte, asks ...Ask) (Decision, error) {
	question := questionOf(asks)
	if err := ctx.Err(); err != nil {
		return failed(question, cancelled(err))
	}
	decision, err := nativeEvaluate(e.number, question, json)
	runtime.KeepAlive(e)
	return e.told(decision, err)
}

// EvaluateBody decides about a provider's own body, as JSON. format is its name, such as "openai-chat"; docs/providers.md has
// all.
//
// host is what the host says beside it, a context like that of [Engine.Evaluate], or nil: who asks above all, and what does
// not stand in the body. Where both say a field, the host's counts; a body sets fields of the body only.
func (e *Engine) EvaluateBody(ctx context.Context, format string, body []byte, host any, asks ...Ask) (Decision, error) {
	question := questionOf(asks)
	if err := ctx.Err(); err != nil {
		return failed(question, cancelled(err))
	}
	json, lent, err := encodeHost(host)
	if err != nil {
		return failed(question, err)
	}
	decision, err := nativeEvaluateBody(e.number, question, format, body, json)
	lent.back()
	runtime.KeepAlive(e)
	return e.told(decision, err)
}

// Result is the decision about one input of a batch; Err is as the error of [Engine.Evaluate].
type Result struct {
	Decision
	Err error
}

// EvaluateBatch decides about many contexts in one call through cgo. Each has its result; an input that is refused is a deny
// with an error, and does not keep the others from being decided about. The error is of the batch as a whole.
func (e *Engine) EvaluateBatch(ctx context.Context, inputs []any, asks ...Ask) ([]Result, error) {
	question := questionOf(asks)
	if err := ctx.Err(); err != nil {
		return nil, cancelled(err)
	}
	var all pieces
	refused := map[int]error{}
	for at, input := range inputs {
		json, lent, err := encode(input)
		if err != nil {
			refused[at] = err
		}
		all.bytes = append(all.bytes, json...)
		all.end()
		lent.back()
	}
	results := nativeEvaluateBatch(e.number, question, all)
	runtime.KeepAlive(e)
	for at, err := range refused {
		results[at].Decision, results[at].Err = failed(question, err)
	}
	return results, nil
}

// Explain decides, and says of each rule and each clause why it did or did not match: an object with "decision", and "rules"
// with their "clauses". It is for operators, and shows values of the input.
func (e *Engine) Explain(ctx context.Context, input any, asks ...Ask) (json.RawMessage, error) {
	if err := ctx.Err(); err != nil {
		return nil, cancelled(err)
	}
	json, lent, err := encode(input)
	if err != nil {
		return nil, err
	}
	explanation, err := nativeExplain(e.number, questionOf(asks), json)
	lent.back()
	runtime.KeepAlive(e)
	return explanation, err
}

// ExplainBody is [Engine.Explain] for a provider's body, which is given as to [Engine.EvaluateBody].
func (e *Engine) ExplainBody(ctx context.Context, format string, body []byte, host any, asks ...Ask) (json.RawMessage, error) {
	if err := ctx.Err(); err != nil {
		return nil, cancelled(err)
	}
	json, lent, err := encodeHost(host)
	if err != nil {
		return nil, err
	}
	explanation, err := nativeExplainBody(e.number, questionOf(asks), format, body, json)
	lent.back()
	runtime.KeepAlive(e)
	return explanation, err
}

// failed is the deny for what never reached the engine.
func failed(asked question, err error) (Decision, error) {
	decision := Decision{Effect: EffectDeny, Stage: asked.stage}
	if !asked.effectOnly {
		decision.canonical = refusal(asked.stage, err)
	}
	return decision, err
}

// told hands a decision on, and tells the log of what went wrong in it.
func (e *Engine) told(decision Decision, err error) (Decision, error) {
	if err == nil && decision.ErrorCount == 0 {
		return decision, nil
	}
	if errors.Is(err, ErrInternal) {
		e.logger.Error("the policy engine failed, the decision is a deny", "error", err)
	}
	if decision.ErrorCount > 0 && e.logger.Enabled(context.Background(), slog.LevelDebug) {
		detail, _ := decision.Detail()
		for _, failure := range detail.Errors {
			e.logger.Debug("a rule failed", "policy", failure.Policy, "rule", failure.Rule, "path", failure.Path)
		}
	}
	return decision, err
}
