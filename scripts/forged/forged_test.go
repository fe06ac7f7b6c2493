package main

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"yanzheng/internal/code"
	"yanzheng/models"
	"yanzheng/scripts/stand"
)

// The short form of the proof, on real servers. The long one is in the doc comment of the program.
func TestForgedCodesCostNothing(t *testing.T) {
	if testing.Short() && os.Getenv("YANZHENG_TEST_MYSQL") == "" {
		t.Skip("no servers (-short)")
	}
	results, err := run(t.Context(), options{codes: 20_000, connections: 32})
	for _, r := range results {
		r.print(t.Output())
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != 2 {
		t.Errorf("%d runs", len(results))
	}
}

// The program's own reader of codes says what each forgery is, and no two are alike.
func TestForge(t *testing.T) {
	dir := t.TempDir()
	key, err := code.Add(dir, models.DateOf(time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	ring, err := code.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	const prefix = "http://127.0.0.1/v/"
	reader := code.NewReader(prefix, ring)
	url, err := reader.URL(&models.Certificate{KeyNumber: key.Number, UseUntil: models.DateOf(time.Now())})
	if err != nil {
		t.Fatal(err)
	}
	f, err := newForger(url)
	if err != nil {
		t.Fatal(err)
	}
	if got := write(f.genuine); prefix+got != url {
		t.Errorf("the genuine code is written %s", got)
	}
	want := map[models.Reason]models.ReadOutcome{
		models.ReasonBadSignature: models.ReadForged, models.ReasonUnknownKey: models.ReadUnknownKey, models.ReasonUnreadable: models.ReadUnreadable,
	}
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // not a secret
	seen, reasons := map[string]bool{}, map[models.Reason]int{}
	for n := range uint32(4000) {
		text, reason := f.forge(n, random)
		if got := reader.ReadDigits(text).Outcome; got != want[reason] || seen[text] {
			t.Fatalf("%d: %v, want %v; seen before: %t", n, got, want[reason], seen[text])
		}
		seen[text] = true
		reasons[reason]++
	}
	if len(reasons) != 3 {
		t.Errorf("reasons %v", reasons)
	}
	for _, bad := range []string{"", prefix + "1", prefix + strings.Repeat("9", 184), prefix + strings.Repeat("x", 184)} {
		if _, err := newForger(bad); err == nil {
			t.Errorf("%.40q passes for a code", bad)
		}
	}
}

// A harness that finds nothing proves nothing.
func TestFault(t *testing.T) {
	second := func(c stand.Counts) span { return span{time.Second, c, stand.Counts{"relay": 4, "(prepare)": 1}} }
	good := func(wide bool) result {
		r := result{
			wide: wide, load: second(stand.Counts{"get": 6, "time": 2}), idle: second(stand.Counts{"get": 4, "time": 2}), control: second(stand.Counts{"get": 3, "xadd": 1}),
			sent: stand.Counts{"bad_signature": 9000, "unreadable": 1000}, verdicts: stand.Counts{"bad_signature": 9000, "unreadable": 1000},
			counted: stand.Counts{"bad_signature": 9000, "unreadable": 1000},
		}
		r.control.database = stand.Counts{"INSERT INTO scans": 1}
		if !wide {
			r.verdicts, r.refused = stand.Counts{"bad_signature": 2800, "unreadable": 210}, 6990
			r.counted = stand.Counts{"bad_signature": 2800, "unreadable": 210, refused: 6990}
		}
		return r
	}
	for _, wide := range []bool{true, false} {
		if err := good(wide).fault(); err != nil {
			t.Error(err)
		}
		for name, spoil := range map[string]func(*result){
			"one command of a scan":       func(r *result) { r.load.redis["xadd"] = 1 },
			"one statement of a scan":     func(r *result) { r.load.database["INSERT INTO scans"] = 1 },
			"a command now and then":      func(r *result) { r.load.redis["get"] = 20 },
			"a connection for many":       func(r *result) { r.load.redis["hello"] = 111 },
			"a new statement":             func(r *result) { r.load.database["SELECT 1"] = 11 },
			"totals for each":             func(r *result) { r.load.database["INSERT INTO `code_misses`"] = 2 },
			"a scan on record":            func(r *result) { r.scans = 1 },
			"one not counted":             func(r *result) { r.counted["bad_signature"]-- },
			"one counted as another":      func(r *result) { r.counted["bad_signature"]--; r.counted["unreadable"]++ },
			"one counted twice":           func(r *result) { r.counted["unreadable"]++ },
			"one sent and never answered": func(r *result) { r.sent["unreadable"]++ },
			"blind to Redis":              func(r *result) { delete(r.control.redis, "xadd") },
			"blind to the database":       func(r *result) { r.control.database = nil },
			"the other limits": func(r *result) {
				o := good(!r.wide)
				r.verdicts, r.refused, r.counted = o.verdicts, o.refused, o.counted
			},
		} {
			bad := good(wide)
			spoil(&bad)
			if bad.fault() == nil {
				t.Errorf("wide %t, %s: no fault", wide, name)
			}
		}
	}
}
