package policy

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"strings"
)

// Engine is a set of policies, ready to decide. Make it with [Open] or [New]. All methods may be called by many goroutines at
// once, also while another one reloads or closes the engine.
type Engine struct {
	number  uint64
	path    string
	logger  *slog.Logger
	cleanup runtime.Cleanup
}

// Documents are policy documents in memory, YAML or JSON, by the names that messages call them: "security.yaml". They cannot
// read tables from files.
type Documents map[string]string

// Action is something that a policy asks of the host.
type Action uint32

// The actions that a host can declare to carry out.
const (
	Redact Action = 1 << iota
	Set
	Route
	RequireApproval
	Custom
)

// ParseAction is the action of a name, such as "require_approval", for names that come from a configuration.
func ParseAction(name string) (Action, error) {
	for at, known := range []string{"redact", "set", "route", "require_approval", "custom"} {
		if known == name {
			return 1 << at, nil
		}
	}
	return 0, newError("invalid_argument", "`"+name+"` is no action that a host declares; they are redact, set, route, require_approval, custom")
}

// Option says how an engine is made.
type Option func(*settings)

type settings struct {
	handles            Action
	allowWithoutPolicy bool
	store              string
	logger             *slog.Logger
}

// Handles declares what the host carries out. What a policy makes mandatory and is not declared becomes a deny.
func Handles(actions ...Action) Option {
	return func(s *settings) {
		for _, action := range actions {
			s.handles |= action
		}
	}
}

// AllowWithoutPolicy allows what no policy decides about. By default it is denied.
func AllowWithoutPolicy() Option {
	return func(s *settings) { s.allowWithoutPolicy = true }
}

// Store says where limits are kept, as a URL: "sqlite:" and the path of a file, which the processes of a machine share, or "redis://"
// and a server, which machines share. By default, and with "memory:", they are kept in this process.
func Store(url string) Option {
	return func(s *settings) { s.store = url }
}

// Logger gets diagnostics: policies that were loaded, refused or replaced, rules that failed (at level debug), and bugs of the
// engine. No record holds a value of an input. By default there are none.
func Logger(logger *slog.Logger) Option {
	return func(s *settings) { s.logger = logger }
}

// Open makes an engine from a file, or from all policy documents below a directory. The error is an [*Error] whose Findings
// say what is wrong with which document.
func Open(path string, options ...Option) (*Engine, error) {
	settings := settingsOf(options)
	number, err := nativeOpen(path, settings)
	return newEngine(number, path, settings, err)
}

// New makes an engine from documents in memory.
func New(documents Documents, options ...Option) (*Engine, error) {
	settings := settingsOf(options)
	number, err := nativeLoad(documents.pieces(), settings)
	return newEngine(number, "", settings, err)
}

func settingsOf(options []Option) settings {
	settings := settings{logger: slog.New(slog.DiscardHandler)}
	for _, option := range options {
		option(&settings)
	}
	return settings
}

func newEngine(number uint64, path string, settings settings, err error) (*Engine, error) {
	if err != nil {
		settings.logger.Error("policies refused", "path", path, "error", err)
		return nil, err
	}
	engine := &Engine{number: number, path: path, logger: settings.logger}
	engine.cleanup = runtime.AddCleanup(engine, nativeClose, number)
	settings.logger.Info("policies loaded", "path", path, "bundle", engine.Bundle())
	return engine, nil
}

// pieces are names and texts by turns, in the order of the names.
func (d Documents) pieces() pieces {
	var all pieces
	for _, name := range slices.Sorted(maps.Keys(d)) {
		all.add(name)
		all.add(d[name])
	}
	return all
}

// Close frees the engine. Calls that are under way finish; later ones fail with [ErrClosed] and a deny. Closing again does
// nothing. It never fails.
func (e *Engine) Close() error {
	e.cleanup.Stop()
	nativeClose(e.number)
	runtime.KeepAlive(e)
	return nil
}

