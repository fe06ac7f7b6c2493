// Package testkit lends tests what they cannot fake: a fresh MySQL database, a Redis server of their own, and a clock.
//
// It promises that everything it lends is gone when the test ends. Its one rule: a missing server fails the test, because a
// test that skips itself is a promise nobody keeps; only -short, which asks for that, skips.
package testkit

import (
	"crypto/rand"
	"encoding/hex"
	"testing"
)

// missing ends a test that lacks a server: skipped under -short, failed otherwise.
func missing(t testing.TB, what string) {
	t.Helper()
	if testing.Short() {
		t.Skipf("%s (-short)", what)
	}
	t.Fatalf("%s: run scripts/test, or `scripts/services run go test PACKAGE`, or skip with -short", what)
}

// random gives 2n hexadecimal digits that nobody has seen before.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
