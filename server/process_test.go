package main

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The whole-system tests start the program as its users do: with arguments, an environment, and two streams to watch.

// tape keeps what a stream was given. Everything on any tape is searched for secrets when all tests are done.
type tape struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func newTape() *tape {
	tp := &tape{}
	recorded.mu.Lock()
	defer recorded.mu.Unlock()
	recorded.tapes = append(recorded.tapes, tp)
	return tp
}

func (t *tape) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func (t *tape) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// environment is what the program is given, by name without YANZHENG_.
type environment map[string]string

func (e environment) list() []string {
	var all []string
	for name, value := range e {
		all = append(all, "YANZHENG_"+name+"="+value)
	}
	slices.Sort(all)
	return all
}

// process is a running server.
type process struct {
	address string // of the public listener
	out     *tape
	log     *tape
	cancel  context.CancelFunc
	ended   chan int
}

var servingLine = regexp.MustCompile(`serving"? .*?address=(\S+)|"serving","address":"([^"]+)"`)

// serve starts a server and waits until it listens. It is stopped with the test, if not before.
func serve(t testing.TB, env environment, args ...string) *process {
	t.Helper()
	return serveWith(t, env, nil, args...)
}

// serveWith starts a server in which somebody can be a holder.
func serveWith(t testing.TB, env environment, other func(*server) otherHalf, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	p := &process{out: newTape(), log: newTape(), cancel: cancel, ended: make(chan int, 1)}
	program := &program{environ: env.list(), stdout: p.out, stderr: p.log, other: other}
	go func() { p.ended <- program.run(ctx, args) }()
	t.Cleanup(func() { p.stop(t) })
	within(t, 60*time.Second, "the server listens", func() bool {
		select {
		case status := <-p.ended:
			p.ended <- status
			t.Fatalf("the server ended with %d:\n%s", status, p.log)
		default:
		}
		m := servingLine.FindStringSubmatch(p.log.String())
		if m == nil {
			return false
		}
		p.address = m[1] + m[2]
		return true
	})
	return p
}

// stop sends what a signal would, and gives the exit status.
func (p *process) stop(t testing.TB) int {
	t.Helper()
	p.cancel()
	select {
	case status := <-p.ended:
		p.ended <- status
		return status
	case <-time.After(30 * time.Second):
		t.Errorf("the server does not end:\n%s", p.log)
		return -1
	}
}

// told is what a sub-command said.
type told struct {
	status      int
	out, errors string
}

// command runs a sub-command to its end.
func command(t testing.TB, env environment, args ...string) told {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a server that should have refused to start would run for ever
	defer cancel()
	return commandUntil(ctx, env, args...)
}

func commandUntil(ctx context.Context, env environment, args ...string) told {
	out, errors := newTape(), newTape()
	status := run(ctx, args, env.list(), out, errors)
	return told{status, out.String(), errors.String()}
}

// must runs a sub-command that is to succeed, with --json, and reads its answer.
func must[T any](t testing.TB, env environment, args ...string) (answer T) {
	t.Helper()
	r := command(t, env, append([]string{"--json"}, args...)...)
	if r.status != exitOK {
		t.Fatalf("%s: exit status %d: %s", strings.Join(args, " "), r.status, r.errors)
	}
	return read[T](t, r.out)
}

// read reads exactly one JSON value in which every member is known.
func read[T any](t testing.TB, text string) (v T) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil || d.More() {
		t.Fatalf("not the JSON that was expected: %v\n%s", err, text)
	}
	return v
}

// within waits for something that must come to pass.
func within(t testing.TB, d time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(d); ; time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", d, what)
		}
	}
}
