package wechat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"yanzheng/internal/wechat/sandbox"
	"yanzheng/models"
)

func TestOpenID(t *testing.T) {
	w := newWorld(t, Config{}, nil)
	got, err := w.OpenID(t.Context(), w.box.IssueLoginCode(testOpenID))
	if err != nil || got != testOpenID {
		t.Fatalf("got %q, %v", got, err)
	}
	if w.logs.String() != "" {
		t.Errorf("a log-in that went well is logged: %s", w.logs)
	}
}

func TestCodeIsSingleUseAndExpires(t *testing.T) {
	w := newWorld(t, Config{}, nil)
	used := w.box.IssueLoginCode(testOpenID)
	if _, err := w.OpenID(t.Context(), used); err != nil {
		t.Fatal(err)
	}
	late := w.box.IssueLoginCode(testOpenID)
	w.now.Store(int64(sandbox.CodeLife))
	for name, code := range map[string]string{"used": used, "late": late, "unknown": "no_such-code"} {
		_, err := w.OpenID(t.Context(), code)
		wantError(t, err, ErrLoginCodeUsedOrExpired)
		noLeak(t, allText(err), code)
		if w.logs.String() != "" {
			t.Errorf("%s: the user's mistake is logged: %s", name, w.logs)
		}
	}
}

// The SDK pastes the code into the URL: one with an & would overwrite other parameters.
func TestMalformedCodeIsNotSent(t *testing.T) {
	w := newWorld(t, Config{}, nil)
	for _, code := range []string{"", "a&secret=x", "a b", "a%20", "a#", "a/../b", "码", "a\n", "a\x00", "a+b", strings.Repeat("a", 129)} {
		_, err := w.OpenID(t.Context(), code)
		wantError(t, err, ErrLoginCodeMalformed)
		if code != "" && code != "码" {
			noLeak(t, strings.ReplaceAll(allText(err), "malformed", ""), code)
		}
	}
	if n := w.hits.Load(); n != 0 {
		t.Errorf("%d malformed codes were sent", n)
	}
	if _, err := w.OpenID(t.Context(), strings.Repeat("a", 128)); !errors.Is(err, ErrLoginCodeUsedOrExpired) {
		t.Errorf("a code of 128 characters: %v", err)
	}
}

func TestErrCodes(t *testing.T) {
	for _, c := range []struct {
		errCode int
		want    *models.Error
		kind    models.Kind
		code    string
		retry   time.Duration
		level   string // "" when not logged
	}{
		{-1, ErrBusy, models.KindUnavailable, "wechat_busy", 2 * time.Second, "WARN"},
		{40029, ErrLoginCodeUsedOrExpired, models.KindUnauthenticated, "login_code_used_or_expired", 0, ""},
		{40163, ErrLoginCodeUsedOrExpired, models.KindUnauthenticated, "login_code_used_or_expired", 0, ""},
		{45009, ErrRateLimited, models.KindTooMany, "wechat_rate_limited", time.Minute, "WARN"},
		{45011, ErrRateLimited, models.KindTooMany, "wechat_rate_limited", time.Minute, "WARN"},
		{40226, ErrAccountBlocked, models.KindForbidden, "wechat_account_blocked", 0, ""},
		{40013, ErrMisconfigured, models.KindInternal, "wechat_misconfigured", 0, "ERROR"},
		{40125, ErrMisconfigured, models.KindInternal, "wechat_misconfigured", 0, "ERROR"},
		{48001, ErrUnavailable, models.KindUnavailable, "wechat_unavailable", 5 * time.Second, "WARN"},
	} {
		t.Run(fmt.Sprint(c.errCode), func(t *testing.T) {
			w := newWorld(t, Config{}, nil)
			code := w.box.IssueLoginCode(testOpenID)
			w.box.FailNext(sandbox.Fault{ErrCode: c.errCode})
			id, err := w.OpenID(t.Context(), code)
			wantError(t, err, c.want)
			e := models.AsError(err)
			if id != "" || e.Kind != c.kind || e.Code != c.code || e.RetryAfter != c.retry {
				t.Errorf("got %q, %+v", id, e)
			}
			if want := fmt.Sprintf("%s: wechat: errcode %d", c.code, c.errCode); err.Error() != want {
				t.Errorf("got text %q, want %q", err, want)
			}
			logs := w.logs.String()
			if logged := logs != ""; logged != (c.level != "") || !strings.Contains(logs, c.level) {
				t.Errorf("want level %q, got %s", c.level, logs)
			}
			noLeak(t, allText(err)+logs, code)
			// A fault of WeChat's did not use the code up.
			if got, err := w.OpenID(t.Context(), code); err != nil || got != testOpenID {
				t.Errorf("afterwards: %q, %v", got, err)
			}
		})
	}
}

