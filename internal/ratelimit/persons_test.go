package ratelimit

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// look shows an actor a person, unless it has seen too many: the two pipelines of a scan.
func look(t *testing.T, l *Limiter, rdb redis.UniversalClient, actor string, w Window, limit int, person int64) error {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	pipe := rdb.Pipeline()
	p := l.QueuePersons(ctx, pipe, actor, w)
	_, _ = pipe.Exec(ctx)
	p.Full(limit)
	if err := p.Admit(ctx, person); err != nil {
		return err
	}
	pipe = rdb.Pipeline()
	p.Note(ctx, pipe, person)
	_, _ = pipe.Exec(ctx)
	p.Settle(true)
	return nil
}

// A Redis that is full answers whoever reads and takes nothing down. Then this process counts, and so it does where a trip
// was not made because Redis had not served the one before.
func TestWalkThroughARedisThatTakesNothingDown(t *testing.T) {
	rdb := real(t)
	l := limiter(rdb)
	testkit.Must(t, look(t, l, rdb, "user:u1", Day(start), 20, 1))
	testkit.Must(t, rdb.ConfigSet(t.Context(), "maxmemory-policy", "noeviction").Err())
	testkit.Must(t, rdb.ConfigSet(t.Context(), "maxmemory", "1").Err())
	seen := 0
	for person := range int64(500) {
		if look(t, l, rdb, "user:u1", Day(start), 20, 100+person) == nil {
			seen++
		}
	}
	if seen < 19 || seen > 21 {
		t.Errorf("%d distinct persons shown, the limit is 20", seen)
	}
	pipe := rdb.Pipeline()
	p := l.QueuePersons(t.Context(), pipe, "user:u2", Day(start))
	p.Full(20)
	p.Note(t.Context(), pipe, 1, 2, 3)
	p.Settle(false)
	if n := l.notes.count(p.key); n != 3 {
		t.Errorf("%d noted of a trip that was not made", n)
	}
}

// Who walks the register is stopped at the limit, give or take 3 %, and stays stopped until the window ends.
func TestWalkIsStopped(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		now := testkit.NewClock(start)
		l := New(rdb, Options{Now: now.Now})
		for _, limit := range []int{500, 50, 1} {
			actor := "user:u" + string(rune('a'+limit%26))
			seen := 0
			for person := range int64(limit + 50) {
				err := look(t, l, rdb, actor, Day(start), limit, 1_000_000+person)
				if err == nil {
					seen++
					continue
				}
				var e *models.Error
				if !errors.Is(err, ErrTooManyPersons) || !errors.As(err, &e) || e.RetryAfter != 14*time.Hour {
					t.Fatalf("%v, want no more until midnight", err)
				}
			}
			if slack := (limit*3 + 99) / 100; seen < limit-slack || seen > limit+slack {
				t.Errorf("%d persons seen of 50 more, want %d ± 3 %%", seen, limit)
			}
		}
		if err := look(t, l, rdb, "user:other", Day(start), 500, 1); err != nil {
			t.Errorf("another actor: %v", err)
		}
		if err := look(t, l, rdb, "user:ug", Day(start.AddDate(0, 0, 1)), 500, 1); err != nil {
			t.Errorf("the next day: %v", err)
		}
		if l.notes.known.Len() > 0 {
			t.Error("counted without Redis")
		}
	})
}

// The same person again and again is one person; several instances count together; nothing outlives its window long.
func TestPersonsAreCountedOnce(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		now := testkit.NewClock(start)
		instances := []*Limiter{New(rdb, Options{Now: now.Now}), New(rdb, Options{Now: now.Now})}
		for i := range 300 {
			if err := look(t, instances[i%2], rdb, "user:u1", Day(start), 10, int64(i%9)); err != nil {
				t.Fatalf("scan %d of 9 persons: %v", i, err)
			}
		}
		key := instances[0].QueuePersons(t.Context(), rdb.Pipeline(), "user:u1", Day(start)).key
		if life := rdb.PTTL(t.Context(), key).Val(); life > 15*time.Hour || life < 15*time.Hour-patient {
			t.Errorf("a count lives %v, want until an hour after the window", life)
		}
		testkit.Must(t, look(t, instances[0], rdb, "user:u1", Day(start), 10, 100))
		testkit.WantErr(t, look(t, instances[1], rdb, "user:u1", Day(start), 10, 101), ErrTooManyPersons)
		for again := range int64(9) { // beyond the limit too, as often as they like, and nobody else for it
			testkit.Must(t, look(t, instances[again%2], rdb, "user:u1", Day(start), 10, again))
		}
		testkit.WantErr(t, look(t, instances[1], rdb, "user:u1", Day(start), 10, 101), ErrTooManyPersons)
		if n := rdb.Exists(t.Context(), key+":try").Val(); n != 0 {
			t.Error("what was tried is kept")
		}
		if err := look(t, instances[1], rdb, "user:u1", Day(start), 20, 101); err != nil {
			t.Errorf("with a higher limit: %v", err)
		}

		// Several at once, and a request that began before the window ended.
		now.Set(Day(start).Ends.Add(time.Minute))
		pipe := rdb.Pipeline()
		p := instances[0].QueuePersons(t.Context(), pipe, "user:u2", Day(start))
		_, _ = pipe.Exec(t.Context())
		if p.Full(3) {
			t.Error("full from the beginning")
		}
		p.Note(t.Context(), pipe)
		if pipe.Len() != 0 {
			t.Error("nobody was noted")
		}
		p.Note(t.Context(), pipe, 1, 2, 3, 2, 1)
		_, err := pipe.Exec(t.Context())
		testkit.Must(t, err)
		err = look(t, instances[0], rdb, "user:u2", Day(start), 3, 4)
		testkit.WantErr(t, err, ErrTooManyPersons)
		if wait := models.AsError(err).RetryAfter; wait != time.Second {
			t.Errorf("after the window's end one waits %v", wait)
		}
		if life := rdb.PTTL(t.Context(), p.key).Val(); life <= 0 || life > lateness {
			t.Errorf("it lives %v", life)
		}
	})
}

