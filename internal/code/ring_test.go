package code_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"yanzheng/internal/code"
	"yanzheng/models"
)

var leakedAt = time.Date(2026, 6, 5, 12, 3, 2, 0, models.China)

func add(t *testing.T, dir string, from string) code.Key {
	t.Helper()
	k, err := code.Add(dir, models.MustDate(from))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// TestAddMakesAWorkingRing from nothing, which only its owner can read.
func TestAddMakesAWorkingRing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "secrets", "keys")
	k := add(t, dir, "2026-05-01")
	if k.Number != 0 || k.Algorithm != code.Ed25519 || k.Revoked() || len(k.Public) != 32 ||
		k.NotBefore.String() != "2026-05-01" || k.NotAfter.String() != "2028-05-01" {
		t.Errorf("the first key: number %d, %s, from %s to %s, revoked %v", k.Number, k.Algorithm, k.NotBefore, k.NotAfter, k.Revoked())
	}
	for path, mode := range map[string]fs.FileMode{dir: 0o700, ringPath(dir): 0o644, keyPath(dir, 0): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != mode {
			t.Errorf("%s has mode %04o, want %04o", filepath.Base(path), info.Mode().Perm(), mode)
		}
	}
	if got, want := names(t, dir), []string{".lock", "00.key", "ring.json"}; !slices.Equal(got, want) {
		t.Errorf("the folder holds %v, want %v", got, want)
	}
	ring := load(t, dir)
	c := sample.certificate()
	digits, err := ring.Sign(c)
	if err != nil {
		t.Fatal(err)
	}
	read := code.NewReader(prefix, ring).Read(digits)
	if read.Outcome != models.ReadGenuine || read.ID != c.ID {
		t.Errorf("its code reads as %+v", read)
	}
	if other := testReader(t).Read(digits); other.Outcome != models.ReadForged {
		t.Errorf("another ring's key 0 gives outcome %d for it, want forged", other.Outcome)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// TestAddKeepsTheOthers: rotation leaves every older key and its file as they were.
func TestAddKeepsTheOthers(t *testing.T) {
	dir := t.TempDir()
	first := add(t, dir, "2026-01-01")
	before, err := os.ReadFile(keyPath(dir, 0))
	if err != nil {
		t.Fatal(err)
	}
	old, err := load(t, dir).Sign(sample.certificate())
	if err != nil {
		t.Fatal(err)
	}
	if k := add(t, dir, "2027-06-01"); k.Number != 1 {
		t.Errorf("the second key has number %d, want 1", k.Number)
	}
	after, err := os.ReadFile(keyPath(dir, 0))
	if err != nil || !slices.Equal(before, after) {
		t.Errorf("the first private key changed (%v)", err)
	}
	ring := load(t, dir)
	keys := ring.Keys()
	if len(keys) != 2 || !slices.Equal(keys[0].Public, first.Public) || slices.Equal(keys[1].Public, first.Public) {
		t.Errorf("the ring does not hold the first key and another one")
	}
	if got := code.NewReader(prefix, ring).Read(old); got.Outcome != models.ReadGenuine {
		t.Errorf("an old code reads as outcome %d after the rotation, want genuine", got.Outcome)
	}
}

// TestSigningKeyIsTheNewest that may sign on the day; both edges of its days count.
func TestSigningKeyIsTheNewest(t *testing.T) {
	ring := load(t, folder(t,
		testKey{number: 0, from: "2026-01-01", to: "2028-01-01"},
		testKey{number: 2, from: "2027-07-01", to: "2027-09-30"}, // newer, but for a short time
		testKey{number: 1, from: "2029-01-01", to: "2031-01-01"}, // the newest has not the highest number
		testKey{number: 3, from: "2026-02-01", to: "2031-01-01", revokedAt: "2026-02-02T00:00:00Z"}))
	for day, want := range map[string]int{
		"2025-12-31": -1, "2026-01-01": 0, "2026-03-01": 0, "2027-06-30": 0, "2027-07-01": 2, "2027-09-30": 2,
		"2027-10-01": 0, "2028-01-01": 0, "2028-01-02": -1, "2028-12-31": -1, "2029-01-01": 1, "2031-01-01": 1,
		"2031-01-02": -1,
	} {
		got, err := ring.SigningKey(models.MustDate(day))
		if want < 0 && !errors.Is(err, code.ErrNoSigningKey) {
			t.Errorf("%s: key %d, %v; want ErrNoSigningKey", day, got, err)
		}
		if want >= 0 && (err != nil || int(got) != want) {
			t.Errorf("%s: key %d, %v; want key %d", day, got, err, want)
		}
	}
}

// TestSigningKeyPassesOverKeysItCannotUse: a newer key whose private half is elsewhere is not used here.
func TestSigningKeyPassesOverKeysItCannotUse(t *testing.T) {
	dir := folder(t, testKeys...)
	day := models.MustDate("2027-12-01") // keys 0 and 5; key 1 is revoked
	if got, err := load(t, dir).SigningKey(day); err != nil || got != 5 {
		t.Errorf("key %d, %v; want key 5", got, err)
	}
	remove(t, keyPath(dir, 5))
	if got, err := load(t, dir).SigningKey(day); err != nil || got != 0 {
		t.Errorf("without 05.key: key %d, %v; want key 0", got, err)
	}
	if _, err := (&code.Ring{}).SigningKey(day); !errors.Is(err, code.ErrNoSigningKey) {
		t.Errorf("an empty ring: %v, want ErrNoSigningKey", err)
	}
}

// TestRevoke: a leaked key signs no more, and what it signed is genuine but says so.
func TestRevoke(t *testing.T) {
	dir := folder(t, testKeys[0], testKeys[2])
	text := prefix + sample.digits()
	if err := code.Revoke(dir, 0, leakedAt); err != nil {
		t.Fatal(err)
	}
	ring := load(t, dir)
	read := code.NewReader(prefix, ring).Read(text)
	if read.Outcome != models.ReadGenuine || !read.KeyRevoked {
		t.Errorf("a code of a leaked key reads as %+v, want genuine and key revoked", read)
	}
	if _, err := ring.SigningKey(models.MustDate("2026-12-01")); !errors.Is(err, code.ErrNoSigningKey) {
		t.Errorf("a signing key: %v, want ErrNoSigningKey, because the only one is leaked", err)
	}
	if got, err := ring.SigningKey(models.MustDate("2027-12-01")); err != nil || got != 5 {
		t.Errorf("key %d, %v; want key 5, which nobody leaked", got, err)
	}
	if err := code.Revoke(dir, 0, leakedAt.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for _, k := range load(t, dir).Keys() {
		if k.Number == 0 && !k.RevokedAt.Equal(leakedAt) {
			t.Errorf("declared a second time it is leaked from %v, want the first instant, %v", k.RevokedAt, leakedAt)
		}
		if k.Number == 5 && k.Revoked() {
			t.Error("the other key is revoked too")
		}
	}
	info, err := os.Stat(ringPath(dir))
	if err != nil || info.Mode().Perm() != 0o644 { // public keys only
		t.Errorf("ring.json has mode %v (%v), want 0644", info.Mode(), err)
	}
}

func TestRevokeOfNoKeyChangesNothing(t *testing.T) {
	dir := folder(t, testKeys[0])
	before, err := os.ReadFile(ringPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, number := range []uint8{1, 31, 32, 255} {
		if err := code.Revoke(dir, number, leakedAt); err == nil {
			t.Errorf("key %d, which is none, was revoked", number)
		}
	}
	if after, err := os.ReadFile(ringPath(dir)); err != nil || !slices.Equal(before, after) {
		t.Errorf("ring.json changed (%v)", err)
	}
	if err := code.Revoke(t.TempDir(), 0, leakedAt); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder without ring.json: %v, want fs.ErrNotExist", err)
	}
}

// TestNumbersAreNeverUsedAgain: not that of a leaked key, nor of one whose private half is gone. An old
// code must read as expired, not as forged.
func TestNumbersAreNeverUsedAgain(t *testing.T) {
	dir := t.TempDir()
	add(t, dir, "2026-01-01")
	add(t, dir, "2026-01-02")
	if err := code.Revoke(dir, 0, leakedAt); err != nil {
		t.Fatal(err)
	}
	remove(t, keyPath(dir, 0))
	remove(t, keyPath(dir, 1))
	if k := add(t, dir, "2026-07-01"); k.Number != 2 {
		t.Errorf("the next key has number %d, want 2", k.Number)
	}
}

// TestTheFormatHolds32Keys: the last number is given out, and then no more.
func TestTheFormatHolds32Keys(t *testing.T) {
	var all []testKey
	for n := range uint8(31) {
		all = append(all, testKey{number: n, from: "2026-01-01", to: "2028-01-01"})
	}
	dir := folder(t, all...)
	if k := add(t, dir, "2027-01-01"); k.Number != 31 {
		t.Fatalf("the last key has number %d, want 31", k.Number)
	}
	before := names(t, dir)
	if k, err := code.Add(dir, models.MustDate("2027-01-01")); err == nil {
		t.Errorf("a 33rd key got number %d", k.Number)
	}
	if after := names(t, dir); !slices.Equal(before, after) || len(load(t, dir).Keys()) != 32 {
		t.Errorf("the folder holds %v, want %v", after, before)
	}
}
