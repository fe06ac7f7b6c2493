package main

import (
	"context"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"
)

// racers are readers at full speed, and writers of the hot certificates.
type racers struct {
	readers []*reader
	group   errgroup.Group
	stop    context.CancelFunc
}

// race sets them off. After each change of a hot certificate its writer pauses, up to pause.
func (w *world) race(ctx context.Context, pause time.Duration) *racers {
	r := &racers{}
	ctx, r.stop = context.WithCancel(ctx)
	for i := range w.instances {
		for range w.readers {
			one := w.newReader(i)
			r.readers = append(r.readers, one)
			r.group.Go(func() error { one.run(ctx); return nil })
		}
	}
	for i := range w.hot {
		r.again(ctx, func(ctx context.Context) error { return w.change(ctx, i) }, pause)
	}
	return r
}

// again does something again and again until ctx ends; what was begun is waited for.
func (r *racers) again(ctx context.Context, do func(context.Context) error, pause time.Duration) {
	r.group.Go(func() error {
		for ctx.Err() == nil {
			if err := do(context.WithoutCancel(ctx)); err != nil {
				return err
			}
			if pause > 0 {
				sleep(ctx, rand.N(pause)) //nolint:gosec // not a secret
			}
		}
		return nil
	})
}

// sleep lasts d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// end stops them, and gives what the readers saw.
func (r *racers) end() (reads []read, unanswered int, err error) {
	r.stop()
	err = r.group.Wait()
	for _, one := range r.readers {
		reads, unanswered = append(reads, one.reads...), unanswered+one.unanswered
	}
	return reads, unanswered, err
}

// settle asks every instance about every certificate until all show the last state, for as long as answers may be stale.
// It gives the answers, and how many of a round still were.
func (w *world) settle(ctx context.Context) (reads []read, stale int) {
	for began := time.Now(); ; sleep(ctx, 100*time.Millisecond) {
		stale = 0
		for i := range w.instances {
			r := w.newReader(i)
			for c := range w.hot + w.sleepers {
				if int(r.ask(ctx, c, false)) != w.history.state(c) {
					stale++
				}
			}
			r.client.CloseIdleConnections()
			reads = append(reads, r.reads...)
		}
		if stale == 0 || time.Since(began) > staleBound+afterBound || ctx.Err() != nil {
			return reads, stale
		}
	}
}
