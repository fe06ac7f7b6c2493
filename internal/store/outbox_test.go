package store_test

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

func testOutbox(t *testing.T, d dialect) {
	p := d.migrated(t)
	r := p.admit(p.maker.Registration())
	if left := p.pending(); len(left) != 0 {
		t.Fatalf("a registration without certificates has news for the caches: %+v", left)
	}
	const n = 7
	for i := range n {
		_, _, err := p.change(r.ID, "第"+strconv.Itoa(i)+"家")
		testkit.Must(t, err)
	}
	events := p.pending()
	if len(events) != n || !slices.IsSortedFunc(events, func(a, b models.Event) int { return int(a.ID - b.ID) }) {
		t.Fatalf("pending %+v", events)
	}
	if n, oldest, err := p.PendingCount(t.Context()); err != nil || n != int64(len(events)) || oldest != events[0].At {
		t.Errorf("%d pending, the oldest of %v, %v", n, oldest, err)
	}
	for i, e := range events {
		if e.Version != int64(i+2) || e.PropagatedAt != 0 {
			t.Errorf("event %d: %+v", i, e)
		}
	}
	first, err := p.PendingEvents(t.Context(), 0, 3)
	if err != nil || !slices.Equal(first, events[:3]) {
		t.Errorf("the oldest three: %+v, %v", first, err)
	}
	mark := func(epoch string, want bool, ids ...int64) {
		t.Helper()
		if marked, err := p.MarkPropagated(t.Context(), ids, epoch, later); err != nil || marked != want {
			t.Errorf("in epoch %q marked %t, %v; want %t", epoch, marked, err, want)
		}
	}
	// Before the first epoch nothing can have been confirmed, nor in one that ended.
	mark("", false, events[0].ID)
	p.enter("", "first", true)
	p.enter("first", "second", true)
	for _, past := range []string{"", "first", "third"} {
		mark(past, false, events[0].ID)
	}
	// Confirmed out of order, twice, together with one that does not exist.
	for range 2 {
		mark("second", true, events[4].ID, events[0].ID, 1<<40)
	}
	mark("second", true)
	want := slices.Concat(events[1:4], events[5:])
	if left := p.pending(); !slices.Equal(left, want) {
		t.Errorf("left %+v", left)
	}
	if n := p.count("SELECT COUNT(*) FROM events WHERE propagated_at = ?", int64(later)); n != 2 {
		t.Errorf("%d events are marked", n)
	}

	all, err := p.CertificateIDs(t.Context(), subject(r))
	ids := all[subject(r)]
	if err != nil || len(ids) != 0 {
		t.Errorf("certificates of a registration without any: %v, %v", ids, err)
	}
	want2 := []models.CertificateID{p.issue(r).ID, p.issue(r).ID}
	another := p.admit(p.maker.Registration())
	theirs := p.issue(another).ID
	all, err = p.CertificateIDs(t.Context(), subject(r), subject(another))
	if got := all[subject(another)]; len(got) != 1 || got[0] != theirs {
		t.Errorf("certificates of another %v, want %v", got, theirs)
	}
	ids = all[subject(r)]
	slices.SortFunc(ids, func(a, b models.CertificateID) int { return slices.Compare(a[:], b[:]) })
	if err != nil || !slices.Equal(ids, want2) {
		t.Errorf("certificates %v, %v, want %v", ids, err, want2)
	}
	_, err = p.CertificateIDs(t.Context(), "not a number")
	testkit.WantErr(t, err, models.ErrInternal)
}

// enter begins an epoch after another.
func (p *place) enter(after, name string, want bool) {
	p.t.Helper()
	next := models.Epoch{Name: name, Holder: "server of " + name, Since: later}
	if began, err := p.ReplaceEpoch(p.t.Context(), after, next); err != nil || began != want {
		p.t.Errorf("%q after %q: %t, %v; want %t", name, after, began, err, want)
	}
}

// Of several relays that find the epoch at its end, one begins the next.
func testEpochs(t *testing.T, d dialect) {
	p := d.migrated(t)
	if e, err := p.Epoch(t.Context()); err != nil || e != (models.Epoch{ID: models.EpochID}) {
		t.Fatalf("before the first: %+v, %v", e, err)
	}
	var all sync.WaitGroup
	var began atomic.Int32
	for i := range 8 {
		all.Go(func() {
			ok, err := p.ReplaceEpoch(t.Context(), "", models.Epoch{Name: strconv.Itoa(i), Since: later})
			if err != nil {
				t.Error(err)
			}
			if ok {
				began.Add(1)
			}
		})
	}
	all.Wait()
	e, err := p.Epoch(t.Context())
	if err != nil || began.Load() != 1 || e.Name == "" || e.Since != later {
		t.Errorf("%d began: %+v, %v", began.Load(), e, err)
	}
	p.enter("not the present one", "x", false)
}
