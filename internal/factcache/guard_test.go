package factcache

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// Some wait for their turn; those beyond are turned away at once.
func TestGuardShedsLoad(t *testing.T) {
	g := NewGuard(2, patient)
	inside, leave := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 2)
	for range 2 {
		go func() {
			ended <- g.Ask(t.Context(), func(context.Context) error {
				inside <- struct{}{}
				<-leave
				return nil
			})
		}()
	}
	<-inside
	<-inside
	var turns sync.WaitGroup
	for range 2 * queue {
		turns.Go(func() { testkit.Must(t, g.Ask(t.Context(), func(context.Context) error { return nil })) })
	}
	eventually(t, patient, "they wait for their turn", func() bool { return g.waiting.Load() == 2*queue })
	for range 3 * breakerFailures { // being turned away says nothing of the database: the breaker stays closed
		err := g.Ask(t.Context(), func(context.Context) error { t.Error("one too many is let in"); return nil })
		testkit.WantErr(t, err, models.ErrUnavailable)
		if e := models.AsError(err); e.RetryAfter <= 0 {
			t.Error("nobody says when to come back")
		}
	}
	close(leave)
	for range 2 {
		testkit.Must(t, <-ended)
	}
	turns.Wait()
	if n := g.waiting.Load(); n != 0 {
		t.Errorf("%d still wait", n)
	}
	testkit.Must(t, g.Ask(t.Context(), func(context.Context) error { return nil }))
	if g.Shed() != 3*breakerFailures || g.Open() {
		t.Errorf("shed %d, open %t", g.Shed(), g.Open())
	}
}

// A database that does not answer costs the patience a few times, then nothing, and is asked again by itself.
func TestGuardLeavesOutADeadDatabase(t *testing.T) {
	g := NewGuard(10, 20*time.Millisecond)
	dead := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	for range breakerFailures {
		testkit.WantErr(t, g.Ask(t.Context(), dead), models.ErrUnavailable)
	}
	asked := false
	testkit.WantErr(t, g.Ask(t.Context(), func(context.Context) error { asked = true; return nil }), models.ErrUnavailable)
	if asked || !g.Open() {
		t.Errorf("asked %t, open %t", asked, g.Open())
	}
	eventually(t, 2*time.Second, "it is asked again", func() bool {
		return g.Ask(t.Context(), func(context.Context) error { return nil }) == nil
	})
}

// Answers that are no fault of the database do not close it off, nor do callers who leave.
func TestGuardKnowsWhoseFaultItIs(t *testing.T) {
	g := NewGuard(10, patient)
	for _, err := range []error{models.ErrNotFound, models.ErrInternal, context.Canceled, models.ErrConflict} {
		for range 2 * breakerFailures {
			if got := g.Ask(t.Context(), func(context.Context) error { return err }); !errors.Is(got, err) {
				t.Errorf("%v becomes %v", err, got)
			}
		}
	}
	if g.Open() {
		t.Error("the breaker is open")
	}
}

// A look on behalf of many outlives the one who came first, and is shorter where Redis had its time-out before.
func TestFlight(t *testing.T) {
	g := NewGuard(1, time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for away, longest := range map[bool]time.Duration{false: time.Minute, true: 24 * time.Second} {
		flight, end := g.Flight(ctx, away)
		defer end()
		deadline, ok := flight.Deadline()
		if left := time.Until(deadline); flight.Err() != nil || !ok || left > longest || left < longest/2 {
			t.Errorf("away %t: %v left, %v", away, left, flight.Err())
		}
	}
}

// Whoever waits for a turn gives up in time, and that says nothing of the database.
func TestGuardsQueueEndsInTime(t *testing.T) {
	g := NewGuard(1, 30*time.Millisecond)
	inside, leave := make(chan struct{}), make(chan struct{})
	go func() { _ = g.Ask(t.Context(), func(context.Context) error { close(inside); <-leave; return nil }) }()
	<-inside
	defer close(leave)
	for range 2 * breakerFailures {
		err := g.Ask(t.Context(), func(context.Context) error { t.Error("let in"); return nil })
		testkit.WantErr(t, err, models.ErrUnavailable)
	}
	if g.Open() || g.Shed() != 2*breakerFailures {
		t.Errorf("open %t, shed %d", g.Open(), g.Shed())
	}
}