func TestNoLimitOfPersons(t *testing.T) {
	rdb, m := embedded(t)
	l := limiter(rdb)
	for i := range 100 {
		testkit.Must(t, look(t, l, rdb, "user:u1", Day(start), 0, int64(i)))
	}
	if keys := m.Keys(); len(keys) > 0 {
		t.Errorf("it keeps %q", keys)
	}
}

func TestDay(t *testing.T) {
	for at, want := range map[string]string{
		"2026-03-01T15:59:59.999999999Z": "2026-03-01 until 2026-03-01T16:00:00Z",
		"2026-03-01T16:00:00Z":           "2026-03-02 until 2026-03-02T16:00:00Z",
		"2026-12-31T23:00:00+08:00":      "2026-12-31 until 2026-12-31T16:00:00Z",
	} {
		now, err := time.Parse(time.RFC3339, at)
		testkit.Must(t, err)
		w := Day(now)
		if got := w.Name + " until " + w.Ends.UTC().Format(time.RFC3339); got != want {
			t.Errorf("at %s: %s, want %s", at, got, want)
		}
	}
}

func TestHour(t *testing.T) {
	for at, want := range map[string]string{
		"2026-03-01T15:59:59.999999999Z": "2026-03-01T23 until 2026-03-01T16:00:00Z",
		"2026-03-01T16:00:00Z":           "2026-03-02T00 until 2026-03-01T17:00:00Z",
		"2026-12-31T23:00:00+08:00":      "2026-12-31T23 until 2026-12-31T16:00:00Z",
	} {
		now, err := time.Parse(time.RFC3339, at)
		testkit.Must(t, err)
		w := Hour(now)
		if got := w.Name + " until " + w.Ends.UTC().Format(time.RFC3339); got != want {
			t.Errorf("at %s: %s, want %s", at, got, want)
		}
	}
}

// A crowd behind one address that has met its limit goes on with those it has seen, is told the end of the hour for
// anybody else, and begins anew with the next hour.
func TestACrowdedAddress(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		now := testkit.NewClock(start.Add(20 * time.Minute))
		l := New(rdb, Options{Now: now.Now})
		show := func(person int64) error { return look(t, l, rdb, "addr:192.0.2.1", Hour(now.Now()), 100, person) }
		seen, refused := int64(0), int64(0)
		for ; refused == 0 && seen < 200; seen++ {
			if show(seen) != nil {
				refused = seen
			}
		}
		if refused < 97 || refused > 103 {
			t.Fatalf("%d persons were shown, want 100 ± 3 %%", refused)
		}
		for person := int64(0); person < refused; person += 5 {
			if err := show(person); err != nil {
				t.Fatalf("person %d, seen before: %v", person, err)
			}
		}
		passed := 0
		for person := refused; person < refused+300; person++ {
			err := show(person)
			if err == nil {
				passed++
			} else if wait := models.AsError(err).RetryAfter; wait != 40*time.Minute {
				t.Fatalf("one waits %v, want until the hour ends", wait)
			}
		}
		if passed > 3 {
			t.Errorf("%d of 300 others passed for persons seen before", passed)
		}
		now.Advance(40 * time.Minute)
		if err := show(refused); err != nil {
			t.Errorf("in the next hour: %v", err)
		}
	})
}

