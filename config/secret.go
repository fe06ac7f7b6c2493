package config

import "log/slog"

const redactedText = "[redacted]"

// redacted answers for a secret wherever a value is made into text: fmt, log/slog, encoding/json and
// everything that asks for encoding.TextMarshaler.
type redacted struct{}

// String says "[redacted]".
func (redacted) String() string { return redactedText }

// GoString says "[redacted]".
func (redacted) GoString() string { return redactedText }

// MarshalText says "[redacted]".
func (redacted) MarshalText() ([]byte, error) { return []byte(redactedText), nil }

// MarshalJSON says "[redacted]".
func (redacted) MarshalJSON() ([]byte, error) { return []byte(`"` + redactedText + `"`), nil }

// LogValue says "[redacted]".
func (redacted) LogValue() slog.Value { return slog.StringValue(redactedText) }

// Secret is a text that only Reveal shows. The value stands behind a pointer, because fmt asks no
// methods of what it finds in an unexported field, and would print the text itself.
type Secret struct {
	redacted
	value *string
}

// NewSecret makes a Secret, for tests and for secrets that the process makes itself.
func NewSecret(text string) Secret { return Secret{value: &text} }

// Reveal gives the text; empty when there is none.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Key is a secret of 32 bytes that only Reveal shows.
type Key struct {
	redacted
	value *string // of 32 bytes; fmt would follow a pointer to an array, but not this one
}

// NewKey makes a Key, for tests and for keys that the process makes itself.
func NewKey(b [32]byte) Key {
	text := string(b[:])
	return Key{value: &text}
}

// Reveal gives the bytes; all zero when there is no key, which no key that Load accepts is.
func (k Key) Reveal() [32]byte {
	if k.value == nil {
		return [32]byte{}
	}
	return [32]byte([]byte(*k.value))
}
