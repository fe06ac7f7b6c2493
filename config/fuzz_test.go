package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// FuzzLoad gives any file, alone or over an environment in which the real mode starts: a Config that comes of it keeps every
// promise, faults can be read, and no text holds a secret.
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
		got := loadSafely(t, file, env)
		if len(env) > 0 && len(text)%2 == 1 && got.err == nil { // all that is required stands in the environment, which goes first
			alone := loadSafely(t, "", env)
			if got.c.Database.Address != alone.c.Database.Address || got.c.PublicURL != alone.c.PublicURL || !reflect.DeepEqual(got.c.Keys, alone.c.Keys) {
				t.Errorf("the file goes over the environment: %+v", got.c)
			}
		}
	})
}

// FuzzSetting gives one setting any text, in the environment and in the file: both mean the same, the environment goes first,
// and no fault repeats what was given.
func FuzzSetting(f *testing.F) {
	w := localWorld(f)
	file := filepath.Join(f.TempDir(), "fuzz.yaml")
	f.Fuzz(func(t *testing.T, which uint8, text string, real bool) {
		s := table[int(which)%len(table)]
		rest := map[string]string{}
		if real {
			for path, text := range w.env {
				rest[path] = text
			}
		}
		own := rest[s.path]
		delete(rest, s.path)
		environment := loadSafely(t, "", append(environ(rest), envName(s.path)+"="+text))
		checkSilent(t, s, text, environment.err, loadSafely(t, "", append(environ(rest), envName(s.path)+"=\x00")).err)

		if !utf8.ValidString(text) || strings.ContainsRune(text, utf8.RuneError) {
			return // YAML has no such text
		}
		if err := os.WriteFile(file, fileWith(t, s.path, text), 0o600); err != nil {
			t.Fatal(err)
		}
		if written := loadSafely(t, file, environ(rest)); !written.same(environment) {
			t.Errorf("%s %q: in the file %+v %v, in the environment %+v %v", s.path, text, written.c, written.err, environment.c, environment.err)
		}
		if own != "" {
			over, alone := loadSafely(t, file, w.with()), loadSafely(t, "", w.with())
			if !over.same(alone) {
				t.Errorf("%s: the file's %q goes over the environment: %+v %v", s.path, text, over.c, over.err)
			}
		}
	})
}

// fileWith is a file with one setting.
func fileWith(t *testing.T, path, text string) []byte {
	t.Helper()
	var tree any = text
	parts := strings.Split(path, ".")
	for _, name := range slices.Backward(parts) {
		tree = map[string]any{name: tree}
	}
	raw, err := yaml.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// loaded is what came of one configuration.
type loaded struct {
	c      Config
	err    error
	faults []Fault // without their lines
}

// same says whether both came out alike; certificates are not looked at.
func (l loaded) same(other loaded) bool {
	l.c.Database.CA, l.c.Redis.CA, other.c.Database.CA, other.c.Redis.CA = nil, nil, nil, nil
	return reflect.DeepEqual(l.c, other.c) && slices.Equal(l.faults, other.faults)
}

// loadSafely loads a configuration and holds what comes of it to what is true of all.
func loadSafely(t *testing.T, file string, env []string) loaded {
	t.Helper()
	c, err := Load(file, env)
	if err == nil {
		if err := broken(c); err != nil {
			t.Errorf("%v: %+v", err, c)
		}
		checkNoSecret(t, fmt.Sprintf("%+v %#v %v", c, c, c.Warnings()))
		return loaded{c: c}
	}
	var e *Error
	if !errors.As(err, &e) || len(e.Faults) == 0 || !reflect.DeepEqual(c, Config{}) {
		t.Fatalf("an error without faults, or with a Config: %v, %+v", err, c)
	}
	checkNoSecret(t, e.Error())
	out := loaded{err: err}
	for _, fault := range e.Faults {
		if fault.Text == "" || strings.ContainsFunc(fault.String(), func(r rune) bool { return r < ' ' || r == utf8.RuneError }) {
			t.Errorf("a fault that cannot be read: %q", fault)
		}
		fault.Line = 0
		out.faults = append(out.faults, fault)
	}
	return out
}

// checkSilent: a fault repeats nothing that was given. What is said of another wrong text is not repeated; the addresses that
// decide the mode are, once they are seen to be addresses. Words without a digit may be anybody's.
func checkSilent(t *testing.T, s setting, text string, err, other error) {
	t.Helper()
	said := slices.Contains([]string{"listen", "admin_listen", "public_url"}, s.path)
	if err == nil || other == nil || said || len(text) < 4 {
		return
	}
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '=' }) {
		if len(part) > 3 && strings.ContainsAny(part, "0123456789") && strings.Contains(err.Error(), part) && !strings.Contains(other.Error(), part) {
			t.Errorf("%s: %q is repeated: %v", s.path, part, err)
		}
	}
}
