package ratelimit

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// model is GCRA as a textbook has it, in whole microseconds; the script is held to it.
type model struct{ tat int64 }

func (m *model) take(now, every, span int64) (wait int64) {
	m.tat = max(min(m.tat, now+span), now)
	if m.tat+every > now+span {
		return m.tat + every - now - span
	}
	m.tat += every
	return 0
}

// Every decision, and every time to wait, is the model's to the microsecond, whatever the limits, the times between
// and the clock's leaps forward and back.
func TestScriptIsTheModel(t *testing.T) {
	rdb, m := embedded(t)
	l := limiter(rdb)
	random := rand.New(rand.NewPCG(1, 2))
	yes, no := 0, 0
	for key := range 30 {
		limit := Limit{1 + random.IntN(500), time.Duration(1+random.IntN(90_000)) * time.Millisecond, 1 + random.IntN(10)}
		every, span, _ := limit.parts()
		now := start.Add(time.Duration(key) * time.Hour)
		var want model
		for step := range 75 {
			switch gap := time.Duration(random.Int64N(2*every)) * time.Microsecond; {
			case step%37 == 36:
				now = now.Add(-20 * gap) // a failover to a server that is behind
			case step%23 == 22:
				now = now.Add(40 * gap)
			case step%2 == 0:
				now = now.Add(gap)
			}
			m.SetTime(now)
			ok, wait := allowed(t, l, Take{"model", strconv.Itoa(key), limit})
			if w := want.take(now.UnixMicro(), every, span); wait.Microseconds() != w || ok != (w == 0) {
				t.Fatalf("%+v, step %d: allowed %t, wait %v; the model says %d µs", limit, step, ok, wait, w)
			}
			if ok {
				yes++
			} else {
				no++
			}
		}
	}
	if yes < 500 || no < 500 {
		t.Errorf("%d times yes and %d times no do not say much", yes, no)
	}
}

func TestBurstThenRefused(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		l := limiter(rdb)
		limit := Limit{1, time.Hour, 7}
		for i := range 7 {
			if ok, _ := allowed(t, l, user(limit)); !ok {
				t.Fatalf("token %d of 7 is refused", i+1)
			}
		}
		for range 3 {
			ok, wait := allowed(t, l, user(limit))
			if ok || wait > time.Hour || wait < time.Hour-patient {
				t.Fatalf("after 7 tokens: allowed %t, wait %v, want an hour", ok, wait)
			}
		}
		if ok, _ := allowed(t, l, Take{"user", "u2", limit}); !ok {
			t.Error("another user is refused")
		}
		if ok, _ := allowed(t, l, Take{"misses", "u1", limit}); !ok {
			t.Error("another purpose is refused")
		}
		for range 100 {
			if ok, _ := allowed(t, l, user(Limit{})); !ok {
				t.Fatal("the zero limit refuses")
			}
		}
	})
}

// Before the time to wait is over the answer stays no, and then it is yes: by Redis's clock, to the microsecond, as far
// as one can see from outside.
func TestRetryAfter(t *testing.T) {
	rdb := real(t)
	l := limiter(rdb)
	limit := Limit{1, time.Second, 2}
	for range 2 {
		if ok, _ := allowed(t, l, user(limit)); !ok {
			t.Fatal("the burst is refused")
		}
	}
	var earliest, latest time.Time // of the instant at which a token is promised
	for asked := 0; ; asked++ {
		before := clock(t, rdb)
		ok, wait := allowed(t, l, user(limit))
		after := clock(t, rdb)
		if ok {
			if asked == 0 || after.Before(earliest) {
				t.Errorf("allowed at %v after %d refusals, promised for %v to %v", after, asked, earliest, latest)
			}
			return
		}
		low, high := before.Add(wait), after.Add(wait)
		if asked == 0 {
			earliest, latest = low, high
		}
		if low.After(latest) || high.Before(earliest) {
			t.Fatalf("promised for %v to %v, and then for %v to %v", earliest, latest, low, high)
		}
		earliest, latest = latestOf(earliest, low), earliestOf(latest, high)
		if before.After(latest) {
			t.Fatalf("refused at %v, promised for %v", before, latest)
		}
	}
}

func latestOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliestOf(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Several limits: each counts for itself, and one has to wait for the last of them.
func TestSeveralTakes(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		l := limiter(rdb)
		hour, day := Limit{1, time.Hour, 1}, Limit{1, 24 * time.Hour, 1}
		if ok, _ := allowed(t, l, Take{"a", "x", hour}, Take{"b", "x", day}, user(Limit{})); !ok {
			t.Fatal("refused at once")
		}
		for _, takes := range [][]Take{{{"a", "x", hour}, {"b", "x", day}}, {{"b", "x", day}, {"a", "x", hour}}} {
			if ok, wait := allowed(t, l, takes...); ok || wait < 24*time.Hour-patient || wait > 24*time.Hour {
				t.Errorf("allowed %t, wait %v, want a day", ok, wait)
			}
		}
		if ok, _ := allowed(t, l, Take{"a", "y", hour}, Take{"b", "x", day}); ok {
			t.Error("one of two is enough")
		}
		if ok, _ := allowed(t, l, Take{"a", "y", hour}); ok {
			t.Error("the other one was not taken")
		}
		if ok, _ := allowed(t, l); !ok {
			t.Error("nothing is too much")
		}
	})
}

// One round trip with whatever else is in the pipeline; two for a Redis that has not seen the script.
func TestRoundTrips(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		l := limiter(rdb)
		testkit.Must(t, rdb.Set(t.Context(), "fact", "x", 0).Err())
		var c trips
		rdb.AddHook(&c)
		for _, want := range []int{2, 1, 1} {
			c = trips{}
			pipe := rdb.Pipeline()
			fact := pipe.Get(t.Context(), "fact")
			p := l.Queue(t.Context(), pipe, user(Limit{3, time.Hour, 3}), Take{"address", "192.0.2.1", Limit{3, time.Hour, 3}})
			persons := l.QueuePersons(t.Context(), pipe, "user:u1", Day(start))
			late := pipe.Get(t.Context(), "fact")
			_, _ = pipe.Exec(t.Context())
			if ok, _ := verdict(t, p.Decide(t.Context())); !ok || persons.Full(10) || persons.Admit(t.Context(), 1) != nil || fact.Val() != "x" || late.Val() != "x" {
				t.Error("refused, or the rest of the pipeline was lost")
			}
			if c.pipelines != want || c.single != 0 {
				t.Errorf("%+v, want %d pipelines", c, want)
			}
		}
		if ok, _ := allowed(t, l, user(Limit{3, time.Hour, 3})); ok {
			t.Error("3 takes were not counted")
		}
	})
}

// A bucket lives for as long as it is not full.
func TestKeysEnd(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		l := limiter(rdb)
		take := user(Limit{60, time.Hour, 10})
		for i := 1; i <= 3; i++ {
			allowed(t, l, take)
			full, err := rdb.Get(t.Context(), l.key(take)).Int64()
			testkit.Must(t, err)
			if ahead := time.UnixMicro(full).Sub(clock(t, rdb)); ahead > time.Duration(i)*time.Minute || ahead < time.Duration(i)*time.Minute-patient {
				t.Errorf("after %d takes the bucket is full in %v", i, ahead)
			}
			if life := rdb.PTTL(t.Context(), l.key(take)).Val(); life > time.Duration(i)*time.Minute || life < time.Duration(i)*time.Minute-patient {
				t.Errorf("after %d takes the key lives %v", i, life)
			}
		}
		allowed(t, l, Take{"brief", "x", Limit{1000, time.Second, 10}})
		if life := rdb.PTTL(t.Context(), l.key(Take{"brief", "x", Limit{}})).Val(); life > time.Millisecond {
			t.Errorf("a bucket that is full in a millisecond lives %v", life)
		}
	})
}

