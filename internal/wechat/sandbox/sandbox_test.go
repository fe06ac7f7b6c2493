package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// reply is all that an answer can hold.
type reply struct {
	ErrCode    int    `json:"errcode"`
	ErrMsg     string `json:"errmsg"`
	OpenID     string `json:"openid"`
	SessionKey string `json:"session_key"`
}

func request(change url.Values) *http.Request {
	q := url.Values{"appid": {"wxapp"}, "secret": {"secret"}, "grant_type": {"authorization_code"}}
	for k, v := range change {
		q[k] = v
	}
	r := httptest.NewRequest(http.MethodGet, "/sns/jscode2session?"+q.Encode(), nil)
	r.RemoteAddr, r.Host = "127.0.0.1:50000", "127.0.0.1:8081"
	return r
}

func ask(t *testing.T, s *Sandbox, r *http.Request) reply {
	t.Helper()
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	var got reply
	if rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != "text/plain" {
		t.Fatalf("HTTP %d, %s", rec.Code, rec.Header().Get("Content-Type"))
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
		t.Fatalf("%q: %v", rec.Body, err)
	}
	return got
}

func login(t *testing.T, s *Sandbox, code string) reply {
	t.Helper()
	return ask(t, s, request(url.Values{"js_code": {code}}))
}

func newSandbox(change func(*Config)) *Sandbox {
	cfg := Config{AppID: "wxapp", AppSecret: "secret", Now: time.Now}
	if change != nil {
		change(&cfg)
	}
	return New(cfg)
}

func TestClockIsRequired(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("accepted")
		}
	}()
	New(Config{})
}

func TestLogin(t *testing.T) {
	s := newSandbox(nil)
	code := s.IssueLoginCode("o1")
	if !regexp.MustCompile(`^[0-9A-Za-z_-]{32}$`).MatchString(code) {
		t.Errorf("code %q", code)
	}
	first := login(t, s, code)
	if first.OpenID != "o1" || first.ErrCode != 0 || len(first.SessionKey) != 24 {
		t.Errorf("got %+v", first)
	}
	if again := login(t, s, code); again.ErrCode != 40163 || again.OpenID != "" || again.SessionKey != "" {
		t.Errorf("again: %+v", again)
	}
	second := login(t, s, s.IssueLoginCode("o1"))
	if second.OpenID != "o1" || second.SessionKey == first.SessionKey {
		t.Errorf("a second log-in: %+v", second)
	}
}

func TestRefusals(t *testing.T) {
	s := newSandbox(nil)
	code := s.IssueLoginCode("o1")
	for _, c := range []struct {
		change url.Values
		want   int
		msg    string
	}{
		{url.Values{"appid": {"wxother"}}, 40013, "invalid appid"},
		{url.Values{"appid": {""}}, 41002, "appid missing"},
		{url.Values{"secret": {"wrong"}}, 40125, "invalid appsecret"},
		{url.Values{"secret": {""}}, 41004, "appsecret missing"},
		{url.Values{"grant_type": {"client_credential"}}, 40002, "invalid grant_type"},
		{url.Values{"js_code": {""}}, 41008, "missing code"},
		{url.Values{"js_code": {"unknown"}}, 40029, "invalid code"},
	} {
		q := url.Values{"js_code": {code}}
		for k, v := range c.change {
			q[k] = v
		}
		got := ask(t, s, request(q))
		if got.ErrCode != c.want || !regexp.MustCompile(`^`+c.msg+`, rid: [0-9a-f]{8}-[0-9A-Za-z_-]{8}$`).MatchString(got.ErrMsg) {
			t.Errorf("%v: %+v", c.change, got)
		}
	}
	post := request(url.Values{"js_code": {code}})
	post.Method = http.MethodPost
	if got := ask(t, s, post); got.ErrCode != 43001 {
		t.Errorf("POST: %+v", got)
	}
	if got := login(t, s, code); got.OpenID != "o1" {
		t.Errorf("a refused request used the code up: %+v", got)
	}
}

func TestCodeLife(t *testing.T) {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	s := newSandbox(func(c *Config) { c.Now = func() time.Time { return now } })
	inTime, late := s.IssueLoginCode("o1"), s.IssueLoginCode("o1")
	now = now.Add(CodeLife - 1)
	if got := login(t, s, inTime); got.OpenID != "o1" {
		t.Errorf("just in time: %+v", got)
	}
	now = now.Add(1)
	if got := login(t, s, late); got.ErrCode != 40029 {
		t.Errorf("expired: %+v", got)
	}
	s.IssueLoginCode("o2")
	if len(s.codes) != 1 || len(s.order) != 1 {
		t.Errorf("expired codes are kept: %d, %d", len(s.codes), len(s.order))
	}
}

