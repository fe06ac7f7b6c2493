package main

import (
	"reflect"
	"testing"
	"time"
)

const ms = time.Millisecond

// past is a history of one certificate, in milliseconds: change 1 is acknowledged as propagated, 2 is pending, 3 is
// acknowledged, far later.
func past() *history {
	h := newHistory(1)
	h.add(0, change{began: 100 * ms, committed: 110 * ms, acked: 120 * ms, propagated: true})
	h.add(0, change{began: 200 * ms, committed: 210 * ms, acked: 220 * ms})
	h.add(0, change{began: 60_200 * ms, committed: 60_210 * ms, acked: 60_220 * ms, propagated: true})
	return h
}

func one(state int32, start, end time.Duration) []read {
	return []read{{state: state, start: start * ms, end: end * ms}}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name  string
		reads []read
		under *fault
		want  finding
	}{
		{"before any change", one(0, 10, 20), nil, finding{}},
		{"old, begun before the acknowledgement", one(0, 119, 500), nil, finding{}},
		{"old, begun at the very acknowledgement", one(0, 120, 130), nil, finding{}},
		{"old, begun after it", one(0, 121, 130), nil, finding{stale: 1, staleTypical: 1, maxStale: 1 * ms, broken: 1}},
		{"new, before the commit was known", one(1, 90, 105), nil, finding{}},
		{"new, before it was asked for", one(1, 90, 99), nil, finding{future: 1}},
		{"of a change that never was", one(4, 70_000, 70_001), nil, finding{future: 1}},
		{"not of the certificate", one(unreadable, 10, 20), nil, finding{unreadable: 1}},
		{"fresh", one(1, 130, 140), nil, finding{}},
		{"pending one not shown yet", one(1, 1210, 1211), nil, finding{stale: 1, staleTypical: 1, maxStale: 1000 * ms}},
		{"pending one shown", one(2, 205, 206), nil, finding{}},
		{"pending one not shown for too long", one(1, 30_211, 30_212), nil, finding{stale: 1, maxStale: 30_001 * ms, tooStale: 1}},
		{"two behind, the second acknowledged", one(1, 60_221, 60_222), nil, finding{stale: 1, maxStale: 60_011 * ms, broken: 1, tooStale: 1}},
		{"last state", one(3, 60_221, 60_222), nil, finding{}},

		{"under a fault", one(0, 130, 140), &fault{from: 115 * ms, until: 125 * ms, instances: 1}, finding{stale: 1, staleTypical: 1, maxStale: 10 * ms}},
		{"under a fault of another instance", one(0, 130, 140), &fault{from: 115 * ms, until: 125 * ms, instances: 2}, finding{stale: 1, staleTypical: 1, maxStale: 10 * ms, broken: 1}},
		{"before the fault", one(0, 130, 140), &fault{from: 131 * ms, until: 140 * ms, instances: 1}, finding{stale: 1, staleTypical: 1, maxStale: 10 * ms, broken: 1}},
		{"within the bound after it", one(0, 30_119, 30_120), &fault{from: 100 * ms, until: 125 * ms, instances: 1}, finding{stale: 1, maxStale: 29_999 * ms}},
		{"beyond the bound", one(0, 30_121, 30_122), &fault{from: 100 * ms, until: 125 * ms, instances: 1}, finding{stale: 1, maxStale: 30_001 * ms, tooStale: 1}},
		{"when the fault is long over", one(0, 30_126, 30_127), &fault{from: 100 * ms, until: 125 * ms, instances: 1}, finding{stale: 1, maxStale: 30_006 * ms, tooStale: 1, broken: 1}},
		{"a fault excuses no foresight", one(1, 90, 99), &fault{from: 0, until: 500 * ms, instances: 1}, finding{future: 1}},

		{"back in time before the acknowledgement", append(one(1, 111, 112), one(0, 113, 114)...), nil, finding{backwards: 1}},
		{"back in time, but not on one instance", []read{
			{state: 1, start: 111 * ms, end: 112 * ms}, {state: 0, start: 113 * ms, end: 114 * ms, instance: 1},
		}, nil, finding{}},
		{"not back in time: both at once", append(one(1, 111, 114), one(0, 113, 116)...), nil, finding{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.want.reads = len(c.reads)
			got := past().check(c.reads, c.under)
			if wrong := got.broken + got.tooStale + got.future + got.unreadable; len(got.examples) != wrong {
				t.Errorf("%d examples of %d violations: %q", len(got.examples), wrong, got.examples)
			}
			got.examples = nil
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestInterleavings(t *testing.T) {
	for _, c := range []struct {
		name  string
		reads []read
		want  []uint16 // of each change, the instances that raced it
	}{
		{"none", nil, []uint16{0, 0, 0}},
		{"over before the commit", one(0, 90, 109), []uint16{0, 0, 0}},
		{"under way at the commit", one(0, 90, 110), []uint16{1, 0, 0}},
		{"between commit and acknowledgement", one(0, 112, 113), []uint16{1, 0, 0}},
		{"just after", one(1, 140, 150), []uint16{1, 0, 0}},
		{"too late", one(1, 141, 150), []uint16{0, 0, 0}},
		{"long enough for two", one(1, 115, 215), []uint16{1, 1, 0}},
		{"of two instances", append(one(1, 115, 116), read{state: 1, instance: 3, start: 115 * ms, end: 116 * ms}), []uint16{0b1001, 0, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := past()
			h.check(c.reads, nil)
			if !reflect.DeepEqual(h.raced[0], c.want) {
				t.Errorf("raced %b, want %b", h.raced[0], c.want)
			}
		})
	}
}

// A change that was asked for within justAfter ends the time in which a read races the one before it.
func TestInterleavingEndsWithTheNextChange(t *testing.T) {
	h := newHistory(1)
	h.add(0, change{began: 100 * ms, committed: 101 * ms, acked: 102 * ms, propagated: true})
	h.add(0, change{began: 105 * ms, committed: 120 * ms, acked: 121 * ms, propagated: true})
	h.check(one(1, 106, 107), nil)
	if want := []uint16{0, 0}; !reflect.DeepEqual(h.raced[0], want) {
		t.Errorf("raced %b, want %b", h.raced[0], want)
	}
}

// Pending changes are changes, but no acknowledged ones.
func TestTally(t *testing.T) {
	h := past()
	h.check(append(one(1, 115, 215), read{state: 1, instance: 2, start: 115 * ms, end: 116 * ms}), nil)
	changes, pending, interleavings := h.tally()
	if changes != 3 || pending != 1 || interleavings != 2 {
		t.Errorf("%d changes, %d pending, %d interleavings; want 3, 1, 2", changes, pending, interleavings)
	}
}

func TestEveryStateIsAnother(t *testing.T) {
	seen := map[string]int{}
	for state := range 1000 {
		shown := employerOf(state) + string(statusOf(state))
		if other, ok := seen[shown]; ok {
			t.Fatalf("states %d and %d look alike", other, state)
		}
		seen[shown] = state
		if got := stateOf(employerOf(state), string(statusOf(state))); got != int32(state) {
			t.Fatalf("state %d reads as %d", state, got)
		}
		if state%2 == 1 && statusOf(state) == statusOf(state-1) {
			t.Fatalf("the status does not change from state %d", state-1)
		}
	}
	for _, shown := range [][2]string{{"", ""}, {"机构 000001", "suspended"}, {"机构 1", "revoked"}, {"机构 -00001", "in_force"}, {"示例", "in_force"}} {
		if got := stateOf(shown[0], shown[1]); got != unreadable {
			t.Errorf("%q reads as state %d", shown, got)
		}
	}
}

func TestVerdictOfARow(t *testing.T) {
	for _, c := range []struct {
		name        string
		row         row
		reverse, ok bool
	}{
		{"all well", row{}, false, true},
		{"stale", row{finding: finding{broken: 1}}, false, false},
		{"too stale", row{finding: finding{tooStale: 1}}, false, false},
		{"foresight", row{finding: finding{future: 1}}, false, false},
		{"unreadable", row{finding: finding{unreadable: 1}}, false, false},
		{"unsettled", row{unsettled: 1}, false, false},
		{"excused", row{finding: finding{stale: 1, maxStale: 29 * time.Second}}, false, true},
		{"naive, caught", row{finding: finding{reads: 2, broken: 1}}, true, true},
		{"naive, caught, but by mistake", row{finding: finding{reads: 2, broken: 1, future: 1}}, true, false},
		{"naive, not caught", row{}, true, false},
	} {
		if got := c.row.print(t.Output(), c.reverse); got != c.ok {
			t.Errorf("%s: %t, want %t", c.name, got, c.ok)
		}
	}
}
