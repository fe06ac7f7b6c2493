package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// authority is a certificate in PEM.
var authority = func() string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}()

func TestFile(t *testing.T) {
	for name, test := range map[string]struct {
		text, setting string // the one setting at fault
		line          int
	}{
		"unknown":             {"lisen: x", "lisen", 1},
		"unknown in a group":  {"log:\n  colour: red", "log.colour", 2},
		"unknown group":       {"server: {port: 1}", "server", 1},
		"too deep":            {"log: {level: {x: 1}}", "log.level", 1},
		"dotted":              {"\nlog.level: info", "", 2},
		"twice":               {"demo: true\ndemo: true", "demo", 2},
		"group twice":         {"log: {level: info}\nlog: {format: json}", "log", 2},
		"group as a list":     {"log: [info]", "log", 1},
		"list as a mapping":   {"trusted_proxies: {a: b}", "trusted_proxies", 1},
		"list in a list":      {"trusted_proxies: [[127.0.0.1]]", "trusted_proxies", 1},
		"scalar as a list":    {"listen: ['127.0.0.1:1']", "listen", 1},
		"anchor and alias":    {"data_dir: &x /srv\nlisten: *x", "listen", 2},
		"alias of a group":    {"session: &x {ttl: 1h}\nlog: *x", "log", 2},
		"alias in a list":     {"data_dir: &n7 /srv\nredis: {addresses: [*n7, 'a:1']}", "redis.addresses", 2},
		"alias in pairs":      {"data_dir: &n7 /srv\nwechat: {check_files: {a: *n7, b: c}}", "wechat.check_files", 2},
		"alias for a name":    {"data_dir: &n7 /srv\nwechat: {check_files: {*n7 : a, b: c}}", "wechat.check_files", 2},
		"pair twice":          {"wechat: {check_files: {a: b, a: c, d: e}}", "wechat.check_files", 1},
		"merge":               {"session: &x {ttl: 1h}\nlog: {<<: *x}", "", 2},
		"tag":                 {"listen: !secret 127.0.0.1:1", "listen", 1},
		"binary":              {"data_dir: !!binary aGVsbG8=", "data_dir", 1},
		"a list":              {"[1, 2]", "", 1},
		"a text":              {"hello", "", 1},
		"two documents":       {"demo: true\n---\ndemo: false", "", 2},
		"unclosed":            {"demo: true\nlisten: 'x", "", 2},
		"tab":                 {"log:\n\tlevel: info", "", 2},
		"unknown anchor":      {"listen: *nowhere", "", 0},
		"an unspeakable name": {"\"a\\nb\": 1", "", 1},
		"long":                {"#" + strings.Repeat("x", maxFileBytes), "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			e := mustFail(t, yamlFile(t, test.text), nil)
			wrong := slices.DeleteFunc(e.Faults, func(f Fault) bool { return f.Missing })
			if len(wrong) != 1 || wrong[0].Setting != test.setting || wrong[0].Line != test.line {
				t.Errorf("got %q", wrong)
			}
		})
	}
	for _, name := range []string{"/nowhere/at.all", t.TempDir()} {
		if e := mustFail(t, name, []string{"YANZHENG_NONSENSE=1", "YANZHENG_REDIS_DB=1"}); len(e.Faults) != 2 {
			t.Errorf("want the file and the variable at fault: %v", e)
		}
	}
	for _, text := range []string{"'", "[1]", "{}\n---\n{}"} { // what is missing from it nobody knows
		if e := mustFail(t, yamlFile(t, text), []string{"YANZHENG_REDIS_DB=1"}); len(e.Faults) != 1 {
			t.Errorf("%q: want one fault: %v", text, e)
		}
	}
	mustLoad(t, yamlFile(t, "\ufeffdemo: true\n#"+strings.Repeat("x", maxFileBytes-15)), nil)
}

func TestEnvironmentOverridesFile(t *testing.T) {
	file := yamlFile(t, "listen: 127.0.0.1:1\nshutdown_timeout: 3s\nlog: {level: warn, format: nonsense}\ntrusted_proxies: [10.0.0.1, 10.0.0.2]\n")
	w := realWorld(t)
	c := mustLoad(t, file, append(w.with(), "YANZHENG_LISTEN=127.0.0.1:2", "YANZHENG_LOG_LEVEL=", "YANZHENG_LOG_FORMAT=text",
		"YANZHENG_TRUSTED_PROXIES=10.0.0.3", "YANZHENG_SHUTDOWN_TIMEOUT=1s", "YANZHENG_SHUTDOWN_TIMEOUT=2s"))
	if c.Listen != "127.0.0.1:2" || c.Log.Level.String() != "WARN" || c.Log.Format != "text" || len(c.TrustedProxies) != 1 || c.ShutdownTimeout.String() != "2s" {
		t.Errorf("%+v", c)
	}
}

