package ratelimit

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/testkit"
)

// crowded is the limit that eight instances press against. Its burst outlasts a machine that stands still for as long as
// the test lasts: tokens that nobody could take would look like tokens that were refused.
var crowded = Limit{200, time.Second, 600}

// press lets eight instances, each with a client of its own, ask as fast as they can for that long, and holds the
// number of times they were allowed against what the limit allows in that time by Redis's own clock.
func press(t *testing.T, r *testkit.RedisServer, lasts time.Duration, take func(rdb redis.UniversalClient) func() bool) (got, most, least float64) {
	t.Helper()
	const instances = 8
	watch := connect(t, r.Addr, r.Password, patient)
	var takes []func() bool
	for range instances {
		takes = append(takes, take(connect(t, r.Addr, r.Password, patient)))
	}
	var count atomic.Int64
	ask := func(take func() bool) bool {
		ok := take()
		if ok {
			count.Add(1)
		}
		return ok
	}
	var all, connected sync.WaitGroup
	stop, cancel := context.WithCancel(t.Context())
	defer cancel()
	first := clock(t, watch)
	for _, take := range takes {
		for range 2 {
			connected.Add(1)
			all.Go(func() {
				ask(take)
				connected.Done()
				for stop.Err() == nil {
					ask(take)
				}
			})
		}
	}
	connected.Wait()
	begun := clock(t, watch) // until now the bucket may have run over; what was taken of it is counted
	time.AfterFunc(lasts, cancel)
	all.Wait()
	empty := clock(t, watch)
	for ask(takes[0]) { // until there is nothing left to be had
		empty = clock(t, watch)
	}
	last := clock(t, watch)
	every, _, _ := crowded.parts()
	tokens := func(d time.Duration) float64 {
		return float64(crowded.Burst) + float64(d.Microseconds())/float64(every)
	}
	return float64(count.Load()), tokens(last.Sub(first)), tokens(empty.Sub(begun))
}

// ours is an instance of the real thing.
func ours(t *testing.T) func(rdb redis.UniversalClient) func() bool {
	return func(rdb redis.UniversalClient) func() bool {
		l := limiter(rdb)
		return func() bool {
			ok, _ := allowed(t, l, user(crowded))
			return ok
		}
	}
}

func TestEightInstances(t *testing.T) {
	r := testkit.Redis(t)
	got, most, least := press(t, r, 3*time.Second, ours(t))
	if got > most || got < 0.99*least {
		t.Errorf("allowed %v times, want at most %.1f and no less than 1 %% under %.1f", got, most, least)
	}
	t.Logf("allowed %v, limit %.1f to %.1f", got, least, most)
}

// A Redis that keeps forgetting its scripts, as one does that was restarted or has taken over, counts as exactly.
func TestEightInstancesWithoutScript(t *testing.T) {
	r := testkit.Redis(t)
	rdb := connect(t, r.Addr, r.Password, patient)
	ctx, cancel := context.WithCancel(t.Context())
	var flushes int
	var flusher sync.WaitGroup
	flusher.Go(func() {
		for ; ctx.Err() == nil && rdb.ScriptFlush(ctx).Err() == nil; flushes++ {
			time.Sleep(time.Millisecond)
		}
	})
	got, most, least := press(t, r, 2*time.Second, ours(t))
	cancel()
	flusher.Wait()
	if got > most || got < 0.99*least || flushes < 50 {
		t.Errorf("allowed %v times over %d flushes, want at most %.1f and no less than 1 %% under %.1f", got, flushes, most, least)
	}
}

// The measure must see a limiter that lets too many through: read, reckon and write back is one.
func TestNaiveLimiterIsCaught(t *testing.T) {
	r := testkit.Redis(t)
	every, span, _ := crowded.parts()
	got, most, _ := press(t, r, time.Second, func(rdb redis.UniversalClient) func() bool {
		return func() bool {
			held, _ := rdb.Get(context.WithoutCancel(t.Context()), "naive").Int64()
			now := clock(t, rdb).UnixMicro()
			next := max(held, now) + every
			return next <= now+span && rdb.Set(context.WithoutCancel(t.Context()), "naive", next, time.Minute).Err() == nil
		}
	})
	if got <= most*1.01 || math.IsInf(most, 0) {
		t.Errorf("the naive limiter allowed %v of %.1f, and nobody noticed", got, most)
	}
}
