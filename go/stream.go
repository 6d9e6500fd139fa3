package policy

import (
	"context"
	"runtime"
)

// Redact takes out of a context, as JSON, what the exchange's last decision says: its redact actions.
//
// What is taken out in the style "reversible" can be put back by [Exchange.Restore], and in the answer's stream; the values are
// kept in the exchange, and in what [Exchange.Save] writes, in clear.
func (x *Exchange) Redact(body []byte) ([]byte, error) {
	redacted, err := nativeExchangeRedact(x.number, "", body)
	runtime.KeepAlive(x)
	return redacted, err
}

// RedactBody is [Exchange.Redact] of a provider's own body; format is its name, such as "openai-chat".
func (x *Exchange) RedactBody(format string, body []byte) ([]byte, error) {
	if format == "" {
		return nil, newError("invalid_argument", "the format is empty")
	}
	redacted, err := nativeExchangeRedact(x.number, format, body)
	runtime.KeepAlive(x)
	return redacted, err
}

// Restore puts values back into a text of the model, where it wrote their placeholders. Nothing is put into URLs.
func (x *Exchange) Restore(text string) (string, error) {
	restored, err := nativeExchangeRestore(x.number, text)
	runtime.KeepAlive(x)
	return string(restored), err
}

// Stream is the answer of an exchange's turn while it comes. Calls may come from many goroutines, one after the other: what is
// pushed is one text. It goes on when the exchange is closed.
type Stream struct {
	number  uint64
	engine  *Engine
	cleanup runtime.Cleanup
}

// Stream begins the answer of the exchange's turn as a stream. format is the name of the format whose server-sent events go in
// and come out ("openai-chat", "openai-responses", "anthropic"), or empty for plain text. Of what is asked only the time counts.
func (x *Exchange) Stream(ctx context.Context, format string, asks ...Ask) (*Stream, error) {
	if err := ctx.Err(); err != nil {
		return nil, cancelled(err)
	}
	number, err := nativeStreamBegin(x.number, questionOf(asks), format)
	runtime.KeepAlive(x)
	if err != nil {
		return nil, err
	}
	stream := &Stream{number: number, engine: x.engine}
	stream.cleanup = runtime.AddCleanup(stream, nativeFreeStream, number)
	return stream, nil
}

// Push takes the next bytes of the answer, cut anywhere, and gives what is safe to send on now: often nothing. The answer ends
// here when it is stopped, as it is with every error: send on what came out, then read no further; [Stream.Finish] says why.
func (s *Stream) Push(chunk []byte) (passed []byte, stopped bool, err error) {
	passed, stopped, err = nativeStreamPush(s.number, chunk)
	runtime.KeepAlive(s)
	return passed, stopped || err != nil, err
}

// Finish ends the answer: it gives what was held back, and the decision about the whole answer, or the one at which it was
// stopped. Nothing comes out of an answer that is refused. Once more, it is the same decision.
func (s *Stream) Finish() (passed []byte, decision Decision, err error) {
	passed, decision, err = nativeStreamFinish(s.number, question{stage: StageResponse})
	runtime.KeepAlive(s)
	decision, err = s.engine.told(decision, err)
	return passed, decision, err
}

// Abort ends the answer because nobody reads on: what was held back is dropped, and the tokens that came are counted, so that
// [Exchange.Settle] closes what is held with them.
func (s *Stream) Abort() error {
	err := nativeStreamAbort(s.number)
	runtime.KeepAlive(s)
	return err
}

// Close frees the stream. Calls that are under way finish; later ones fail. Closing again does nothing. It never fails. It
// counts nothing: finish or abort the stream before.
func (s *Stream) Close() error {
	s.cleanup.Stop()
	nativeFreeStream(s.number)
	runtime.KeepAlive(s)
	return nil
}
