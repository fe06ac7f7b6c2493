package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/testkit"
)

// everybody is what is promised without Redis: all are answered, for a few more milliseconds until the breaker is open.
func everybody(f form) want {
	p := promise{answers: answered, more: f.cacheWait * 6 / 5} // 60 ms
	return want{cached: p, asked: p}
}

// redisFaults are the ways in which Redis fails. During each a registration is suspended, which nobody may miss who asks
// after the command said that the caches know; where it said "pending", they know when Redis is back.
func redisFaults() []failure {
	change := func(t *testing.T, s *stage) { s.suspend(t) }
	poison := func(x toxic) func(*testing.T, *stage) func() {
		return func(_ *testing.T, s *stage) func() { return s.toRedis.spoil(x) }
	}
	return []failure{
		{name: "Redis refuses", want: everybody, change: change, begin: func(_ *testing.T, s *stage) func() {
			s.toRedis.cut()
			return s.toRedis.mend
		}},
		{name: "Redis is silent", want: everybody, change: change, begin: poison(toxic{"timeout", "upstream", map[string]int{"timeout": 0}})},
		{name: "Redis resets connections", want: everybody, change: change, begin: poison(toxic{"reset_peer", "downstream", map[string]int{"timeout": 0}})},
		{name: "Redis is slow, 4 times as long as anyone waits", want: everybody, change: change, begin: func(_ *testing.T, s *stage) func() {
			return s.toRedis.spoil(toxic{"latency", "downstream", map[string]int{"latency": int(4 * s.cacheWait.Milliseconds())}})
		}},
		{name: "Redis answers in slices", want: everybody, change: change, begin: poison(
			toxic{"slicer", "downstream", map[string]int{"average_size": 64, "size_variation": 32, "delay": 100}})},
		{name: "Redis accepts and says nothing", want: everybody, change: change, begin: func(t *testing.T, s *stage) func() {
			end := s.toRedis.silence()
			s.hangUp(t)
			return end
		}},
		{name: "Redis closes connections again and again", want: everybody, change: change, begin: func(t *testing.T, s *stage) func() {
			return again(10*time.Millisecond, func() { s.hangUp(t) })
		}},
		{name: "Redis is a read-only replica", want: everybody, change: change, begin: func(t *testing.T, s *stage) func() {
			testkit.Must(t, s.rdb.ReplicaOf(t.Context(), "127.0.0.1", "1").Err())
			return func() { testkit.Must(t, s.rdb.ReplicaOf(t.Context(), "NO", "ONE").Err()) }
		}},
		{name: "Redis is full", want: everybody, change: change, begin: func(t *testing.T, s *stage) func() {
			testkit.Must(t, s.rdb.ConfigSet(t.Context(), "maxmemory", "1").Err())
			return func() { testkit.Must(t, s.rdb.ConfigSet(t.Context(), "maxmemory", "0").Err()) }
		}},
		{name: "Redis wants another password", want: everybody, change: change, begin: otherPassword},
		{name: "Redis forgot the scripts", want: everybody, change: change, begin: func(t *testing.T, s *stage) func() {
			testkit.Must(t, s.rdb.ScriptFlush(t.Context()).Err())
			return func() {}
		}},
		{name: "Redis was flushed", want: everybody, forgets: true, begin: func(t *testing.T, s *stage) func() {
			s.suspend(t) // the fence goes too
			testkit.Must(t, s.rdb.FlushAll(t.Context()).Err())
			return func() {}
		}},
		{name: "Redis restarted empty", want: everybody, forgets: true, begin: func(t *testing.T, s *stage) func() {
			s.suspend(t)
			s.redis.Kill()
			s.redis.Start()
			if info := s.rdb.Info(t.Context(), "persistence").Val(); !strings.Contains(info, "rdb_last_load_keys_loaded:0") {
				t.Error("it is not empty")
			}
			return func() {}
		}},
		{name: "Redis restarted from an old snapshot", want: everybody, forgets: true, begin: func(t *testing.T, s *stage) func() {
			testkit.Must(t, s.rdb.Save(t.Context()).Err()) // with an entry from before the suspension, and a heartbeat
			s.suspend(t)
			s.redis.Kill()
			s.redis.Start()
			return func() {}
		}},
		{name: "Redis is loading", want: everybody, change: change, forgets: true, begin: loading},
	}
}

// hangUp ends every connection to Redis but the one that says so.
func (s *stage) hangUp(t testing.TB) {
	if err := s.rdb.ClientKillByFilter(t.Context(), "TYPE", "normal", "SKIPME", "yes").Err(); err != nil {
		t.Error(err)
	}
}

// again calls f at that rhythm until the end is called.
func again(d time.Duration, f func()) (end func()) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			f()
			select {
			case <-stop:
				return
			case <-time.After(d):
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
	}
}

func otherPassword(t *testing.T, s *stage) func() {
	another := secret("another password of Redis", "another-password-of-redis")
	testkit.Must(t, s.rdb.ConfigSet(t.Context(), "requirepass", another).Err())
	admin := redis.NewClient(&redis.Options{Addr: s.redis.Addr, Password: another})
	testkit.Must(t, admin.ClientKillByFilter(t.Context(), "TYPE", "normal", "SKIPME", "yes").Err())
	return func() {
		defer admin.Close()
		testkit.Must(t, admin.ConfigSet(t.Context(), "requirepass", s.redis.Password).Err())
	}
}

// loading lets Redis restart with so much in its snapshot that it takes a while.
func loading(t *testing.T, s *stage) func() {
	const load = 400 // at 5 ms each
	filler := make([]string, load)
	pipe := s.rdb.Pipeline()
	for i := range filler {
		filler[i] = fmt.Sprint("filler:", i)
		pipe.Set(t.Context(), filler[i], strings.Repeat("x", 100), 0)
	}
	_, err := pipe.Exec(t.Context())
	testkit.Must(t, err)
	testkit.Must(t, s.rdb.Save(t.Context()).Err())
	s.redis.Kill()
	started := make(chan struct{})
	go func() {
		defer close(started)
		s.redis.Start()
	}()
	impatient := redis.NewClient(&redis.Options{Addr: s.redis.Addr, Password: s.redis.Password, MaxRetries: -1})
	defer impatient.Close()
	within(t, 10*time.Second, "Redis says that it is loading", func() bool {
		return redis.HasErrorPrefix(impatient.Ping(t.Context()).Err(), "LOADING")
	})
	return func() {
		<-started
		testkit.Must(t, s.rdb.Del(t.Context(), filler...).Err())
		testkit.Must(t, s.rdb.Save(t.Context()).Err())
	}
}
