package store

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"yanzheng/models"
)

// FuzzSealed: what was sealed opens again, with its key and for its purpose alone, and not after any change; nothing else
// opens at all; and nothing of it can be seen from outside.
func FuzzSealed(f *testing.F) {
	mine, err := newSealer(Keys{Seal: [32]byte{1}, Index: [32]byte{2}})
	if err != nil {
		f.Fatal(err)
	}
	other, err := newSealer(Keys{Seal: [32]byte{2}, Index: [32]byte{1}})
	if err != nil {
		f.Fatal(err)
	}
	_, refusal := mine.open(purposeOpenID, nil) // the one text there is, which may hold a plain text by chance
	f.Fuzz(func(t *testing.T, plain string, junk []byte, where uint16, bit uint8) {
		closed := func(what string, s *sealer, purpose string, sealed []byte) {
			t.Helper()
			if text, err := s.open(purpose, sealed); !errors.Is(err, models.ErrInternal) || text != "" || len(plain) > 3 && strings.Contains(err.Error(), plain) && !strings.Contains(refusal.Error(), plain) {
				t.Errorf("%s: %q, %v", what, text, err)
			}
		}
		sealed := mine.seal(purposeIDNumber, plain)
		if text, err := mine.open(purposeIDNumber, sealed); err != nil || text != plain {
			t.Fatalf("%q opens as %q, %v", plain, text, err)
		}
		if bytes.Equal(sealed, mine.seal(purposeIDNumber, plain)) || len(plain) > 3 && bytes.Contains(sealed, []byte(plain)) {
			t.Errorf("%q can be seen, or recognized, in %x", plain, sealed)
		}
		closed("for another purpose", mine, purposeOpenID, sealed)
		closed("with another key", other, purposeIDNumber, sealed)
		closed("junk", mine, purposeIDNumber, junk)
		closed("junk behind it", mine, purposeIDNumber, append(bytes.Clone(sealed), 0))
		at := int(where) % len(sealed)
		closed("cut", mine, purposeIDNumber, sealed[:at])
		sealed[at] ^= 1 << (bit % 8)
		closed("one bit changed", mine, purposeIDNumber, sealed)

		index := mine.index(purposeIDNumber, string(models.IDResident), plain)
		if !bytes.Equal(index, mine.index(purposeIDNumber, string(models.IDResident), plain)) || len(index) != 32 {
			t.Errorf("the index of %q is %x, or another", plain, index)
		}
		for what, not := range map[string][]byte{
			"key": other.index(purposeIDNumber, string(models.IDResident), plain), "purpose": mine.index(purposeOpenID, string(models.IDResident), plain),
			"type": mine.index(purposeIDNumber, string(models.IDPassport), plain), "number": mine.index(purposeIDNumber, string(models.IDResident), plain+"0"),
		} {
			if bytes.Equal(index, not) {
				t.Errorf("another %s, and the same index of %q", what, plain)
			}
		}
	})
}
