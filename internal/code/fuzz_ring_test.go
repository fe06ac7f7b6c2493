package code_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"yanzheng/internal/code"
	"yanzheng/models"
)

// FuzzRing gives any list and any private key file: a ring that loads is what another reading of the list finds, signs only
// what it verifies itself, and keeps every key and every revocation when it is written again; one that does not load is left
// as it is, and its error quotes no key.
func FuzzRing(f *testing.F) {
	f.Fuzz(func(t *testing.T, listed, key []byte) {
		dir := t.TempDir()
		write(t, ringPath(dir), listed)
		write(t, keyPath(dir, 0), key)
		ring, err := code.Load(dir)
		want, fits := readList(listed)
		if err != nil {
			if ring != nil || !strings.HasPrefix(err.Error(), "key ring: ") || len(err.Error()) > 500 {
				t.Errorf("%q: %v, %v", listed, ring, err)
			}
			quotesNothing(t, err, key)
			if fits && !strings.HasPrefix(err.Error(), "key ring: key") { // a value that is wrong, or the key file
				t.Errorf("%q: %v", listed, err)
			}
			if _, err := code.Add(dir, models.MustDate("2027-01-01")); err == nil {
				t.Errorf("%q: Add goes on from it", listed)
			}
			for path, want := range map[string][]byte{ringPath(dir): listed, keyPath(dir, 0): key} {
				if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
					t.Errorf("a failed Add changed %s (%v)", path, err)
				}
			}
			return
		}
		if !fits {
			t.Fatalf("%q is loaded as %+v", listed, ring.Keys())
		}
		before := checkKeys(t, ring, want)
		checkSigning(t, ring)
		if len(before) > 0 {
			number := before[len(before)-1].Number
			if err := code.Revoke(dir, number, leakedAt.Add(time.Hour)); err != nil {
				t.Fatalf("%q: %v", listed, err)
			}
			last := &before[len(before)-1]
			if last.Revoked = true; last.RevokedAt == "" {
				last.RevokedAt = "2026-06-05T05:03:02Z"
			}
		}
		after := publish(load(t, dir))
		if !slices.Equal(after, before) {
			t.Errorf("%+v, written again: %+v", before, after)
		}
		if _, err := code.Add(dir, models.MustDate("2027-01-01")); (err == nil) != (len(before) < code.MaxKeys) {
			t.Fatalf("%d keys and one more: %v", len(before), err)
		}
		for _, k := range publish(load(t, dir)) {
			if i := slices.IndexFunc(before, func(b code.PublicKey) bool { return b.Number == k.Number }); i >= 0 && before[i] != k {
				t.Errorf("with a new key, %+v became %+v", before[i], k)
			}
		}
	})
}

func publish(r *code.Ring) []code.PublicKey { return code.NewReader(prefix, r).Publish().Keys }

// checkKeys holds a ring against the list that it was read from.
func checkKeys(t *testing.T, ring *code.Ring, want []map[string]any) []code.PublicKey {
	t.Helper()
	keys := publish(ring)
	if len(keys) != len(want) {
		t.Fatalf("%d keys of %d", len(keys), len(want))
	}
	seen := map[string]bool{}
	for i, k := range keys {
		if k.Number >= code.MaxKeys || i > 0 && k.Number <= keys[i-1].Number || seen[k.PublicKey] || k.NotAfter < k.NotBefore {
			t.Errorf("key %d: %+v", i, k)
		}
		seen[k.PublicKey] = true
		at := slices.IndexFunc(want, func(w map[string]any) bool { return w["number"] == k.Number })
		if at < 0 {
			t.Errorf("nobody listed %+v", k)
			continue
		}
		w := want[at]
		if w["public_key"] != k.PublicKey || w["not_before"] != k.NotBefore || w["not_after"] != k.NotAfter || w["revoked"] != k.Revoked {
			t.Errorf("%v is read as %+v", w, k)
		}
		if said, _ := w["revoked_at"].(string); k.Revoked != (said != "") || k.Revoked && !sameSecond(said, k.RevokedAt) {
			t.Errorf("%v is read as %+v", w, k)
		}
	}
	return keys
}

func sameSecond(a, b string) bool {
	at, err := time.Parse(time.RFC3339, a)
	again, errAgain := time.Parse(time.RFC3339, b)
	return err == nil && errAgain == nil && at.Truncate(time.Second).Equal(again) && !again.IsZero()
}

// checkSigning: what the ring signs, it reads as genuine, and withdrawn keys sign nothing.
func checkSigning(t *testing.T, ring *code.Ring) {
	t.Helper()
	c := sample.certificate()
	r := code.NewReader(prefix, ring)
	digits, err := ring.Sign(c)
	keys := ring.Keys()
	if err != nil {
		return
	}
	if len(keys) == 0 || keys[0].Number != 0 || keys[0].Revoked() {
		t.Errorf("signed by a key that is not there, or was revoked: %+v", keys)
	}
	if read := r.ReadDigits(digits); read.Outcome != models.ReadGenuine || read.ID != c.ID || read.UseUntil != c.UseUntil {
		t.Errorf("signed %s, read as %+v", digits, read)
	}
}

// readList reads a list by its tokens: the members that docs/code-format.md names, each once, of its kind, none missing but
// the time of a revocation, none null, none spelt otherwise.
func readList(raw []byte) (keys []map[string]any, fits bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	next := func() json.Token { // nil for null, and for what is no token
		token, err := d.Token()
		if err != nil {
			return nil
		}
		return token
	}
	if next() != json.Delim('[') {
		return nil, false
	}
	for d.More() {
		if next() != json.Delim('{') {
			return nil, false
		}
		k := map[string]any{}
		for d.More() {
			name, value := next(), next()
			member, _ := name.(string)
			if _, twice := k[member]; twice {
				return nil, false
			}
			switch v := value.(type) {
			case string:
				fits = slices.Contains([]string{"algorithm", "public_key", "not_before", "not_after", "revoked_at"}, member)
			case bool:
				fits = member == "revoked"
			case json.Number:
				n, err := strconv.ParseUint(v.String(), 10, 8)
				fits = member == "number" && err == nil
				value = uint8(n)
			default:
				fits = false
			}
			if !fits {
				return nil, false
			}
			k[member] = value
		}
		if next() != json.Delim('}') {
			return nil, false
		}
		for _, member := range []string{"number", "algorithm", "public_key", "not_before", "not_after", "revoked"} {
			if k[member] == nil {
				return nil, false
			}
		}
		keys = append(keys, k)
	}
	closed := next() == json.Delim(']')
	_, err := d.Token()
	return keys, closed && errors.Is(err, io.EOF)
}