// Bundle is the digest of the documents: SHA-256, in hexadecimal. It is empty once the engine is closed.
func (e *Engine) Bundle() string {
	digest, _ := nativeBundle(e.number)
	runtime.KeepAlive(e)
	return string(digest)
}

// Reload reads the policies again from the path that the engine was opened with, and replaces them in one step. When they are
// refused, nothing changes. Calls that are under way go on with the policies that they began with.
func (e *Engine) Reload() error {
	if e.path == "" {
		return newError("invalid_argument", "the engine was made from documents in memory: there is no path to read again")
	}
	return e.ReloadPath(e.path)
}

// ReloadPath is [Engine.Reload] from another path.
func (e *Engine) ReloadPath(path string) error {
	err := nativeReloadPath(e.number, path)
	return e.reloaded(path, err)
}

// ReloadDocuments is [Engine.Reload] from documents in memory.
func (e *Engine) ReloadDocuments(documents Documents) error {
	err := nativeReload(e.number, documents.pieces())
	return e.reloaded("", err)
}

func (e *Engine) reloaded(path string, err error) error {
	if err != nil {
		e.logger.Error("policies refused, the old ones stay", "path", path, "error", err)
		return err
	}
	e.logger.Info("policies replaced", "path", path, "bundle", e.Bundle())
	return nil
}

// Report is what [Validate] found.
type Report struct {
	// Valid: an engine can be made from the documents.
	Valid bool `json:"valid"`
	// Documents is how many there are, refused ones among them.
	Documents int `json:"documents"`
	// Rules is how many they have.
	Rules int `json:"rules"`
	// Findings are errors and warnings, by document, then by place.
	Findings []Finding `json:"findings"`
	// Bundle is the digest of valid documents.
	Bundle string `json:"bundle,omitempty"`
}

// ValidatePath checks the policy documents at a path. Documents that are refused are no error: the report says what is wrong.
func ValidatePath(path string) (Report, error) {
	return report(nativeValidatePath(path))
}

// Validate is [ValidatePath] for documents in memory.
func Validate(documents Documents) (Report, error) {
	return report(nativeValidate(documents.pieces()))
}

func report(text []byte, err error) (Report, error) {
	var report struct {
		Report
		Error json.RawMessage `json:"error"`
	}
	if err == nil {
		err = json.Unmarshal(text, &report)
	}
	if err == nil && report.Error != nil {
		failure := errorFrom("", report.Error)
		failure.text = strings.TrimSpace(failure.Message + "\n" + failure.Help)
		err = failure
	}
	return report.Report, err
}

// Prepare reads a context once for many evaluations.
func (e *Engine) Prepare(ctx context.Context, input any) (*Prepared, error) {
	if err := ctx.Err(); err != nil {
		return nil, cancelled(err)
	}
	json, lent, err := encode(input)
	if err != nil {
		return nil, err
	}
	number, err := nativePrepare(e.number, json)
	lent.back()
	if err != nil {
		runtime.KeepAlive(e)
		return nil, err
	}
	prepared := &Prepared{number: number, engine: e}
	prepared.cleanup = runtime.AddCleanup(prepared, nativeFreePrepared, number)
	return prepared, nil
}

// Prepared is an input that was read. It belongs to the policies that its engine had then: after a reload, evaluating it fails
// with [ErrStaleInput].
type Prepared struct {
	number  uint64
	engine  *Engine
	cleanup runtime.Cleanup
}

// Evaluate decides about the input, as [Engine.Evaluate] does. It is the fastest way.
func (p *Prepared) Evaluate(ctx context.Context, asks ...Ask) (Decision, error) {
	question := questionOf(asks)
	if err := ctx.Err(); err != nil {
		return failed(question, cancelled(err))
	}
	decision, err := nativeEvaluatePrepared(p.engine.number, question, p.number)
	runtime.KeepAlive(p)
	return p.engine.told(decision, err)
}

// Close frees the input. Calls that are under way finish; later ones fail. Closing again does nothing. It never fails.
func (p *Prepared) Close() error {
	p.cleanup.Stop()
	nativeFreePrepared(p.number)
	runtime.KeepAlive(p)
	return nil
}