// An actor is not locked out by what an honest bucket cannot hold: the clock went back, or the limit was lowered.
func TestTooFarAhead(t *testing.T) {
	rdb, m := embedded(t)
	l := limiter(rdb)
	take := user(Limit{60, time.Minute, 5})
	testkit.Must(t, rdb.Set(t.Context(), l.key(take), start.Add(100*time.Hour).UnixMicro(), 0).Err())
	if ok, wait := allowed(t, l, take); ok || wait != time.Second {
		t.Fatalf("allowed %t, wait %v, want one token's second", ok, wait)
	}
	if life := rdb.PTTL(t.Context(), l.key(take)).Val(); life != 5*time.Second {
		t.Errorf("it lives %v", life)
	}
	for i := range 3 {
		m.SetTime(start.Add(time.Duration(i+1) * time.Second))
		if ok, wait := allowed(t, l, take); !ok {
			t.Errorf("second %d: wait %v", i+1, wait)
		}
		if ok, wait := allowed(t, l, take); ok || wait != time.Second {
			t.Errorf("second %d: allowed %t, wait %v", i+1, ok, wait)
		}
	}
}

// What is not of ours under a key counts for nothing, or is left to this process.
func TestDamagedKeys(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		l := limiter(rdb)
		take := user(Limit{1, time.Hour, 2})
		for _, damaged := range []string{"", "x", "-1", "1e3", "{}", "\x00\xff"} {
			testkit.Must(t, rdb.Set(t.Context(), l.key(take), damaged, 0).Err())
			for i, want := range []bool{true, true, false} {
				if ok, _ := allowed(t, l, take); ok != want {
					t.Errorf("over %q take %d is allowed: %t", damaged, i, ok)
				}
			}
		}
		testkit.Must(t, rdb.Del(t.Context(), l.key(take)).Err())
		testkit.Must(t, rdb.HSet(t.Context(), l.key(take), "a", "b").Err()) // a script cannot read that as a text
		for i, want := range []bool{true, true, false} {
			if ok, _ := allowed(t, l, take); ok != want {
				t.Errorf("over a hash take %d is allowed: %t", i, ok)
			}
		}
	})
}

// A pipeline that nobody ran has no answers; they are not taken for a yes without end.
func TestNeverRun(t *testing.T) {
	rdb, _ := embedded(t)
	l := limiter(rdb)
	for i, want := range []bool{true, true, false} {
		p := l.Queue(t.Context(), rdb.Pipeline(), user(Limit{1, time.Hour, 2}))
		if ok, _ := verdict(t, p.Decide(t.Context())); ok != want {
			t.Errorf("take %d is allowed: %t", i, ok)
		}
	}
}

// A caller who went away costs nobody anything, and cannot ask without end either.
func TestCallerLeft(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		l := limiter(rdb)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		yes := 0
		for range 10 {
			if l.Take(gone, user(Limit{1, time.Hour, 3})) == nil {
				yes++
			}
		}
		if yes != 3 {
			t.Errorf("allowed %d times, want 3", yes)
		}
		if ok, _ := allowed(t, l, user(Limit{1, time.Hour, 3})); !ok {
			t.Error("Redis counted what it was not asked")
		}
	})
}

func TestErrors(t *testing.T) {
	e := models.AsError(refusal(1500 * time.Microsecond))
	if !errors.Is(e, ErrTooMany) || e.RetryAfter != 1500*time.Microsecond || ErrTooMany.RetryAfter != 0 {
		t.Errorf("%+v", e)
	}
	for code, e := range map[string]*models.Error{"rate_limited": ErrTooMany, "too_many_persons": ErrTooManyPersons} {
		if e.Code != code || e.Kind != models.KindTooMany || e.Message.ZH == "" || e.Message.EN == "" {
			t.Errorf("%+v", e)
		}
	}
}
