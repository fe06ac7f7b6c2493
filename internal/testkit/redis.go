package testkit

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// RedisServer is a redis-server process of one test alone: an empty key space, and a test may kill it.
//
// Start, Stop and Kill may be called from any goroutine; what goes wrong there fails the test without ending it.
type RedisServer struct {
	Addr     string // 127.0.0.1:port, the same after every start
	Password string

	t      testing.TB
	dir    string
	config string

	mu      sync.Mutex
	process *process // nil while it is down
}

// Redis starts a server and ends it with the test. It keeps nothing on disk unless config says so: lines as in
// redis.conf, such as "appendonly yes", which then outlive Stop and Kill.
func Redis(t testing.TB, config ...string) *RedisServer {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		missing(t, "redis-server is not installed")
	}
	r := &RedisServer{t: t, dir: t.TempDir(), Password: random(16)}
	t.Cleanup(r.Kill)

	var err error
	for range 5 { // another process may take the port between our choice and its use
		port := 10000 + rand.IntN(10000) // #nosec G404 -- below the range of outgoing connections, apart from scripts/services
		r.Addr = fmt.Sprintf("127.0.0.1:%d", port)
		r.config = strings.Join(append([]string{
			"bind 127.0.0.1", fmt.Sprintf("port %d", port), "requirepass " + r.Password, "dir " + r.dir, `save ""`,
		}, config...), "\n") + "\n"
		if err = r.start(); err == nil {
			return r
		}
	}
	t.Fatalf("redis-server does not start: %v\n%s", err, r.log())
	return nil
}

// URL gives the address and password in the form that clients parse.
func (r *RedisServer) URL() string { return fmt.Sprintf("redis://:%s@%s/0", r.Password, r.Addr) }

// Start starts a server that is down, on its old address, and returns when it answers. It does nothing to one that runs.
func (r *RedisServer) Start() {
	r.t.Helper()
	var err error
	for range 20 { // the old address may be in use for a moment
		if err = r.start(); err == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	r.t.Errorf("redis-server does not start again: %v\n%s", err, r.log())
}

// Stop ends the server in good order (SIGTERM) and waits for its end.
func (r *RedisServer) Stop() { r.end(syscall.SIGTERM) }

// Kill ends the server as a power cut does (SIGKILL).
func (r *RedisServer) Kill() { r.end(syscall.SIGKILL) }

func (r *RedisServer) start() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.process != nil {
		return nil
	}
	// Without the cancel: the test's context ends before its clean-ups, which may still need the server.
	ctx := context.WithoutCancel(r.t.Context())
	p, err := launch(ctx, r.config, r.logFile())
	if err != nil {
		return err
	}
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		if err = ping(ctx, r.Addr, r.Password); err == nil {
			r.process = p
			return nil
		}
		select {
		case <-p.ended:
			return errors.New("it ended at once")
		case <-time.After(wait):
		}
		if time.Since(p.since) > 20*time.Second {
			_ = p.signal(syscall.SIGKILL)
			<-p.ended
			return err
		}
	}
}

func (r *RedisServer) end(signal os.Signal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.process == nil {
		return
	}
	if err := r.process.signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		r.t.Errorf("cannot end redis-server: %v", err)
	}
	<-r.process.ended
	r.process = nil
}

func (r *RedisServer) logFile() string { return filepath.Join(r.dir, "log") }

// log gives what the server said; for a failed start only.
func (r *RedisServer) log() string {
	b, err := os.ReadFile(r.logFile())
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// process is one run of redis-server.
type process struct {
	since  time.Time
	signal func(os.Signal) error
	ended  chan struct{}
}

// launch gives the configuration through a pipe, as every user of the machine can read arguments.
func launch(ctx context.Context, config, logFile string) (*process, error) {
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) // #nosec G304 -- in the test's own folder
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "redis-server", "-")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(config), log, log
	dieWithUs(cmd)

	p := &process{since: time.Now(), ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		defer log.Close()
		// The kernel's "end when the parent ends" means the parent's thread: keep this one for as long.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is the test's own doing
			close(p.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	p.signal = cmd.Process.Signal
	return p, nil
}

// ping asks with the password, so that no other server on that port can answer for ours.
func ping(ctx context.Context, addr, password string) error {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := fmt.Fprintf(conn, "AUTH %s\r\nPING\r\n", password); err != nil {
		return err
	}
	answer := bufio.NewReader(conn)
	for _, want := range []string{"+OK\r\n", "+PONG\r\n"} {
		got, err := answer.ReadString('\n')
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("it answers %q", got)
		}
	}
	return nil
}
