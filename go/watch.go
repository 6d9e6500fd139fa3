package policy

import (
	"encoding/json"
	"runtime"
	"time"
)

// Metrics are the counters of an engine, its exchanges among it, since it was made.
type Metrics struct {
	// Decisions are counted by the names of stage and effect.
	Decisions map[string]map[string]uint64 `json:"decisions"`
	// Refused are evaluations that failed, by the error's code.
	Refused map[string]uint64 `json:"refused"`
	// RuleErrors is how many rules failed.
	RuleErrors uint64 `json:"rule_errors"`
	// Reloads is how often the policies were replaced.
	Reloads uint64 `json:"reloads"`
	// RefusedReloads is how often they were not, because they were refused.
	RefusedReloads uint64 `json:"refused_reloads"`
	// AuditRecorded is how many audit records were kept.
	AuditRecorded uint64 `json:"audit_recorded"`
	// AuditDropped is how many found no room.
	AuditDropped uint64 `json:"audit_dropped"`
}

// Metrics reads the engine's counters.
func (e *Engine) Metrics() (Metrics, error) {
	text, err := nativeMetrics(e.number)
	runtime.KeepAlive(e)
	return decoded[Metrics](text, err)
}

// AuditOptions say how audit records are kept.
type AuditOptions struct {
	// Capacity is how many records wait at most; 0 is 8,192. A quarter of them is kept for denies.
	Capacity uint32
	// Key is the key of the inputs' digests; without one, records have none.
	Key []byte
}

// AuditRecord is the record of an evaluation. It has no content.
type AuditRecord struct {
	// Process is the id of the process that decided.
	Process uint32 `json:"process"`
	// Sequence counts the evaluations of the engine: a gap is a record that was dropped.
	Sequence uint64    `json:"sequence"`
	Time     time.Time `json:"time"`
	Stage    Stage     `json:"stage"`
	Effect   Effect    `json:"effect"`
	Code     string    `json:"code,omitempty"`
	Policy   string    `json:"policy,omitempty"`
	Rule     string    `json:"rule,omitempty"`
	// Shadow is the effect with all rules in shadow in force; 0 when no rule is.
	Shadow Effect `json:"shadow,omitempty"`
	// Errors is how many rules failed.
	Errors uint64 `json:"errors"`
	Bundle string `json:"bundle"`
	// Input is the keyed digest of what was judged.
	Input string `json:"input,omitempty"`
}

// AuditRecords is what [Engine.AuditDrain] takes out.
type AuditRecords struct {
	// Records are the oldest, in order.
	Records []AuditRecord `json:"records"`
	// Dropped is how many found no room since the last call.
	Dropped uint64 `json:"dropped"`
	// Waiting is how many still wait.
	Waiting int `json:"waiting"`
}

// AuditStart keeps a record for each evaluation from now on, until [Engine.AuditDrain] takes it. What was kept before is
// dropped. Nothing calls back: the host drains as often as it likes, from any goroutine.
func (e *Engine) AuditStart(options AuditOptions) error {
	err := nativeAuditStart(e.number, options)
	runtime.KeepAlive(e)
	return err
}

// AuditStop keeps no more records, and drops those that wait.
func (e *Engine) AuditStop() error {
	err := nativeAuditStop(e.number)
	runtime.KeepAlive(e)
	return err
}

// AuditDrain takes out the oldest records, at most as many as asked for.
func (e *Engine) AuditDrain(most int) (AuditRecords, error) {
	text, err := nativeAuditDrain(e.number, most)
	runtime.KeepAlive(e)
	return decoded[AuditRecords](text, err)
}

func decoded[T any](text []byte, err error) (T, error) {
	var value T
	if err == nil {
		err = json.Unmarshal(text, &value)
	}
	return value, err
}
