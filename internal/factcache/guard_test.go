package factcache

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// Some wait for their turn; those beyond are turned away at once.
func TestGuardShedsLoad(t *testing.T) {
	g := NewGuard(2, patient, nil)
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
	g := NewGuard(10, 20*time.Millisecond, nil)
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
	g := NewGuard(10, patient, nil)
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

// A look on behalf of many outlives the one who came first, and ends when that one's answer is due.
func TestFlight(t *testing.T) {
	g := NewGuard(1, time.Minute, nil)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	soon, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for _, c := range []struct {
		ctx     context.Context
		longest time.Duration
	}{{gone, time.Minute}, {soon, 20 * time.Second}} {
		flight, end := g.Flight(c.ctx)
		defer end()
		due, ok := flight.Deadline()
		if left := time.Until(due); flight.Err() != nil || !ok || left > c.longest || left < c.longest/2 {
			t.Errorf("%v left of %v, %v", left, c.longest, flight.Err())
		}
	}
}

// The whole answer has one patience, however many questions it takes, and a shorter one while Redis is away too.
func TestGuardKeepsToTheAnswersDeadline(t *testing.T) {
	var away atomic.Bool
	g := NewGuard(1, time.Minute, away.Load)
	left := func(ctx context.Context) (d time.Duration) {
		testkit.Must(t, g.Ask(ctx, func(ctx context.Context) error {
			due, _ := ctx.Deadline()
			d = time.Until(due)
			return nil
		}))
		return d
	}
	ctx, cancel := context.WithTimeout(t.Context(), 45*time.Second)
	defer cancel()
	for _, c := range []struct {
		ctx     context.Context
		away    bool
		longest time.Duration
	}{
		{t.Context(), false, time.Minute},
		{ctx, false, 45 * time.Second},
		{t.Context(), true, 33600 * time.Millisecond},
		{ctx, true, 18600 * time.Millisecond},
	} {
		away.Store(c.away)
		if d := left(c.ctx); d > c.longest || d < c.longest-5*time.Second {
			t.Errorf("away %t: %v left, want %v", c.away, d, c.longest)
		}
	}
}

// A question for which hardly any time is left is not asked: its time-out would close the database off for all others.
func TestGuardDoesNotBlameTheDatabaseForItsOwnHurry(t *testing.T) {
	g := NewGuard(10, time.Minute, nil)
	for range 2 * breakerFailures {
		ctx, cancel := context.WithTimeout(t.Context(), 14*time.Second) // less than a quarter
		err := g.Ask(ctx, func(context.Context) error { t.Error("asked"); return nil })
		cancel()
		testkit.WantErr(t, err, models.ErrUnavailable)
	}
	if g.Open() || g.Shed() != 2*breakerFailures {
		t.Errorf("open %t, shed %d", g.Open(), g.Shed())
	}
}

// Whoever waits for a turn gives up in time, and that says nothing of the database.
func TestGuardsQueueEndsInTime(t *testing.T) {
	g := NewGuard(1, 30*time.Millisecond, nil)
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
