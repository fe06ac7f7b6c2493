package main

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yanzheng/internal/testkit"
)

// Commands end within seconds on a database that does not answer, and say whether anything was committed and what to look
// at; a start does too.
func TestCommandsWithoutADatabase(t *testing.T) {
	w := realEnvironment(t)
	r := people("AWAY", 1)[0]
	bring(t, w.env, r)
	forms := map[string][]string{
		"suspend": {"suspend", r.CertificateNumber, "--reason", "测试"}, "grant": {"grant", "u1", "inspector"},
		"issue-code": {"issue-code", r.CertificateNumber}, "import": {"import", sheetFile(t, cells(r))}, "migrate": {"migrate"}, "serve": {"serve"},
	}
	check := func(how string) {
		t.Helper()
		var all sync.WaitGroup
		for name, args := range forms {
			all.Go(func() {
				began := time.Now()
				got := command(t, w.env, args...)
				if took := time.Since(began); took > openPatience+answerPatience+5*time.Second {
					t.Errorf("%s, %s: it took %v", how, name, took)
				}
				for _, want := range []string{"database.address", "nothing was changed", "什么也没有更改"} {
					if got.status != exitFailed || !strings.Contains(got.errors, want) {
						t.Errorf("%s, %s does not say %q: %d %s", how, name, want, got.status, got.errors)
					}
				}
			})
		}
		all.Wait()
	}
	w.proxy.cut()
	check("refuses")
	w.proxy.mend()
	end := w.proxy.silence()
	check("is silent")
	end()
}

// The commit is sent and its answer is lost: the command says that it does not know, and to run it again does no harm.
func TestCommitWithoutAnAnswer(t *testing.T) {
	w := realEnvironment(t)
	r := people("LOST", 1)[0]
	bring(t, w.env, r)
	way := newSwallower(t, w.env["DATABASE_ADDRESS"])
	env := environment{}
	for name, value := range w.env {
		env[name] = value
	}
	env["DATABASE_ADDRESS"], env["DATABASE_READ_TIMEOUT"] = way.address, "1s"
	suspend := []string{"suspend", r.CertificateNumber, "--reason", "测试"}
	got := command(t, env, suspend...)
	if got.status != exitUnknown || !strings.Contains(got.errors, "not known whether the change was committed") || !strings.Contains(got.errors, "state_conflict") || !strings.Contains(got.errors, "不知道更改是否已提交") {
		t.Errorf("%d: %s", got.status, got.errors)
	}
	if n := w.count(t, "SELECT COUNT(*) FROM events WHERE kind = 'suspended'"); n != 1 {
		t.Errorf("%d suspensions, want the one that was committed", n)
	}
	if got := command(t, w.env, append([]string{"--json"}, suspend...)...); got.status != exitFailed || !strings.Contains(got.errors, `"state_conflict"`) {
		t.Errorf("again: %+v", got)
	}
	if n := w.count(t, "SELECT COUNT(*) FROM events WHERE kind = 'suspended'"); n != 1 {
		t.Errorf("again: %d suspensions", n)
	}
}

// A server that starts without Redis serves, and its log names the settings to look at.
func TestStartWithoutRedis(t *testing.T) {
	w := realEnvironment(t)
	w.redis.Kill()
	w.process = serve(t, w.env)
	within(t, 10*time.Second, "it says what to look at", func() bool { return strings.Contains(w.log.String(), "redis.addresses") })
	w.stop(t)
	w.redis.Start()
	w.env["REDIS_PASSWORD_FILE"] = file(t, "password", []byte("another\n"))
	w.process = serve(t, w.env)
	within(t, 10*time.Second, "it says which secret", func() bool { return strings.Contains(w.log.String(), "redis.username, redis.password_file") })
}

// swallower carries everything to a server, and nothing back any more once a commit has gone through.
type swallower struct {
	address string
	mute    atomic.Bool
}

func newSwallower(t *testing.T, target string) *swallower {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Must(t, err)
	s := &swallower{address: l.Addr().String()}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", target)
			if err != nil {
				_ = near.Close()
				continue
			}
			go s.carry(near, far, true)
			go s.carry(far, near, false)
		}
	}()
	return s
}

func (s *swallower) carry(from, to net.Conn, upward bool) {
	defer from.Close()
	defer to.Close()
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if upward && bytes.Contains(b[:n], []byte("COMMIT")) {
			s.mute.Store(true) // before the server can answer
		}
		if upward || !s.mute.Load() {
			if _, err := io.Copy(to, bytes.NewReader(b[:n])); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
