package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzLoad gives any file, alone or over an environment in which the real mode starts: Load never
// panics, a Config it returns keeps every promise, and no text holds a secret.
func FuzzLoad(f *testing.F) {
	f.Add(exampleFile(f, realWorld(f)), false)
	w := localWorld(f)
	file := filepath.Join(f.TempDir(), "fuzz.yaml")
	f.Fuzz(func(t *testing.T, text string, real bool) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var env []string
		if real {
			env = w.with()
			if len(text)%2 == 0 { // let the file decide what is beyond loopback
				env = w.with("public_url", "", "database.address", "", "redis.addresses", "")
			}
		}
		c, err := Load(file, env)
		if err == nil {
			if err := broken(c); err != nil {
				t.Errorf("%v: %+v", err, c)
			}
			c.Warnings()
			return
		}
		var e *Error
		if !errors.As(err, &e) || len(e.Faults) == 0 {
			t.Fatalf("an error without faults: %v", err)
		}
		for _, secret := range secretTexts {
			if strings.Contains(e.Error(), secret) {
				t.Errorf("a secret shows in %v", e)
			}
		}
		for _, fault := range e.Faults {
			if fault.Text == "" || strings.ContainsAny(fault.String(), "\n\x00") {
				t.Errorf("a fault that cannot be read: %q", fault)
			}
		}
	})
}
