package code_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"yanzheng/internal/code"
	"yanzheng/models"
)

// TestRoundTrip: whatever certificate is signed reads as genuine, with the same facts and nothing else.
func TestRoundTrip(t *testing.T) {
	r, ring := testReader(t), signers(t)
	random := rand.New(rand.NewPCG(20260101, 184)) //nolint:gosec // reproducible, not secret
	for range 500 {
		key := testKeys[random.IntN(len(testKeys))]
		d := draft{version: 1, key: key.number, day: uint16(random.IntN(1 << 16)), kind: uint8(random.IntN(256))}
		for i := range d.id {
			d.id[i] = uint8(random.IntN(256))
		}
		digits, err := ring.Sign(d.certificate())
		if err != nil {
			t.Fatal(err)
		}
		if digits != d.digits() {
			t.Fatalf("%+v: signed as %s, want %s", d, digits, d.digits())
		}
		got := r.Read(prefix + digits)
		want := models.Reading{
			Outcome: models.ReadGenuine, ID: d.id, UseUntil: d.certificate().UseUntil, Kind: d.kind,
			KeyNumber: d.key, KeyRevoked: key.revokedAt != "", Digest: got.Digest,
		}
		if got != want {
			t.Fatalf("%+v: read as %+v, want %+v", d, got, want)
		}
	}
}

// TestNoDigitCanChange tries every other digit in every place of one code.
func TestNoDigitCanChange(t *testing.T) {
	r := testReader(t)
	good := sample.digits()
	seen := map[models.ReadOutcome]int{}
	for at := range code.Digits {
		text := []byte(prefix + good)
		place := &text[len(prefix)+at]
		for original, digit := *place, byte('0'); digit <= '9'; digit++ {
			if digit == original {
				continue
			}
			*place = digit
			got := r.Read(string(text))
			if got.Outcome == models.ReadGenuine {
				t.Errorf("digit %d changed from %c to %c still reads as genuine", at, original, digit)
			}
			if (got != models.Reading{Outcome: got.Outcome, Digest: got.Digest}) {
				t.Errorf("digit %d changed to %c: an answer that is not genuine tells %+v", at, digit, got)
			}
			seen[got.Outcome]++
		}
	}
	// A first digit other than 0 is beyond 2^608; the next two carry version and key number.
	if n := seen[models.ReadUnreadable]; n != 9 {
		t.Errorf("%d changes are unreadable, want the 9 of the first digit", n)
	}
	if total := seen[models.ReadUnreadable] + seen[models.ReadForged] + seen[models.ReadUnknownKey]; total != 184*9 {
		t.Errorf("%d changes are unreadable, forged or of an unknown key, want %d", total, 184*9)
	}
	if r.Read(prefix+good).Outcome != models.ReadGenuine {
		t.Error("the code itself is not genuine, so the test proves nothing")
	}
}

func TestSignKeepsToTheFormat(t *testing.T) {
	ring := load(t, folder(t, testKeys...))
	first, last := models.MustDate("2020-01-01"), models.MustDate("2199-06-06")
	for name, c := range map[string]struct {
		key  uint8
		day  models.Date
		code string // of the error; none when empty
	}{
		"first day":            {0, first, ""},
		"last day":             {0, last, ""},
		"a day too early":      {0, first - 1, "code_unencodable"},
		"a day too late":       {0, last + 1, "code_unencodable"},
		"no day":               {0, 0, "code_unencodable"},
		"a key that is none":   {7, first, "no_signing_key"},
		"a number beyond 31":   {32, first, "no_signing_key"},
		"a number far beyond":  {255, first, "no_signing_key"},
		"the highest number":   {31, first, ""},
		"the same key, a year": {31, first.AddDays(366), ""},
	} {
		got, err := ring.Sign(&models.Certificate{KeyNumber: c.key, UseUntil: c.day, Kind: 1})
		if c.code == "" && (err != nil || len(got) != code.Digits) {
			t.Errorf("%s: %q, %v; want 184 digits", name, got, err)
		}
		if c.code != "" && (got != "" || models.AsError(err).Code != c.code) {
			t.Errorf("%s: %q, %v; want %s", name, got, err, c.code)
		}
	}
}