// The real checks of the sandbox, not its script: wrong AppID, wrong secret.
func TestWrongCredentials(t *testing.T) {
	for _, cfg := range []Config{{AppID: "wxother", AppSecret: testSecret}, {AppID: testAppID, AppSecret: "0therSecret0therSecret"}} {
		w := newWorld(t, cfg, nil)
		code := w.box.IssueLoginCode(testOpenID)
		_, err := w.OpenID(t.Context(), code)
		wantError(t, err, ErrMisconfigured)
		if !strings.Contains(w.logs.String(), "ERROR") {
			t.Errorf("not logged as an error: %s", w.logs)
		}
		noLeak(t, allText(err)+w.logs.String(), code, cfg.AppSecret)
	}
}

func TestUnusableAnswers(t *testing.T) {
	pad := strings.Repeat(" ", 10<<20)
	for name, f := range map[string]sandbox.Fault{
		"500":                {Status: 500, Body: []byte(`{"openid":"oX","session_key":"` + testSession + `"}`)},
		"502 page":           {Status: 502, Body: []byte("<html>bad gateway</html>")},
		"204":                {Status: 204},
		"404":                {Status: 404},
		"HTML":               {Body: []byte("<html>" + testSession)},
		"empty":              {Body: []byte{}},
		"null":               {Body: []byte("null")},
		"cut":                {Body: []byte(`{"openid":"oX","session_key":"` + testSession)},
		"no openid":          {Body: []byte(`{"session_key":"` + testSession + `"}`)},
		"empty openid":       {Body: []byte(`{"openid":"","session_key":"` + testSession + `"}`)},
		"openid with space":  {Body: []byte(`{"openid":"o X"}`)},
		"openid with break":  {Body: []byte(`{"openid":"oX\n"}`)},
		"openid not ASCII":   {Body: []byte(`{"openid":"oé"}`)},
		"openid too long":    {Body: []byte(`{"openid":"` + strings.Repeat("o", 129) + `"}`)},
		"openid a number":    {Body: []byte(`{"openid":7}`)},
		"errcode a text":     {Body: []byte(`{"errcode":"` + testSession + `","openid":"oX"}`)},
		"10 MB":              {Body: []byte(`{"openid":"oX"}` + pad)},
		"one byte too many":  {Body: []byte(`{"openid":"oX"}` + pad[:maxAnswer+1-len(`{"openid":"oX"}`)])},
		"secret in the text": {Body: []byte(`{"errcode":1,"errmsg":"secret=` + testSecret + `"}`)},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Config{}, nil)
			code := w.box.IssueLoginCode(testOpenID)
			w.box.FailNext(f)
			id, err := w.OpenID(t.Context(), code)
			wantError(t, err, ErrUnavailable)
			if id != "" {
				t.Errorf("an openid %q besides the error", id)
			}
			if !strings.Contains(w.logs.String(), "WARN") {
				t.Errorf("not logged: %s", w.logs)
			}
			noLeak(t, allText(err)+w.logs.String(), code)
		})
	}
}

// The bound is where it is said to be: an answer of exactly maxAnswer bytes is read.
func TestLongestAnswer(t *testing.T) {
	w := newWorld(t, Config{}, nil)
	body := `{"openid":"oX"}`
	w.box.FailNext(sandbox.Fault{Body: []byte(body + strings.Repeat(" ", maxAnswer-len(body)))})
	if id, err := w.OpenID(t.Context(), "code"); err != nil || id != "oX" {
		t.Errorf("got %q, %v", id, err)
	}
}

// The errcode counts even where the SDK cannot read the rest of the answer.
func TestErrCodeBesideGarbage(t *testing.T) {
	w := newWorld(t, Config{}, nil)
	w.box.FailNext(sandbox.Fault{Body: []byte(`{"errcode":40029,"errmsg":7}`)})
	_, err := w.OpenID(t.Context(), "code")
	wantError(t, err, ErrLoginCodeUsedOrExpired)
}

