package httpx

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"yanzheng/models"
)

type handler = gin.HandlerFunc

// serveOnce lets one request through the chain that every edge has, more of it, and a handler at /.
func serveOnce(t testing.TB, more []handler, last handler, change func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.NoMethod(NoMethod)
	engine.Use(Identify, Recover, Secure)
	engine.Use(more...)
	engine.POST("/", last)
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("0123456789"))
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	engine.ServeHTTP(w, r)
	return w
}

// logged gives what is written to the log meanwhile.
func logged(t testing.TB, do func()) string {
	t.Helper()
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(before)
	do()
	return log.String()
}

func TestIdentify(t *testing.T) {
	made := regexp.MustCompile(`^[0-9A-Z]{26}$`)
	seen := map[string]bool{}
	for id, kept := range map[string]bool{
		"12345678": true, "from-a_Client-42": true, strings.Repeat("a", 64): true,
		"": false, "1234567": false, strings.Repeat("a", 65): false, "with space": false, "line\nbreak": false,
		"<script>alert(1)": false, "编号编号编号编号": false, "12345678\x00": false,
	} {
		var inside string
		w := serveOnce(t, nil, func(c *gin.Context) { inside = RequestID(c) }, func(r *http.Request) { r.Header.Set("X-Request-Id", id) })
		got := w.Header().Get("X-Request-Id")
		if got != inside || (got == id) != kept || (!kept && !made.MatchString(got)) {
			t.Errorf("%q becomes %q, inside %q", id, got, inside)
		}
		if seen[got] {
			t.Errorf("%q is given twice", got)
		}
		seen[got] = true
	}
}

func TestRecover(t *testing.T) {
	for name, thrown := range map[string]any{"an error": errors.New("hidden text"), "a text": "hidden text", "a nil map": nil} {
		var w *httptest.ResponseRecorder
		log := logged(t, func() {
			w = serveOnce(t, nil, func(*gin.Context) {
				if thrown == nil {
					var m map[string]int
					m["hidden text"] = 1 //nolint:staticcheck // the panic is what is tested
				}
				panic(thrown)
			}, nil)
		})
		if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), `"internal"`) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		for _, inner := range []string{"hidden", "panic", "goroutine", ".go"} {
			if strings.Contains(w.Body.String(), inner) {
				t.Errorf("%s: the answer tells %q: %s", name, inner, w.Body)
			}
		}
		if !strings.Contains(log, "middleware_test.go") || !strings.Contains(log, w.Header().Get("X-Request-Id")) {
			t.Errorf("%s: the log does not tell where, and in which request: %s", name, log)
		}
	}
}

// TestRecoverHalfAnswered: what was sent stays, nothing is put behind it, and the log knows.
func TestRecoverHalfAnswered(t *testing.T) {
	var w *httptest.ResponseRecorder
	log := logged(t, func() {
		w = serveOnce(t, nil, func(c *gin.Context) {
			c.String(http.StatusOK, "half")
			panic("hidden text")
		}, nil)
	})
	if w.Body.String() != "half" || !strings.Contains(log, "hidden text") {
		t.Errorf("answered %q, logged %s", w.Body, log)
	}
}

// TestRecoverLetsAborts go: net/http's own way to cut a connection.
func TestRecoverLetsAborts(t *testing.T) {
	defer func() {
		if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // the very value
			t.Errorf("recovered %v", p)
		}
	}()
	serveOnce(t, nil, func(*gin.Context) { panic(http.ErrAbortHandler) }, nil)
}

func TestSecure(t *testing.T) {
	w := serveOnce(t, nil, func(c *gin.Context) { WriteJSON(c, 1) }, nil)
	for header, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		"Cache-Control": "no-store", "Strict-Transport-Security": "", "Cross-Origin-Opener-Policy": "same-origin",
	} {
		if got := w.Header().Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	policy := w.Header().Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("Content-Security-Policy lacks %s: %s", want, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Errorf("Content-Security-Policy is open: %s", policy)
	}
	w = serveOnce(t, nil, func(c *gin.Context) { WriteJSON(c, 1) }, func(r *http.Request) { r.TLS = &tls.ConnectionState{} })
	if w.Header().Get("Strict-Transport-Security") == "" {
		t.Error("over TLS nothing says to stay there")
	}
}

