package policyhttp

import (
	"net/http"
	"time"

	policy "github.com/llm-policy-engine/llm-policy-engine/go"
)

// closing closes what limits hold for a request, once, and tells circuit breakers what became of the call.
type closing struct {
	guard    *guard
	request  *http.Request
	exchange *policy.Exchange
	begun    time.Time
	done     bool
}

// settled is for an answer of this status; used is nil for what the answer says.
func (c *closing) settled(status int, used any) {
	if status >= http.StatusBadRequest {
		if status >= http.StatusInternalServerError {
			_ = c.exchange.Observe(policy.Observation{Outcome: policy.CallFailed})
		}
		c.released()
		return
	}
	latency := float64(time.Since(c.begun)) / float64(time.Millisecond)
	_ = c.exchange.Observe(policy.Observation{Outcome: policy.CallSucceeded, LatencyMS: latency})
	c.close(func() (policy.Closed, error) { return c.exchange.Settle(used) })
}

// released is for a request that was not answered.
func (c *closing) released() { c.close(c.exchange.Release) }

func (c *closing) close(by func() (policy.Closed, error)) {
	if c.done {
		return
	}
	c.done = true
	closed, err := by()
	if c.guard.config.Settled != nil {
		c.guard.config.Settled(c.request, closed, err)
	}
}
