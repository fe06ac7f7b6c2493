package ratelimit

import (
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/testkit"
)

// silent is the address of a server that takes connections and never says a word.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Must(t, err)
	var mu sync.Mutex
	var held []net.Conn
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			held = append(held, c)
			mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, c := range held {
			_ = c.Close()
		}
	})
	return listener.Addr().String()
}

// With Redis away the same limit holds in this process, and once the breaker is open an answer costs nothing.
func TestRedisAway(t *testing.T) {
	stopped := testkit.Redis(t)
	stopped.Stop()
	for name, address := range map[string]string{"refuses": stopped.Addr, "is silent": silent(t)} {
		t.Run(name, func(t *testing.T) {
			now := testkit.NewClock(start)
			rdb := connect(t, address, "", short)
			l := New(rdb, Options{Now: now.Now})
			take := user(Limit{60, time.Minute, 10})
			yes := 0
			var took []time.Duration
			for range 50 {
				since := time.Now()
				if ok, wait := allowed(t, l, take); ok {
					yes++
				} else if wait != time.Second {
					t.Errorf("wait %v, want one token's second", wait)
				}
				took = append(took, time.Since(since))
			}
			if yes != 10 {
				t.Errorf("allowed %d times, want the burst of 10", yes)
			}
			slices.Sort(took)
			if typical := took[len(took)/2]; typical > 2*time.Millisecond {
				t.Errorf("a call takes %v, want at most 2ms", typical)
			}
			now.Advance(3 * time.Second)
			yes = 0
			for range 5 {
				if ok, _ := allowed(t, l, take); ok {
					yes++
				}
			}
			if yes != 3 {
				t.Errorf("allowed %d times after 3 s, want 3", yes)
			}
			if ok, _ := allowed(t, l, Take{"user", "u2", take.Limit}); !ok {
				t.Error("another user is refused")
			}
		})
	}
}

// Killed under load: every call is answered, in time, within Redis's tokens and those of one process; and when Redis
// is back, it decides again.
func TestRedisKilled(t *testing.T) {
	r := testkit.Redis(t)
	rdb := connect(t, r.Addr, r.Password, patient)
	l := New(rdb, Options{Now: time.Now})
	limit := Limit{1, time.Hour, 50}
	type asked struct {
		ok   bool
		took time.Duration
	}
	load := func(take Take, asks int) (yes int, slowest time.Duration) {
		var all sync.WaitGroup
		answers := make(chan asked, 20*asks)
		for range 20 {
			all.Go(func() {
				for range asks {
					since := time.Now()
					ok, _ := allowed(t, l, take)
					answers <- asked{ok, time.Since(since)}
				}
			})
		}
		all.Wait()
		close(answers)
		for a := range answers {
			if a.ok {
				yes++
			}
			slowest = max(slowest, a.took)
		}
		return yes, slowest
	}
	if yes, _ := load(user(limit), 10); yes != 50 {
		t.Fatalf("allowed %d times, want the burst of 50", yes)
	}
	r.Kill()
	yes, slowest := load(user(limit), 50)
	if yes != 50 {
		t.Errorf("without Redis allowed %d times, want this process's 50", yes)
	}
	if slowest > patient {
		t.Errorf("a call took %v", slowest)
	}
	r.Start() // it has forgotten everything: bucket and script
	eventually(t, 4*patient, "Redis decides", func() bool {
		allowed(t, l, Take{"probe", "x", limit})
		return rdb.Exists(t.Context(), l.key(Take{"probe", "x", limit})).Val() == 1
	})
	if yes, _ := load(user(limit), 10); yes != 50 {
		t.Errorf("after Redis's return allowed %d times, want its 50", yes)
	}
}

// Killed between the pipeline and the second trip for the script.
func TestRedisKilledBeforeTheScriptCame(t *testing.T) {
	r := testkit.Redis(t)
	rdb := connect(t, r.Addr, r.Password, patient)
	l := limiter(rdb)
	for i, want := range []bool{true, true, false} {
		r.Start()
		pipe := rdb.Pipeline()
		var p *Pending
		eventually(t, 4*patient, "Redis answers", func() bool {
			pipe.Discard()
			p = l.Queue(t.Context(), pipe, user(Limit{1, time.Hour, 2}))
			_, err := pipe.Exec(t.Context())
			return redis.HasErrorPrefix(err, "NOSCRIPT")
		})
		r.Kill()
		if ok, _ := verdict(t, p.Decide(t.Context())); ok != want {
			t.Errorf("take %d is allowed: %t", i, ok)
		}
	}
}

// A Redis that answers but cannot keep anything, as when it is full, does not hold anybody up.
func TestRedisFull(t *testing.T) {
	r := testkit.Redis(t, "maxmemory 1", "maxmemory-policy noeviction")
	l := limiter(connect(t, r.Addr, r.Password, patient))
	for i, want := range []bool{true, true, false} {
		if ok, _ := allowed(t, l, user(Limit{1, time.Hour, 2})); ok != want {
			t.Errorf("take %d is allowed: %t", i, ok)
		}
	}
}
