package main

import (
	"os"
	"testing"
	"time"
)

// The short form of the measurement, on real servers. The long one is in the doc comment of the program.
func TestHitRate(t *testing.T) {
	if testing.Short() && os.Getenv("YANZHENG_TEST_MYSQL") == "" {
		t.Skip("no servers (-short)")
	}
	r, err := run(t.Context(), options{codes: 5000, scans: 5000, connections: 8}, t.Output())
	r.print(t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.fault(); err != nil {
		t.Error(err)
	}
	// Chance alone leaves little room: of n draws from n codes, 1/e is drawn again, and 1-1/e of what comes next.
	for i, want := range []float64{0.37, 0.77} {
		if got := share(r.passes[i].cached, r.passes[i].scans); got < want-0.05 || got > want+0.05 {
			t.Errorf("%s: %.3f from the cache, want %.2f", r.passes[i].name, got, want)
		}
	}
}

// A measurement that cannot fail is none.
func TestFault(t *testing.T) {
	good := func() result {
		p := pass{name: "p", took: time.Second, scans: 1000, cached: 800, possible: 800, repeated: 800, loads: 200, changed: 10}
		return result{passes: []pass{p, p, p, p}, held: holding{400_000, 1000}}
	}
	if err := good().fault(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*result){
		"forgetful":             func(r *result) { r.passes[1].repeated = 791 },
		"stale":                 func(r *result) { r.passes[2].stale = 1 },
		"nothing changed":       func(r *result) { r.passes[3].changed = 0 },
		"two looks for one":     func(r *result) { r.passes[0].loads = 400 },
		"looks that nobody saw": func(r *result) { r.passes[0].loads = 0 },
		"fat":                   func(r *result) { r.held.bytes = 501_000 },
		"nothing is cached":     func(r *result) { r.held = holding{} },
		"cut short":             func(r *result) { r.passes = r.passes[:3] },
		"no scan":               func(r *result) { r.passes[0] = pass{} },
	} {
		bad := good()
		spoil(&bad)
		if bad.fault() == nil {
			t.Errorf("%s: no fault", name)
		}
	}
}
