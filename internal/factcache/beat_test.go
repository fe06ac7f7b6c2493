package factcache

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// Without a heartbeat nothing that is cached counts, however fresh it looks, and nothing is kept.
func TestNoHeartbeatNoCache(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		w := newWorld(t, rdb)
		ask(t, w.facts, w.id)
		if got := ask(t, w.facts, w.id); got.Source != models.SourceCache {
			t.Fatalf("with a heartbeat: %+v", got)
		}
		testkit.Must(t, rdb.Del(t.Context(), beatKey).Err())
		testkit.Must(t, rdb.Del(t.Context(), factKey(sample(2).CertificateID)).Err())
		for range 2 {
			if got := ask(t, w.facts, w.id); got.Source != models.SourceDatabase {
				t.Errorf("without one: %+v", got)
			}
			ask(t, w.facts, sample(2).CertificateID)
		}
		if held := raw(t, rdb, factKey(sample(2).CertificateID)); held != "" {
			t.Errorf("kept %q without a heartbeat", held)
		}
		testkit.Must(t, w.relay.Turn(t.Context()))
		if got := ask(t, w.facts, w.id); got.Source != models.SourceCache {
			t.Errorf("the heart beats again, and what was cached in its epoch is gone: %+v", got)
		}
	})
}

// A heartbeat ends by the clock of Redis, counted from before the outbox was read, also when its command was held
// back on the way.
func TestHeartbeatEnds(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		w := newWorld(t, rdb)
		s, err := w.relay.observe(t.Context())
		testkit.Must(t, err)
		s.at = s.at.Add(-beatLife / 2)
		testkit.Must(t, w.relay.renew(t.Context(), s))
		if life := rdb.PTTL(t.Context(), beatKey).Val(); life <= 0 || life > beatLife/2 {
			t.Errorf("a beat of %v ago lives another %v", beatLife/2, life)
		}
		s.at = s.at.Add(-beatLife)
		testkit.Must(t, w.relay.renew(t.Context(), s))
		if held := raw(t, rdb, beatKey); held != "" {
			t.Errorf("a beat that came too late is there: %q", held)
		}
	})
}

// While a change waits to be told, no heart beats: not when it cannot be told, nor when nobody here understands it.
func TestNoBeatOverAPendingChange(t *testing.T) {
	rdb := embedded(t)
	w := newWorld(t, rdb)
	testkit.Must(t, rdb.Del(t.Context(), beatKey).Err())
	w.outbox.commit(models.Event{Subject: "employer", SubjectID: "1", Version: 1})
	if err := w.relay.Turn(t.Context()); !errors.Is(err, errSubject) {
		t.Errorf("%v, want to hear of the event", err)
	}
	w.outbox.pending = nil
	w.outbox.err = errDown
	testkit.WantErr(t, w.relay.Turn(t.Context()), errDown)
	if held := raw(t, rdb, beatKey); held != "" {
		t.Errorf("it beats: %q", held)
	}
}

// forgetting are the ways in which a Redis may lose what it was told. Each is begun with an entry in the cache and a
// heartbeat, and with a copy of both at hand.
func TestEpochEndsWhenRedisMayHaveForgotten(t *testing.T) {
	for name, forget := range map[string]func(t *testing.T, r *testkit.RedisServer, rdb redis.UniversalClient){
		"restart from a snapshot": func(t *testing.T, r *testkit.RedisServer, rdb redis.UniversalClient) {
			testkit.Must(t, rdb.Do(t.Context(), "SAVE").Err())
			r.Kill()
			r.Start()
			eventually(t, patient, "it answers", func() bool { return rdb.Ping(t.Context()).Err() == nil })
		},
		"flush": func(t *testing.T, _ *testkit.RedisServer, rdb redis.UniversalClient) {
			testkit.Must(t, rdb.FlushAll(t.Context()).Err())
		},
		"flush that spares the epoch's own server": func(t *testing.T, _ *testkit.RedisServer, rdb redis.UniversalClient) {
			epoch := raw(t, rdb, epochKey)
			testkit.Must(t, rdb.FlushDB(t.Context()).Err())
			testkit.Must(t, rdb.Set(t.Context(), epochKey, epoch, 0).Err())
		},
		"epoch lost": func(t *testing.T, _ *testkit.RedisServer, rdb redis.UniversalClient) {
			testkit.Must(t, rdb.Del(t.Context(), epochKey).Err())
		},
		"epoch of long ago": func(t *testing.T, _ *testkit.RedisServer, rdb redis.UniversalClient) {
			testkit.Must(t, rdb.Set(t.Context(), epochKey, "longago", 0).Err())
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := testkit.Redis(t)
			rdb := connect(t, r.Addr, r.Password, patient)
			w := newWorld(t, rdb)
			ask(t, w.facts, w.id)
			key := factKey(w.id)
			entry, epoch := raw(t, rdb, key), w.outbox.epoch.Name
			forget(t, r, rdb)
			testkit.Must(t, rdb.Set(t.Context(), key, entry, time.Minute).Err()) // what a slow reader would fill in
			w.revoke(w.id)                                                       // its fence is what was forgotten
			testkit.Must(t, w.relay.Turn(t.Context()))
			if now := w.outbox.epoch.Name; now == epoch || raw(t, rdb, epochKey) != now {
				t.Errorf("the epoch was %q, is %q in the database and %q in Redis", epoch, now, raw(t, rdb, epochKey))
			}
			w.wantRevoked(t, ask(t, w.facts, w.id))
		})
	}
}

