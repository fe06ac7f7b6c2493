package ratelimit

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yanzheng/internal/testkit"
)

func TestLocal(t *testing.T) {
	now := testkit.NewClock(start)
	l := NewLocal(now.Now, 0)
	take := Take{"forged", "192.0.2.1", Limit{60, time.Minute, 3}}
	for i, step := range []struct {
		advance time.Duration
		ok      bool
		retry   time.Duration
	}{
		{0, true, 0}, {0, true, 0}, {0, true, 0},
		{0, false, time.Second},
		{400 * time.Millisecond, false, 600 * time.Millisecond},
		{599_990 * time.Microsecond, false, 10 * time.Microsecond},
		{10 * time.Microsecond, true, 0},
		{0, false, time.Second},
		{-time.Hour, false, time.Second}, // a clock that goes back gives nothing
		{time.Hour + 2*time.Second, true, 0}, {0, true, 0}, {0, false, time.Second},
		{24 * time.Hour, true, 0}, {0, true, 0}, {0, true, 0}, {0, false, time.Second}, // never more than the burst
	} {
		now.Advance(step.advance)
		if ok, retry := l.Allow(take); ok != step.ok || retry < step.retry || retry > step.retry+time.Microsecond {
			t.Errorf("step %d: %t, %v, want %t, %v", i, ok, retry, step.ok, step.retry)
		}
	}
	for _, other := range []Take{{"forged", "192.0.2.2", take.Limit}, {"misses", "192.0.2.1", take.Limit}, {"forged", "192.0.2.1", Limit{}}} {
		if ok, _ := l.Allow(other); !ok {
			t.Errorf("%+v is refused", other)
		}
	}
	if ok, _ := l.Allow(Take{"forged", "192.0.2.1", Limit{60, time.Minute, 4}}); !ok {
		t.Error("another limit for the same actor does not hold")
	}
}

// Whatever the limit, the time to wait is enough, and a microsecond less is not.
func TestLocalRetry(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for range 2000 {
		now := testkit.NewClock(start)
		l := NewLocal(now.Now, 1)
		limit := Limit{1 + random.IntN(1000), time.Duration(1+random.IntN(1_000_000)) * time.Millisecond, 1 + random.IntN(5)}
		take := user(limit)
		for range limit.Burst {
			l.Allow(take)
		}
		every, _, _ := limit.parts()
		now.Advance(time.Duration(random.Int64N(every)) * time.Microsecond)
		ok, retry := l.Allow(take)
		if ok {
			t.Fatalf("%+v: more than the burst", limit)
		}
		if retry > time.Microsecond {
			now.Advance(retry - 2*time.Microsecond)
			if ok, _ := l.Allow(take); ok {
				t.Fatalf("%+v: %v would have been less", limit, retry)
			}
			now.Advance(2 * time.Microsecond)
		} else {
			now.Advance(retry)
		}
		if ok, _ := l.Allow(take); !ok {
			t.Fatalf("%+v: %v is not enough", limit, retry)
		}
	}
}

// Many at once get the burst together, and a flood of refusals takes nothing from those who wait.
func TestLocalAtOnce(t *testing.T) {
	now := testkit.NewClock(start)
	l := NewLocal(now.Now, 0)
	take := user(Limit{100, time.Second, 50})
	flood := func() int64 {
		var yes atomic.Int64
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				for range 200 {
					if ok, _ := l.Allow(take); ok {
						yes.Add(1)
					}
				}
			})
		}
		all.Wait()
		return yes.Load()
	}
	for i, want := range []int64{50, 10, 10, 10} {
		if got := flood(); got != want {
			t.Errorf("flood %d: allowed %d, want %d", i, got, want)
		}
		now.Advance(100 * time.Millisecond)
	}
}

// heap is what is in use after all that can go is gone.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A hundred thousand actors cost no more memory than the buckets there are, be their names ever so long and part of something
// longer still; and the one who asks all the time is not forgotten among them.
func TestLocalMemory(t *testing.T) {
	now := testkit.NewClock(start)
	before := heap()
	l := NewLocal(now.Now, 1000)
	limit := Limit{1, time.Hour, 1}
	insistent := user(limit)
	l.Allow(insistent)
	page := strings.Repeat("x", 20_000)
	for i := range 100_000 {
		actor := fmt.Sprint("actor ", i)
		switch {
		case i%20 == 0:
			actor = page + actor
		case i%20 == 10:
			actor = (page + actor)[len(page):]
		}
		l.Allow(Take{"user", actor, limit})
		if i%500 == 0 {
			if ok, _ := l.Allow(insistent); ok {
				t.Fatalf("forgotten after %d others", i)
			}
		}
	}
	if n := l.buckets.Len(); n != 1000 {
		t.Errorf("%d buckets, want 1000", n)
	}
	if grown := heap() - before; grown > 1<<20 {
		t.Errorf("1,000 buckets take %d bytes", grown)
	}
	runtime.KeepAlive(l)
}