func TestOnlyHosts(t *testing.T) {
	hosts := []handler{OnlyHosts("127.0.0.1:8080", "localhost:8080", "[::1]:8080")}
	for host, ok := range map[string]bool{
		"127.0.0.1:8080": true, "localhost:8080": true, "LOCALHOST:8080": true, "[::1]:8080": true,
		"": false, "127.0.0.1": false, "localhost": false, "localhost:80": false, "evil.example": false,
		"evil.example:8080": false, "localhost.evil.example:8080": false, "localhost:8080.evil.example": false, "127.0.0.1:8080 ": false,
	} {
		ran := false
		w := serveOnce(t, hosts, func(c *gin.Context) { ran = true }, func(r *http.Request) { r.Host = host })
		if ran != ok || (w.Code == http.StatusForbidden) == ok {
			t.Errorf("%q: served %v, status %d", host, ran, w.Code)
		}
	}
}

func TestLimit(t *testing.T) {
	for name, c := range map[string]struct {
		limit, length int64 // length -1: not told
		status        int
	}{
		"below":            {11, 10, 200},
		"just":             {10, 10, 200},
		"above":            {9, 10, 413},
		"above, not told":  {9, -1, 413},
		"just, not told":   {10, -1, 200},
		"told less":        {9, 5, 413}, // net/http cuts such a body; whoever else calls does not
		"told a bit more":  {10, 11, 413},
		"told nothing new": {0, 0, 413},
	} {
		read := false
		w := serveOnce(t, []handler{Limit(c.limit)}, func(ctx *gin.Context) {
			read = true
			if _, err := io.ReadAll(ctx.Request.Body); err != nil {
				Fail(ctx, bodyError(err))
				return
			}
			WriteJSON(ctx, "ok")
		}, func(r *http.Request) { r.ContentLength = c.length })
		if w.Code != c.status {
			t.Errorf("%s: %d, want %d", name, w.Code, c.status)
		}
		if c.length > c.limit && read {
			t.Errorf("%s: a body that says it is too large is read", name)
		}
	}
}

func TestNoMethod(t *testing.T) {
	w := serveOnce(t, nil, func(*gin.Context) {}, func(r *http.Request) { r.Method = http.MethodDelete })
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "POST" || !strings.Contains(w.Body.String(), `"status":405,"code":"method_not_allowed"`) {
		t.Errorf("%d, Allow %q: %s", w.Code, w.Header().Get("Allow"), w.Body)
	}
}

// TestPrepareLogs: what an operator can act on is logged with its cause; what a client did wrong is not.
func TestPrepareLogs(t *testing.T) {
	cause := errors.New("the cause")
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"a foreign error": {cause, "level=ERROR"},
		"ours":            {models.ErrInternal.Because(cause), "level=ERROR"},
		"away":            {models.ErrUnavailable.Because(cause), "level=WARN"},
		"malformed":       {errNotJSON.Because(cause), ""},
		"not found":       {fmt.Errorf("x: %w", models.ErrNotFound), ""},
		"a rule":          {models.ErrPlace.Because(cause), ""},
	} {
		log := logged(t, func() { serveOnce(t, nil, func(ctx *gin.Context) { Fail(ctx, c.err) }, nil) })
		if c.want == "" && log != "" || c.want != "" && (!strings.Contains(log, c.want) || !strings.Contains(log, "the cause")) {
			t.Errorf("%s: %s", name, log)
		}
	}
}

// TestNobodyLeft: a client that hangs up is no fault to wake an operator for; a query that was cancelled otherwise is.
func TestNobodyLeft(t *testing.T) {
	for _, err := range []error{context.Canceled, models.ErrUnavailable.Because(context.Canceled)} {
		for _, left := range []bool{true, false} {
			log := logged(t, func() {
				serveOnce(t, nil, func(c *gin.Context) { Fail(c, err) }, func(r *http.Request) {
					ctx, cancel := context.WithCancel(r.Context())
					if left {
						cancel()
					}
					t.Cleanup(cancel)
					*r = *r.WithContext(ctx)
				})
			})
			if (log == "") != left {
				t.Errorf("%v, the client left: %v, logged: %s", err, left, log)
			}
		}
	}
}

func TestDeadline(t *testing.T) {
	var ctx context.Context
	began := time.Now()
	w := serveOnce(t, []handler{Deadline(20 * time.Millisecond)}, func(c *gin.Context) {
		ctx = c.Request.Context()
		<-ctx.Done()
		Fail(c, models.ErrUnavailable.Because(ctx.Err()))
	}, nil)
	if w.Code != http.StatusServiceUnavailable || time.Since(began) < 20*time.Millisecond {
		t.Errorf("%d after %v", w.Code, time.Since(began))
	}
	serveOnce(t, []handler{Deadline(time.Hour)}, func(c *gin.Context) { ctx = c.Request.Context() }, nil)
	if ctx.Err() == nil {
		t.Error("the deadline outlives its request")
	}
}
