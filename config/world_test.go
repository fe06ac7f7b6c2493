package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The secrets of the tests; none may ever be seen in a text.
var secretTexts = map[string]string{
	"database_password": "hunter2-database",
	"redis_password":    "hunter2-redis",
	"wechat_secret":     "hunter2-wechat",
	"id_number_key":     strings.Repeat("a1", 31) + "01",
	"id_index_key":      strings.Repeat("b2", 31) + "02",
	"image_key":         strings.Repeat("c3", 31) + "03",
}

// world is a folder of secrets and an environment in which the real mode starts.
type world struct {
	dir string
	env map[string]string // by path of the setting
}

func realWorld(t testing.TB) *world {
	t.Helper()
	w := &world{dir: t.TempDir()}
	for name, text := range secretTexts {
		w.write(t, name, text+"\n", 0o600)
	}
	for _, folder := range []string{"code", "seals"} {
		if err := os.Mkdir(w.path(folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w.env = map[string]string{
		"public_url":             "https://v.example.cn",
		"database.address":       "db.example.cn:3306",
		"database.user":          "yanzheng",
		"database.name":          "register",
		"database.password_file": w.path("database_password"),
		"redis.addresses":        "redis.example.cn:6379",
		"redis.password_file":    w.path("redis_password"),
		"wechat.app_id":          "wx0123456789abcdef",
		"wechat.secret_file":     w.path("wechat_secret"),
		"keys.code_dir":          w.path("code"),
		"keys.seal_dir":          w.path("seals"),
		"keys.id_number_file":    w.path("id_number_key"),
		"keys.id_index_file":     w.path("id_index_key"),
		"keys.image_file":        w.path("image_key"),
		"files.url":              "file://" + w.dir,
	}
	return w
}

// localWorld is a world in which nothing reaches beyond loopback.
func localWorld(t testing.TB) *world {
	w := realWorld(t)
	w.env["public_url"] = "http://127.0.0.1:8080"
	w.env["database.address"] = "127.0.0.1:3306"
	w.env["redis.addresses"] = "[::1]:6379"
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

// write makes a file with exactly that mode.
func (w *world) write(t testing.TB, name, text string, mode os.FileMode) string {
	t.Helper()
	if err := os.WriteFile(w.path(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(w.path(name), mode); err != nil {
		t.Fatal(err)
	}
	return w.path(name)
}

// with returns the environment with settings changed: path, value, path, value …; "" takes one away.
func (w *world) with(changes ...string) []string {
	env := maps.Clone(w.env)
	for i := 0; i < len(changes); i += 2 {
		env[changes[i]] = changes[i+1]
	}
	return environ(env)
}

func environ(byPath map[string]string) []string {
	var all []string
	for path, text := range byPath {
		all = append(all, envName(path)+"="+text)
	}
	return all
}

// yamlFile writes a configuration file.
func yamlFile(t testing.TB, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "yanzheng.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func mustLoad(t testing.TB, file string, environ []string) Config {
	t.Helper()
	c, err := Load(file, environ)
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	if err := broken(c); err != nil {
		t.Fatal(err)
	}
	return c
}

// mustFail gives the faults of a configuration that has some.
func mustFail(t testing.TB, file string, environ []string) *Error {
	t.Helper()
	c, err := Load(file, environ)
	var e *Error
	if !errors.As(err, &e) || len(e.Faults) == 0 {
		t.Fatalf("want faults, got %v", err)
	}
	if got := fmt.Sprintf("%+v", c); got != fmt.Sprintf("%+v", Config{}) {
		t.Errorf("the Config beside an error is not empty: %s", got)
	}
	checkNoSecret(t, e.Error())
	for _, f := range e.Faults {
		if !strings.Contains(e.Error(), f.String()) {
			t.Errorf("the error does not tell %q", f)
		}
		if s, known := find(f.Setting); known && f.Env != envName(s.path) {
			t.Errorf("%s has the environment name %q", f.Setting, f.Env)
		}
	}
	return e
}

// settingsAt gives the settings (or environment names) at fault, sorted.
func settingsAt(e *Error, missing bool) []string {
	all := []string{}
	for _, f := range e.Faults {
		if f.Missing != missing {
			continue
		}
		if f.Setting == "" {
			f.Setting = f.Env
		}
		all = append(all, f.Setting)
	}
	slices.Sort(all)
	return all
}

// wantFaults checks that exactly these settings are wrong, and none is missing.
func wantFaults(t testing.TB, e *Error, settings ...string) {
	t.Helper()
	slices.Sort(settings)
	if got := settingsAt(e, false); !slices.Equal(got, settings) {
		t.Errorf("wrong: %q, want %q\n%v", got, settings, e)
	}
	if got := settingsAt(e, true); len(got) > 0 {
		t.Errorf("missing: %q, want none", got)
	}
}

func wantMissing(t testing.TB, e *Error, settings ...string) {
	t.Helper()
	slices.Sort(settings)
	if got := settingsAt(e, true); !slices.Equal(got, settings) {
		t.Errorf("missing: %q, want %q\n%v", got, settings, e)
	}
}

func checkNoSecret(t testing.TB, text string) {
	t.Helper()
	for _, secret := range append(slices.Collect(maps.Values(secretTexts)), "hunter2") {
		if strings.Contains(strings.ToLower(text), secret) {
			t.Errorf("%q shows in:\n%s", secret, text)
		}
	}
}

// broken tells what of the promises a Config breaks; it is written apart from the code it checks.
func broken(c Config) error {
	local := true
	for _, address := range []string{c.Listen, c.AdminListen, strings.TrimPrefix(strings.TrimPrefix(c.PublicURL, "https://"), "http://")} {
		ok := address == ""
		for _, start := range []string{"127.", "localhost", "[::1]", "[::ffff:127.", "[::ffff:7f"} {
			ok = ok || strings.HasPrefix(address, start)
		}
		local = local && ok
	}
	for _, p := range c.TrustedProxies {
		local = local && p.Addr().IsLoopback()
		if p.Bits() == 0 {
			return errors.New("everybody is a trusted proxy")
		}
	}
	secrets := []bool{c.WeChat.Secret.Reveal() != "", c.Keys.IDNumber != Key{}, c.Keys.IDIndex != Key{}, c.Keys.Image != Key{}}
	texts := []bool{c.Database.Address != "", c.Database.User != "", c.Database.Name != "",
		len(c.Redis.Addresses) > 0, c.WeChat.AppID != "", c.Keys.CodeDir != "", c.Keys.SealDir != "", c.Files.URL != ""}
	set := slices.Concat(secrets, texts)
	switch {
	case c.Embedded && !local:
		return errors.New("embedded, and reachable from beyond loopback")
	case c.Embedded && (slices.Contains(set, true) || c.Database.Driver != SQLite || c.DataDir == "" || len(c.TrustedProxies) > 0):
		return errors.New("embedded, with production settings")
	case !c.Embedded && (slices.Contains(set, false) || c.Database.Driver != MySQL):
		return errors.New("real, and not complete")
	case !c.Embedded && c.Demo, !c.Embedded && !local && c.WeChat.SandboxURL != "":
		return errors.New("demo in the real mode, or sandbox beyond loopback")
	case !c.Embedded && !local && strings.HasPrefix(c.PublicURL, "http://") && !strings.HasPrefix(c.PublicURL, "http://127.") &&
		!strings.HasPrefix(c.PublicURL, "http://localhost") && !strings.HasPrefix(c.PublicURL, "http://["):
		return errors.New("plain http beyond loopback")
	case !strings.HasPrefix(c.PublicURL, "http") || strings.Count(c.PublicURL, "/") != 2 || strings.ContainsAny(c.PublicURL, "?#@ "):
		return errors.New("public URL: " + c.PublicURL)
	case c.Database.MaxOpen < 1 || c.Database.MaxIdle > c.Database.MaxOpen:
		return errors.New("bounds that do not go together")
	case c.ShutdownTimeout <= 0 || c.Database.DialTimeout <= 0 || c.Database.AnswerTimeout <= 0 || c.Database.ReadTimeout <= 0 ||
		c.Database.WriteTimeout <= 0 || c.Redis.Timeout <= 0 || c.Scan.RetentionDays <= 0:
		return errors.New("a duration that is not positive")
	case slices.ContainsFunc([]Limit{c.Limits.User, c.Limits.Address, c.Limits.Misses, c.Limits.Lookups, c.Limits.Login, c.Limits.Uploads, c.Limits.Files, c.Limits.Certificates}, func(l Limit) bool {
		return l.Rate < 1 || l.Rate > 1e5 || l.Burst < 1 || l.Burst > 1e5 || l.Per < time.Second || l.Per > 24*time.Hour
	}), c.Limits.PersonsUser < 1, c.Limits.PersonsInspector < 1, c.Limits.PersonsAddress < 1:
		return errors.New("a limit that is none")
	case c.Log.Format != "text" && c.Log.Format != "json":
		return errors.New("log format: " + c.Log.Format)
	}
	return nil
}