func TestTimeout(t *testing.T) {
	hold := make(chan struct{})
	defer close(hold)
	headOnly := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"openid":`)
		w.(http.Flusher).Flush()
		<-hold
	})
	silent := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hold })
	for name, h := range map[string]http.Handler{"silent": silent, "slow body": headOnly} {
		w := newWorld(t, Config{Timeout: 50 * time.Millisecond}, h)
		started := time.Now()
		_, err := w.OpenID(t.Context(), "abcdefgh")
		wantError(t, err, ErrUnavailable)
		if took := time.Since(started); took > 10*time.Second {
			t.Errorf("%s: took %s", name, took)
		}
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(w.logs.String(), "no answer in time") {
			t.Errorf("%s: not said to be a time-out: %v, log %s", name, err, w.logs)
		}
		noLeak(t, allText(err)+w.logs.String(), "abcdefgh")
	}
}

func TestLateButRight(t *testing.T) {
	w := newWorld(t, Config{}, nil)
	w.box.FailNext(sandbox.Fault{Wait: 20 * time.Millisecond})
	if id, err := w.OpenID(t.Context(), w.box.IssueLoginCode(testOpenID)); err != nil || id != testOpenID {
		t.Errorf("got %q, %v", id, err)
	}
}

func TestConnectionRefused(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	logs := &logBuffer{}
	c, err := New(Config{AppID: testAppID, AppSecret: testSecret, SandboxURL: "http://" + gone.Addr().String()}, noRedis(t), jsonLog(logs))
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.OpenID(t.Context(), "abcdefgh")
	wantError(t, err, ErrUnavailable)
	if !strings.Contains(logs.String(), "no connection") {
		t.Errorf("log: %s", logs)
	}
	noLeak(t, allText(err)+logs.String(), "abcdefgh")
}

func TestRedirectIsNotFollowed(t *testing.T) {
	elsewhere := newWorld(t, Config{}, nil)
	w := newWorld(t, Config{}, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, elsewhere.guard.sandbox.String()+"/sns/jscode2session?"+r.URL.RawQuery, http.StatusFound)
	}))
	_, err := w.OpenID(t.Context(), elsewhere.box.IssueLoginCode(testOpenID))
	wantError(t, err, ErrUnavailable)
	if n := elsewhere.hits.Load(); n != 0 {
		t.Error("the redirect was followed")
	}
	noLeak(t, allText(err)+w.logs.String())

	// Not even to the allowed host, where the guard would not stop it.
	var again *world
	again = newWorld(t, Config{}, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if again.hits.Load() == 1 {
			http.Redirect(rw, r, "https://"+apiHost+r.URL.RequestURI(), http.StatusFound)
			return
		}
		again.box.ServeHTTP(rw, r)
	}))
	_, err = again.OpenID(t.Context(), again.box.IssueLoginCode(testOpenID))
	wantError(t, err, ErrUnavailable)
	if n := again.hits.Load(); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestCallerGoesAway(t *testing.T) {
	arrived := make(chan struct{}, 1)
	w := newWorld(t, Config{}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done()
	}))
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	started := time.Now()
	_, err := w.OpenID(ctx, "abcdefgh")
	if took := time.Since(started); took > maxTimeout/2 {
		t.Errorf("waited %s for a caller who is gone", took)
	}
	wantError(t, err, models.ErrUnavailable)
	if !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	hits := w.hits.Load()
	if _, err := w.OpenID(ctx, "abcdefgh"); !errors.Is(err, context.Canceled) || w.hits.Load() != hits {
		t.Errorf("cancelled before: %v, %d requests", err, w.hits.Load()-hits)
	}
	// A deadline of the caller's own is no fault of WeChat's either.
	short, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if _, err := w.OpenID(short, "abcdefgh"); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrUnavailable) {
		t.Errorf("the caller's deadline: %v", err)
	}
	noLeak(t, allText(err), "abcdefgh")
	if w.logs.String() != "" {
		t.Errorf("logged as WeChat's fault: %s", w.logs)
	}
}

// Two clients in one process: the SDK's http client is one variable for both, and each must still
// reach its own WeChat, with its own secret, at the same time.
func TestParallelLogins(t *testing.T) {
	const each = 100
	box := sandbox.New(sandbox.Config{AppID: "wxsecond", AppSecret: "secondSecret", Now: time.Now})
	first := newWorld(t, Config{}, nil)
	second := newWorld(t, Config{AppID: "wxsecond", AppSecret: "secondSecret"}, box)
	var wg sync.WaitGroup
	for i := range each {
		for name, login := range map[string]struct {
			*Client
			issue func(string) string
		}{"first": {first.Client, first.box.IssueLoginCode}, "second": {second.Client, box.IssueLoginCode}} {
			wg.Go(func() {
				want := fmt.Sprintf("o-%s-%d", name, i)
				if got, err := login.OpenID(t.Context(), login.issue(want)); err != nil || got != want {
					t.Errorf("%s %d: got %q, %v", name, i, got, err)
				}
			})
		}
	}
	wg.Wait()
	if first.hits.Load() != each || second.hits.Load() != each {
		t.Errorf("requests: %d and %d, want %d each", first.hits.Load(), second.hits.Load(), each)
	}
}

// One code, many callers: exactly one gets in.
func TestOneCodeManyCallers(t *testing.T) {
	w := newWorld(t, Config{}, nil)
	code := w.box.IssueLoginCode(testOpenID)
	results := make(chan error, 20)
	for range cap(results) {
		go func() {
			_, err := w.OpenID(t.Context(), code)
			results <- err
		}()
	}
	in := 0
	for range cap(results) {
		if err := <-results; err == nil {
			in++
		} else if !errors.Is(err, ErrLoginCodeUsedOrExpired) {
			t.Error(err)
		}
	}
	if in != 1 {
		t.Errorf("%d got in", in)
	}
}

// Closing gives up idle connections only.
func TestClose(t *testing.T) {
	w := newWorld(t, Config{}, nil)
	w.Close()
	if _, err := w.OpenID(t.Context(), w.box.IssueLoginCode(testOpenID)); err != nil {
		t.Error(err)
	}
}
