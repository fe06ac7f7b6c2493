package code_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"yanzheng/internal/code"
	"yanzheng/models"
)

// TestPrivateKeysAreClosedToOthers: what a neighbour on the machine can read or write is no secret.
func TestPrivateKeysAreClosedToOthers(t *testing.T) {
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o602, 0o644, 0o666, 0o777} {
		dir := folder(t, testKeys[0])
		if err := os.Chmod(keyPath(dir, 0), mode); err != nil {
			t.Fatal(err)
		}
		if _, err := code.Load(dir); err == nil || !strings.Contains(err.Error(), "make it 0600") {
			t.Errorf("mode %04o: %v, want a refusal", mode, err)
		}
	}
	for _, name := range []string{keyPath("", 0), "ring.json"} {
		dir := folder(t, testKeys[0])
		remove(t, filepath.Join(dir, name))
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := code.Load(dir); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("%s is a named pipe: %v, want a refusal", name, err)
		}
	}
}

// TestARevocationIsNeverLost by a slip in the list or in the caller.
func TestARevocationIsNeverLost(t *testing.T) {
	undated, twoMinds := with("revoked", true), with("revoked_at", "2026-01-01T00:00:00Z")
	undated["revoked_at"] = "0001-01-01T00:00:00Z"
	for name, raw := range map[string][]byte{
		"zero instant": list(t, undated), "revoked_at alone": list(t, twoMinds), "null": []byte("null"),
		"a misspelt member":       list(t, with("revokd", true)),
		"one key, two numbers":    list(t, testKeys[0].listed(), with("number", 3)),
		"ends before it begins":   list(t, with("not_after", "2025-12-31")),
		"a key for an algorithm":  list(t, with("algorithm", string(testKeys[0].pem(t)))),
		"a member of another key": list(t, with("private_key", "x")),
	} {
		dir := folder(t, testKeys[0])
		write(t, ringPath(dir), raw)
		_, err := code.Load(dir)
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		quotesNothing(t, err, testKeys[0].pem(t))
	}
	dir := folder(t, testKeys[0])
	for _, at := range []time.Time{{}, time.Date(20260, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if err := code.Revoke(dir, 0, at); err == nil {
			t.Errorf("revoked at %v, which cannot be written down", at)
		}
		load(t, dir)
	}
}

// TestAddSpoilsNothing: it writes no list that Load refuses, and over no key of a ring that lost its list.
func TestAddSpoilsNothing(t *testing.T) {
	dir := folder(t, testKeys[0])
	for _, day := range []models.Date{0, models.NewDate(12026, 1, 1)} {
		if _, err := code.Add(dir, day); err == nil {
			t.Errorf("a key from day %d", day)
		}
		load(t, dir)
	}
	remove(t, ringPath(dir))
	if _, err := code.Add(dir, models.MustDate("2027-01-01")); err == nil {
		t.Error("number 0 was given out again")
	}
	if raw, err := os.ReadFile(keyPath(dir, 0)); err != nil || !bytes.Equal(raw, testKeys[0].pem(t)) {
		t.Errorf("the private key was written over (%v)", err)
	}
}

// TestKeysDoNotPrintTheirSecret, in whatever way they come into a log.
func TestKeysDoNotPrintTheirSecret(t *testing.T) {
	ring := load(t, folder(t, testKeys[0]))
	key := ring.Keys()[0]
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("key", "key", key, "pointer", &key, "ring", ring)
	text := fmt.Sprintf("%v %+v %#v %v %s", key, &key, key, ring, &log)
	seed := testKeys[0].private().Seed()
	for _, form := range []string{strings.Trim(fmt.Sprint(seed), "[]"), strings.Trim(fmt.Sprintf("%#v", seed), "[]byte{}")} {
		if strings.Contains(text, form) {
			t.Errorf("the private key stands in %s", text)
		}
	}
}

// TestLeakedKeysSignNothing, not even for a certificate that chose the key before it leaked.
func TestLeakedKeysSignNothing(t *testing.T) {
	r := testReader(t)
	if got, err := r.URL(draft{version: 1, key: 1}.certificate()); err == nil || got != "" {
		t.Errorf("%q, %v; want ErrNoSigningKey and no URL", got, err)
	}
}

func TestTheLaterMadeOfTwoKeysIsTheNewer(t *testing.T) {
	dir := t.TempDir()
	add(t, dir, "2026-01-01")
	add(t, dir, "2026-01-01")
	if got, err := load(t, dir).SigningKey(models.MustDate("2026-01-01")); err != nil || got != 1 {
		t.Errorf("key %d, %v; want key 1", got, err)
	}
}

func TestKeysAreTheCallers(t *testing.T) {
	r := testReader(t)
	r.Ring().Keys()[0].Public[0] ^= 1
	if r.Read(sample.digits()).Outcome != models.ReadGenuine {
		t.Error("what Keys gave changed the ring")
	}
}