// Redis goes away between the count and the second question: what this process knows decides.
func TestPersonsWhileRedisGoes(t *testing.T) {
	r := testkit.Redis(t)
	rdb := connect(t, r.Addr, r.Password, patient)
	l := limiter(rdb)
	for person := range int64(5) {
		testkit.Must(t, look(t, l, rdb, "user:u1", Day(start), 5, person))
	}
	pipe := rdb.Pipeline()
	p := l.QueuePersons(t.Context(), pipe, "user:u1", Day(start))
	_, err := pipe.Exec(t.Context())
	testkit.Must(t, err)
	if !p.Full(5) {
		t.Fatal("not full")
	}
	r.Kill()
	testkit.Must(t, p.Admit(t.Context(), 99)) // nobody is failed because a limit cannot be asked for
	for person := range int64(5) {
		testkit.Must(t, look(t, l, rdb, "user:u1", Day(start), 5, 100+person))
	}
	testkit.WantErr(t, look(t, l, rdb, "user:u1", Day(start), 5, 99), ErrTooManyPersons)
}

// With Redis away a walk is stopped by this process, exactly at the limit, and what it noted does not go into Redis's
// pipeline; when Redis is back, it counts again.
func TestPersonsWithoutRedis(t *testing.T) {
	r := testkit.Redis(t)
	rdb := connect(t, r.Addr, r.Password, patient)
	l := limiter(rdb)
	r.Kill()
	seen := 0
	for i := range 2000 {
		pipe := rdb.Pipeline()
		p := l.QueuePersons(t.Context(), pipe, "user:u1", Day(start))
		_, _ = pipe.Exec(t.Context())
		p.Full(500)
		if err := p.Admit(t.Context(), int64(i)); err != nil {
			testkit.WantErr(t, err, ErrTooManyPersons)
			testkit.Must(t, p.Admit(t.Context(), int64(i)%500)) // one of those that were seen
			continue
		}
		seen++
		p.Note(t.Context(), pipe, int64(i), int64(i), 0)
		if pipe.Len() > 0 {
			t.Fatal("it asks a Redis that is away")
		}
	}
	if seen != 500 {
		t.Errorf("%d persons seen, want 500", seen)
	}
	if err := look(t, l, rdb, "user:u2", Day(start), 500, 1); err != nil {
		t.Errorf("another actor: %v", err)
	}
	if err := look(t, l, rdb, "user:u1", Day(start.AddDate(0, 0, 1)), 500, 1); err != nil {
		t.Errorf("the next day: %v", err)
	}
	r.Start()
	eventually(t, 4*patient, "Redis counts", func() bool {
		testkit.Must(t, look(t, l, rdb, "user:u3", Day(start), 1_000_000, 1))
		return rdb.PFCount(t.Context(), l.QueuePersons(t.Context(), rdb.Pipeline(), "user:u3", Day(start)).key).Val() == marks
	})
}

// A key that is no count of persons holds nobody up.
func TestPersonsOverADamagedKey(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		l := limiter(rdb)
		key := l.QueuePersons(t.Context(), rdb.Pipeline(), "user:u1", Day(start)).key
		testkit.Must(t, rdb.HSet(t.Context(), key, "a", "b").Err())
		for person, want := range []error{nil, nil, ErrTooManyPersons} {
			if err := look(t, l, rdb, "user:u1", Day(start), 2, int64(person)); !errors.Is(err, want) {
				t.Errorf("person %d: %v", person, err)
			}
		}
	})
}

// Notes are exact as long as there is room, and bounded beyond; forgetting keeps the counts right.
func TestNotes(t *testing.T) {
	before := heap()
	n := newNotes(1000)
	for person := range int64(600) {
		n.add("a", []int64{person})
		n.add("b", []int64{person % 10, person % 10})
	}
	if a, b := n.count("a"), n.count("b"); a != 600 || b != 10 {
		t.Errorf("%d and %d persons, want 600 and 10", a, b)
	}
	for key := range int64(100_000) {
		n.add(string(binaryKey(key)), []int64{key})
		if key%100 == 0 {
			n.add("b", []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 0})
		}
	}
	if a, b := n.count("a"), n.count("b"); a != 0 || b != 10 {
		t.Errorf("after a flood %d and %d persons, want 0 and 10", a, b)
	}
	sum := 0
	for _, c := range n.seen {
		sum += c
	}
	if sum != n.known.Len() || sum != 1000 {
		t.Errorf("the counts add up to %d, there are %d notes", sum, n.known.Len())
	}
	if grown := heap() - before; grown > 1<<20 {
		t.Errorf("1,000 notes take %d bytes", grown)
	}
	runtime.KeepAlive(n)
}

func binaryKey(n int64) []byte { return []byte{byte(n), byte(n >> 8), byte(n >> 16), 'k'} }

func TestNotesAtOnce(t *testing.T) {
	n := newNotes(100)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range int64(2000) {
				n.add(string(binaryKey(i%5)), []int64{i % 20})
				n.count("x")
			}
		})
	}
	all.Wait()
	for key := range int64(5) {
		if got := n.count(string(binaryKey(key))); got != 4 {
			t.Errorf("key %d has %d persons, want 4", key, got)
		}
	}
}
