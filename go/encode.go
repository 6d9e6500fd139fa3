package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"sync"
)

// Contexts on their way to the library, which reads JSON: written by hand where the type is known, into memory that is used
// again. What is wrong in what is written is said by the engine, in the same words as in every language.

// maxDepth is how deep the engine lets lists and objects be nested.
const maxDepth = 128

// loan is memory that was lent for one call.
type loan struct{ bytes []byte }

var loans = sync.Pool{New: func() any { return &loan{bytes: make([]byte, 0, 2048)} }}

// back gives the memory back, unless it has become so large that keeping it would be a waste.
func (l *loan) back() {
	if l != nil && cap(l.bytes) <= 1<<18 {
		loans.Put(l)
	}
}

// encode makes JSON of a context. What it makes is good until the loan is given back.
func encode(input any) ([]byte, *loan, error) {
	switch input := input.(type) {
	case []byte:
		return input, nil, nil
	case json.RawMessage:
		return input, nil, nil
	case string:
		return viewed(input), nil, nil
	}
	lent := loans.Get().(*loan)
	bytes, err := appendValue(lent.bytes[:0], input, 0)
	lent.bytes = bytes[:0]
	if err != nil {
		lent.back()
		return nil, nil, err
	}
	return bytes, lent, nil
}

// encodeHost is encode for what a host may leave out.
func encodeHost(host any) ([]byte, *loan, error) {
	if host == nil {
		return []byte("{}"), nil, nil
	}
	return encode(host)
}

func appendValue(to []byte, value any, depth int) ([]byte, error) {
	if depth > maxDepth {
		return to, newError("invalid_input", fmt.Sprintf("nested deeper than %d levels", maxDepth))
	}
	switch value := value.(type) {
	case nil:
		return append(to, "null"...), nil
	case string:
		return appendText(to, value), nil
	case bool:
		return strconv.AppendBool(to, value), nil
	case int:
		return strconv.AppendInt(to, int64(value), 10), nil
	case int64:
		return strconv.AppendInt(to, value, 10), nil
	case int32:
		return strconv.AppendInt(to, int64(value), 10), nil
	case uint64:
		return strconv.AppendUint(to, value, 10), nil
	case uint32:
		return strconv.AppendUint(to, uint64(value), 10), nil
	case float64:
		return appendDouble(to, value)
	case map[string]any:
		return appendMap(to, value, depth, appendValue)
	case map[string]string:
		return appendMap(to, value, depth, func(to []byte, text string, _ int) ([]byte, error) { return appendText(to, text), nil })
	case []any:
		return appendList(to, value, depth, appendValue)
	case []map[string]any:
		return appendList(to, value, depth, func(to []byte, item map[string]any, depth int) ([]byte, error) {
			return appendValue(to, item, depth)
		})
	case []string:
		return appendTexts(to, value), nil
	case *Builder:
		return value.appendTo(to)
	}
	return appendOther(to, value)
}

func appendMap[V any](to []byte, fields map[string]V, depth int, one func([]byte, V, int) ([]byte, error)) ([]byte, error) {
	if fields == nil {
		return append(to, "null"...), nil
	}
	// In the map's own order: the engine's answer does not depend on it.
	to = append(to, '{')
	for name, value := range fields {
		var err error
		if to, err = one(append(appendText(to, name), ':'), value, depth+1); err != nil {
			return to, err
		}
		to = append(to, ',')
	}
	return closed(to, '}'), nil
}

func appendList[V any](to []byte, items []V, depth int, one func([]byte, V, int) ([]byte, error)) ([]byte, error) {
	if items == nil {
		return append(to, "null"...), nil
	}
	to = append(to, '[')
	for _, item := range items {
		var err error
		if to, err = one(to, item, depth+1); err != nil {
			return to, err
		}
		to = append(to, ',')
	}
	return closed(to, ']'), nil
}

func appendTexts(to []byte, texts []string) []byte {
	to = append(to, '[')
	for _, text := range texts {
		to = append(appendText(to, text), ',')
	}
	return closed(to, ']')
}

// closed puts an end in the place of a comma, or behind an opening bracket.
func closed(to []byte, end byte) []byte {
	if last := len(to) - 1; to[last] == ',' {
		to[last] = end
		return to
	}
	return append(to, end)
}

// appendOther writes what encoding/json knows: structs with tags, pointers, json.Marshaler, and so on.
func appendOther(to []byte, value any) ([]byte, error) {
	buffer := bytes.NewBuffer(to)
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return to, newError("invalid_input", "the input cannot be written as JSON: "+err.Error())
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), nil
}

func appendDouble(to []byte, double float64) ([]byte, error) {
	if math.IsNaN(double) || math.IsInf(double, 0) {
		return to, newError("invalid_input", "number out of range")
	}
	if whole := int64(double); float64(whole) == double && whole > -1<<53 && whole < 1<<53 {
		return strconv.AppendInt(to, whole, 10), nil
	}
	return strconv.AppendFloat(to, double, 'g', -1, 64), nil
}

// appendText writes text as JSON. Bytes that are not UTF-8 go as they are, for the engine to refuse.
func appendText(to []byte, text string) []byte {
	const hex = "0123456789abcdef"
	to = append(to, '"')
	from := 0
	for at := 0; at < len(text); at++ {
		b := text[at]
		if b >= ' ' && b != '"' && b != '\\' {
			continue
		}
		to = append(to, text[from:at]...)
		from = at + 1
		switch b {
		case '"', '\\':
			to = append(to, '\\', b)
		case '\n':
			to = append(to, '\\', 'n')
		case '\r':
			to = append(to, '\\', 'r')
		case '\t':
			to = append(to, '\\', 't')
		case '\b':
			to = append(to, '\\', 'b')
		case '\f':
			to = append(to, '\\', 'f')
		default:
			to = append(to, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		}
	}
	return append(append(to, text[from:]...), '"')
}
