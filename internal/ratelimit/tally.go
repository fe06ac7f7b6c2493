package ratelimit

import (
	"maps"
	"sync"
	"sync/atomic"

	"yanzheng/models"
)

// Refused is the reason under which a code is counted that was not looked at, because its sender is over the limit.
const Refused models.Reason = "rate_limited"

// Outcome is what a Tally counts apart: how a code came, and why it came to nothing.
type Outcome struct {
	Channel models.Channel
	Reason  models.Reason
}

// maxOutcomes bounds a Tally; the program has far fewer channels times reasons.
const maxOutcomes = 256

// Tally counts codes that came to nothing (forged, unreadable, refused), which leave no other trace. Its zero value
// is empty and ready. It may be used from any goroutine, and counting what was counted before takes no lock.
type Tally struct {
	counts atomic.Pointer[map[Outcome]*atomic.Uint64] // never changed, replaced by a copy with one more
	grow   sync.Mutex
}

// Add counts n more. Beyond 256 outcomes it counts under Outcome{}.
func (t *Tally) Add(o Outcome, n uint64) {
	if m := t.counts.Load(); m != nil {
		if c := (*m)[o]; c != nil {
			c.Add(n)
			return
		}
	}
	t.counter(o).Add(n)
}

// counter makes the counter of an outcome, unless somebody did.
func (t *Tally) counter(o Outcome) *atomic.Uint64 {
	t.grow.Lock()
	defer t.grow.Unlock()
	var known map[Outcome]*atomic.Uint64
	if m := t.counts.Load(); m != nil {
		known = *m
	}
	if known[o] == nil && len(known) >= maxOutcomes-1 {
		o = Outcome{}
	}
	if c := known[o]; c != nil {
		return c
	}
	grown := make(map[Outcome]*atomic.Uint64, len(known)+1)
	maps.Copy(grown, known)
	grown[o] = new(atomic.Uint64)
	t.counts.Store(&grown)
	return grown[o]
}

// Drain gives what was counted since the last Drain, and only what is not 0. Whoever cannot keep it gives it back
// with Add. Nothing that is counted meanwhile is lost.
func (t *Tally) Drain() map[Outcome]uint64 {
	m := t.counts.Load()
	if m == nil {
		return nil
	}
	drained := map[Outcome]uint64{}
	for o, c := range *m {
		if n := c.Swap(0); n > 0 {
			drained[o] = n
		}
	}
	return drained
}
