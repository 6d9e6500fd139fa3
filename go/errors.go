package policy

import (
	"encoding/json"
	"errors"
	"fmt"
)

// What kind of failure an [Error] is: compare with [errors.Is].
var (
	// ErrInternal is a bug of the engine: something inside panicked. The decision is a deny.
	ErrInternal = errors.New("policy: internal error")
	// ErrInvalidPolicy: a policy document is refused. The Error's Findings say where and why.
	ErrInvalidPolicy = errors.New("policy: invalid policy")
	// ErrInvalidInput: an input is refused as a whole. The decision is a deny.
	ErrInvalidInput = errors.New("policy: invalid input")
	// ErrUnreadableFile: a file cannot be read.
	ErrUnreadableFile = errors.New("policy: unreadable file")
	// ErrNoDocuments: there is no policy document where one was looked for.
	ErrNoDocuments = errors.New("policy: no documents")
	// ErrStaleInput: an input was prepared for policies that have been replaced since. Prepare it again.
	ErrStaleInput = errors.New("policy: stale input")
	// ErrInvalidArgument: a call that is wrong whatever the policies are, such as an unknown stage.
	ErrInvalidArgument = errors.New("policy: invalid argument")
	// ErrLimitsUnavailable: the store of limits cannot be asked.
	ErrLimitsUnavailable = errors.New("policy: limits unavailable")
	// ErrClosed: the engine, or the prepared input, was closed.
	ErrClosed = errors.New("policy: closed")
)

// kinds has the sentinel of each code. The codes are those of every language.
var kinds = map[string]error{
	"internal_error":     ErrInternal,
	"invalid_policy":     ErrInvalidPolicy,
	"invalid_input":      ErrInvalidInput,
	"unreadable_file":    ErrUnreadableFile,
	"no_documents":       ErrNoDocuments,
	"stale_input":        ErrStaleInput,
	"invalid_argument":   ErrInvalidArgument,
	"invalid_handle":     ErrClosed,
	"limits_unavailable": ErrLimitsUnavailable,
}

// Error is what went wrong. [errors.Is] tells its kind, [errors.As] gets at the rest.
type Error struct {
	// Code is the stable name of the kind, the same in every language: "invalid_input".
	Code string
	// Message says what is wrong, in one line. It shows no values of an input.
	Message string
	// Help says what to do about it; perhaps empty.
	Help string
	// Offset is the place in the input's bytes, or -1 when there is none.
	Offset int
	// Findings are what is wrong with the documents, where they are refused.
	Findings []Finding

	// text is the whole, with excerpts of documents that are refused.
	text string
}

// Error says what is wrong, with excerpts of the documents that are refused.
func (e *Error) Error() string {
	return "policy: " + e.text
}

// Is reports whether target is the sentinel of the error's code.
func (e *Error) Is(target error) bool {
	kind, known := kinds[e.Code]
	return known && kind == target
}

// Finding is something about a policy document.
type Finding struct {
	// File is the document's path or name.
	File string `json:"file"`
	// Line counts from 1.
	Line int `json:"line"`
	// Column counts characters from 1.
	Column int `json:"column"`
	// Code is the stable name of what was found.
	Code string `json:"code"`
	// Severity is "error" or "warning".
	Severity string `json:"severity"`
	// Message says what was found.
	Message string `json:"message"`
	// Help says what to do about it; perhaps empty.
	Help string `json:"help,omitempty"`
}

// String is the finding in one line: "a.yaml:2:1: unknown key `ruels` (did you mean `rules`?)".
func (f Finding) String() string {
	text := fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Message)
	if f.Help != "" {
		text += " (" + f.Help + ")"
	}
	return text
}

// errorFrom makes an Error from what the library says: the text for people, and the same as JSON.
func errorFrom(text string, asJSON []byte) *Error {
	said := struct {
		Code     string    `json:"code"`
		Message  string    `json:"message"`
		Help     string    `json:"help"`
		Offset   *int      `json:"offset"`
		Findings []Finding `json:"findings"`
	}{}
	if err := json.Unmarshal(asJSON, &said); err != nil {
		return newError("internal_error", "the library's error cannot be read: "+err.Error())
	}
	e := &Error{Code: said.Code, Message: said.Message, Help: said.Help, Offset: -1, Findings: said.Findings, text: text}
	if said.Offset != nil {
		e.Offset = *said.Offset
	}
	return e
}

// newError is a failure that was found on this side of the border.
func newError(code, message string) *Error {
	return &Error{Code: code, Message: message, Offset: -1, text: message}
}

// cancelled says that nothing was decided because the caller's context was done. [errors.Is] finds the context's error.
func cancelled(err error) error {
	return fmt.Errorf("policy: nothing was decided: %w", err)
}