func TestFileAndEnvironmentSayTheSame(t *testing.T) {
	w := realWorld(t)
	file := yamlFile(t, "trusted_proxies: [10.0.0.1, 10.0.0.2]\nredis: {addresses: 'a:1, b:2'}\nwechat: {check_files: {n1: c1, n2: \"12\"}}\n")
	c := mustLoad(t, file, w.with("redis.addresses", ""))
	if !slices.Equal(c.Redis.Addresses, []string{"a:1", "b:2"}) || len(c.TrustedProxies) != 2 || c.WeChat.CheckFiles["n2"] != "12" {
		t.Errorf("%+v", c)
	}
}

func TestEnvironmentNames(t *testing.T) {
	for entry, ok := range map[string]bool{
		"YANZHENG_LISTENN=x": false, "YANZHENG_DATABASE=x": false, "YANZHENG_DATABASE_PORT=3306": false, "YANZHENG_listen=x": false,
		"YANZHENG_LISTENN=": false, "YANZHENG_A B=x": false, "YANZHENG_=x": false, "YANZHENG_PORT=80": false,
		"YANZHENG_CONFIG=/etc/x": true, "YANZHENG_TEST_MYSQL=x": true, "YANZHENG_PORT=tcp://10.0.0.1:80": true, "YANZHENG_SERVICE_HOST=10.0.0.1": true,
		"YANZHENG_SERVICE_PORT_HTTP=80": true, "YANZHENG_PORT_80_TCP_ADDR=10.0.0.1": true, "YANZHENG_REDIS_PORT=tcp://10.0.0.1:6379": true,
		"YANZHENG_REDIS_PORT_6379_TCP=x": true, "XYANZHENG_LISTENN=x": true, "LISTEN=0.0.0.0:80": true, "YANZHENGLISTEN=x": true,
	} {
		if !ok {
			if e := mustFail(t, "", []string{entry}); len(e.Faults) != 1 || strings.Contains(e.Error(), "from a file") {
				t.Errorf("%s: %v", entry, e)
			}
			continue
		}
		mustLoad(t, "", []string{entry})
	}
	for _, s := range table {
		if foreign(envName(s.path), "tcp://10.0.0.1:80") {
			t.Errorf("%s has a name that others use", s.path)
		}
	}
}

