package register_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"yanzheng/internal/register"
	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// shaky is a store that fails now and then: before a batch, or after it was committed, so that only the
// answer is lost.
type shaky struct {
	register.Store
	calls int
	fail  func(call int) error
	after func(call int) error
}

func (s *shaky) Merge(ctx context.Context, rows []models.Registration, rule models.MergeRule, event models.Event, at models.Instant) ([]models.MergeOutcome, []models.Event, error) {
	s.calls++
	call := s.calls
	if s.fail != nil {
		if err := s.fail(call); err != nil {
			return nil, nil, err
		}
	}
	outcomes, events, err := s.Store.Merge(ctx, rows, rule, event, at)
	if s.after != nil && err == nil {
		if err := s.after(call); err != nil {
			return nil, nil, err
		}
	}
	return outcomes, events, err
}

// between gives an error for the calls from one to another.
func between(first, last int, err error) func(call int) error {
	return func(call int) error {
		if call >= first && call <= last {
			return err
		}
		return nil
	}
}

var errAway = models.ErrUnavailable.Because(errors.New("connection refused"))

// importOver imports over a shaky store and gives how long it waited between tries.
func (o *office) importOver(s *shaky, rows []models.Registration) (register.Report, []time.Duration, error) {
	o.t.Helper()
	s.Store = o.store
	var waits []time.Duration
	report, err := register.New(s, o.caches, o.clock.Now).Import(o.t.Context(), register.RowsOf(rows...), register.ImportOptions{
		Actor: "importer", Reject: func(e register.RowError) { o.t.Errorf("%+v", e) },
		Wait: func(d time.Duration) { waits = append(waits, d) },
	})
	return report, waits, err
}

func (o *office) people(n int) []models.Registration {
	rows := make([]models.Registration, n)
	for i := range rows {
		rows[i] = o.maker.Registration()
	}
	return rows
}

// A store that is away, or busy with somebody else's import, is asked again.
func TestImportWaitsForTheStore(t *testing.T) {
	for _, fault := range []error{errAway, models.ErrConflict} {
		o := newOffice(t)
		rows := o.people(600)
		report, waits, err := o.importOver(&shaky{fail: between(2, 4, fault)}, rows)
		if want := (register.Report{Rows: 600, Imported: 600}); err != nil || report != want {
			t.Errorf("%v: %+v, %v, want %+v", fault, report, err, want)
		}
		if want := []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second}; !slices.Equal(waits, want) {
			t.Errorf("%v: waited %v, want %v", fault, waits, want)
		}
	}
}

// Whoever ends an import while it waits does not wait for the end of that.
func TestImportEndsWhileItWaits(t *testing.T) {
	o := newOffice(t)
	ctx, cancel := context.WithCancel(t.Context())
	s := &shaky{Store: o.store, fail: func(call int) error {
		if call == 2 { // after half a second, and with a whole one ahead
			cancel()
		}
		return errAway
	}}
	since := time.Now()
	report, err := register.New(s, o.caches, o.clock.Now).Import(ctx, register.RowsOf(o.people(3)...), register.ImportOptions{Reject: func(register.RowError) {}})
	if took := time.Since(since); err == nil || report.Imported != 0 || s.calls != 2 || took > 1400*time.Millisecond {
		t.Errorf("%+v, %v after %d calls and %v", report, err, s.calls, took)
	}
}

// It gives up after half a minute; what it says is what is in; the same file then completes it.
func TestImportGivesUpAndCompletes(t *testing.T) {
	o := newOffice(t)
	rows := o.people(600)
	s := &shaky{fail: between(2, 1000, errAway)}
	report, waits, err := o.importOver(s, rows)
	testkit.WantErr(t, err, models.ErrUnavailable)
	if report.Imported != 500 || report.Changed+report.Unchanged+report.Rejected != 0 {
		t.Errorf("report %+v", report)
	}
	var sum time.Duration
	for _, w := range waits {
		sum += w
	}
	if sum < 20*time.Second || sum > time.Minute || s.calls != 1+1+len(waits) {
		t.Errorf("waited %v in all, with %d calls", waits, s.calls)
	}
	report, _, err = o.importOver(&shaky{}, rows)
	if want := (register.Report{Rows: 600, Imported: 100, Unchanged: 500}); err != nil || report != want {
		t.Errorf("again: %+v, %v, want %+v", report, err, want)
	}
}

// The database committed and the answer was lost: the second try finds all done, and nothing is done twice.
func TestImportWhoseAnswerWasLost(t *testing.T) {
	o := newOffice(t)
	rows := o.people(20)
	report, _, err := o.importOver(&shaky{after: between(1, 1, errAway)}, rows)
	if want := (register.Report{Rows: 20, Unchanged: 20}); err != nil || report != want {
		t.Errorf("%+v, %v, want %+v", report, err, want)
	}
	for i := range rows {
		rows[i].Employer = "换了单位"
	}
	if _, _, err = o.importOver(&shaky{after: between(1, 1, errAway)}, rows); err != nil {
		t.Error(err)
	}
	for _, r := range rows {
		if got := o.get(r); got.Version != 2 || got.Employer != "换了单位" {
			t.Errorf("%+v", got)
		}
	}
	// What the caches did not hear is in the outbox, for the relay.
	if left, err := o.store.PendingEvents(t.Context(), 0, 100); err != nil || len(left) != 20 {
		t.Errorf("%d events pending, %v", len(left), err)
	}
}

// What waiting does not help is told at once.
func TestImportDoesNotRepeatOtherErrors(t *testing.T) {
	o := newOffice(t)
	for _, fault := range []error{models.ErrInternal, context.Canceled, models.ErrForbidden} {
		s := &shaky{fail: between(1, 1000, fault)}
		report, waits, err := o.importOver(s, o.people(3))
		testkit.WantErr(t, err, fault)
		if s.calls != 1 || len(waits) != 0 || report.Imported != 0 {
			t.Errorf("%v: %d calls, waited %v, %+v", fault, s.calls, waits, report)
		}
	}
}

// The caches are away: the import goes on, as the relay will tell them.
func TestImportWithoutCaches(t *testing.T) {
	o := newOffice(t)
	rows := o.people(3)
	o.admit(rows...)
	o.caches.there = false
	for i := range rows {
		rows[i].Employer = "换了单位"
	}
	report, _, err := o.load(register.RowsOf(rows...))
	if want := (register.Report{Rows: 3, Changed: 3}); err != nil || report != want {
		t.Errorf("%+v, %v, want %+v", report, err, want)
	}
}
