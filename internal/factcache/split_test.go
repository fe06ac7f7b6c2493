package factcache

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// side is one of two masters, of which each believes to be the one.
func side(run string, took bool) Holder {
	return func(context.Context, redis.UniversalClient) (Servers, error) {
		return Servers{Run: run, TookOver: took}, nil
	}
}

// A replica took over, and the writer is cut off together with the old master: it takes the epoch back, and is not told that
// everybody knows, for the others are with the new one.
func TestHandOverIsNotForgottenByTheOldSide(t *testing.T) {
	a, b := embedded(t), embedded(t)
	w := newWorld(t, a)
	w.relay = NewRelay(a, w.outbox, side("old", false), time.Now, quiet) // the writer, cut off with the old master
	testkit.Must(t, w.relay.Turn(t.Context()))
	other := NewRelay(b, w.outbox, side("new", true), time.Now, quiet)
	testkit.Must(t, other.Turn(t.Context()))
	reader := NewFacts(Over(b), w.register, open(), time.Now)
	ask(t, reader, w.id)
	e := w.outbox.commit(changed(w.revoke(w.id)))
	if w.relay.Propagate(t.Context(), []models.Event{e}) {
		t.Error("propagated: true, within 30 s of a replica's taking over")
		w.wantRevoked(t, ask(t, reader, w.id))
	}
}

// The new side begins a second epoch (a flush, or the first relay was slow to tell Redis): the hand-over goes on.
func TestHandOverGoesOnThroughAFlush(t *testing.T) {
	a, b := embedded(t), embedded(t)
	w := newWorld(t, a)
	w.relay = NewRelay(a, w.outbox, side("old", false), time.Now, quiet)
	testkit.Must(t, w.relay.Turn(t.Context()))
	r := NewRelay(b, w.outbox, side("new", true), time.Now, quiet)
	testkit.Must(t, r.Turn(t.Context()))
	testkit.Must(t, b.Del(t.Context(), epochKey).Err()) // FLUSHALL, or it never arrived
	e := w.outbox.commit(changed(w.revoke(w.id)))
	if r.Propagate(t.Context(), []models.Event{e}) {
		t.Error("propagated: true, within 30 s of a replica's taking over")
	}
}

// A trip that was skipped knows no more than one that was lost: it does not join a look from before an acknowledged change.
func TestASkippedTripJoinsNoOlderLook(t *testing.T) {
	w, line := lined(t, testkit.Redis(t))
	testkit.Must(t, w.relay.Turn(t.Context()))
	g := newGate()
	w.hold(g.hold)
	go func() { _, _ = w.facts.Facts(context.Background(), w.id) }()
	<-g.reached
	w.revokeAndTell(t) // acknowledged: true
	look := line.Look(t.Context())
	read := w.facts.Queue(t.Context(), look, w.id)
	look.Skip() // as admitStranger does after a first trip that was lost
	got := make(chan models.KnownFacts, 1)
	go func() { k, _ := read.Get(context.Background()); got <- k }()
	settle()
	close(g.open)
	w.wantRevoked(t, <-got)
}

// A process that has just started believes nobody until its own relay has made a turn.
func TestAFreshProcessBelievesNobody(t *testing.T) {
	r := testkit.Redis(t)
	w, _ := lined(t, r)
	testkit.Must(t, w.relay.Turn(t.Context()))
	ask(t, w.facts, w.id)
	w.outbox.commit(changed(w.revoke(w.id))) // Redis was cut off: pending, and no hush arrived; the program is started again
	fresh := Open(Redis{Addresses: []string{r.Addr}, Password: r.Password, Timeout: patient})
	defer fresh.Client().Close() //nolint:errcheck // the test is over
	w.wantRevoked(t, ask(t, NewFacts(fresh, w.register, open(), time.Now), w.id))
}

