package store_test

import (
	"slices"
	"strconv"
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
	for i, e := range events {
		if e.Version != int64(i+2) || e.PropagatedAt != 0 {
			t.Errorf("event %d: %+v", i, e)
		}
	}
	first, err := p.PendingEvents(t.Context(), 3)
	if err != nil || !slices.Equal(first, events[:3]) {
		t.Errorf("the oldest three: %+v, %v", first, err)
	}
	// Confirmed out of order, twice, together with one that does not exist.
	for range 2 {
		testkit.Must(t, p.MarkPropagated(t.Context(), []int64{events[4].ID, events[0].ID, 1 << 40}, later))
	}
	testkit.Must(t, p.MarkPropagated(t.Context(), nil, later))
	want := slices.Concat(events[1:4], events[5:])
	if left := p.pending(); !slices.Equal(left, want) {
		t.Errorf("left %+v", left)
	}
	if n := p.count("SELECT COUNT(*) FROM events WHERE propagated_at = ?", int64(later)); n != 2 {
		t.Errorf("%d events are marked", n)
	}

	ids, err := p.CertificateIDs(t.Context(), subject(r))
	if err != nil || len(ids) != 0 {
		t.Errorf("certificates of a registration without any: %v, %v", ids, err)
	}
	want2 := []models.CertificateID{p.issue(r).ID, p.issue(r).ID}
	p.issue(p.admit(p.maker.Registration()))
	ids, err = p.CertificateIDs(t.Context(), subject(r))
	slices.SortFunc(ids, func(a, b models.CertificateID) int { return slices.Compare(a[:], b[:]) })
	if err != nil || !slices.Equal(ids, want2) {
		t.Errorf("certificates %v, %v, want %v", ids, err, want2)
	}
	_, err = p.CertificateIDs(t.Context(), "not a number")
	testkit.WantErr(t, err, models.ErrInternal)
}