// Nothing happened: the epoch goes on, and what is cached with it, also over an outage of the database.
func TestEpochGoesOn(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		w := newWorld(t, rdb)
		ask(t, w.facts, w.id)
		epoch := w.outbox.epoch.Name
		other := NewRelay(rdb, w.outbox, holderOf, time.Now, quiet)
		for _, r := range []*Relay{w.relay, other, w.relay} {
			w.outbox.err = errDown
			testkit.WantErr(t, r.Turn(t.Context()), errDown)
			w.outbox.err = nil
			testkit.Must(t, r.Turn(t.Context()))
		}
		if w.outbox.epoch.Name != epoch || ask(t, w.facts, w.id).Source != models.SourceCache {
			t.Errorf("a new epoch %q after %q", w.outbox.epoch.Name, epoch)
		}
	})
}

// A fence that a server confirmed which was replaced meanwhile is worth nothing, and does not pass for one.
func TestConfirmationOfAReplacedServer(t *testing.T) {
	old, fresh := real(t), real(t)
	w := newWorld(t, old)
	taken := NewRelay(fresh, w.outbox, holderOf, time.Now, quiet)
	testkit.Must(t, taken.Turn(t.Context())) // another server holds the epoch now
	e := w.outbox.commit(changed(w.revoke(w.id)))
	if _, err := w.relay.propagate(t.Context(), []models.Event{e}); !errors.Is(err, errEpoch) || w.outbox.left() != 1 {
		t.Fatalf("%v, %d events left: the old server's word counts", err, w.outbox.left())
	}
	testkit.Must(t, taken.Turn(t.Context()))
	if held := raw(t, fresh, factKey(w.id)); held != "2" || w.outbox.left() != 0 {
		t.Errorf("the new server holds %q, %d events left", held, w.outbox.left())
	}
}

// A change in a fresh installation, or right after a flush, does not wait for the next beat of a relay.
func TestPropagateBeginsAnEpoch(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		w := newWorld(t, rdb)
		testkit.Must(t, rdb.FlushAll(t.Context()).Err())
		w.revokeAndTell(t)
		if w.outbox.left() != 0 {
			t.Error("it stays pending")
		}
	})
}

// Facts that nothing but another decision can change are given while nobody can be asked; nothing else is.
func TestFinalFactsOutliveTheSource(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		clock := testkit.NewClock(start)
		final, fleeting := sample(1), sample(2)
		final.State, final.WithdrawnOn = models.StateRevoked, models.DateOf(start)
		source := newRegister(final, fleeting)
		f := NewFacts(Over(beating(t, rdb)), source, open(), clock.Now)
		ask(t, f, final.CertificateID)
		ask(t, f, fleeting.CertificateID)
		source.fail(errDown)
		testkit.Must(t, rdb.Del(t.Context(), beatKey).Err())
		got := ask(t, f, final.CertificateID)
		if got.Facts == nil || got.Facts.State != models.StateRevoked || got.Source != models.SourceCache || !got.AsOf.Equal(start) {
			t.Errorf("final facts: %+v", got)
		}
		_, err := f.Facts(t.Context(), fleeting.CertificateID)
		testkit.WantErr(t, err, models.ErrUnavailable)
	})
}

// An answer from the cache is as of the last heartbeat: until then nothing had changed.
func TestAsOfTheHeartbeat(t *testing.T) {
	rdb := embedded(t)
	w := newWorld(t, rdb)
	first := ask(t, w.facts, w.id)
	time.Sleep(5 * time.Millisecond)
	testkit.Must(t, w.relay.Turn(t.Context()))
	if got := ask(t, w.facts, w.id); !got.AsOf.After(first.AsOf) || got.AsOf.After(time.Now()) {
		t.Errorf("as of %v, filled %v", got.AsOf, first.AsOf)
	}
}

// counting counts the epochs that begin, and holds up whoever began one before Redis hears of it.
type counting struct {
	*outbox
	began atomic.Int32
}

