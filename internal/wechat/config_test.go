package wechat

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func jsonLog(w io.Writer) *slog.Logger { return slog.New(slog.NewJSONHandler(w, nil)) }

func TestNewRefuses(t *testing.T) {
	good := Config{AppID: testAppID, AppSecret: testSecret}
	with := func(change func(*Config)) Config { c := good; change(&c); return c }
	for name, cfg := range map[string]Config{
		"no AppID":          with(func(c *Config) { c.AppID = "" }),
		"AppID with &":      with(func(c *Config) { c.AppID = "wx&secret=x" }),
		"no secret":         with(func(c *Config) { c.AppSecret = "" }),
		"secret with break": with(func(c *Config) { c.AppSecret = testSecret + "\n" }),
		"negative timeout":  with(func(c *Config) { c.Timeout = -1 }),
		"endless timeout":   with(func(c *Config) { c.Timeout = time.Hour }),
		"sandbox elsewhere": with(func(c *Config) { c.SandboxURL = "http://user:" + testSession + "@192.0.2.1/" }),
	} {
		if _, err := New(cfg, noRedis(t), nil); err == nil {
			t.Errorf("%s: accepted", name)
		} else {
			noLeak(t, allText(err))
		}
	}
	if _, err := New(good, nil, nil); err == nil {
		t.Error("no Redis: accepted")
	}
	_, err := New(Config{Timeout: -1, SandboxURL: "x"}, nil, nil)
	if n := strings.Count(err.Error(), "\n") + 1; n != 5 {
		t.Errorf("%d faults reported at once, want 5: %v", n, err)
	}
	c, err := New(good, noRedis(t), nil)
	if err != nil || c.timeout != 3*time.Second || c.guard.sandbox != nil {
		t.Errorf("the least configuration: %+v, %v", c, err)
	}
}

func TestSandboxURL(t *testing.T) {
	for _, raw := range []string{"http://127.0.0.1:8081", "http://127.0.0.1:8081/", "http://127.8.9.1", "http://[::1]:80", "http://localhost:1", "http://[::ffff:127.0.0.1]:1"} {
		if _, err := loopbackURL(raw); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
	for _, raw := range []string{
		"https://127.0.0.1", "127.0.0.1:80", "http://", "http://10.0.0.1", "http://0.0.0.0:1", "http://[::]:1", "http://example.org",
		"http://127.0.0.1.example.org", "http://localhost.example.org", "http://127.1", "http://2130706433", "http://u:p@127.0.0.1",
		"http://127.0.0.1/path", "http://127.0.0.1?a=b", "http://127.0.0.1?", "http://127.0.0.1#f", "http:127.0.0.1", "//127.0.0.1", "http://127.0.0.1:x", "unix:///tmp/s", "\x7f",
	} {
		if _, err := loopbackURL(raw); err == nil {
			t.Errorf("%s: accepted", raw)
		}
	}
}

func TestSecretIsNotPrinted(t *testing.T) {
	cfg := Config{AppID: testAppID, AppSecret: testSecret, SandboxURL: "http://127.0.0.1:1"}
	var log bytes.Buffer
	client, err := New(cfg, noRedis(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	jsonLog(&log).Info("start", "config", cfg, "pointer", &cfg, "client", client)
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "config", cfg, "pointer", &cfg, "client", client)
	for _, v := range []any{cfg, &cfg, client, *client} {
		fmt.Fprintf(&log, "%v %+v %#v %s\n", v, v, v, v)
	}
	noLeak(t, log.String())
	if !strings.Contains(log.String(), testAppID) {
		t.Error("the AppID is missing, so nothing was tested")
	}
}

// The SDK's root package sets up logrus to print Debug lines on standard output, for everybody.
func TestSilence(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), silentChild+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the child failed: %v", err)
	}
	if len(out) != 0 {
		t.Errorf("printed: %s", out)
	}
}

func TestDependencies(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Fatal("the go command is needed to see what is linked in: ", err)
	}
	deps := func(pkg string) []string {
		out, err := exec.Command(tool, "list", "-deps", pkg).Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		return strings.Fields(string(out))
	}
	for _, dep := range deps(".") {
		switch {
		case dep == "github.com/silenceper/wechat/v2", strings.Contains(dep, "sirupsen/logrus"):
			t.Errorf("%s is linked: its init() or its output is the trap", dep)
		case strings.HasPrefix(dep, "yanzheng/") && dep != "yanzheng/models" && dep != "yanzheng/internal/wechat":
			t.Errorf("%s is imported: an adapter imports only models", dep)
		}
	}
	for _, dep := range deps("./sandbox") {
		if strings.Contains(dep, "wechat/v2") || dep == "yanzheng/models" {
			t.Errorf("the sandbox imports %s: it must not share what it is there to check", dep)
		}
	}
}
