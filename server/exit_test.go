package main

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// TestHelp asks every sub-command how it is used.
func TestHelp(t *testing.T) {
	seen := 0
	var walk func(c *cobra.Command, path []string)
	walk = func(c *cobra.Command, path []string) {
		seen++
		r := command(t, environment{}, append(path, "-h")...)
		if r.status != exitOK || !strings.Contains(r.out, "Usage:") || r.errors != "" {
			t.Errorf("%q -h: %+v", path, r)
		}
		for _, sub := range c.Commands() {
			walk(sub, append(append([]string{}, path...), sub.Name()))
		}
	}
	walk((&program{stdout: io.Discard, stderr: io.Discard}).commands(), nil)
	if seen < 18 {
		t.Errorf("%d commands, want all of the contract", seen)
	}
}

func TestVersion(t *testing.T) {
	if r := command(t, environment{}, "version"); r.status != exitOK || r.out != "yanzheng "+version+"\n" {
		t.Errorf("%+v", r)
	}
	if v := must[map[string]string](t, environment{}, "version"); v["version"] != version {
		t.Errorf("%v", v)
	}
}

// TestWrongCommandLines end with 2, like a wrong configuration, and touch nothing.
func TestWrongCommandLines(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	for _, args := range [][]string{
		{"sevre"}, {"serve", "now"}, {"--portt", "80"}, {"import"}, {"import", "a.csv", "b.csv"}, {"issue-code"}, {"suspend"},
		{"cancel", "1", "2"}, {"grant", "u1"}, {"keys", "revoke"}, {"keys", "revoke", "--number", "-1"}, {"keys", "add", "3"},
		{"keys", "lose"}, {"scans", "lose"}, {"version", "--actor", "a\u202eb"}, {"version", "2"}, {"migrate", "down"}, {"change", "1", "--certificate-number", "2"},
		{"keys", "seals", "revoke"}, {"keys", "seals", "revoke", "--number", "-1"}, {"keys", "seals", "add", "3"},
	} {
		r := command(t, environment{"DATA_DIR": dir}, args...)
		if r.status != exitUsage || r.out != "" || !strings.Contains(r.errors, "-h") {
			t.Errorf("%q: %+v", args, r)
		}
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a wrong command line made a data folder")
	}
}

// TestProductionNeedsAll: one production setting, and everything that is missing is told at once; so is everything wrong.
func TestProductionNeedsAll(t *testing.T) {
	names := []string{
		"PUBLIC_URL", "DATABASE_ADDRESS", "DATABASE_USER", "DATABASE_NAME", "DATABASE_PASSWORD_FILE", "REDIS_ADDRESSES",
		"REDIS_PASSWORD_FILE", "WECHAT_APP_ID", "WECHAT_SECRET_FILE", "KEYS_CODE_DIR", "KEYS_SEAL_DIR", "KEYS_ID_NUMBER_FILE",
		"KEYS_ID_INDEX_FILE", "KEYS_IMAGE_FILE", "FILES_URL",
	}
	for _, args := range [][]string{{}, {"serve"}, {"migrate"}, {"import", "x.csv"}, {"keys", "add"}} {
		r := command(t, environment{"LISTEN": "0.0.0.0:8080", "DEMO": "true", "SESSION_TTL": "forever"}, args...)
		for _, name := range append(names, "DEMO", "SESSION_TTL") {
			if !strings.Contains(r.errors, "YANZHENG_"+name) {
				t.Errorf("%q does not tell that %s is missing or wrong", args, name)
			}
		}
		if r.status != exitUsage || r.out != "" || strings.Contains(r.errors, "forever") {
			t.Errorf("%q: %+v", args, r)
		}
	}
	config := file(t, "yanzheng.yaml", []byte("listen: nonsense\n"))
	for _, r := range []told{
		command(t, environment{}, "--config", config), command(t, environment{"CONFIG": config}),
	} {
		if r.status != exitUsage || !strings.Contains(r.errors, "line 1") {
			t.Errorf("a wrong file: %+v", r)
		}
	}
}

