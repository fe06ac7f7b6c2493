package main

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"yanzheng/internal/wechat/sandbox"
)

// TestFaults takes away what the real mode stands on, one thing after the other.
func TestFaults(t *testing.T) {
	w := realWorld(t)
	t.Run("check file", func(t *testing.T) { testCheckFile(t, w) })
	t.Run("no demonstration", func(t *testing.T) { testNoDemonstration(t, w) })
	t.Run("WeChat", func(t *testing.T) { testWeChatFails(t, w) })
	t.Run("Redis", func(t *testing.T) { testRedisAway(t, w) })
	t.Run("database", func(t *testing.T) { testDatabaseAway(t, w) })
	t.Run("silent database", func(t *testing.T) { testDatabaseSilent(t, w) })
	t.Run("ours", func(t *testing.T) { testOurFault(t, w) })
}

func testCheckFile(t *testing.T, w *world) {
	c := newClient(t, w.process)
	for _, accept := range []string{"*/*", "application/json", "text/html"} {
		a := c.ask("GET", "/v/MP_verify_x1.txt", "", "Accept", accept)
		if a.status != http.StatusOK || string(a.body) != "x1y2z3" {
			t.Errorf("Accept %s: %d %q", accept, a.status, a.body)
		}
	}
	if a := c.ask("HEAD", "/v/MP_verify_x1.txt", ""); a.status != http.StatusOK {
		t.Errorf("HEAD: %d", a.status)
	}
}

// testNoDemonstration: what belongs to the embedded mode is not there, and any Host is served, as a proxy may send it.
func testNoDemonstration(t *testing.T, w *world) {
	c := newClient(t, w.process)
	c.ask("GET", "/demo.json", "").refused(t, http.StatusNotFound, "no_such_address")
	c.ask("GET", "/demo.json", "", "Accept", "text/html")
	if a := c.ask("GET", "/", "", "Host", "check.example.org"); a.status != http.StatusOK || strings.Contains(string(a.body), "演示") {
		t.Errorf("the start page is %d, or speaks of a demonstration", a.status)
	}
	if strings.Contains(w.log.String(), "sandbox") == false {
		t.Error("nobody was warned that a sandbox answers log-ins")
	}
}

// later checks that a refusal says when to come back.
func later(t *testing.T, what string, a answer) {
	t.Helper()
	seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
	if (a.status != http.StatusServiceUnavailable && a.status != http.StatusTooManyRequests) || err != nil || seconds < 1 {
		t.Errorf("%s: %d, Retry-After %q: %.300s", what, a.status, a.header.Get("Retry-After"), a.body)
	}
}

func testWeChatFails(t *testing.T, w *world) {
	c := newClient(t, w.process)
	users := w.count(t, "SELECT COUNT(*) FROM users") + w.count(t, "SELECT COUNT(*) FROM sessions")
	for _, f := range []struct {
		fault  sandbox.Fault
		status int
		code   string
	}{
		{sandbox.Fault{ErrCode: -1}, 503, "wechat_busy"},
		{sandbox.Fault{ErrCode: 45011}, 429, "wechat_rate_limited"},
		{sandbox.Fault{ErrCode: 40226}, 403, "wechat_account_blocked"},
		{sandbox.Fault{ErrCode: 40125}, 500, "wechat_misconfigured"},
		{sandbox.Fault{ErrCode: 40029}, 401, "login_code_used_or_expired"},
		{sandbox.Fault{ErrCode: 99999}, 503, "wechat_unavailable"},
		{sandbox.Fault{Status: 502, Body: []byte("bad gateway " + appSecret)}, 503, "wechat_unavailable"},
		{sandbox.Fault{Body: []byte(`{"openid":"` + openID)}, 503, "wechat_unavailable"},
	} {
		w.sandbox.FailNext(f.fault)
		a := c.entering(w.code())
		a.refused(t, f.status, f.code)
		if f.status == 503 || f.status == 429 {
			later(t, f.code, a)
		}
	}
	if n := w.count(t, "SELECT COUNT(*) FROM users") + w.count(t, "SELECT COUNT(*) FROM sessions"); n != users {
		t.Error("a log-in that failed left something behind")
	}
}