func (c *counting) ReplaceEpoch(ctx context.Context, name string, next models.Epoch) (bool, error) {
	replaced, err := c.outbox.ReplaceEpoch(ctx, name, next)
	if replaced {
		c.began.Add(1)
		time.Sleep(3 * time.Millisecond)
	}
	return replaced, err
}

// Relays that find an empty Redis at the same moment agree on one epoch: none ends that of another, which would leave all
// of them without a heartbeat.
func TestRelaysAgreeOnAnEpoch(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		db := &counting{outbox: &outbox{}}
		var all sync.WaitGroup
		for range 8 {
			relay := NewRelay(rdb, db, holderOf, time.Now, quiet)
			all.Go(func() {
				if err := relay.Turn(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := db.began.Load(); n != 1 {
			t.Errorf("%d epochs began", n)
		}
	})
}

func TestServersThatMayEvictAreRefused(t *testing.T) {
	for policy, want := range map[string]error{"noeviction": nil, "allkeys-lru": ErrEvicts, "volatile-ttl": ErrEvicts} {
		r := testkit.Redis(t, "maxmemory 100mb", "maxmemory-policy "+policy)
		_, err := Behind(t.Context(), connect(t, r.Addr, r.Password, patient))
		if !errors.Is(err, want) {
			t.Errorf("%s: %v", policy, err)
		}
	}
	if _, err := Behind(t.Context(), embedded(t)); err == nil {
		t.Error("a server without a run is named")
	}
	for _, info := range []string{"", "run_id:\r\n", "garbage"} {
		if _, err := serverOf(info); !errors.Is(err, errNoRun) {
			t.Errorf("%q: %v", info, err)
		}
	}
}

// Whoever finds another instance at work waits for what it finds; when that never comes, it looks for itself.
func TestLease(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		w := newWorld(t, rdb)
		w.facts.guard = NewGuard(10, leaseLife/2, nil)
		testkit.Must(t, rdb.Set(t.Context(), leaseKey(factKey(w.id)), "", leaseLife).Err()) // of one that died
		began := time.Now()
		if got := ask(t, w.facts, w.id); got.Source != models.SourceDatabase || time.Since(began) < leaseLife/8 {
			t.Errorf("%+v after %v", got, time.Since(began))
		}
		if n := rdb.Exists(t.Context(), leaseKey(factKey(w.id))).Val(); n != 0 {
			t.Error("the lease was not given back")
		}
	})
}

// A look that came to nothing is nobody's to wait for: while the source refuses, every caller hears so at once.
func TestLeaseIsGivenBackByAFailure(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		w := newWorld(t, rdb)
		w.facts.guard = NewGuard(10, leaseLife/2, nil)
		w.fail(models.ErrUnavailable)
		_, err := w.facts.Facts(t.Context(), w.id)
		testkit.WantErr(t, err, models.ErrUnavailable)
		if n := rdb.Exists(t.Context(), leaseKey(factKey(w.id))).Val(); n != 0 {
			t.Error("the lease was not given back: the next one waits for an answer that never comes")
		}
	})
}

// Four instances, one cold key, two thousand callers at once: one look into the source.
func TestStampede(t *testing.T) {
	r := testkit.Redis(t)
	known := sample(9)
	source := newRegister(known)
	source.hold(func(context.Context) { time.Sleep(3 * time.Millisecond) })
	var instances []*Facts
	for range 4 {
		rdb := connect(t, r.Addr, r.Password, patient)
		instances = append(instances, NewFacts(Over(beating(t, rdb)), source, open(), time.Now))
	}
	// The last beat began the epoch of all.
	answers := make(chan error, 2000)
	begin := make(chan struct{})
	for i := range cap(answers) {
		go func() {
			<-begin
			got, err := instances[i%4].Facts(t.Context(), known.CertificateID)
			if err == nil && (got.Facts == nil || got.Facts.Name != known.Name) {
				err = errors.New("not the facts")
			}
			answers <- err
		}()
	}
	close(begin)
	for range cap(answers) {
		testkit.Must(t, <-answers)
	}
	if n := source.looks(); n != 1 {
		t.Errorf("%d looks into the source, want 1", n)
	}
}

func TestParseBeat(t *testing.T) {
	want := beat{"e1", time.UnixMilli(1700000000123)}
	if got, ok := parseBeat(want.String()); !ok || got.epoch != want.epoch || !got.at.Equal(want.at) {
		t.Errorf("%+v, %t", got, ok)
	}
	for _, bad := range strings.Split("||e1|,x,e1|x,|5,,e1", ",") {
		if got, ok := parseBeat(bad); ok {
			t.Errorf("%q reads as %+v", bad, got)
		}
	}
}
