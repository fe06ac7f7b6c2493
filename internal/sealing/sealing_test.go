package sealing

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"yanzheng/models"
)

func box(t *testing.T, first byte) *Box {
	t.Helper()
	b, err := New([32]byte{first})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSealedOpens(t *testing.T) {
	b := box(t, 1)
	for _, plain := range []string{"", "x", strings.Repeat("图", 100_000)} {
		sealed := b.Seal("purpose", []byte(plain))
		if len(sealed) != len(plain)+Overhead {
			t.Errorf("%d bytes became %d, want %d more", len(plain), len(sealed), Overhead)
		}
		got, err := b.Open("purpose", sealed)
		if err != nil || string(got) != plain {
			t.Errorf("%.10q came back as %.10q, %v", plain, got, err)
		}
	}
}

// The same text sealed twice must not be seen to be the same.
func TestNoncesAreFresh(t *testing.T) {
	b := box(t, 1)
	seen := map[string]bool{}
	for range 1000 {
		seen[string(b.Seal("purpose", []byte("same"))[1:13])] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d different nonces of 1000", len(seen))
	}
}

// What lies in databases must open with every later version of this package. Made with OpenSSL.
func TestFormatStays(t *testing.T) {
	key := [32]byte{}
	for i := range key {
		key[i] = byte(i)
	}
	b, err := New(key)
	if err != nil {
		t.Fatal(err)
	}
	sealed := []byte("\x01defghijklmno" +
		"\x20\x7e\xb2\x0a\x16\xa7\xc1\x60\xcb\x9d\xb7\x8d\xff\xb9\xa3\x62\xba\xca\x7a\x88\x7d")
	got, err := b.Open("person.id_number", sealed)
	if err != nil || string(got) != "hello" {
		t.Errorf("opened %q, %v", got, err)
	}
}

func TestEverythingElseIsRefused(t *testing.T) {
	b := box(t, 1)
	sealed := b.Seal("photo/1", []byte("an image"))
	refused := func(what string, by *Box, purpose string, sealed []byte) {
		t.Helper()
		plain, err := by.Open(purpose, sealed)
		if plain != nil || !errors.Is(err, models.ErrInternal) {
			t.Errorf("%s: %q, %v", what, plain, err)
		}
		if err != nil && (strings.Contains(err.Error(), "photo") || strings.Contains(err.Error(), "an image")) {
			t.Errorf("%s: the error tells %v", what, err)
		}
	}
	for n := range len(sealed) {
		refused("cut", b, "photo/1", sealed[:n])
		for bit := range 8 {
			bad := slices.Clone(sealed)
			bad[n] ^= 1 << bit
			refused("flipped", b, "photo/1", bad)
		}
	}
	refused("longer", b, "photo/1", append(bytes.Clone(sealed), 0))
	refused("as another", b, "photo/2", sealed)
	refused("with another key", box(t, 2), "photo/1", sealed)
	if _, err := b.Open("photo/1", sealed); err != nil {
		t.Error(err)
	}
}
