package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"yanzheng/scripts/stand"
)

const (
	warming = time.Second     // with everything in order, before anything is held back
	away    = time.Second     // Redis, between its crash and its start
	after   = 2 * time.Second // load on the Redis that came back
)

type measurement struct {
	length             time.Duration
	codes, connections int
	out                io.Writer

	*stand.Stand
	urls []string
}

func (m *measurement) run(ctx context.Context, chosen []setting) (err error) {
	m.Stand, err = stand.New(ctx)
	defer m.Close()
	if err != nil {
		return err
	}
	m.Env = append(m.Env, stand.Unlimited()...)
	if m.urls, err = m.IssueCodes(ctx, m.codes); err != nil {
		return err
	}
	fmt.Fprintf(m.out, "%-9s %-11s %9s %9s %9s %9s %8s\n", "setting", "database", "acked", "in stream", "lost", "s lost", "503")
	var faults []error
	streamed := false
	for _, s := range chosen {
		for _, held := range []bool{false, true} {
			f, err := m.crash(ctx, s, held)
			if err == nil {
				err = f.fault()
			}
			if err != nil {
				faults = append(faults, fmt.Errorf("%s, %s: %w", s.name, state(held), err))
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			streamed = streamed || f.backlog > 0
		}
	}
	m.notes(chosen, streamed)
	return errors.Join(faults...)
}

func state(held bool) string {
	if held {
		return "held back"
	}
	return "keeping up"
}

func (m *measurement) notes(chosen []setting, streamed bool) {
	for _, s := range chosen {
		fmt.Fprintf(m.out, "%s: %s.\n", s.name, s.why)
	}
	fmt.Fprint(m.out, "A crash of the process leaves in the kernel's cache what Redis had written, so everysec loses next to nothing here;\n"+
		"a power cut takes up to a second with it, and from always only what a disk lied about.\n")
	if !streamed {
		fmt.Fprint(m.out, "No scan was ever seen in the stream: this server writes them straight into the database.\n")
	}
}

// crash measures one of Redis.
func (m *measurement) crash(ctx context.Context, s setting, held bool) (f finding, err error) {
	f = finding{setting: s, held: held}
	r, err := stand.StartRedis(ctx, m.Dir, s.config...)
	if err != nil {
		return f, err
	}
	defer r.Close()
	if err := m.UseRedis(r); err != nil {
		return f, err
	}
	if err := m.ForgetScans(ctx); err != nil {
		return f, err
	}
	if _, err := m.Start(ctx); err != nil {
		return f, fmt.Errorf("%w\n%s", err, m.Complaint())
	}
	defer m.Stop() //nolint:errcheck // done below when all went well
	traffic := m.NewLoad(m.urls)

	loading, endLoad := context.WithCancel(ctx)
	defer endLoad()
	var acks []stand.Ack
	ended := make(chan error, 1)
	go func() {
		var err error
		acks, err = traffic.Run(loading, m.connections)
		ended <- err
	}()
	err = m.timeline(ctx, r, traffic, &f)
	endLoad()
	if err := errors.Join(err, <-ended); err != nil {
		return f, fmt.Errorf("%w\n%s", err, m.Complaint())
	}
	if err := m.Drained(ctx, r, 3*time.Minute); err != nil {
		return f, err
	}
	if err := m.Stop(); err != nil {
		return f, fmt.Errorf("the server did not stop cleanly: %w", err)
	}
	if f.Tally, err = m.Stand.Tally(ctx, acks, traffic.Sent()); err != nil {
		return f, err
	}
	fmt.Fprintf(m.out, "%-9s %-11s %9d %9d %9d %9.2f %8d\n", s.name, state(held), f.Acked, f.backlog, f.Lost, f.before().Seconds(), traffic.Refused())
	return f, nil
}

// timeline is what happens while the load runs.
func (m *measurement) timeline(ctx context.Context, r *stand.Redis, traffic *stand.Load, f *finding) (err error) {
	if err := stand.Pause(ctx, warming); err != nil {
		return err
	}
	release := func() error { return nil }
	if f.held {
		if release, err = m.HoldScans(ctx); err != nil {
			return err
		}
	}
	// The database must be let go whatever happens.
	err = func() error {
		if err := stand.Pause(ctx, m.length+rand.N(time.Second)); err != nil { //nolint:gosec // not a secret
			return err
		}
		var err error
		if f.backlog, err = r.Backlog(ctx); err != nil {
			return err
		}
		f.crashed = traffic.Age()
		r.Kill()
		return stand.Pause(ctx, away)
	}()
	if err := errors.Join(err, release()); err != nil {
		return err
	}
	if err := r.Start(ctx); err != nil {
		return err
	}
	return stand.Pause(ctx, after)
}
