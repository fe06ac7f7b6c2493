package factcache

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/demo"
	"yanzheng/internal/store"
	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// run lets a relay run until the test ends, and wants it to end then.
func run(t *testing.T, r *Relay) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		select {
		case <-ended:
		case <-time.After(patient):
			t.Error("the relay runs on after its context ended")
		}
	})
}

// A process was killed between its commit and its fence. Whoever relays next makes up for it.
func TestRelayAfterACrash(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		w := newWorld(t, rdb)
		ask(t, w.facts, w.id) // the old row is in the cache
		w.outbox.commit(changed(w.revoke(w.id)))
		if got := ask(t, w.facts, w.id); got.Facts.State != models.StateInForce {
			t.Fatal("without a fence the cache was to tell the old row: this test tests nothing")
		}
		run(t, w.relay)
		eventually(t, 2*time.Second, "the event is propagated", func() bool { return w.outbox.left() == 0 })
		w.wantRevoked(t, ask(t, w.facts, w.id))
	})
}

// Redis is away when something changes: the change stands, the answer says "pending", and the fence follows.
func TestRelayWaitsForRedis(t *testing.T) {
	r := testkit.Redis(t, "appendonly yes", "appendfsync always") // keeps the old entry over the restart
	rdb := connect(t, r.Addr, r.Password, time.Second)
	w := newWorld(t, rdb)
	ask(t, w.facts, w.id)
	r.Kill()
	e := w.outbox.commit(changed(w.revoke(w.id)))
	since := time.Now()
	if w.relay.Propagate(t.Context(), []models.Event{e}) {
		t.Error("propagated without Redis")
	}
	if d := time.Since(since); d > propagateTimeout+time.Second {
		t.Errorf("whoever changed something waited %v", d)
	}
	run(t, w.relay)
	time.Sleep(relayEvery + 100*time.Millisecond) // it tries, and tries again
	if w.outbox.left() != 1 {
		t.Fatal("marked as propagated without Redis")
	}
	r.Start()
	eventually(t, 4*time.Second, "the event is propagated", func() bool { return w.outbox.left() == 0 })
	if held := raw(t, rdb, factKey(w.id)); held != "2" {
		t.Errorf("Redis holds %q", held)
	}
	w.wantRevoked(t, ask(t, w.facts, w.id))
}

// The whole heart with the real store: a change in another process is told within 2 s.
func TestRelayFromTheStore(t *testing.T) {
	o := store.Options{Driver: "sqlite", Path: filepath.Join(t.TempDir(), "r.db"), Keys: store.Keys{Seal: [32]byte{1}, Index: [32]byte{2}}}
	opened := func() *store.Store {
		s, err := store.Open(t.Context(), o)
		testkit.Must(t, err)
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	serving, command := opened(), opened()
	_, err := serving.Migrate(t.Context())
	testkit.Must(t, err)
	at := models.InstantOf(start)
	r := demo.NewMaker(1, "R", models.DateOf(start)).Registration()
	_, _, err = serving.Merge(t.Context(), []models.Registration{r}, models.Merge, models.Event{}, at)
	testkit.Must(t, err)
	registration, err := serving.RegistrationID(t.Context(), r.Category, r.CertificateNumber)
	testkit.Must(t, err)
	c, err := serving.IssueCertificate(t.Context(), registration, "x", at, func(r *models.Registration) (models.Certificate, error) {
		return models.Certificate{ID: models.CertificateID{1}, RegistrationID: r.ID, Printed: models.PrintOf(r), UseFrom: 1, UseUntil: 2, IssuedAt: at}, nil
	})
	testkit.Must(t, err)
	rdb := embedded(t)
	f := NewFacts(Over(rdb), serving, open(), time.Now)
	relay := NewRelay(rdb, serving, holderOf, time.Now, quiet)
	run(t, relay)
	eventually(t, 2*time.Second, "the heart beats", func() bool { return !relay.Beaten().IsZero() })
	if got := ask(t, f, c.ID); got.Facts.State != models.StateInForce || ask(t, f, c.ID).Source != models.SourceCache {
		t.Fatalf("before: %+v", got)
	}
	_, _, err = command.ChangeRegistration(t.Context(), registration, at, func(r *models.Registration) (models.Event, error) {
		r.State = models.StateCancelled
		return models.Event{Kind: models.EventCancelled}, nil
	})
	testkit.Must(t, err)
	eventually(t, 2*time.Second, "the cancellation shows", func() bool { return ask(t, f, c.ID).Facts.State == models.StateCancelled })
}

func TestRelayDrainsMoreThanABatch(t *testing.T) {
	w := newWorld(t, embedded(t))
	for range 2*relayBatch + 50 {
		w.outbox.commit(changed(w.revoke(w.id)))
	}
	_ = w.relay.drain(t.Context())
	if left := w.outbox.left(); left != 0 {
		t.Errorf("%d events left", left)
	}
	if held := raw(t, w.facts.cells.rdb, factKey(w.id)); held != "451" {
		t.Errorf("fenced at %q, want the newest version", held)
	}
}

// Whoever made a change may be gone by the time it is told.
func TestPropagateOutlivesItsCaller(t *testing.T) {
	w := newWorld(t, embedded(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if !w.relay.Propagate(ctx, []models.Event{w.outbox.commit(changed(w.revoke(w.id)))}) || w.outbox.left() != 0 {
		t.Error("the caller's going away kept the change from the cache")
	}
}

// A fence that stands, but could not be noted, is told again rather than taken for done.
func TestRelayNotesLast(t *testing.T) {
	w := newWorld(t, embedded(t))
	e := w.outbox.commit(changed(w.revoke(w.id)))
	w.outbox.err = errDown
	if w.relay.Propagate(t.Context(), []models.Event{e}) {
		t.Error("propagated, though the outbox cannot know")
	}
	_ = w.relay.drain(t.Context())
	if w.outbox.left() != 1 {
		t.Error("marked by an outbox that is down")
	}
	w.outbox.err = nil
	_ = w.relay.drain(t.Context())
	if w.outbox.left() != 0 {
		t.Error("never told again")
	}
}

// An event that nobody understands stays: to skip it could leave a revocation untold.
func TestRelayKeepsWhatItDoesNotUnderstand(t *testing.T) {
	w := newWorld(t, embedded(t))
	e := w.outbox.commit(models.Event{Subject: "employer", SubjectID: "1", Version: 1})
	if w.relay.Propagate(t.Context(), []models.Event{e}) || w.outbox.left() != 1 {
		t.Error("told of a subject that it does not know")
	}
}

// Behind such an event, a revocation is told all the same.
func TestRelayIsNotHeldUpByWhatItDoesNotUnderstand(t *testing.T) {
	w := newWorld(t, embedded(t))
	w.outbox.commit(models.Event{Subject: "employer", SubjectID: "1", Version: 1})
	w.outbox.commit(models.Event{Subject: models.SubjectRegistration, SubjectID: "1", Version: 2})
	if err := w.relay.drain(t.Context()); err == nil {
		t.Error("the event that was left is not told of")
	}
	if w.outbox.left() != 1 {
		t.Errorf("%d events are left, want the one that nobody understands", w.outbox.left())
	}
}
