package ratelimit

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"yanzheng/internal/factcache"
	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// start is when everything happens that an injected clock decides.
var start = time.Date(2026, 3, 2, 10, 0, 0, 0, models.China)

// patient is a timeout that a busy machine does not break, where a test is not about timeouts; short is the one that
// configuration gives by default.
const (
	patient = 5 * time.Second
	short   = 50 * time.Millisecond
)

func TestMain(m *testing.M) {
	redis.SetLogger(silence{}) // it tells of every dial that a test makes fail
	m.Run()
}

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

// connect gives a client as the service has it, with its timeouts and its breaker.
func connect(t testing.TB, address, password string, timeout time.Duration) redis.UniversalClient {
	t.Helper()
	rdb := factcache.Open(factcache.Redis{Addresses: []string{address}, Password: password, Timeout: timeout}).Client()
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

func real(t testing.TB) redis.UniversalClient {
	t.Helper()
	r := testkit.Redis(t)
	return connect(t, r.Addr, r.Password, patient)
}

// embedded gives what stands in for Redis where nothing is configured; its clock stands still until it is told to move.
func embedded(t testing.TB) (redis.UniversalClient, *miniredis.Miniredis) {
	t.Helper()
	m := miniredis.RunT(t)
	m.RequireAuth("secret")
	m.SetTime(start)
	return connect(t, m.Addr(), "secret", patient), m
}

// on runs a test on both kinds of Redis, which must not differ.
func on(t *testing.T, f func(t *testing.T, rdb redis.UniversalClient)) {
	t.Run("Redis", func(t *testing.T) { f(t, real(t)) })
	t.Run("embedded", func(t *testing.T) { rdb, _ := embedded(t); f(t, rdb) })
}

// limiter gives one instance's limiter, whose own clock stands still.
func limiter(rdb redis.UniversalClient) *Limiter {
	return New(rdb, Options{Now: testkit.NewClock(start).Now})
}

// user is a take of the bucket of one user.
func user(limit Limit) Take { return Take{"user", "u1", limit} }

// allowed asks and wants an answer, yes or ErrTooMany with the time to wait.
func allowed(t testing.TB, l *Limiter, takes ...Take) (bool, time.Duration) {
	t.Helper()
	return verdict(t, l.Take(context.WithoutCancel(t.Context()), takes...))
}

func verdict(t testing.TB, err error) (bool, time.Duration) {
	t.Helper()
	if err == nil {
		return true, 0
	}
	var e *models.Error
	if !errors.As(err, &e) || !errors.Is(err, ErrTooMany) || e.Kind != models.KindTooMany || e.RetryAfter <= 0 {
		t.Errorf("neither yes nor no: %v", err)
		return false, 0
	}
	return false, e.RetryAfter
}

// clock tells Redis's own time.
func clock(t testing.TB, rdb redis.UniversalClient) time.Time {
	t.Helper()
	now, err := rdb.Time(context.WithoutCancel(t.Context())).Result()
	testkit.Must(t, err)
	return now
}

// eventually waits for something that happens by itself.
func eventually(t testing.TB, within time.Duration, what string, done func() bool) {
	t.Helper()
	for since := time.Now(); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Since(since) > within {
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}

// trips counts the round trips of a client.
type trips struct{ single, pipelines int }

func (c *trips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() != "hello" {
			c.single++
		}
		return next(ctx, cmd)
	}
}

func (c *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if cmds[0].Name() != "hello" {
			c.pipelines++
		}
		return next(ctx, cmds)
	}
}
