package factcache

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// world is the heart of the product with a register in place of the store: facts behind a cache, and a
// relay that tells the cache of changes.
type world struct {
	*register
	facts  *Facts
	relay  *Relay
	outbox *outbox
	id     models.CertificateID
}

func newWorld(t *testing.T, rdb redis.UniversalClient) *world {
	t.Helper()
	known := sample(1)
	w := &world{register: newRegister(known), id: known.CertificateID}
	w.outbox = &outbox{certificates: map[string][]models.CertificateID{"7": {known.CertificateID}}}
	w.facts = NewFacts(Over(rdb), w.register, open(), time.Now)
	w.relay = NewRelay(rdb, w.outbox, holderOf, time.Now, quiet)
	testkit.Must(t, w.relay.Turn(t.Context()))
	return w
}

// revokeAndTell is a revocation up to its acknowledgement.
func (w *world) revokeAndTell(t *testing.T) {
	t.Helper()
	e := w.outbox.commit(changed(w.revoke(w.id)))
	if !w.relay.Propagate(t.Context(), []models.Event{e}) {
		t.Fatal("not propagated")
	}
}

func (w *world) wantRevoked(t *testing.T, got models.KnownFacts) {
	t.Helper()
	if got.Facts == nil || got.Facts.State != models.StateRevoked {
		t.Errorf("after an acknowledged revocation a reader is told %+v", got.Facts)
	}
}

// A reader reads the old row and is held up; the revocation is committed, propagated and acknowledged; only
// then does the reader fill the cache. With "commit, then delete" the old row would now stay.
func TestSlowFillAfterAChange(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		w, g := newWorld(t, rdb), newGate()
		w.hold(g.hold)
		slow := make(chan models.KnownFacts, 1)
		go func() {
			got, _ := w.facts.Facts(t.Context(), w.id)
			slow <- got
		}()
		<-g.reached
		w.hold(nil)
		w.revokeAndTell(t)
		close(g.open)
		if got := <-slow; got.Facts == nil || got.Facts.Version != 1 {
			t.Fatalf("the slow reader has %+v: it was to have the old row", got.Facts)
		}
		if held := raw(t, rdb, factKey(w.id)); held != "2" {
			t.Errorf("the cache holds %q: the late fill is in", held)
		}
		for range 3 {
			w.wantRevoked(t, ask(t, w.facts, w.id))
		}
	})
}

// A reader who comes after the acknowledgement finds an older look still under way. To share it would be to
// be told what stood before.
func TestLateReaderDoesNotShareAnOldLook(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		gets := &counted{}
		rdb.AddHook(gets)
		w, g := newWorld(t, rdb), newGate()
		w.hold(g.hold)
		slow := make(chan models.KnownFacts, 1)
		go func() {
			got, _ := w.facts.Facts(t.Context(), w.id)
			slow <- got
		}()
		<-g.reached
		w.hold(nil)
		w.revokeAndTell(t)
		late := make(chan models.KnownFacts, 1)
		go func() {
			got, err := w.facts.Facts(t.Context(), w.id)
			if err != nil {
				t.Error(err)
			}
			late <- got
		}()
		eventually(t, patient, "the late reader asked Redis", func() bool { return gets.n.Load() == 2 })
		settle()
		close(g.open)
		<-slow
		w.wantRevoked(t, <-late)
	})
}

// The other way round: the change is there, its fence comes late. Who reads in between may fill the new row,
// and the fence must not throw it away nor leave the old one.
func TestFenceAfterAFillOfTheChange(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		w := newWorld(t, rdb)
		ask(t, w.facts, w.id) // version 1 is in the cache
		e := w.outbox.commit(changed(w.revoke(w.id)))
		if got := ask(t, w.facts, w.id); got.Facts.Version != 1 || got.Source != models.SourceCache {
			t.Fatalf("before the fence %+v", got)
		}
		if !w.relay.Propagate(t.Context(), []models.Event{e}) {
			t.Fatal("not propagated")
		}
		w.wantRevoked(t, ask(t, w.facts, w.id))
		before := w.looks()
		if !w.relay.Propagate(t.Context(), []models.Event{e}) { // the relay may tell it twice
			t.Fatal("not propagated")
		}
		if got := ask(t, w.facts, w.id); got.Source != models.SourceCache || w.looks() != before {
			t.Errorf("told twice, it threw the new entry away: %+v", got)
		}
	})
}

// A certificate that was unknown a moment ago, perhaps by a guess at its id, is known as soon as it is issued.
func TestIssuedAfterItWasUnknown(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		w := newWorld(t, rdb)
		known := w.register.facts[w.id]
		delete(w.register.facts, w.id)
		if got := ask(t, w.facts, w.id); got.Facts != nil {
			t.Fatal("known before it was issued")
		}
		w.register.facts[w.id] = known
		e := changed(1)
		e.Kind = models.EventIssued
		if !w.relay.Propagate(t.Context(), []models.Event{w.outbox.commit(e)}) {
			t.Fatal("not propagated")
		}
		if got := ask(t, w.facts, w.id); got.Facts == nil {
			t.Error("still unknown")
		}
	})
}

// Many readers and revocations in any order that the machine likes: whoever begins after an acknowledgement
// is told of it.
func TestReadersAndRevocations(t *testing.T) {
	rdb := real(t)
	w := newWorld(t, rdb)
	other := NewFacts(Over(rdb), w.register, open(), time.Now) // a second instance
	stop := make(chan struct{})
	done := make(chan int)
	var acknowledged versions
	for _, f := range []*Facts{w.facts, w.facts, other, other} {
		go func() {
			n := 0
			defer func() { done <- n }()
			for ; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				least := acknowledged.get()
				got, err := f.Facts(t.Context(), w.id)
				if err != nil || got.Facts.Version < least {
					t.Errorf("told version %d (%v) after %d was acknowledged", got.Facts.Version, err, least)
					return
				}
			}
		}()
	}
	for range 300 {
		v := w.revoke(w.id)
		if !w.relay.Propagate(t.Context(), []models.Event{w.outbox.commit(changed(v))}) {
			t.Fatal("not propagated")
		}
		acknowledged.set(v)
	}
	close(stop)
	total := 0
	for range 4 {
		total += <-done
	}
	if total < 50 {
		t.Errorf("only %d reads", total)
	}
}

// The same where Redis did not answer the late reader: it cannot know of the fence, so it trusts no look from before it
// came.
func TestLateReaderWithoutAnAnswerDoesNotShareAnOldLook(t *testing.T) {
	r := testkit.Redis(t)
	rdb := connect(t, r.Addr, r.Password, patient)
	w, g := newWorld(t, rdb), newGate()
	w.hold(g.hold)
	slow := make(chan models.KnownFacts, 1)
	go func() {
		got, _ := w.facts.Facts(t.Context(), w.id)
		slow <- got
	}()
	<-g.reached
	w.hold(nil)
	w.revokeAndTell(t)
	r.Kill()
	late := make(chan models.KnownFacts, 1)
	go func() {
		got, err := w.facts.Facts(t.Context(), w.id)
		if err != nil {
			t.Error(err)
		}
		late <- got
	}()
	settle()
	close(g.open)
	<-slow
	w.wantRevoked(t, <-late)
}