// testRedisAway: slower, not wrong. Every scan is answered from the database, and what is decided meanwhile counts at once.
func testRedisAway(t *testing.T, w *world) {
	r, code := w.certified(t, "REDIS")
	user := w.user(t)
	user.scan(code.Code)
	if v := user.scan(code.Code); v.Source != "cache" {
		t.Errorf("the second scan comes from %s, want the cache", v.Source)
	}
	w.redis.Kill()
	for range 10 { // more than it takes to open the breaker
		if v := user.scan(code.Code); v.is() != "valid/in_force" || v.Source != "database" {
			t.Errorf("without Redis: %s from %s", v.is(), v.Source)
		}
	}
	if v := user.public(code.digits()); v.is() != "valid/in_force" {
		t.Errorf("in public: %s", v.is())
	}
	if in := user.logIn(w.code()); in.Token == "" {
		t.Error("no log-in without Redis")
	}
	within(t, 5*time.Second, "/readyz has looked again", func() bool {
		a := user.ask("GET", "/readyz", "")
		return a.status == http.StatusOK && strings.Contains(string(a.body), `"redis":"down"`)
	})
	if d := decide(t, w.env, "suspend", r); d.Propagated != "pending" {
		t.Errorf("propagated is %v without Redis", d.Propagated)
	}
	if v := user.scan(code.Code); v.is() != "valid/suspended" || v.Usable {
		t.Errorf("after a suspension: %s", v.is())
	}

	w.redis.Start()
	within(t, 10*time.Second, "the cache serves again", func() bool {
		v := user.scan(code.Code)
		if v.is() != "valid/suspended" {
			t.Errorf("back comes %s", v.is())
		}
		return v.Source == "cache"
	})
	within(t, 10*time.Second, "the relay has caught up", func() bool {
		return w.count(t, "SELECT COUNT(*) FROM events WHERE propagated_at = 0") == 0
	})
	if d := decide(t, w.env, "restore", r); d.Propagated != true {
		t.Errorf("propagated is %v", d.Propagated)
	}
	if v := user.scan(code.Code); v.is() != "valid/in_force" {
		t.Errorf("restored: %s", v.is())
	}
}

// testDatabaseAway: what the cache holds, and was true a moment ago, is answered and recorded; for all else there is no
// verdict, neither valid nor unknown; what needs no database goes on.
func testDatabaseAway(t *testing.T, w *world) {
	_, cached := w.certified(t, "CACHED")
	r, code := w.certified(t, "DB")
	user := w.user(t)
	user.scan(cached.Code)
	stranger := strings.Repeat("0", 184)
	away := func(redis string) {
		t.Helper()
		scan := user.scanned(code.Code)
		scan.refused(t, http.StatusServiceUnavailable, "unavailable")
		public := user.ask("GET", "/v/"+code.digits(), "", "Accept", "application/json")
		public.refused(t, http.StatusServiceUnavailable, "unavailable")
		lookUp := user.lookUp("name", r.Person.Name, "certificate_number", r.CertificateNumber)
		lookUp.refused(t, http.StatusServiceUnavailable, "unavailable")
		logIn := user.entering(w.code())
		logIn.refused(t, http.StatusServiceUnavailable, "unavailable")
		var ready answer
		within(t, 5*time.Second, "/readyz has looked again", func() bool {
			ready = user.ask("GET", "/readyz", "")
			return ready.status != http.StatusOK
		})
		ready.refused(t, http.StatusServiceUnavailable, "unavailable")
		page := user.ask("GET", "/v/"+code.digits(), "", "Accept", "text/html")
		if s := string(page.body); pageChips.MatchString(s) || !strings.Contains(s, "不能当作有效，也不能当作无效") {
			t.Errorf("%s: the page gives a verdict: %s", redis, s)
		}
		for what, a := range map[string]answer{"scan": scan, "public": public, "look-up": lookUp, "log-in": logIn, "/readyz": ready, "page": page} {
			later(t, redis+": "+what, a)
		}
		if v := user.public(stranger); v.is() != "unknown/" {
			t.Errorf("%s: a code that the signature alone refuses is %s", redis, v.is())
		}
		if a := user.ask("GET", "/healthz", ""); a.status != http.StatusOK {
			t.Errorf("%s: the process calls itself dead", redis)
		}
	}
	w.proxy.cut()
	away("Redis there")
	kept := user.scan(cached.Code)
	if kept.is() != "valid/in_force" || kept.Source != "cache" {
		t.Errorf("what is cached is %s from %s", kept.is(), kept.Source)
	}
	w.proxy.mend()
	if n := w.count(t, "SELECT COUNT(*) FROM scans WHERE id = ?", kept.ScanID); n != 1 {
		t.Errorf("the scan that was answered meanwhile is in the database %d times", n)
	}
	w.proxy.cut()
	fresh := issued{Code: code.Code}
	w.redis.Kill() // both: nothing is known, not even who asks
	away("Redis away")
	if a := user.scanned(cached.Code); a.status != http.StatusServiceUnavailable {
		t.Errorf("with both away what was cached is answered %d", a.status)
	}
	later(t, "HEAD", user.ask("HEAD", "/v/"+fresh.digits(), "", "Accept", "text/html"))
	if r := command(t, w.env, "suspend", r.CertificateNumber, "--reason", "测试"); r.status != exitFailed {
		t.Errorf("a decision without a database: %+v", r)
	}

	w.proxy.mend()
	within(t, 5*time.Second, "scans are answered again, without Redis", func() bool {
		a := user.scanned(code.Code)
		return a.status == http.StatusOK && a.verdict(t).is() == "valid/in_force"
	})
	w.redis.Start()
	within(t, 10*time.Second, "the cache serves again", func() bool { return user.scan(code.Code).Source == "cache" })
}

