package wechat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yanzheng/internal/wechat/sandbox"
	"yanzheng/models"

	"github.com/redis/go-redis/v9"
)

// What must never be seen outside the requests themselves.
const (
	testAppID   = "wx0123456789abcdef"
	testSecret  = "5ecre75ecre75ecre75ecre75ecre7aa"
	testSession = "c2Vzc2lvbi1rZXktY2FuYXJ5IQ=="
	testOpenID  = "oTEST0123456789abcdefghijklm"
	silentChild = "WECHAT_TEST_SILENT_CHILD"
)

func TestMain(m *testing.M) {
	if os.Getenv(silentChild) != "" {
		os.Exit(runSilently())
	}
	os.Exit(m.Run())
}

// logBuffer is a log that a test can read while others write.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logBuffer) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Reset()
}

// world is a WeChat that a test directs, and a client of it.
type world struct {
	*Client
	box  *sandbox.Sandbox
	hits atomic.Int32 // requests that reached the server
	logs *logBuffer
	now  atomic.Int64 // nanoseconds added to the sandbox's clock
}

// noRedis is a client that would fail if it were asked: a log-in needs no Redis.
func noRedis(t testing.TB) redis.UniversalClient {
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// newWorld serves handler, or the sandbox when it is nil.
func newWorld(t testing.TB, cfg Config, handler http.Handler) *world {
	t.Helper()
	w := &world{logs: &logBuffer{}}
	if cfg.AppID == "" {
		cfg.AppID, cfg.AppSecret = testAppID, testSecret
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = maxTimeout // a busy machine is not what these tests are about
	}
	w.box = sandbox.New(sandbox.Config{
		AppID: testAppID, AppSecret: testSecret,
		Now: func() time.Time { return time.Now().Add(time.Duration(w.now.Load())) },
	})
	if handler == nil {
		handler = w.box
	}
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.hits.Add(1)
		handler.ServeHTTP(rw, r)
	}))
	t.Cleanup(srv.Close)
	cfg.SandboxURL = srv.URL
	var err error
	w.Client, err = New(cfg, noRedis(t), slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// allText is every text that can be got out of err, its whole chain and its fields.
func allText(err error) string {
	var b strings.Builder
	for err != nil {
		fmt.Fprintf(&b, "%v\n%+v\n%#v\n%q\n", err, err, err, err)
		var e *models.Error
		if errors.As(err, &e) {
			fmt.Fprintf(&b, "%+v %s %s\n", e.Message, e.Field, e.Code)
		}
		var many interface{ Unwrap() []error }
		if errors.As(err, &many) {
			for _, one := range many.Unwrap() {
				b.WriteString(allText(one))
			}
		}
		err = errors.Unwrap(err)
	}
	return b.String()
}

// noLeak fails when text holds anything that must stay inside.
func noLeak(t testing.TB, text string, more ...string) {
	t.Helper()
	for _, s := range append(more, testSecret, testSession, "js_code", "secret=", "session_key", "jscode2session") {
		if s != "" && strings.Contains(text, s) {
			t.Errorf("%q leaks in:\n%s", s, text)
		}
	}
}

// wantError checks kind, code and the promises that hold for every error.
func wantError(t testing.TB, err error, want *models.Error) {
	t.Helper()
	var got *models.Error
	if !errors.As(err, &got) {
		t.Fatalf("got %v (%T), want a *models.Error", err, err)
	}
	if !errors.Is(err, want) || got.Kind != want.Kind {
		t.Fatalf("got %v of kind %d, want %v of kind %d", err, got.Kind, want, want.Kind)
	}
	if got.Message.ZH == "" || got.Message.EN == "" {
		t.Errorf("%v: a message is missing: %+v", got.Code, got.Message)
	}
	retry := got.Kind == models.KindUnavailable || got.Kind == models.KindTooMany
	if retry != (got.RetryAfter > 0) {
		t.Errorf("%v: RetryAfter is %s", got.Code, got.RetryAfter)
	}
}

// runSilently does a bit of everything in a process of its own, for TestSilence.
func runSilently() int {
	box := sandbox.New(sandbox.Config{AppID: testAppID, AppSecret: testSecret, Now: time.Now})
	srv := httptest.NewServer(box)
	defer srv.Close()
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	defer rdb.Close()
	c, err := New(Config{AppID: testAppID, AppSecret: testSecret, SandboxURL: srv.URL, Timeout: maxTimeout}, rdb, nil)
	if err != nil {
		return 2
	}
	defer c.Close()
	if id, err := c.OpenID(context.Background(), box.IssueLoginCode(testOpenID)); err != nil || id != testOpenID {
		return 3
	}
	box.FailNext(sandbox.Fault{ErrCode: 40125}, sandbox.Fault{Body: []byte("garbage")}, sandbox.Fault{Status: 502})
	for range 3 {
		if _, err := c.OpenID(context.Background(), box.IssueLoginCode(testOpenID)); err == nil {
			return 4
		}
	}
	return 0
}
