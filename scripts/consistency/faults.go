package main

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"
)

// How long faults of links last. One of all links is longer than staleBound: what Redis kept from before it is too old to
// be shown when it ends.
const (
	ofOne = 10 * time.Second
	ofAll = 35 * time.Second
)

// phases are the whole run, in its order. Each runs in a world of its own.
func phases() []phase {
	const (
		sleepers = 12
		late     = 20 // looks into the database that outlast a change, and a wait for Redis
		veryLate = 100
	)
	all := []phase{{name: "none", sleepers: 1}, {name: "slow-database", sleepers: sleepers, slow: veryLate, bring: slowDatabase}}
	for _, l := range []struct {
		name          string
		inflict, heal func(*link) error
	}{
		{"redis-refused", (*link).refuse, (*link).accept},
		{"redis-silent", (*link).silence, (*link).heal},
		{"redis-reset", (*link).reset, (*link).heal},
		{"redis-slow", func(l *link) error { return l.slow(20) }, (*link).heal},
	} {
		all = append(all,
			phase{name: l.name, sleepers: sleepers, slow: 100, length: ofOne, bring: onLinks(lastLink, l.inflict, l.heal), hit: lastInstance},
			phase{name: l.name + "-all", sleepers: sleepers, length: ofAll, bring: onLinks(everyLink, l.inflict, l.heal), hit: (*world).everyInstance})
	}
	return append(all,
		phase{name: "flushall", sleepers: sleepers, slow: veryLate, bring: flushAll, hit: (*world).everyInstance},
		phase{name: "restart-from-snapshot", sleepers: sleepers, length: 2 * time.Second, bring: restartFromSnapshot, hit: (*world).everyInstance},
		phase{name: "failover", sleepers: sleepers, length: 3 * time.Second, bring: failOver, hit: (*world).everyInstance},
		phase{name: "kill-between", sleepers: sleepers, bring: killBetween},
		phase{name: "writer-cut", sleepers: sleepers, length: ofAll, bring: writerCut},
		naivePhase(true),
	)
}

// naivePhase is the one in which the checker shows that it finds faults. It has to reverse them in order to pass.
func naivePhase(reverse bool) phase { return phase{name: "naive", naive: true, reverse: reverse} }

func lastLink(w *world) []*link    { return w.links[w.instances-1:] }
func lastInstance(w *world) uint16 { return 1 << (w.instances - 1) }
func everyLink(w *world) []*link   { return append([]*link{w.pen}, w.links...) }

// each does something to links; one that fails ends it.
func each(links []*link, do func(*link) error) error {
	for _, l := range links {
		if err := do(l); err != nil {
			return err
		}
	}
	return nil
}

// step is a part of a fault.
type step func() error

// inTurn takes one step after the other, until one fails.
func inTurn(ctx context.Context, steps ...step) error {
	for _, s := range steps {
		if err := s(); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// lasting is a step that takes its time.
func lasting(ctx context.Context, d time.Duration) step {
	return func() error { sleep(ctx, d); return nil }
}

// waking is a step in which n sleepers change.
func (w *world) waking(ctx context.Context, n int) step {
	return func() error { return w.wake(ctx, n, w.change) }
}

// onLinks makes links fail for a while. Sleepers change just before and after its beginning, in the middle and just before
// its end.
func onLinks(which func(*world) []*link, inflict, heal func(*link) error) func(context.Context, *world, time.Duration) error {
	return func(ctx context.Context, w *world, length time.Duration) error {
		links := which(w)
		return inTurn(ctx,
			w.waking(ctx, 3),
			func() error { return each(links, inflict) },
			w.waking(ctx, 3), lasting(ctx, length/2), w.waking(ctx, 3), lasting(ctx, length/2), w.waking(ctx, 3),
			func() error { return each(links, heal) },
		)
	}
}

// slowDatabase changes the sleepers while looks into the database take as long as many changes. That excuses nothing.
func slowDatabase(ctx context.Context, w *world, _ time.Duration) error {
	defer w.focus.Store(-1)
	for range w.sleepers {
		w.focus.Store(int32(w.hot + w.woken)) //nolint:gosec // few
		if err := inTurn(ctx, lasting(ctx, 500*time.Millisecond), w.waking(ctx, 1)); err != nil {
			return err
		}
	}
	return nil
}

// flushAll empties Redis again and again while a sleeper changes, so that readers ask the database, whose answers are
// late; and for the last time just after the acknowledgement, so that the fence is lost while old answers are on their way.
func flushAll(ctx context.Context, w *world, _ time.Duration) error {
	flush := func() error { return w.redis.FlushAll(ctx).Err() }
	defer w.focus.Store(-1)
	for range w.sleepers {
		w.focus.Store(int32(w.hot + w.woken)) //nolint:gosec // few
		flushing, stop := context.WithCancel(ctx)
		var flushed errgroup.Group
		flushed.Go(func() error {
			for flushing.Err() == nil {
				if err := flush(); err != nil {
					return err
				}
				sleep(flushing, 2*time.Millisecond)
			}
			return nil
		})
		err := inTurn(ctx, lasting(ctx, 200*time.Millisecond), w.waking(ctx, 1))
		stop()
		if err := errors.Join(err, flushed.Wait(), flush()); err != nil {
			return err
		}
	}
	return nil
}

// restartFromSnapshot has Redis die and come back with what it held before the sleepers changed.
func restartFromSnapshot(ctx context.Context, w *world, age time.Duration) error {
	return inTurn(ctx,
		func() error { return w.redis.SaveAll(ctx) },
		lasting(ctx, age/2), w.waking(ctx, 6), lasting(ctx, age/2), w.waking(ctx, 6),
		func() error { w.redis.Kill(); return w.redis.Start(ctx) },
	)
}

// failOver replaces Redis by its replica, which has not heard of the last writes.
func failOver(ctx context.Context, w *world, cut time.Duration) error {
	toMaster, err := newLink(w.redis.Addr)
	if err != nil {
		return err
	}
	defer toMaster.refuse() //nolint:errcheck // never fails
	master := w.redis
	replica, err := master.StartReplica(ctx, w.in.Dir, toMaster.address)
	if err != nil {
		return err
	}
	w.all = append(w.all, replica)
	return inTurn(ctx,
		func() error { return replica.Follows(ctx) },
		toMaster.refuse,
		lasting(ctx, cut/2), w.waking(ctx, 6), lasting(ctx, cut/2), w.waking(ctx, 6),
		func() error { master.Kill(); return replica.Promote(ctx) },
		func() error {
			w.redis = replica
			return each(everyLink(w), func(l *link) error { return l.lead(replica.Addr) })
		},
	)
}

// killBetween has processes die between commit and fence.
func killBetween(ctx context.Context, w *world, _ time.Duration) error {
	return w.wake(ctx, w.sleepers, w.killed)
}

// writerCut takes Redis from the writer alone: first it refuses, then it is silent.
func writerCut(ctx context.Context, w *world, length time.Duration) error {
	return inTurn(ctx,
		w.waking(ctx, 3), w.pen.refuse, w.waking(ctx, 3), lasting(ctx, length/2), w.pen.accept,
		w.pen.silence, w.waking(ctx, 3), lasting(ctx, length/2), w.waking(ctx, 3), w.pen.heal,
	)
}
