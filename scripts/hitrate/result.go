package main

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// pass is what one pass saw.
type pass struct {
	name  string
	took  time.Duration
	scans int64

	cached   int64 // answered from the cache
	possible int64 // of certificates that were answered before, and not changed since
	repeated int64 // of those, answered from the cache
	loads    int64 // looks into the database for a certificate

	changed     int64 // of certificates that differ from the register
	stale       int64 // of those, answered as if they did not
	unavailable int64 // answers 503; those scans were made again
}

func (p *pass) add(o pass) {
	p.scans += o.scans
	p.cached += o.cached
	p.possible += o.possible
	p.repeated += o.repeated
	p.changed += o.changed
	p.stale += o.stale
	p.unavailable += o.unavailable
}

// result is what a run saw.
type result struct {
	issuing time.Duration
	passes  []pass
	held    holding // because of the cached certificates
}

// The goals.
const (
	leastRepeated = 0.99 // of the scans that the cache could answer
	mostBytes     = 500  // of Redis for a cached certificate
	passesOfADay  = 4
)

func share(part, whole int64) float64 { return float64(part) / float64(max(whole, 1)) }

func (r result) bytes() float64 { return share(r.held.bytes, r.held.keys) }

func (r result) fault() error {
	var faults []error
	fail := func(format string, v ...any) { faults = append(faults, fmt.Errorf(format, v...)) }
	if len(r.passes) != passesOfADay {
		fail("%d passes, want %d", len(r.passes), passesOfADay)
	}
	for i, p := range r.passes {
		if p.scans == 0 || p.possible == 0 {
			fail("%s: %d scans, %d of them again", p.name, p.scans, p.possible)
		}
		if share(p.repeated, p.possible) < leastRepeated {
			fail("%s: the cache answered %d of %d scans that it could have", p.name, p.repeated, p.possible)
		}
		if p.stale > 0 || p.changed == 0 && i >= 2 {
			fail("%s: %d of %d scans of changed certificates do not say so", p.name, p.stale, p.changed)
		}
		if fresh := p.scans - p.cached + p.unavailable; float64(p.loads) > 1.01*float64(fresh)+10 || p.loads == 0 {
			fail("%s: %d looks into the database for %d answers from there", p.name, p.loads, fresh)
		}
	}
	if r.held.keys == 0 || r.bytes() > mostBytes {
		fail("a cached certificate takes %.0f bytes of Redis, want %d at most", r.bytes(), mostBytes)
	}
	return errors.Join(faults...)
}

func (r result) print(out io.Writer) {
	fmt.Fprintf(out, "%-18s %9s %8s %9s %9s %13s %11s %8s %6s %5s\n", "pass", "scans", "per s", "cached", "possible", "of possible", "loads/scan", "changed", "stale", "503")
	for _, p := range r.passes {
		fmt.Fprintf(out, "%-18s %9d %8.0f %8.2f%% %8.2f%% %12.3f%% %11.4f %8d %6d %5d\n", p.name, p.scans, float64(p.scans)/max(p.took.Seconds(), 1e-9),
			100*share(p.cached, p.scans), 100*share(p.possible, p.scans), 100*share(p.repeated, p.possible), share(p.loads, p.scans), p.changed, p.stale, p.unavailable)
	}
	fmt.Fprintf(out, "Redis: %.0f bytes a cached certificate (%d keys, %.1f MB)\n", r.bytes(), r.held.keys, float64(r.held.bytes)/1e6)
}
