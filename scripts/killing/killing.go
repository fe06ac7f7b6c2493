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

type options struct{ kills, scans, codes, connections int }

// result is what a run saw.
type result struct {
	stand.Tally
	kills, early int // early: of those, while the server was starting
	refused      int64
	load, drain  time.Duration
	slowest      time.Duration // start after a kill, until ready
}

func (r result) print(out io.Writer) {
	fmt.Fprintf(out, "kills                     %9d   (%d of them during a start; slowest start until ready %.2f s)\n", r.kills, r.early, r.slowest.Seconds())
	fmt.Fprintf(out, "acknowledged scans        %9d   in %.1f s: %.0f/s, kills and starts included\n", r.Acked, r.load.Seconds(), float64(r.Acked)/r.load.Seconds())
	fmt.Fprintf(out, "answered 503              %9d\n", r.refused)
	fmt.Fprintf(out, "rows in the database      %9d   still after %.1f s\n", r.Rows, r.drain.Seconds())
	fmt.Fprintf(out, "lost                      %9d\n", r.Lost)
	fmt.Fprintf(out, "doubled                   %9d\n", r.Doubled)
	fmt.Fprintf(out, "extra                     %9d   (rows whose answer the kill cut off)\n", r.Extra)
}

func (r result) fault(o options) error {
	switch {
	case r.kills < o.kills || r.Acked < o.scans:
		return fmt.Errorf("%d kills and %d acknowledged scans, want %d and %d", r.kills, r.Acked, o.kills, o.scans)
	case r.Lost > 0:
		return fmt.Errorf("%d of %d acknowledged scans are lost", r.Lost, r.Acked)
	}
	return r.Fault()
}

// earlyEvery: of so many kills, one comes during a start.
const earlyEvery = 5

// harness is one run.
type harness struct {
	*stand.Stand
	options
	redis   *stand.Redis
	traffic *stand.Load
	out     io.Writer
	result  result
}

func run(ctx context.Context, o options, out io.Writer) (result, error) {
	h := &harness{options: o, out: out}
	var err error
	h.Stand, err = stand.New(ctx)
	defer h.Close()
	if err != nil {
		return result{}, err
	}
	// A Redis of our own: a server that somebody else runs would take scans from the same stream.
	h.redis, err = stand.StartRedis(ctx, h.Dir)
	if err != nil {
		return result{}, err
	}
	defer h.redis.Close()
	if err := h.UseRedis(h.redis); err != nil {
		return result{}, err
	}
	h.Env = append(h.Env, stand.Unlimited()...)
	codes, err := h.IssueCodes(ctx, o.codes)
	if err != nil {
		return result{}, err
	}
	if _, err := h.Start(ctx); err != nil {
		return result{}, err
	}
	h.traffic = h.NewLoad(codes)
	acks, err := h.killUnderLoad(ctx)
	if err != nil {
		return result{}, err
	}
	return h.result, h.settle(ctx, acks)
}

// killUnderLoad gives what was acknowledged until the last kill.
func (h *harness) killUnderLoad(ctx context.Context) (acks []stand.Ack, err error) {
	loading, endLoad := context.WithCancel(ctx)
	defer endLoad()
	ended := make(chan error, 1)
	go func() {
		var err error
		acks, err = h.traffic.Run(loading, h.connections)
		ended <- err
	}()
	began := time.Now()
	err = h.kill(ctx, ended)
	h.result.load = time.Since(began)
	endLoad()
	return acks, errors.Join(err, <-ended, ctx.Err())
}

// kill spreads the kills over the scans: the last when all are acknowledged, the others each at a random moment of its
// share.
func (h *harness) kill(ctx context.Context, ended chan error) error {
	share := float64(h.scans) / float64(h.kills)
	for i := 1; i <= h.kills; i++ {
		target := int64(h.scans)
		if i < h.kills {
			target = int64(share * (float64(i-1) + rand.Float64())) //nolint:gosec // not a secret
		}
		if err := h.await(ctx, target, ended); err != nil {
			return err
		}
		if err := h.Kill(); err != nil {
			return err
		}
		h.result.kills++
		if i == h.kills {
			return nil
		}
		if i%earlyEvery == 1 && i+1 < h.kills {
			i++
			if err := h.killEarly(ctx); err != nil {
				return err
			}
		}
		ready, err := h.Start(ctx)
		if err != nil {
			return fmt.Errorf("after %d kills: %w\n%s", h.result.kills, err, h.Complaint())
		}
		h.result.slowest = max(h.result.slowest, ready)
		fmt.Fprintf(h.out, "  %d kills, %d acknowledged, ready again after %d ms\n", h.result.kills, h.traffic.Acked(), ready.Milliseconds())
	}
	return nil
}

// await returns at a random moment shortly after so many scans were acknowledged.
func (h *harness) await(ctx context.Context, target int64, ended chan error) error {
	const stands = time.Minute // without a single answer
	last, since := int64(-1), time.Now()
	for {
		acked := h.traffic.Acked()
		if acked >= target && acked > last && last >= 0 { // work is being done
			time.Sleep(rand.N(2 * time.Millisecond)) //nolint:gosec // not a secret
			return nil
		}
		if acked > last {
			last, since = acked, time.Now()
		}
		if time.Since(since) > stands {
			return fmt.Errorf("no scan was acknowledged for %s\n%s", stands, h.Complaint())
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ended:
			ended <- nil // for who waits for the end
			return fmt.Errorf("the load ended by itself: %w", err)
		case <-time.After(time.Millisecond):
		}
	}
}

// killEarly starts a server and kills it before or shortly after it is ready.
func (h *harness) killEarly(ctx context.Context) error {
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond+rand.N(100*time.Millisecond)) //nolint:gosec // not a secret
	defer cancel()
	_, err := h.Start(short) // the end of this context is a kill -9
	if err != nil && short.Err() == nil {
		return fmt.Errorf("%w\n%s", err, h.Complaint())
	}
	<-short.Done()
	_ = h.Stop() // waits for its end
	h.result.kills++
	h.result.early++
	return ctx.Err()
}

// settle lets a successor finish, and counts.
func (h *harness) settle(ctx context.Context, acks []stand.Ack) error {
	if _, err := h.Start(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, h.Complaint())
	}
	began := time.Now()
	if err := h.Drained(ctx, h.redis, 2*time.Minute); err != nil {
		return err
	}
	h.result.drain = time.Since(began)
	if err := h.Stop(); err != nil {
		return fmt.Errorf("the successor did not stop cleanly: %w", err)
	}
	h.result.refused = h.traffic.Refused()
	var err error
	h.result.Tally, err = h.Stand.Tally(ctx, acks, h.traffic.Sent())
	return err
}