// testDatabaseSilent: a database that takes questions and does not answer costs a bounded time, and no verdict.
func testDatabaseSilent(t *testing.T, w *world) {
	_, code := w.certified(t, "SILENT")
	user := w.user(t)
	end := w.proxy.silence()
	var all sync.WaitGroup
	for what, ask := range map[string]func() answer{
		"scan":    func() answer { return user.scanned(code.Code) },
		"public":  func() answer { return user.ask("GET", "/v/"+code.digits(), "", "Accept", "application/json") },
		"look-up": func() answer { return user.lookUp("name", "王书涵", "certificate_number", "1") },
		"/readyz": func() answer { return user.ask("GET", "/readyz", "") },
	} {
		all.Go(func() {
			began := time.Now()
			a := ask()
			later(t, what, a)
			a.refused(t, http.StatusServiceUnavailable, "unavailable")
			if took := time.Since(began); took > requestTimeout+time.Second {
				t.Errorf("%s: it took %v to give up", what, took)
			}
		})
	}
	all.Wait()
	end()
	within(t, 5*time.Second, "scans are answered again", func() bool {
		a := user.scanned(code.Code)
		return a.status == http.StatusOK && a.verdict(t).is() == "valid/in_force"
	})
}

// testOurFault: a fault of ours is a 500 that says nothing of itself, and the log says what it was.
func testOurFault(t *testing.T, w *world) {
	r, code := w.certified(t, "OURS")
	user := w.user(t)
	w.exec(t, "UPDATE persons SET id_number_sealed = 'broken' WHERE name = ? AND id IN (SELECT person_id FROM registrations WHERE certificate_number = ?)", r.Person.Name, r.CertificateNumber)
	w.exec(t, "RENAME TABLE registration_blocks TO blocks_elsewhere")
	defer w.exec(t, "RENAME TABLE blocks_elsewhere TO registration_blocks")
	answers := map[string]answer{
		"scan":    user.scanned(code.Code),
		"public":  user.ask("GET", "/v/"+code.digits(), "", "Accept", "application/json"),
		"look-up": user.lookUp("name", r.Person.Name, "certificate_number", r.CertificateNumber),
		"page":    user.ask("GET", "/v/"+code.digits(), "", "Accept", "text/html"),
		"HEAD":    user.ask("HEAD", "/v/"+code.digits(), ""),
	}
	for what, a := range answers {
		if a.status != http.StatusInternalServerError {
			t.Errorf("%s: %d %.300s", what, a.status, a.body)
		}
		for _, inner := range []string{"sealed", "blocks", "Error 1146", "store", "SELECT", "goroutine", ".go:"} {
			if strings.Contains(string(a.body), inner) {
				t.Errorf("%s tells %q: %s", what, inner, a.body)
			}
		}
	}
	for _, what := range []string{"scan", "look-up"} {
		if id := answers[what].header.Get("X-Request-Id"); !strings.Contains(w.log.String(), id) {
			t.Errorf("the log does not know request %s", id)
		}
	}
}
