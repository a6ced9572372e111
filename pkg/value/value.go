// Package value carries secret bytes that do not print.
//
// A Value shows its content through Bytes alone. fmt (all verbs, nested in structs, slices and maps, exported or not),
// encoding/json, encoding/gob and log/slog see a fixed placeholder or nothing: the content hangs behind a function, which
// reflection can neither call nor look into without asking for it by name.
package value

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// Redacted is what every Value prints as.
const Redacted = "[redacted]"

// Value is immutable secret content. The zero Value is empty. It is safe for concurrent use.
type Value struct {
	open func() []byte
}

// New makes a Value that owns b: the caller must not change b afterwards.
func New(b []byte) Value {
	return Value{open: func() []byte { return b }}
}

// FromString makes a Value of s.
func FromString(s string) Value {
	return New([]byte(s))
}

// Bytes is the content. The caller must not change it; it is shared by all copies of the Value.
func (v Value) Bytes() []byte {
	if v.open == nil {
		return nil
	}
	return v.open()
}

// Len is the number of bytes of the content.
func (v Value) Len() int {
	return len(v.Bytes())
}

// Equal tells in constant time for values of one length whether both hold the same bytes.
func (v Value) Equal(other Value) bool {
	return subtle.ConstantTimeCompare(v.Bytes(), other.Bytes()) == 1
}

// String keeps the content out of %s and of everything that asks for a Stringer.
func (Value) String() string { return Redacted }

// GoString keeps the content out of %#v.
func (Value) GoString() string { return Redacted }

// Format keeps the content out of every verb of fmt.
func (Value) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, Redacted) }

// MarshalJSON keeps the content out of JSON.
func (Value) MarshalJSON() ([]byte, error) { return []byte(`"` + Redacted + `"`), nil }

// MarshalText keeps the content out of every text encoding: YAML, XML, map keys.
func (Value) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// MarshalBinary keeps the content out of gob.
func (Value) MarshalBinary() ([]byte, error) { return []byte(Redacted), nil }

// LogValue keeps the content out of slog.
func (Value) LogValue() slog.Value { return slog.StringValue(Redacted) }

var (
	_ fmt.Formatter  = Value{}
	_ fmt.GoStringer = Value{}
	_ slog.LogValuer = Value{}
)
