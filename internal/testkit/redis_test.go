package testkit

import (
	"errors"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
)

func client(t *testing.T, r *RedisServer) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(options)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestRedisIsForOneTestAlone(t *testing.T) {
	a, b := Redis(t), Redis(t)
	if err := client(t, a).Set(t.Context(), "key", "a", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := client(t, b).Get(t.Context(), "key").Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("the second server answers %v for the first one's key, want redis.Nil", err)
	}
	if err := ping(t.Context(), a.Addr, b.Password); err == nil {
		t.Error("it lets in a foreign password")
	}
}

func TestRedisStopsKillsAndStartsAgain(t *testing.T) {
	for name, end := range map[string]func(*RedisServer){"stop": (*RedisServer).Stop, "kill": (*RedisServer).Kill} {
		t.Run(name, func(t *testing.T) {
			r := Redis(t)
			addr := r.Addr
			if err := client(t, r).Set(t.Context(), "key", "value", 0).Err(); err != nil {
				t.Fatal(err)
			}
			end(r)
			end(r) // a second time changes nothing
			if ping(t.Context(), addr, r.Password) == nil {
				t.Fatal("it still answers")
			}
			r.Start()
			r.Start()
			if r.Addr != addr {
				t.Errorf("it moved from %s to %s", addr, r.Addr)
			}
			if err := client(t, r).Get(t.Context(), "key").Err(); !errors.Is(err, redis.Nil) {
				t.Errorf("after a restart without persistence: %v, want redis.Nil", err)
			}
		})
	}
}

func TestRedisKeepsWhatItsConfigurationSays(t *testing.T) {
	r := Redis(t, "appendonly yes", "appendfsync always")
	if err := client(t, r).Set(t.Context(), "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	r.Kill()
	r.Start()
	if got := client(t, r).Get(t.Context(), "key").Val(); got != "value" {
		t.Errorf("after kill -9: %q, want %q", got, "value")
	}
}

func TestRedisFromManyGoroutines(t *testing.T) {
	r := Redis(t)
	var all sync.WaitGroup
	for range 5 {
		all.Go(r.Kill)
		all.Go(r.Start)
		all.Go(r.Stop)
	}
	all.Wait()
	r.Start()
	if err := ping(t.Context(), r.Addr, r.Password); err != nil {
		t.Error(err)
	}
}
