package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"yanzheng/internal/ratelimit"
	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// A flush whose answer is lost is told again as it was, and what was counted meanwhile comes after it.
func TestMissesAreToldOnce(t *testing.T) {
	d := &desk{tally: &ratelimit.Tally{}, now: testkit.NewClock(time.Date(2026, 3, 2, 10, 0, 0, 0, models.China)).Now}
	forged := ratelimit.Outcome{Channel: models.ChannelPublic, Reason: models.ReasonBadSignature}
	written := map[string]int64{} // by flush, as the database has it
	lost := errors.New("the answer is lost")
	fails := error(nil)
	to := func(_ context.Context, flush string, misses ...models.Miss) error {
		for _, m := range misses {
			if n, again := written[flush]; again && n != m.N {
				t.Errorf("flush %s was %d and is %d", flush, n, m.N)
			}
			written[flush] = m.N
		}
		return fails
	}
	testkit.Must(t, d.tellMisses(t.Context(), to))
	for _, step := range []struct {
		more    uint64
		fails   error
		flushes int
	}{{3, lost, 1}, {4, lost, 1}, {0, nil, 2}, {0, nil, 2}, {5, nil, 3}} {
		d.tally.Add(forged, step.more)
		fails = step.fails
		if err := d.tellMisses(t.Context(), to); !errors.Is(err, step.fails) || len(written) != step.flushes {
			t.Errorf("%+v: %v, written %v", step, err, written)
		}
	}
	total := int64(0)
	for _, n := range written {
		total += n
	}
	if total != 3+4+5 {
		t.Errorf("%d counted, want 12", total)
	}
}
