package factcache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/sony/gobreaker/v2"
)

// pinned are the options whose defaults cost seconds when Redis is away, in each kind of client.
type pinned struct {
	dial, read, write, pool time.Duration
	retries, dials          int
	contextTimeout          bool
}

func TestClientOptions(t *testing.T) {
	const timeout = 37 * time.Millisecond
	base := Redis{Addresses: []string{"127.0.0.1:1"}, Username: "u", Password: "p", Timeout: timeout}
	sentinel, cluster := base, base
	sentinel.MasterName = "main"
	cluster.Cluster = true
	for name, r := range map[string]Redis{"one server": base, "Sentinel": sentinel, "Cluster": cluster} {
		rdb := Open(r).Client()
		defer rdb.Close()
		var got pinned
		var user, password string
		switch c := rdb.(type) {
		case *redis.Client:
			o := c.Options()
			got = pinned{o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout, o.MaxRetries, o.DialerRetries, o.ContextTimeoutEnabled}
			user, password = o.Username, o.Password
		case *redis.ClusterClient:
			o := c.Options()
			got = pinned{o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout, o.MaxRetries, o.DialerRetries, o.ContextTimeoutEnabled}
			user, password = o.Username, o.Password
		}
		// The library keeps "never" as 0 or -1.
		if want := (pinned{timeout, timeout, timeout, timeout, min(got.retries, 0), 1, true}); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
		if user != "u" || password != "p" {
			t.Errorf("%s logs in as %q", name, user)
		}
	}
	if o := base.Options(); o.MaxRetries != -1 || o.MaintNotificationsConfig.Mode != maintnotifications.ModeDisabled || !o.DisableIdentity {
		t.Errorf("options %+v", o)
	}
}

type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}

// A Redis that answers is there, whatever it answers, unless it says that it cannot serve.
func TestAnswered(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, true},
		{redis.Nil, true},
		{fmt.Errorf("get: %w", redis.Nil), true},
		{reply("WRONGTYPE Operation against a key"), true},
		{reply("NOSCRIPT No matching script"), true},
		{reply("ERR user_script:3"), true},
		{reply("MOVED 1 127.0.0.1:1"), true},
		{reply("LOADING Redis is loading the dataset in memory"), false},
		{reply("READONLY You can't write against a read only replica."), false},
		{reply("CLUSTERDOWN The cluster is down"), false},
		{reply("MASTERDOWN Link with MASTER is down"), false},
		{reply("TRYAGAIN Multiple keys request"), false},
		{reply("NOREPLICAS Not enough good replicas to write."), false},
		{reply("WRONGPASS invalid username-password pair or user is disabled."), false},
		{reply("NOAUTH Authentication required."), false},
		{io.EOF, false},
		{context.DeadlineExceeded, false},
		{redis.ErrPoolTimeout, false},
		{errors.New("dial tcp: connection refused"), false},
	} {
		if got := answered(c.err); got != c.want {
			t.Errorf("%v: %t", c.err, got)
		}
	}
}

// ask sends one command through a breaker to a Redis that behaves as told.
func (b *breaker) ask(t *testing.T, err error) (asked bool, got error) {
	t.Helper()
	cmd := redis.NewStringCmd(t.Context(), "get", "k")
	got = b.ProcessHook(func(context.Context, redis.Cmder) error {
		asked = true
		return err
	})(t.Context(), cmd)
	if got != nil && cmd.Err() == nil && !asked {
		t.Error("the command does not know that it never ran")
	}
	return asked, got
}

func TestBreaker(t *testing.T) {
	b := newBreaker(nil, patient, func() {})
	for range 20 { // callers who leave say nothing about Redis
		if asked, _ := b.ask(t, context.Canceled); !asked {
			t.Fatal("opened by callers who went away")
		}
	}
	for range breakerFailures - 1 {
		if asked, err := b.ask(t, io.EOF); !asked || !errors.Is(err, io.EOF) {
			t.Fatalf("asked %t, %v", asked, err)
		}
	}
	if asked, err := b.ask(t, redis.Nil); !asked || !errors.Is(err, redis.Nil) { // an answer begins the count anew
		t.Fatalf("asked %t, %v", asked, err)
	}
	for range breakerFailures {
		if asked, _ := b.ask(t, io.EOF); !asked {
			t.Fatal("opened too early")
		}
	}
	if asked, err := b.ask(t, nil); asked || !errors.Is(err, gobreaker.ErrOpenState) {
		t.Fatalf("not open: asked %t, %v", asked, err)
	}
	// A pipeline fails as a whole, and so does each of its commands.
	cmds := []redis.Cmder{redis.NewStringCmd(t.Context(), "get", "a"), redis.NewStringCmd(t.Context(), "get", "b")}
	err := b.ProcessPipelineHook(func(context.Context, []redis.Cmder) error {
		t.Error("asked with the breaker open")
		return nil
	})(t.Context(), cmds)
	if err == nil || cmds[0].Err() == nil || cmds[1].Err() == nil {
		t.Errorf("pipeline %v, its commands %v, %v", err, cmds[0].Err(), cmds[1].Err())
	}
}
