package policy

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// Builder puts a context together field by field, without a map and without reflection: the fastest way to a context that is
// not JSON yet. Paths are names with dots between them, such as "user.id". A field that is set again is replaced; setting a
// field below one that has no fields replaces that one.
//
//	input := policy.NewBuilder().String("user.id", "ann").Strings("user.roles", "admin", "dev").Int("request.max_tokens", 500)
//
// A Builder belongs to one goroutine while it is written. Reset empties it for the next context and keeps its memory. What
// JSON cannot say, like NaN, is refused when the context is evaluated.
type Builder struct {
	// nodes is the tree; the first one is the root.
	nodes []node
	// values are the leaves, written as JSON.
	values []byte
	// directory is where the last field went, at nodes[at]: most fields follow others of the same object.
	directory string
	at        int32
	fault     error
}

// node is a field: a leaf when it has a value, else an object. Links are places in the list; 0, the root, is none.
type node struct {
	name              string
	first, last, next int32
	from, to          int
}

// NewBuilder is a context without fields.
func NewBuilder() *Builder {
	return &Builder{nodes: make([]node, 1, 32), at: -1}
}

// Reset takes all fields away.
func (b *Builder) Reset() *Builder {
	b.nodes = append(b.nodes[:0], node{})
	b.values, b.at, b.fault = b.values[:0], -1, nil
	return b
}

// String sets a field to text.
func (b *Builder) String(path, text string) *Builder {
	from := len(b.values)
	b.values = appendText(b.values, text)
	return b.set(path, from)
}

// Strings sets a field to a list of texts.
func (b *Builder) Strings(path string, texts ...string) *Builder {
	from := len(b.values)
	b.values = appendTexts(b.values, texts)
	return b.set(path, from)
}

// Int sets a field to a whole number.
func (b *Builder) Int(path string, value int64) *Builder {
	from := len(b.values)
	b.values = strconv.AppendInt(b.values, value, 10)
	return b.set(path, from)
}

// Uint sets a field to a whole number that is not negative.
func (b *Builder) Uint(path string, value uint64) *Builder {
	from := len(b.values)
	b.values = strconv.AppendUint(b.values, value, 10)
	return b.set(path, from)
}

// Float sets a field to a number; it must be finite.
func (b *Builder) Float(path string, value float64) *Builder {
	from := len(b.values)
	var err error
	if b.values, err = appendDouble(b.values, value); err != nil {
		return b.failed(err)
	}
	return b.set(path, from)
}

// Bool sets a field to true or false.
func (b *Builder) Bool(path string, value bool) *Builder {
	from := len(b.values)
	b.values = strconv.AppendBool(b.values, value)
	return b.set(path, from)
}

// Time sets a field to a point in time.
func (b *Builder) Time(path string, value time.Time) *Builder {
	return b.String(path, value.UTC().Format(time.RFC3339Nano))
}

// JSON sets a field to a value that is JSON already.
func (b *Builder) JSON(path string, value []byte) *Builder {
	if !json.Valid(value) {
		return b.failed(newError("invalid_input", "the value of `"+path+"` is not JSON"))
	}
	from := len(b.values)
	b.values = append(b.values, value...)
	return b.set(path, from)
}

// Any sets a field to a map, a list, a struct with json tags, or whatever else a context may hold.
func (b *Builder) Any(path string, value any) *Builder {
	from := len(b.values)
	var err error
	if b.values, err = appendValue(b.values, value, 1); err != nil {
		return b.failed(err)
	}
	return b.set(path, from)
}

// Set is [Builder.Any] for names with dots in them: the field is given name by name.
func (b *Builder) Set(value any, names ...string) *Builder {
	from := len(b.values)
	var err error
	if b.values, err = appendValue(b.values, value, len(names)); err != nil {
		return b.failed(err)
	}
	if len(names) == 0 || len(names) > maxDepth {
		return b.failed(newError("invalid_input", "a field that cannot be set"))
	}
	b.begin()
	at := int32(0)
	for _, name := range names {
		at = b.child(at, name)
	}
	b.leaf(at, from)
	return b
}

func (b *Builder) failed(err error) *Builder {
	if b.fault == nil {
		b.fault = err
	}
	return b
}

// set makes the field with this path, whose value was just written behind from.
func (b *Builder) set(path string, from int) *Builder {
	b.begin()
	directory, name, parent := "", path, int32(0)
	if dot := strings.LastIndexByte(path, '.'); dot >= 0 {
		directory, name = path[:dot], path[dot+1:]
		if b.at > 0 && directory == b.directory {
			parent = b.at
		} else {
			parent = b.walk(directory)
			if parent < 0 {
				return b
			}
			b.directory, b.at = directory, parent
		}
	}
	b.leaf(b.child(parent, name), from)
	return b
}

// begin makes the root of a Builder that NewBuilder did not make.
func (b *Builder) begin() {
	if len(b.nodes) == 0 {
		b.nodes, b.at = append(b.nodes, node{}), -1
	}
}

// leaf gives a node the value that was just written behind from.
func (b *Builder) leaf(at int32, from int) {
	leaf := &b.nodes[at]
	if leaf.first != 0 {
		leaf.first, leaf.last = 0, 0
		b.at = -1 // what is remembered may be below
	}
	leaf.from, leaf.to = from, len(b.values)
}

// walk finds the object with this path, or makes it.
func (b *Builder) walk(path string) int32 {
	at := int32(0)
	for depth := 1; ; depth++ {
		if depth >= maxDepth {
			b.failed(newError("invalid_input", "nested deeper than "+strconv.Itoa(maxDepth)+" levels"))
			return -1
		}
		name, rest, more := strings.Cut(path, ".")
		at = b.child(at, name)
		if !more {
			return at
		}
		path = rest
	}
}

// child finds the field of an object, or makes it; a leaf becomes an object.
func (b *Builder) child(parent int32, name string) int32 {
	object := &b.nodes[parent]
	object.from, object.to = 0, 0
	for at := object.first; at != 0; at = b.nodes[at].next {
		if b.nodes[at].name == name {
			return at
		}
	}
	if len(b.nodes) > math.MaxInt32-1 {
		b.failed(newError("invalid_input", "too many fields"))
		return 0
	}
	made := int32(len(b.nodes))
	if object.first == 0 {
		object.first = made
	} else {
		b.nodes[object.last].next = made
	}
	object.last = made
	b.nodes = append(b.nodes, node{name: name})
	return made
}

// appendTo writes the context as JSON. It changes nothing, so many goroutines may evaluate one Builder.
func (b *Builder) appendTo(to []byte) ([]byte, error) {
	if b == nil || len(b.nodes) == 0 {
		return append(to, "{}"...), nil
	}
	if b.fault != nil {
		return to, b.fault
	}
	return b.appendNode(to, 0), nil
}

func (b *Builder) appendNode(to []byte, at int32) []byte {
	object := &b.nodes[at]
	if object.to > object.from {
		return append(to, b.values[object.from:object.to]...)
	}
	to = append(to, '{')
	for child := object.first; child != 0; child = b.nodes[child].next {
		to = append(appendText(to, b.nodes[child].name), ':')
		to = append(b.appendNode(to, child), ',')
	}
	return closed(to, '}')
}
