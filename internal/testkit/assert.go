package testkit

import (
	"errors"
	"testing"
)

// Must ends the test on an error that is not what it is about.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// WantErr holds an error to be, or to wrap, the one that is wanted.
func WantErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}
