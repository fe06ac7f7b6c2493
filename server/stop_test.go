package main

import (
	"net/http"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"yanzheng/internal/wechat/sandbox"
)

// TestGracefulEnd sends the signal while a request waits for WeChat: it is answered in full, and new ones are refused.
func TestGracefulEnd(t *testing.T) {
	w := realWorld(t)
	c := newClient(t, w.process)
	w.sandbox.FailNext(sandbox.Fault{Wait: time.Second})
	code := w.code()
	answered := make(chan answer, 1)
	began := time.Now()
	go func() { answered <- c.entering(code) }()
	within(t, 10*time.Second, "the request is on its way", func() bool { return w.asked.Load() > 0 })
	if status := w.stop(t); status != exitOK {
		t.Errorf("the server ended with %d", status)
	}
	select {
	case a := <-answered:
		if a.status != http.StatusOK {
			t.Errorf("the request under way got %d: %s", a.status, a.body)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the request under way was never answered")
	}
	if took := time.Since(began); took < time.Second || took > 10*time.Second {
		t.Errorf("it took %v to end", took)
	}
	if n := w.count(t, "SELECT COUNT(*) FROM sessions"); n != 1 {
		t.Errorf("%d sessions are kept, want that of the last request", n)
	}
	if r, err := http.Get(c.base + "/healthz"); err == nil {
		r.Body.Close()
		t.Error("it still listens")
	}
}

// TestNothingLeftRunning starts and stops servers and looks what still runs.
func TestNothingLeftRunning(t *testing.T) {
	w := realEnvironment(t)
	cycle := func() {
		embedded := serve(t, environment{"LISTEN": "127.0.0.1:0", "DATA_DIR": filepath.Join(t.TempDir(), "data")})
		c := newClient(t, embedded)
		c.logIn(demoOf(t, embedded).Logins[0].Code)
		w.process = serve(t, w.env)
		w.user(t).scan("1")
		for _, p := range []*process{embedded, w.process} {
			if status := p.stop(t); status != exitOK {
				t.Errorf("it ended with %d", status)
			}
		}
	}
	cycle() // what is made once for the whole process
	before := running()
	const cycles = 3
	for range cycles {
		cycle()
	}
	var left []string
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		left = left[:0]
		for who, n := range running() {
			if n > before[who] && !strings.HasPrefix(who, "gorm.io/gorm/internal/lru.") { // gorm gives no way to end this one
				left = append(left, who+": "+itoa(n-before[who])+" more")
			}
		}
		if len(left) == 0 || time.Now().After(end) {
			break
		}
	}
	if len(left) > 0 {
		t.Errorf("after %d servers there still run:\n%s", cycles, strings.Join(left, "\n"))
	}
}

var creator = regexp.MustCompile(`created by (\S+)`)

// running counts this process's goroutines by the function that started them.
func running() map[string]int {
	buffer := make([]byte, 4<<20)
	all := map[string]int{}
	for _, g := range strings.Split(string(buffer[:runtime.Stack(buffer, true)]), "\n\n") {
		if m := creator.FindStringSubmatch(g); m != nil {
			all[m[1]]++
		}
	}
	return all
}
