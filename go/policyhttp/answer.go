package policyhttp

import (
	"bytes"
	"context"
	"errors"
	"mime"
	"net/http"

	policy "github.com/llm-policy-engine/llm-policy-engine/go"
)

var errStopped = errors.New("policyhttp: the answer is stopped")

// answer takes what a handler writes: it holds it, or, when it is a stream, sends on what is safe.
type answer struct {
	header http.Header
	status int
	wrote  bool
	body   bytes.Buffer
	most   int64
	to     http.ResponseWriter
	begin  func() (*policy.Stream, error)
	stream *policy.Stream
	// sent: the client has got a status.
	sent bool
	// gone: the client reads no further.
	gone bool
	// failed is why nothing more is taken.
	failed error
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.wrote || status < 200 {
		return
	}
	a.status, a.wrote = status, true
	kind, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	if kind == "text/event-stream" && status < 300 {
		a.stream, a.failed = a.begin()
	}
}

func (a *answer) Write(chunk []byte) (int, error) {
	a.WriteHeader(a.status)
	switch {
	case a.failed != nil:
		return 0, a.failed
	case a.stream != nil:
		return a.push(chunk)
	case int64(a.body.Len()+len(chunk)) > a.most:
		a.failed = errTooLong
		return 0, a.failed
	}
	return a.body.Write(chunk)
}

// Flush does nothing: what can go out has gone out.
func (a *answer) Flush() {}

func (a *answer) push(chunk []byte) (int, error) {
	passed, stopped, err := a.stream.Push(chunk)
	if err == nil && len(passed) > 0 {
		if err = a.send(passed); err != nil {
			a.gone = true
		}
	}
	if err == nil && stopped {
		err = errStopped
	}
	if err != nil {
		a.failed = err
		return 0, err
	}
	return len(chunk), nil
}

// send writes to the client, at once.
func (a *answer) send(chunk []byte) error {
	if !a.sent {
		for name, values := range a.header {
			if name != "Content-Length" {
				a.to.Header()[name] = values
			}
		}
		a.to.WriteHeader(a.status)
		a.sent = true
	}
	if _, err := a.to.Write(chunk); err != nil {
		return err
	}
	if a.stream != nil {
		_ = http.NewResponseController(a.to).Flush() // one that cannot sends it later
	}
	return nil
}

// finish ends a stream, and sends what was held back of an answer that passes.
func (a *answer) finish(ctx context.Context) (policy.Decision, error) {
	defer a.stream.Close()
	if a.gone || ctx.Err() != nil {
		a.sent = true // nobody is there
		return policy.Decision{Effect: policy.EffectDeny, Stage: policy.StageResponse}, errors.Join(context.Canceled, a.stream.Abort())
	}
	passed, decision, err := a.stream.Finish()
	switch {
	case err != nil:
		return decision, badAnswer(err)
	case decision.Allowed || a.sent:
		_ = a.send(passed) // to one who has gone, nothing needs to be said
	}
	return decision, nil
}

// seen notes the status of an answer that is not decided about.
type seen struct {
	http.ResponseWriter
	status int
	wrote  bool
}

func (s *seen) WriteHeader(status int) {
	if !s.wrote && status >= 200 {
		s.status, s.wrote = status, true
	}
	s.ResponseWriter.WriteHeader(status)
}

func (s *seen) Write(chunk []byte) (int, error) {
	s.wrote = true
	return s.ResponseWriter.Write(chunk)
}

func (s *seen) Flush() { _ = http.NewResponseController(s.ResponseWriter).Flush() }

// Unwrap is for http.ResponseController.
func (s *seen) Unwrap() http.ResponseWriter { return s.ResponseWriter }