// TestSignNeedsThePrivateKey: a machine that only verifies has the list, but no key files.
func TestSignNeedsThePrivateKey(t *testing.T) {
	dir := folder(t, testKeys...)
	for _, k := range testKeys {
		remove(t, keyPath(dir, k.number))
	}
	ring := load(t, dir)
	if _, err := ring.Sign(sample.certificate()); !errors.Is(err, code.ErrNoSigningKey) {
		t.Errorf("signing without a private key: %v, want ErrNoSigningKey", err)
	}
	if _, err := ring.SigningKey(models.MustDate("2026-06-01")); !errors.Is(err, code.ErrNoSigningKey) {
		t.Errorf("a signing key without private keys: %v, want ErrNoSigningKey", err)
	}
	if got := code.NewReader(prefix, ring).Read(sample.digits()); got.Outcome != models.ReadGenuine {
		t.Errorf("outcome %d without private keys, want genuine", got.Outcome)
	}
}

// TestReaderIssuesByTheRingInUse: the URL that goes onto the certificate is the one that reads back.
func TestReaderIssuesByTheRingInUse(t *testing.T) {
	r := testReader(t)
	c := sample.certificate()
	var err error
	if c.KeyNumber, err = r.SigningKey(models.MustDate("2026-07-04")); err != nil || c.KeyNumber != sample.key {
		t.Fatalf("key %d, %v; want key %d", c.KeyNumber, err, sample.key)
	}
	if got, err := r.URL(c); err != nil || got != prefix+sample.digits() {
		t.Errorf("%q, %v; want the worked example", got, err)
	}
	r.Use(&code.Ring{})
	if _, err := r.SigningKey(models.MustDate("2026-07-04")); !errors.Is(err, code.ErrNoSigningKey) {
		t.Errorf("a signing key of an empty ring: %v, want ErrNoSigningKey", err)
	}
	if _, err := r.URL(c); !errors.Is(err, code.ErrNoSigningKey) {
		t.Errorf("a URL by an empty ring: %v, want ErrNoSigningKey", err)
	}
}

// TestPublishShowsNoPrivateKey, and is what the vectors' keys_json is made of.
func TestPublishShowsNoPrivateKey(t *testing.T) {
	got := testReader(t).Publish()
	if got.Domain != domain || got.Prefix != prefix || len(got.Keys) != len(testKeys) {
		t.Fatalf("published %+v", got)
	}
	for i, k := range testKeys {
		want := code.PublicKey{
			Number: k.number, Algorithm: code.Ed25519, PublicKey: k.public(), NotBefore: k.from, NotAfter: k.to,
			Revoked: k.revokedAt != "", RevokedAt: k.revokedAt,
		}
		if got.Keys[i] != want {
			t.Errorf("key %d is published as %+v, want %+v", k.number, got.Keys[i], want)
		}
	}
	if empty := code.NewReader(prefix, &code.Ring{}).Publish(); empty.Keys == nil {
		t.Error("an empty ring publishes null for its keys, want an empty list")
	}
}

// TestKeysAreInTheOrderOfTheirNumbers, whatever the order in the file.
func TestKeysAreInTheOrderOfTheirNumbers(t *testing.T) {
	turned := slices.Clone(testKeys)
	slices.Reverse(turned)
	var got, want []uint8
	for _, k := range load(t, folder(t, turned...)).Keys() {
		got = append(got, k.Number)
	}
	for _, k := range testKeys {
		want = append(want, k.number)
	}
	if !slices.Equal(got, want) {
		t.Errorf("numbers %v, want %v", got, want)
	}
}
