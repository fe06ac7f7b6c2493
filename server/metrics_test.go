package main

import (
	"bufio"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"yanzheng/internal/testkit"
)

// figures reads what a monitor reads.
func figures(t *testing.T, admin string) map[string]float64 {
	t.Helper()
	a, err := http.Get("http://" + admin + "/metrics")
	testkit.Must(t, err)
	defer a.Body.Close()
	if a.StatusCode != http.StatusOK {
		t.Fatalf("/metrics is %d", a.StatusCode)
	}
	found, helped := map[string]float64{}, map[string]bool{}
	for lines := bufio.NewScanner(a.Body); lines.Scan(); {
		if help, ok := strings.CutPrefix(lines.Text(), "# HELP "); ok {
			name, text, _ := strings.Cut(help, " ")
			helped[name] = text != ""
		}
		name, value, ok := strings.Cut(lines.Text(), " ")
		if n, err := strconv.ParseFloat(value, 64); ok && err == nil && strings.HasPrefix(name, "yanzheng_") {
			found[name] = n
			if plain, _, _ := strings.Cut(name, "{"); !helped[plain] {
				t.Errorf("nobody says what %s is", name)
			}
		}
	}
	return found
}

// Those who run the service see how fresh it is and what waits, and the public sees nothing of it.
func TestMetrics(t *testing.T) {
	w := realEnvironment(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Must(t, err)
	testkit.Must(t, free.Close())
	w.env["ADMIN_LISTEN"] = free.Addr().String()
	w.process = serve(t, w.env)
	admin := free.Addr().String()
	if a := newClient(t, w.process).ask("GET", "/metrics", ""); a.status != http.StatusNotFound {
		t.Errorf("the public sees %d", a.status)
	}
	r, code := w.certified(t, "METRICS")
	w.user(t).scan(code.Code)
	w.drained(t)
	within(t, 10*time.Second, "the heart beats", func() bool { return has(figures(t, admin), "yanzheng_heartbeat") })
	now := figures(t, admin)
	if now["yanzheng_heartbeat_age_seconds"] > 10 || now["yanzheng_outbox_pending"] != 0 ||
		now["yanzheng_scanlog_waiting"] != 0 || now["yanzheng_scanlog_set_aside"] != 0 || now["yanzheng_database_left_out"] != 0 {
		t.Errorf("in good health: %v", now)
	}
	for _, line := range []string{"entrance", "press", "album", "bodies", "looks"} {
		for _, what := range []string{"waiting", "working"} {
			if n, ok := now["yanzheng_line_"+what+`{line="`+line+`"}`]; !ok || n != 0 {
				t.Errorf("in line %s: %v %s, told %t", line, n, what, ok)
			}
		}
	}
	w.redis.Kill()
	if d := decide(t, w.env, "suspend", r); d.Propagated != "pending" {
		t.Errorf("propagated is %v", d.Propagated)
	}
	time.Sleep(10 * time.Millisecond)
	now = figures(t, admin)
	if now["yanzheng_outbox_pending"] != 1 || now["yanzheng_outbox_oldest_seconds"] <= 0 || has(now, "yanzheng_scanlog") {
		t.Errorf("without Redis: %v", now)
	}
	w.redis.Start()
	within(t, 10*time.Second, "nothing is pending", func() bool {
		now := figures(t, admin)
		return now["yanzheng_outbox_pending"] == 0 && now["yanzheng_scanlog_waiting"] == 0
	})
	// A database that is silent takes nothing from what Redis and this process know, and nobody invents a figure for it.
	end := w.proxy.silence()
	now = figures(t, admin)
	if has(now, "yanzheng_outbox") || !has(now, "yanzheng_scanlog_waiting") || !has(now, "yanzheng_scanlog_oldest_seconds") ||
		!has(now, "yanzheng_scanlog_set_aside") || !has(now, "yanzheng_heartbeat") {
		t.Errorf("with a silent database: %v", now)
	}
	end()
	w.proxy.cut()
	if now = figures(t, admin); has(now, "yanzheng_outbox") || !has(now, "yanzheng_scanlog_waiting") {
		t.Errorf("without the database: %v", now)
	}
	w.proxy.mend()
}

// has tells whether a figure is there whose name begins so.
func has(figures map[string]float64, prefix string) bool {
	for name := range figures {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