// Redis cannot save its snapshot, as when its disk is full: it refuses all that writes, the end of the heart too, and is not
// believed.
func TestARedisThatCannotSaveIsNotBelieved(t *testing.T) {
	r := testkit.Redis(t)
	w, line := lined(t, r)
	rdb := w.relay.cells.rdb
	testkit.Must(t, w.relay.Turn(t.Context()))
	ask(t, w.facts, w.id)
	dir := rdb.ConfigGet(t.Context(), "dir").Val()["dir"]
	testkit.Must(t, rdb.ConfigSet(t.Context(), "save", "3600 1").Err())
	_ = os.Remove(dir + "/dump.rdb")
	testkit.Must(t, os.Mkdir(dir+"/dump.rdb", 0o755)) // the snapshot cannot be put there
	testkit.Must(t, rdb.BgSave(t.Context()).Err())
	eventually(t, 10*time.Second, "writes are refused", func() bool { return rdb.Set(t.Context(), "k", "v", 0).Err() != nil })
	e := w.outbox.commit(changed(w.revoke(w.id)))
	if w.relay.Propagate(t.Context(), []models.Event{e}) {
		t.Fatal("not so in the beginning")
	}
	look := line.Look(t.Context())
	read := w.facts.Queue(t.Context(), look, w.id)
	look.Pipe.Set(t.Context(), "k", "v", 0) // as a limit writes
	look.Exec(t.Context())
	known, err := read.Get(t.Context())
	testkit.Must(t, err)
	w.wantRevoked(t, known)
}

// A client that goes away, or had no time, says nothing of Redis.
func TestCallersDoNotTellWhetherRedisIsAway(t *testing.T) {
	line := Open(Redis{Addresses: []string{silent(t)}, Timeout: 20 * time.Millisecond})
	defer line.Client().Close() //nolint:errcheck // nobody is there
	line.Look(t.Context()).Exec(t.Context())
	if !line.Away() {
		t.Fatal("not so in the beginning")
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(5*time.Millisecond, cancel)
	line.Look(ctx).Exec(ctx)
	if !line.Away() {
		t.Error("Redis is silent, and passes for present")
	}

	w, well := lined(t, testkit.Redis(t))
	testkit.Must(t, w.relay.Turn(t.Context()))
	well.Look(t.Context()).Exec(t.Context())
	none, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	well.Look(none).Exec(none)
	if well.Away() {
		t.Error("Redis is well, and passes for away")
	}
}

// Whoever joins a look that ends with its first caller's time asks again in their own.
func TestJoinersHaveTheirOwnTime(t *testing.T) {
	w := newWorld(t, embedded(t))
	reached := make(chan struct{})
	var once sync.Once
	w.hold(func(ctx context.Context) {
		once.Do(func() {
			close(reached)
			<-ctx.Done()
		})
	})
	w.facts.guard = NewGuard(10, patient, nil)
	first, cancel := context.WithTimeout(t.Context(), patient/2) // it spent the other half on who it is
	defer cancel()
	go func() { _, _ = w.facts.Facts(first, w.id) }()
	<-reached
	if _, err := w.facts.Facts(t.Context(), w.id); err != nil {
		t.Error(err)
	}
}

// A change of many, as an import makes it, before a database that takes its time: one question for all of them, and the heart
// beats on whatever becomes of it.
type slowly struct{ *outbox }

func (s slowly) CertificateIDs(ctx context.Context, ids ...string) (map[string][]models.CertificateID, error) {
	select {
	case <-ctx.Done():
		return nil, models.ErrUnavailable.Because(ctx.Err())
	case <-time.After(20 * time.Millisecond):
	}
	return s.outbox.CertificateIDs(ctx, ids...)
}

func TestAnImportDoesNotStopTheHeart(t *testing.T) {
	rdb := embedded(t)
	w := newWorld(t, rdb)
	r := NewRelay(rdb, slowly{w.outbox}, holderOf, time.Now, quiet)
	testkit.Must(t, r.Turn(t.Context()))
	var batch []models.Event
	for range 500 {
		batch = append(batch, w.outbox.commit(changed(2)))
	}
	if told := r.Propagate(t.Context(), batch); !told || raw(t, rdb, beatKey) == "" {
		t.Errorf("told %t, beat %q", told, raw(t, rdb, beatKey))
	}
}

// Redis is away and the database slow: what it has begun to answer it may finish.
func TestWhoeverWasHeardMayFinish(t *testing.T) {
	g := NewGuard(10, time.Minute, func() bool { return true })
	ctx, cancel := g.Begin(t.Context())
	defer cancel()
	for i, longest := range []time.Duration{34 * time.Second, time.Minute} {
		testkit.Must(t, g.Ask(ctx, func(ctx context.Context) error {
			due, _ := ctx.Deadline()
			if left := time.Until(due); left > longest || left < longest-5*time.Second {
				t.Errorf("question %d has %v, want %v", i, left, longest)
			}
			return nil
		}))
	}
}
