package policy

import (
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"
)

// Effect is what is decided. Whatever is none of the four, the zero value among them, is to be read as a deny.
type Effect int32

// The effects, weakest first.
const (
	// EffectAllow: the request passes.
	EffectAllow Effect = iota + 1
	// EffectThrottle: the request is refused for a while.
	EffectThrottle
	// EffectRequireApproval: a human is asked.
	EffectRequireApproval
	// EffectDeny: the request is refused.
	EffectDeny
)

// String is the effect's name: "require_approval".
func (e Effect) String() string {
	switch e {
	case EffectAllow:
		return "allow"
	case EffectThrottle:
		return "throttle"
	case EffectRequireApproval:
		return "require_approval"
	}
	return "deny"
}

// MarshalText is [Effect.String].
func (e Effect) MarshalText() ([]byte, error) {
	return []byte(e.String()), nil
}

// UnmarshalText reads an effect's name; whatever is none is a deny.
func (e *Effect) UnmarshalText(name []byte) error {
	*e = EffectDeny
	for effect := EffectAllow; effect < EffectDeny; effect++ {
		if effect.String() == string(name) {
			*e = effect
		}
	}
	return nil
}

// Decision is what was decided. It is a plain value; the zero value is a deny. Its text is read from the canonical form when
// it is asked for.
type Decision struct {
	// Effect is what is decided.
	Effect Effect
	// Allowed is true for EffectAllow alone.
	Allowed bool
	// Stage is what was decided about.
	Stage Stage
	// ShadowEffect is what would be decided with all rules in shadow in force; 0 when no rule is.
	ShadowEffect Effect
	// RetryAfter is how long to wait when throttled.
	RetryAfter time.Duration
	// Routed: the request goes to another model, which Detail names.
	Routed bool
	// MatchCount is how many rules had a say.
	MatchCount int
	// ObligationCount is how many actions the host is asked to carry out, redactions among them.
	ObligationCount int
	// WarningCount is how many warnings there are.
	WarningCount int
	// ErrorCount is how many rules failed.
	ErrorCount int

	canonical, limits, hold string
}

// JSON is the whole decision in canonical form (RFC 8785, with 64-bit integers written exactly): the same bytes in every
// language. It is empty when [EffectOnly] was asked for.
func (d Decision) JSON() string { return d.canonical }

// MarshalJSON is [Decision.JSON]; without it, effect, allowed and stage.
func (d Decision) MarshalJSON() ([]byte, error) {
	if d.canonical != "" {
		return []byte(d.canonical), nil
	}
	return json.Marshal(map[string]any{"effect": d.Effect, "allowed": d.Allowed, "stage": d.Stage})
}

// Reason says why, for operators. It may name fields of the input and is not for end users.
func (d Decision) Reason() string { return d.text("reason") }

// PublicMessage is what end users may read; empty when no rule says something to them.
func (d Decision) PublicMessage() string { return d.text("public_message") }

// Code is a stable name of the reason, which end users may see; perhaps empty.
func (d Decision) Code() string { return d.text("code") }

// Policy is the document that decided; perhaps empty.
func (d Decision) Policy() string { return d.text("policy") }

// Rule is the rule that decided; perhaps empty.
func (d Decision) Rule() string { return d.text("rule") }

// Limit is the limit that decided; perhaps empty.
func (d Decision) Limit() string { return d.text("limit") }

// Breaker is the circuit breaker that decided; perhaps empty.
func (d Decision) Breaker() string { return d.text("breaker") }

// Bundle is the digest of the documents that decided: SHA-256, in hexadecimal.
func (d Decision) Bundle() string { return d.text("bundle") }

// LogValue is what a log may hold of a decision: no text that was made from an input.
func (d Decision) LogValue() slog.Value {
	return slog.GroupValue(slog.String("effect", d.Effect.String()), slog.String("stage", d.Stage.String()),
		slog.String("code", d.Code()), slog.String("policy", d.Policy()), slog.String("rule", d.Rule()))
}

// Refused is the error that [Decision.Err] makes of what is not allowed.
type Refused struct {
	Decision Decision
}

// Error says what is decided and why, for operators.
func (r *Refused) Error() string {
	return "policy: " + r.Decision.Effect.String() + ": " + r.Decision.Reason()
}

// Err is nil when the decision allows, and else a [*Refused].
func (d Decision) Err() error {
	if d.Allowed {
		return nil
	}
	return &Refused{Decision: d}
}

// Detail is all that a decision says.
type Detail struct {
	Effect        Effect       `json:"effect"`
	Allowed       bool         `json:"allowed"`
	Stage         Stage        `json:"stage"`
	Reason        string       `json:"reason"`
	PublicMessage string       `json:"public_message"`
	Code          string       `json:"code"`
	Policy        string       `json:"policy"`
	Rule          string       `json:"rule"`
	Limit         string       `json:"limit"`
	Breaker       string       `json:"breaker"`
	Matched       []Match      `json:"matched"`
	Obligations   []Obligation `json:"obligations"`
	Redactions    []Obligation `json:"redactions"`
	Warnings      []Warning    `json:"warnings"`
	Suppressed    []Suppressed `json:"suppressed"`
	Errors        []RuleError  `json:"errors"`
	// Findings are what detectors found for rules that had a say; perhaps not all.
	Findings     []DetectorFinding `json:"findings"`
	Route        *ModelRoute       `json:"route"`
	Approval     *Obligation       `json:"approval"`
	Shadow       *Shadow           `json:"shadow"`
	RetryAfterMS uint64            `json:"retry_after_ms"`
	Bundle       string            `json:"bundle"`
}