// TestBeforeMigrate: a database that nobody prepared is no database to serve from.
func TestBeforeMigrate(t *testing.T) {
	w := realEnvironment(t)
	w.exec(t, "DROP TABLE bindings, binding_claims, binding_locks, binding_tries, person_images, logins, signature_findings, applications, "+
		"goose_db_version, confirmations, certificate_files, scans, sessions, grants, users, events, certificates, registration_blocks, registrations, persons")
	for _, args := range [][]string{{"serve"}, {"issue-code", "1"}} {
		if r := command(t, w.env, args...); r.status != exitFailed || !strings.Contains(r.errors, "migrate") {
			t.Errorf("%q: %+v", args, r)
		}
	}
	if steps := must[map[string]int](t, w.env, "migrate"); steps["steps"] < 1 {
		t.Errorf("migrate took %d steps", steps["steps"])
	}
	if steps := must[map[string]int](t, w.env, "migrate"); steps["steps"] != 0 {
		t.Errorf("migrate again took %d steps", steps["steps"])
	}
}

// TestSamePort: the second server on an address ends before it touches anything.
func TestSamePort(t *testing.T) {
	dir := t.TempDir()
	first := serve(t, environment{"LISTEN": "127.0.0.1:0", "DATA_DIR": filepath.Join(dir, "first"), "DEMO": "false"})
	second := command(t, environment{"LISTEN": first.address, "DATA_DIR": filepath.Join(dir, "second")}, "serve")
	if second.status != exitFailed || !strings.Contains(second.errors, "in use") {
		t.Errorf("%+v", second)
	}
	if _, err := os.Stat(filepath.Join(dir, "second")); err == nil {
		t.Error("the second one made a data folder")
	}
	if a := newClient(t, first).ask("GET", "/healthz", ""); a.status != 200 {
		t.Errorf("the first one answers %d", a.status)
	}
	asked := environment{"LISTEN": first.address}
	if r := command(t, asked, "health"); r.status != exitOK {
		t.Errorf("the health check of a ready server: %+v", r)
	}
	first.stop(t)
	if r := command(t, asked, "health"); r.status != exitFailed {
		t.Errorf("the health check of no server: %+v", r)
	}
}

// TestDataFolder: keys and data are the owner's alone, made once; without its keys the data is refused.
func TestDataFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	env := environment{"LISTEN": "127.0.0.1:0", "DATA_DIR": dir, "DEMO": "false"}
	serve(t, env).stop(t)
	files := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 && d.Name() != "ring.json" && d.Name() != "seals.json" { // public keys only
			t.Errorf("%s has mode %04o", d.Name(), info.Mode().Perm())
		}
		files++
		return err
	})
	if err != nil || files < 7 {
		t.Errorf("%d files in the data folder: %v", files, err)
	}
	serve(t, env).stop(t) // again, with what is there
	for _, name := range []string{"keys/id_number.key", "keys/id_index.key", "keys/code/ring.json"} {
		path := filepath.Join(dir, name)
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		if r := command(t, env, "serve"); r.status != exitFailed {
			t.Errorf("without %s it starts: %+v", name, r)
		}
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAdminListener has the same health as the public one, and nothing else.
func TestAdminListener(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	admin := free.Addr().String()
	free.Close()
	p := serve(t, environment{"LISTEN": "127.0.0.1:0", "ADMIN_LISTEN": admin, "DATA_DIR": filepath.Join(t.TempDir(), "data"), "DEMO": "false"})
	c := newClient(t, p)
	c.base = "http://" + admin
	for path, status := range map[string]int{"/healthz": 200, "/readyz": 200} {
		if a := c.ask("GET", path, ""); a.status != status {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	c.ask("GET", "/nothing", "").refused(t, 404, "no_such_address")
	p.stop(t)
	if conn, err := net.DialTimeout("tcp", admin, time.Second); err == nil {
		conn.Close()
		t.Error("it listens after its end")
	}
}
