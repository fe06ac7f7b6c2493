package main

import (
	"bytes"
	"os"
	"testing"

	"yanzheng/scripts/stand"
)

// The short form of the proof, on real servers. The long one is in the doc comment of the program.
func TestAcknowledgedScansSurviveKills(t *testing.T) {
	if testing.Short() && os.Getenv("YANZHENG_TEST_MYSQL") == "" {
		t.Skip("no servers (-short)")
	}
	o := options{kills: 3, scans: 20_000, codes: 200, connections: 32}
	var out bytes.Buffer
	result, err := run(t.Context(), o, &out)
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	result.print(t.Output())
	if err := result.fault(o); err != nil {
		t.Error(err)
	}
	if result.early == 0 {
		t.Error("no kill came during a start")
	}
}

// A harness that finds nothing proves nothing.
func TestFault(t *testing.T) {
	o := options{kills: 3, scans: 10}
	good := result{kills: 3, Tally: stand.Tally{Acked: 10, Rows: 12, Extra: 2}}
	if err := good.fault(o); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*result){
		"lost":     func(r *result) { r.Lost = 1 },
		"doubled":  func(r *result) { r.Doubled = 1 },
		"foreign":  func(r *result) { r.Foreign = 1 },
		"too few":  func(r *result) { r.Acked = 9 },
		"unkilled": func(r *result) { r.kills = 2 },
	} {
		bad := good
		spoil(&bad)
		if bad.fault(o) == nil {
			t.Errorf("%s: no fault", name)
		}
	}
}
