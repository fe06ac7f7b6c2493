package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yanzheng/internal/code"
	"yanzheng/models"
)

// TestAnotherRingIsRefused: the key ring of another installation, put in the place of ours, must not make
// honest holders forgers; neither under a running server nor at the next start.
func TestAnotherRingIsRefused(t *testing.T) {
	data, other := filepath.Join(t.TempDir(), "data"), t.TempDir()
	env := environment{"LISTEN": "127.0.0.1:0", "DATA_DIR": data}
	p := serve(t, env)
	genuine := strings.SplitAfter(demoOf(t, p).Codes[0].Code, "/v/")[1]
	if _, err := code.Add(other, models.DateOf(time.Now())); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"00.key", "ring.json"} {
		raw, err := os.ReadFile(filepath.Join(other, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(data, "keys", "code", name), raw, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(4 * keyRingEvery); !strings.Contains(p.log.String(), "key ring of another installation"); {
		if time.Now().After(end) {
			t.Fatal("nobody noticed another ring")
		}
		time.Sleep(20 * time.Millisecond)
	}
	if v := newClient(t, p).public(genuine); v.Document.Status != "valid" {
		t.Errorf("a genuine code reads as %s", v.Document.Status)
	}
	p.stop(t)
	if r := command(t, env, "serve"); r.status != exitFailed || !strings.Contains(r.errors, "code/0") {
		t.Errorf("the next start: %+v", r)
	}
}
