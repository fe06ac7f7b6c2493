package certificate

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"yanzheng/models"
)

func makeKeys(t *testing.T, dir, from string) []Key {
	t.Helper()
	keys, err := Make(dir, models.MustDate(from))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestMakeAndRotate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "seals")
	if _, err := Load(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("no ring: %v", err)
	}
	if made := makeKeys(t, dir, "2026-01-01"); len(made) != 3 || made[0].Role != RoleRoot {
		t.Fatalf("first made %+v", made)
	}
	if made := makeKeys(t, dir, "2027-06-01"); len(made) != 2 { // the root lasts
		t.Fatalf("then made %+v", made)
	}
	r := load(t, dir)
	for day, want := range map[string][2]int{ // board, director
		"2025-12-31": {-1, -1}, "2026-01-01": {1, 2}, "2027-05-31": {1, 2}, "2027-06-01": {3, 4}, "2029-06-01": {3, 4}, "2029-06-02": {-1, -1},
	} {
		for i, role := range []Role{RoleBoard, RoleDirector} {
			k, err := r.signer(role, models.MustDate(day))
			if want[i] < 0 {
				if !errors.Is(err, ErrNoSealKey) {
					t.Errorf("%s on %s: %v", role, day, err)
				}
			} else if err != nil || k.Number != want[i] {
				t.Errorf("%s on %s: %+v, %v; want %d", role, day, k, err, want[i])
			}
		}
	}
	for _, k := range r.Keys() {
		if s := k.Certificate.Subject.String(); !strings.Contains(s, "DEMO") || !strings.Contains(s, "演示") {
			t.Errorf("key %d is of %s", k.Number, s)
		}
		info, err := os.Stat(keyFile(dir, k.Number))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("key %d: %v %v", k.Number, info, err)
		}
	}
	// The root's private key may be away, except for making others.
	if err := os.Remove(keyFile(dir, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := load(t, dir).signer(RoleBoard, models.MustDate("2026-07-06")); err != nil {
		t.Errorf("without the root's key: %v", err)
	}
	if _, err := Make(dir, models.MustDate("2028-01-01")); err == nil || !strings.Contains(err.Error(), "root") {
		t.Errorf("made without the root's key: %v", err)
	}
	// A root that ends is followed by another.
	other := t.TempDir()
	makeKeys(t, other, "2026-01-01")
	if made := makeKeys(t, other, "2045-01-01"); len(made) != 3 || made[0].Number != 3 {
		t.Errorf("near the root's end made %+v", made)
	}
	load(t, other)
}

func TestMakersDoNotMeet(t *testing.T) {
	dir := t.TempDir()
	var wait sync.WaitGroup
	for range 6 {
		wait.Go(func() {
			if _, err := Make(dir, models.MustDate("2026-01-01")); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if n := len(load(t, dir).Keys()); n != 13 {
		t.Errorf("%d keys, want a root and 12", n)
	}
}

func TestLoadRefuses(t *testing.T) {
	edit := func(old, with string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, ringFile)
			raw, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(raw), old) {
				t.Fatalf("nothing to edit: %v", err)
			}
			if err := os.WriteFile(path, []byte(strings.Replace(string(raw), old, with, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, spoil := range map[string]func(t *testing.T, dir string){
		"no JSON":           edit("[", "("),
		"more behind":       func(t *testing.T, dir string) { edit("]\n", "]\n[]")(t, dir) },
		"unknown field":     edit(`"role"`, `"Role2"`),
		"unknown role":      edit(`"board"`, `"boss"`),
		"swapped role":      edit(`"root"`, `"board"`),
		"number":            edit(`"number": 1`, `"number": 2`),
		"day":               edit("2026-01-01", "2026-02-30"),
		"longer than valid": edit(`"not_after": "2028-01-01"`, `"not_after": "2029-01-01"`),
		"certificate":       edit("MII", "MIJ"),
		"foreign private key": func(t *testing.T, dir string) {
			raw, err := os.ReadFile(keyFile(dir, 1))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(keyFile(dir, 2), raw, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"open private key": func(t *testing.T, dir string) {
			if err := os.Chmod(keyFile(dir, 1), 0o640); err != nil {
				t.Fatal(err)
			}
		},
		"private key is none": func(t *testing.T, dir string) {
			if err := os.WriteFile(keyFile(dir, 1), []byte("secret"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"other root": func(t *testing.T, dir string) {
			other := t.TempDir()
			makeKeys(t, other, "2026-01-01")
			theirs, ours := load(t, other), load(t, dir)
			ours.keys[0] = theirs.keys[0]
			if err := ours.save(dir); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(keyFile(dir, 0)); err != nil {
				t.Fatal(err)
			}
		},
		"list is gone": func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, ringFile)); err != nil {
				t.Fatal(err)
			}
			if _, err := Make(dir, models.MustDate("2026-01-01")); err == nil {
				t.Error("made a new ring over the keys of one that lost its list")
			}
		},
	} {
		dir := t.TempDir()
		makeKeys(t, dir, "2026-01-01")
		spoil(t, dir)
		if _, err := Load(dir); err == nil {
			t.Errorf("%s: loaded", name)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error quotes the key file: %v", name, err)
		}
	}
}

func TestIssueNeedsKeys(t *testing.T) {
	r := ring(t)
	late := document(func(d *models.Document) { d.At = d.At.AddDate(5, 0, 0) })
	if _, err := press(t).Issue(late, r); !errors.Is(err, ErrNoSealKey) {
		t.Errorf("sealed with a key that has ended: %v", err)
	}
	r.keys = r.keys[:2]
	if _, err := press(t).Issue(document(nil), r); !errors.Is(err, ErrNoSealKey) {
		t.Errorf("sealed without the director: %v", err)
	}
}