// Match is a rule that had a say.
type Match struct {
	Policy  string   `json:"policy"`
	Rule    string   `json:"rule"`
	Actions []string `json:"actions"`
	// Failed: its condition failed, so only what must not be lost applies.
	Failed bool `json:"failed"`
	// Exception is the exception that suspends it; perhaps empty.
	Exception string `json:"exception"`
	// Variant is the part of its rollout that the caller is in; perhaps empty.
	Variant string `json:"variant"`
}

// Obligation is an action that the host is asked to carry out.
type Obligation struct {
	Policy string `json:"policy"`
	// Rule, Limit, Breaker: one of them asks for it.
	Rule    string `json:"rule"`
	Limit   string `json:"limit"`
	Breaker string `json:"breaker"`
	Action  string `json:"action"`
	// Params is an object with the action's parameters, or nil.
	Params json.RawMessage `json:"params"`
}

// Warning is a rule's or a limit's message to whoever operates the host.
type Warning struct {
	Policy string `json:"policy"`
	// Rule or Limit warns.
	Rule    string `json:"rule"`
	Limit   string `json:"limit"`
	Message string `json:"message"`
}

// Suppressed is an action that another rule's overrides.
type Suppressed struct {
	Policy string  `json:"policy"`
	Rule   string  `json:"rule"`
	Action string  `json:"action"`
	Target string  `json:"target"`
	By     RuleRef `json:"by"`
}

// RuleRef names a rule.
type RuleRef struct {
	Policy string `json:"policy"`
	Rule   string `json:"rule"`
}

// RuleError is a rule that failed.
type RuleError struct {
	Policy string `json:"policy"`
	// Rule, Limit, Breaker: one of them failed.
	Rule      string `json:"rule"`
	Limit     string `json:"limit"`
	Breaker   string `json:"breaker"`
	Exception string `json:"exception"`
	Clause    string `json:"clause"`
	Path      string `json:"path"`
	Cause     string `json:"cause"`
}

// ModelRoute is where the request goes instead.
type ModelRoute struct {
	Model    string `json:"model"`
	Provider string `json:"provider"`
}

// Shadow is what would be decided with all rules in shadow in force.
type Shadow struct {
	Effect Effect `json:"effect"`
	Reason string `json:"reason"`
	Code   string `json:"code"`
	Policy string `json:"policy"`
	Rule   string `json:"rule"`
}

// Detail reads all that the decision says. It fails for a decision without text, which [EffectOnly] asks for.
func (d Decision) Detail() (Detail, error) {
	if d.canonical == "" {
		return Detail{}, newError("invalid_argument", "the decision has no text: EffectOnly was asked for")
	}
	var detail Detail
	err := json.Unmarshal([]byte(d.canonical), &detail)
	return detail, err
}

// text is a text at the top of the canonical form, without decoding the rest.
func (d Decision) text(key string) string {
	value := member(d.canonical, key)
	if len(value) < 2 || value[0] != '"' {
		return ""
	}
	if plain := value[1 : len(value)-1]; strings.IndexByte(plain, '\\') < 0 {
		return plain
	}
	var text string
	_ = json.Unmarshal([]byte(value), &text) // the library wrote it
	return text
}

// member is the value of a key at the top of an object in canonical form, or empty.
func member(object, key string) string {
	for at := 1; at < len(object) && object[at] == '"'; {
		colon := skip(object, at)
		from := min(colon+1, len(object))
		to := skip(object, from)
		if object[at+1:max(colon-1, at+1)] == key {
			return object[from:to]
		}
		at = to + 1
	}
	return ""
}

// skip is the place after the value that begins at from.
func skip(text string, from int) int {
	depth := 0
	for at := from; at < len(text); at++ {
		switch text[at] {
		case '"':
			for at++; at < len(text) && text[at] != '"'; at++ {
				if text[at] == '\\' {
					at++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return at
			}
			depth--
		case ',', ':':
			if depth == 0 {
				return at
			}
		}
	}
	return len(text)
}

// refusal is the canonical form of the deny for what never reached the engine.
func refusal(stage Stage, err error) string {
	code, reason := "cancelled", err.Error()
	if failure := (*Error)(nil); errors.As(err, &failure) {
		code, reason = failure.Code, failure.Message
	}
	text := []byte(`{"allowed":false,"bundle":"","code":"`)
	text = append(text, code...)
	text = append(text, `","effect":"deny","errors":[],"matched":[],"obligations":[],"reason":`...)
	text = appendText(text, reason)
	text = append(text, `,"redactions":[],"stage":"`...)
	text = append(text, stage.String()...)
	return string(append(text, `","suppressed":[],"warnings":[]}`...))
}