func TestCodesAreBounded(t *testing.T) {
	s := newSandbox(func(c *Config) { c.MaxCodes = 3 })
	var codes []string
	for i := range 5 {
		codes = append(codes, s.IssueLoginCode(fmt.Sprint("o", i)))
	}
	if len(s.codes) != 3 || len(s.order) != 3 {
		t.Errorf("kept %d, %d", len(s.codes), len(s.order))
	}
	for i, code := range codes {
		if got := login(t, s, code); (got.ErrCode == 0) != (i >= 2) {
			t.Errorf("code %d: %+v", i, got)
		}
	}
}

func TestLoopbackOnly(t *testing.T) {
	s := newSandbox(nil)
	s.FailNext(Fault{ErrCode: -1}) // must not be used up by those refused
	for _, c := range []struct {
		remote, host string
		want         int
	}{
		{"192.0.2.1:1", "127.0.0.1", 403},
		{"[2001:db8::1]:1", "127.0.0.1", 403},
		{"", "127.0.0.1", 403},
		{"@", "127.0.0.1", 403},
		{"127.0.0.1:1", "", 403},
		{"127.0.0.1:1", "rebind.example.org", 403},
		{"127.0.0.1:1", "rebind.example.org:8081", 403},
		{"127.0.0.1:1", "127.0.0.1.example.org", 403},
		{"127.0.0.1:1", "192.0.2.1:8081", 403},
		{"127.0.0.1:1", "localhost:8081", 200},
		{"127.0.0.1:1", "127.0.0.1", 200},
		{"[::1]:1", "[::1]", 200},
		{"[::1]:1", "[::1]:8081", 200},
		{"[::ffff:127.0.0.1]:1", "localhost", 200},
	} {
		r := request(url.Values{"js_code": {"unknown"}})
		r.RemoteAddr, r.Host = c.remote, c.host
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, r)
		if rec.Code != c.want {
			t.Errorf("from %q to %q: %d, want %d", c.remote, c.host, rec.Code, c.want)
		}
		if c.want == 403 && len(s.faults) != 1 {
			t.Errorf("from %q to %q: used a fault up", c.remote, c.host)
		}
	}
}

func TestUnknownPath(t *testing.T) {
	s := newSandbox(nil)
	s.FailNext(Fault{ErrCode: -1})
	r := request(nil)
	r.URL.Path = "/cgi-bin/token"
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	if rec.Code != http.StatusNotFound || len(s.faults) != 1 {
		t.Errorf("HTTP %d, %d faults left", rec.Code, len(s.faults))
	}
}

func TestFaults(t *testing.T) {
	s := newSandbox(nil)
	code := s.IssueLoginCode("o1")
	s.FailNext(Fault{ErrCode: -1}, Fault{ErrCode: 45011}, Fault{ErrCode: 12345})
	s.FailNext(Fault{Body: []byte{}}, Fault{Body: []byte("garbage")}, Fault{Status: 503, Body: []byte("down")})
	for _, want := range []int{-1, 45011, 12345} {
		if got := login(t, s, code); got.ErrCode != want || got.ErrMsg == "" {
			t.Errorf("want %d, got %+v", want, got)
		}
	}
	for _, want := range []struct {
		status int
		body   string
	}{{200, ""}, {200, "garbage"}, {503, "down"}} {
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, request(url.Values{"js_code": {code}}))
		if rec.Code != want.status || rec.Body.String() != want.body {
			t.Errorf("want %v, got %d %q", want, rec.Code, rec.Body)
		}
	}
	s.FailNext(Fault{ErrCode: -1}, Fault{ErrCode: -1})
	s.Recover()
	if got := login(t, s, code); got.OpenID != "o1" {
		t.Errorf("afterwards: %+v", got)
	}
}

func TestWait(t *testing.T) {
	s := newSandbox(nil)
	code := s.IssueLoginCode("o1")
	s.FailNext(Fault{Wait: 30 * time.Millisecond})
	started := time.Now()
	if got := login(t, s, code); got.OpenID != "o1" || time.Since(started) < 30*time.Millisecond {
		t.Errorf("after %s: %+v", time.Since(started), got)
	}
	// The caller hangs up: no answer, and nobody waits for an hour.
	s.FailNext(Fault{Wait: time.Hour, ErrCode: -1})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, request(url.Values{"js_code": {code}}).WithContext(ctx))
	if rec.Body.Len() != 0 {
		t.Errorf("answered %q", rec.Body)
	}
}

func TestParallel(t *testing.T) {
	s := newSandbox(nil)
	shared := s.IssueLoginCode("shared")
	var in atomic.Int32
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			want := fmt.Sprint("o", i)
			if got := login(t, s, s.IssueLoginCode(want)); got.OpenID != want {
				t.Errorf("%d: %+v", i, got)
			}
			if got := login(t, s, shared); got.ErrCode == 0 {
				in.Add(1)
			} else if got.ErrCode != 40163 {
				t.Errorf("shared: %+v", got)
			}
		})
	}
	wg.Wait()
	if in.Load() != 1 {
		t.Errorf("%d got in with one code", in.Load())
	}
}
