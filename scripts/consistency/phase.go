package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
)

// phase is one part of a run: a fault, or none.
type phase struct {
	name     string
	sleepers int
	slow     int           // as in shape, for every instance; 0: as always
	length   time.Duration // of the fault, where that can be chosen

	// bring brings the fault about, wakes the sleepers at the worst moments, and ends the fault. nil: there is none.
	bring func(ctx context.Context, w *world, length time.Duration) error
	// hit says whose stale answers are excused; nil: nobody's.
	hit func(w *world) uint16

	naive   bool // as in shape
	reverse bool // violations are what is wanted
}

// The parts of a phase.
const (
	warmUp     = 2 * time.Second
	chunk      = 5 * time.Second // of a phase without a fault; each is checked, and what was read forgotten
	afterBound = 3 * time.Second // looked at when staleBound after the fault has passed
	faultPause = 60 * time.Millisecond
	clerkPause = time.Second // between changes by the program's sub-commands
)

// checker is one run.
type checker struct {
	shape
	interleavings int // wanted without a fault
	short         bool

	in    *installation
	epoch time.Time
}

// The interleavings that are wanted without a fault: of a long run, of a short one, of the naive cache.
const (
	longInterleavings  = 100_000
	shortInterleavings = 3000
	naiveInterleavings = 1000
)

// newChecker makes one as the flags leave it.
func newChecker() *checker {
	return &checker{shape: shape{instances: 3, readers: 6, hot: 4, slow: 2, quick: 1}, interleavings: longInterleavings}
}

// clock gives instants as the history has them.
func (c *checker) clock() time.Duration { return time.Since(c.epoch) }

// maxInstances is what a set of instances holds.
const maxInstances = 16

// silence is a log for go-redis, which would tell of every connection that a fault costs.
type silence struct{}

// Printf says nothing.
func (silence) Printf(context.Context, string, ...any) {}

var errViolated = errors.New("not every phase kept its promise")

// check runs phases, and prints a line on each.
func (c *checker) check(ctx context.Context, out io.Writer, phases []phase) (err error) {
	if c.instances < 1 || c.instances > maxInstances || c.readers < 1 || c.hot < 1 || c.slow < 0 {
		return errors.New("there must be a server (at most 16), a reader and a hot certificate")
	}
	redis.SetLogger(silence{})
	c.epoch = time.Now()
	people := 0
	for _, p := range phases {
		people += c.hot + p.sleepers
	}
	if c.in, err = install(ctx, people); c.in != nil {
		defer c.in.close()
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(out, heading)
	for _, p := range phases {
		r, e := c.run(ctx, p)
		if e != nil {
			return e
		}
		if !r.print(out, p.reverse) {
			err = errViolated
		}
	}
	return err
}

// run runs a phase in a world of its own.
func (c *checker) run(ctx context.Context, p phase) (row, error) {
	s := c.shape
	s.sleepers, s.naive = p.sleepers, p.naive
	if p.slow > 0 {
		s.slow, s.quick = p.slow, 0
	}
	r := row{name: p.name}
	w, err := newWorld(ctx, c.in, p.name, s, c.clock)
	if err == nil {
		if p.bring == nil {
			err = c.without(ctx, w, &r)
		} else {
			err = c.under(ctx, w, p, &r)
		}
	}
	if closing := w.close(); err == nil {
		err = closing
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", p.name, err)
	}
	return r, err
}

// without races until so many interleavings were seen as are wanted.
func (c *checker) without(ctx context.Context, w *world, r *row) error {
	clerk, want := w.hot, c.interleavings // the clerk's certificate is the one sleeper
	if w.naive {
		want = min(want, naiveInterleavings)
	}
	for began := time.Now(); r.interleavings < want; {
		racing, cancel := context.WithTimeout(ctx, chunk)
		racers := w.race(racing, 0)
		if !w.naive {
			racers.again(racing, func(ctx context.Context) error { return w.command(ctx, clerk) }, clerkPause)
		}
		<-racing.Done()
		cancel()
		if err := r.take(ctx, w, racers, nil, false); err != nil {
			return err
		}
		took := time.Since(began)
		fmt.Fprintf(os.Stderr, "%s: %d interleavings in %.0f s\n", r.name, r.interleavings, took.Seconds())
		if took > time.Minute+time.Duration(want)*40*time.Millisecond {
			return fmt.Errorf("only %d interleavings in %s", r.interleavings, took)
		}
	}
	return nil
}

// under races before, under and after a fault.
func (c *checker) under(ctx context.Context, w *world, p phase, r *row) error {
	racers := w.race(ctx, faultPause)
	sleep(ctx, warmUp)
	f := fault{from: c.clock()}
	if p.hit != nil {
		f.instances = p.hit(w)
	}
	err := p.bring(ctx, w, p.length)
	f.until = c.clock()
	if err == nil && !c.short {
		sleep(ctx, staleBound+afterBound)
	}
	return errors.Join(err, r.take(ctx, w, racers, &f, err == nil))
}

// take ends a race, waits until all has settled if that is wanted, and checks what was read.
func (r *row) take(ctx context.Context, w *world, racers *racers, f *fault, settle bool) error {
	reads, unanswered, err := racers.end()
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if settle {
		last, unsettled := w.settle(ctx)
		reads, r.unsettled = append(reads, last...), r.unsettled+unsettled
	}
	r.unanswered += unanswered
	r.merge(w.history.check(reads, f))
	r.changes, r.pending, r.interleavings = w.history.tally()
	for _, p := range w.processes {
		if err := p.Alive(); err != nil {
			return err
		}
	}
	return nil
}