func TestSecretFiles(t *testing.T) {
	w := realWorld(t)
	if err := os.Mkdir(w.path("folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(w.path("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		file, want string // want: the password; empty: refused
	}{
		"plain":           {w.write(t, "1", "hunter2 秘密", 0o600), "hunter2 秘密"},
		"read-only":       {w.write(t, "2", "hunter2", 0o400), "hunter2"},
		"line end":        {w.write(t, "3", "hunter2\n", 0o600), "hunter2"},
		"windows":         {w.write(t, "4", "hunter2\r\n", 0o600), "hunter2"},
		"spaces stay":     {w.write(t, "5", " hunter2 \n", 0o600), " hunter2 "},
		"64 KiB":          {w.write(t, "6", strings.Repeat("x", maxSecretBytes), 0o600), strings.Repeat("x", maxSecretBytes)},
		"too long":        {w.write(t, "7", strings.Repeat("x", maxSecretBytes+1), 0o600), ""},
		"empty":           {w.write(t, "8", "\n", 0o600), ""},
		"two lines":       {w.write(t, "9", "hunter2\nhunter2", 0o600), ""},
		"byte order mark": {w.write(t, "10", "\ufeffhunter2", 0o600), ""},
		"nul":             {w.write(t, "11", "hunter2\x00", 0o600), ""},
		"not UTF-8":       {w.write(t, "12", "hunter2\xff", 0o600), ""},
		"group reads":     {w.write(t, "13", "hunter2", 0o640), ""},
		"others read":     {w.write(t, "14", "hunter2", 0o604), ""},
		"group writes":    {w.write(t, "15", "hunter2", 0o620), ""},
		"mode of Docker":  {w.write(t, "16", "hunter2", 0o444), ""},
		"absent":          {w.path("hunter2"), ""},
		"folder":          {w.path("folder"), ""},
		"pipe":            {w.path("pipe"), ""},
		"device":          {"/dev/zero", ""},
	} {
		t.Run(name, func(t *testing.T) {
			env := w.with("database.password_file", test.file)
			if test.want == "" {
				wantFaults(t, mustFail(t, "", env), "database.password_file")
			} else if got := mustLoad(t, "", env).Database.Password.Reveal(); got != test.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

// A file that is none is refused at once, whatever it was named for: nobody writes to this pipe, and to read it would wait
// for ever.
func TestFilesThatAreNone(t *testing.T) {
	w := localWorld(t)
	if err := syscall.Mkfifo(w.path("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(w.path("pipe"), w.path("link")); err != nil {
		t.Fatal(err)
	}
	pem := w.write(t, "ca.pem", authority, 0o600)
	if err := os.Symlink(pem, w.path("linked.pem")); err != nil {
		t.Fatal(err)
	}
	mustLoad(t, "", w.with("redis.ca_file", w.path("linked.pem"), "redis.tls", "true"))
	for _, file := range []string{w.path("pipe"), w.path("link"), w.dir, "/dev/zero"} {
		e := mustFail(t, "", w.with("redis.ca_file", file, "database.ca_file", file))
		wantFaults(t, e, "database.ca_file", "redis.ca_file")
		for _, e := range []*Error{e, mustFail(t, file, nil)} {
			if !strings.Contains(e.Error(), "is not a regular file") {
				t.Errorf("%s: %v", file, e)
			}
		}
	}
}

// TestMountedSecrets takes a temporary folder for the place where containers get their secrets.
func TestMountedSecrets(t *testing.T) {
	w, mount := realWorld(t), realWorld(t)
	for i, test := range []struct {
		mode os.FileMode
		ok   bool
	}{{0o444, true}, {0o440, true}, {0o644, true}, {0o600, true}, {0o664, false}, {0o646, false}, {0o555, false}} {
		file := mount.write(t, "secret"+string(rune('a'+i)), "hunter2", test.mode)
		if _, err := load("", w.with("redis.password_file", file), mount.dir); (err == nil) != test.ok {
			t.Errorf("mode %04o: %v", test.mode, err)
		}
	}
	outside := w.write(t, "outside", "hunter2", 0o644)
	inside := mount.write(t, "inside", "hunter2", 0o644)
	for from, to := range map[string]string{
		mount.path("leads-out"): outside, mount.path("stays"): inside, w.path("leads-in"): inside,
		w.path("mount"): mount.dir,
	} {
		if err := os.Symlink(to, from); err != nil {
			t.Fatal(err)
		}
	}
	for file, ok := range map[string]bool{
		mount.path("leads-out"): false, mount.path("stays"): true, w.path("leads-in"): true, w.path("mount/inside"): true,
		mount.dir + "/../" + "x": false, mount.dir + "x": false,
	} {
		if _, err := load("", w.with("redis.password_file", file), mount.dir); (err == nil) != ok {
			t.Errorf("%s: %v", file, err)
		}
		if _, err := load("", w.with("redis.password_file", file), w.path("mount")); (err == nil) != ok {
			t.Errorf("%s, the mount being a link: %v", file, err)
		}
	}
}

func TestNoMount(t *testing.T) {
	w := realWorld(t)
	file := w.write(t, "open", "hunter2", 0o444)
	if _, err := load("", w.with("redis.password_file", file), w.path("absent")); err == nil {
		t.Error("a file open to others was taken although there is no mount")
	}
}

func TestCodeFolder(t *testing.T) {
	w := realWorld(t)
	for mode, ok := range map[os.FileMode]bool{0o700: true, 0o755: true, 0o500: true, 0o770: false, 0o707: false, 0o777 | os.ModeSticky: false} {
		if err := os.Chmod(w.path("code"), mode); err != nil {
			t.Fatal(err)
		}
		if ok {
			mustLoad(t, "", w.with())
		} else {
			wantFaults(t, mustFail(t, "", w.with()), "keys.code_dir")
		}
		if _, err := load("", w.with(), w.dir); err != nil {
			t.Errorf("mode %v below the mount: %v", mode, err)
		}
	}
	for _, name := range []string{"/nowhere/at/all", w.path("image_key")} {
		wantFaults(t, mustFail(t, "", w.with("keys.code_dir", name)), "keys.code_dir")
	}
}
