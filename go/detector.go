package policy

import (
	"encoding/json"
	"runtime"
)

// Detector finds personal data, secrets, injections and more in texts, without a policy: docs/detection.md has all kinds. All
// methods may be called by many goroutines at once.
type Detector struct {
	number  uint64
	cleanup runtime.Cleanup
}

// DetectorOptions say what a detector looks for. The zero value is the profile "chat".
type DetectorOptions struct {
	// Profile is "chat", "code", "argument" or "sql".
	Profile string `json:"profile,omitempty"`
	// Families are all kinds of a family: "pii", "secret".
	Families []string `json:"families,omitempty"`
	// Kinds are looked for beside the families: "email". With kinds and no families, there are only these.
	Kinds []string `json:"kinds,omitempty"`
	// Regions are those whose national formats count, as ISO 3166 writes them: "DE".
	Regions []string `json:"regions,omitempty"`
	// Allow are texts that are no findings.
	Allow []string `json:"allow,omitempty"`
	// Thresholds are the least scores, from 0 to 1, by family or kind.
	Thresholds map[string]float64 `json:"thresholds,omitempty"`
	// Patterns are regular expressions of your own, by name.
	Patterns map[string]string `json:"patterns,omitempty"`
	// MaxBytes is how much of a text is read; 0 is the profile's.
	MaxBytes uint64 `json:"max_bytes,omitempty"`
	// Key is the secret that hashes are keyed with; random when it is empty.
	Key string `json:"key,omitempty"`
}

// DetectorFinding is what a detector found. It never holds the text itself.
type DetectorFinding struct {
	// Family is the family of detectors: "pii", "secret".
	Family string `json:"family"`
	// Kind is what it is: "email". In a decision, "unread" stands for the end of a text that is too long to be read.
	Kind string `json:"kind"`
	// Score is how sure that is: 0 to 100 of a scan, and 0 to 1 in a decision.
	Score float64 `json:"score"`
	// Field is the field of the context, in a decision; empty for a text that a condition made itself.
	Field string `json:"field"`
	// Bytes is where it begins and ends, in bytes of UTF-8: text[Bytes[0]:Bytes[1]].
	Bytes [2]int `json:"bytes"`
	// UTF16 is the same in UTF-16 code units.
	UTF16 [2]int `json:"utf16"`
	// Chars is the same in code points.
	Chars [2]int `json:"chars"`
}

// Scan is what [Detector.Scan] found.
type Scan struct {
	// Findings are in the order of the text.
	Findings []DetectorFinding `json:"findings"`
	// Complete: all of the text was read.
	Complete bool `json:"complete"`
	// Scanned is how many bytes were read.
	Scanned int `json:"scanned"`
	// Beyond is how many bytes were not.
	Beyond int `json:"beyond"`
}

// NewDetector makes a detector of [DetectorOptions], the same as JSON, or nil for the defaults.
func NewDetector(options any) (*Detector, error) {
	json, lent, err := encodeHost(options)
	if err != nil {
		return nil, err
	}
	number, err := nativeDetectorNew(json)
	lent.back()
	if err != nil {
		return nil, err
	}
	detector := &Detector{number: number}
	detector.cleanup = runtime.AddCleanup(detector, nativeFreeDetector, number)
	return detector, nil
}

// Scan finds in a text, which is UTF-8.
func (d *Detector) Scan(text string) (Scan, error) {
	found, err := d.ScanJSON(text)
	return decoded[Scan](found, err)
}

// ScanJSON is [Detector.Scan] as JSON.
func (d *Detector) ScanJSON(text string) (json.RawMessage, error) {
	found, err := nativeDetectorScan(d.number, text)
	runtime.KeepAlive(d)
	return found, err
}

// Redact takes out of a text what is found in it. form says what the text is: "text"; "json", whose texts, numbers and names are
// redacted in place; or the name of a provider's format, whose body is a request, or an answer with "/response" behind the
// name. style is "placeholder", "label", "mask", "partial", "hash" or "remove".
func (d *Detector) Redact(form, style, text string) (string, error) {
	redacted, err := nativeDetectorRedact(d.number, form, style, text)
	runtime.KeepAlive(d)
	return string(redacted), err
}

// Close frees the detector. Calls that are under way finish; later ones fail. Closing again does nothing. It never fails.
func (d *Detector) Close() error {
	d.cleanup.Stop()
	nativeFreeDetector(d.number)
	runtime.KeepAlive(d)
	return nil
}
