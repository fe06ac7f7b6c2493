package wechat

import (
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

const testToken = "token-canary-0123456789"

func testCache(t *testing.T) (sharedCache, *miniredis.Miniredis) {
	srv := miniredis.RunT(t)
	rdb := redis.NewClient(&redis.Options{Addr: srv.Addr(), MaxRetries: -1, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = rdb.Close() })
	return sharedCache{rdb: rdb}, srv
}

func TestCache(t *testing.T) {
	c, srv := testCache(t)
	if got := c.Get("k"); got != nil || c.IsExist("k") {
		t.Fatalf("nothing is there: %#v", got)
	}
	if err := c.Set("k", testToken, time.Minute); err != nil {
		t.Fatal(err)
	}
	if got, ok := c.Get("k").(string); !ok || got != testToken || !c.IsExist("k") {
		t.Errorf("got %#v", c.Get("k"))
	}
	if ttl := srv.TTL("wechat:k"); ttl != time.Minute {
		t.Errorf("ttl %s", ttl)
	}
	srv.FastForward(time.Minute)
	if got := c.Get("k"); got != nil {
		t.Errorf("after its time: %#v", got)
	}
	_ = c.Set("k", testToken, time.Minute)
	if err := c.Delete("k"); err != nil || c.IsExist("k") {
		t.Errorf("delete: %v", err)
	}
	if err := c.Delete("k"); err != nil {
		t.Errorf("delete what is not there: %v", err)
	}
}

func TestCacheRefuses(t *testing.T) {
	c, srv := testCache(t)
	for _, ttl := range []time.Duration{0, -time.Second} {
		if err := c.Set("k", testToken, ttl); err == nil {
			t.Errorf("ttl %s: accepted", ttl)
		}
	}
	for _, val := range []any{nil, 7, []byte(testToken)} {
		if err := c.Set("k", val, time.Minute); err == nil {
			t.Errorf("%T: accepted", val)
		}
	}
	if keys := srv.Keys(); len(keys) != 0 {
		t.Errorf("kept: %v", keys)
	}
}

// The SDK asserts val.(string): anything but a string or an untyped nil would panic there.
func TestCacheWithoutRedis(t *testing.T) {
	c, srv := testCache(t)
	srv.SetError("ERR unknown command 'set', with args beginning with: 'k' '" + testToken + "'")
	started := time.Now()
	for _, state := range []string{"refusing", "gone"} {
		if got := c.Get("k"); got != nil || c.IsExist("k") {
			t.Errorf("%s: got %#v", state, got)
		}
		for _, err := range []error{c.Set("k", testToken, time.Minute), c.Delete("k")} {
			if err == nil {
				t.Errorf("%s: no error", state)
			}
			noLeak(t, allText(err), testToken)
		}
		srv.Close()
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

// Of another type in Redis: not ours, hence not there.
func TestCacheForeignValue(t *testing.T) {
	c, srv := testCache(t)
	if _, err := srv.Lpush("wechat:k", "x"); err != nil {
		t.Fatal(err)
	}
	if got := c.Get("k"); got != nil {
		t.Errorf("got %#v", got)
	}
}

func TestCacheParallel(t *testing.T) {
	c, _ := testCache(t)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 20 {
				_ = c.Set("k", testToken, time.Minute)
				if got := c.Get("k"); got != nil && got != testToken {
					t.Errorf("got %#v", got)
				}
				_ = c.Delete("k")
			}
		})
	}
	wg.Wait()
}
