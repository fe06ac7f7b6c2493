package main

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"yanzheng/models"
)

// All instants are durations since one moment of this process's monotonic clock.

// A change leads a certificate from one state to the next.
type change struct {
	began      time.Duration // asked for: nobody can see it before
	committed  time.Duration // the latest moment at which the database had it
	acked      time.Duration // its maker was told; where the maker died, as committed
	propagated bool          // … that no reader is given what stood before any more
}

// visible is the moment from which a reader may count on the change: once acknowledged as propagated. A pending one is
// only owed, from its commit on.
func (c *change) visible() time.Duration {
	if c.propagated {
		return c.acked
	}
	return c.committed
}

// A read is what one instance answered about one certificate.
type read struct {
	certificate int32
	state       int32 // what it showed, or unreadable
	instance    uint8
	cached      bool // by its own word
	start, end  time.Duration
}

// unreadable is the state of an answer that shows none of the certificate's states.
const unreadable = -1

// history is what happened to a set of certificates: change n leads from state n to state n+1. Every certificate has one
// maker of changes at a time.
type history struct {
	mu      sync.Mutex
	changes [][]change // by certificate
	raced   [][]uint16 // beside it: the instances that read while it was under way or just after
}

func newHistory(certificates int) *history {
	return &history{changes: make([][]change, certificates), raced: make([][]uint16, certificates)}
}

// state is the number of the certificate's last state.
func (h *history) state(certificate int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.changes[certificate])
}

func (h *history) add(certificate int, c change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.changes[certificate] = append(h.changes[certificate], c)
	h.raced[certificate] = append(h.raced[certificate], 0)
}

// state n of a certificate is told from every other by what an answer shows: the employer holds a counter, and the status
// alternates. From an even state the status changes, from an odd one the employer.

const employerPrefix = "机构 "

func employerOf(state int) string { return fmt.Sprintf("%s%06d", employerPrefix, state/2) }

func statusOf(state int) models.State {
	if (state+1)/2%2 == 0 {
		return models.StateInForce
	}
	return models.StateRevoked
}

// stateOf is the inverse of the two.
func stateOf(employer, status string) int32 {
	digits, ok := strings.CutPrefix(employer, employerPrefix)
	counter, err := strconv.Atoi(digits)
	if !ok || err != nil || counter < 0 {
		return unreadable
	}
	for state := 2 * counter; state <= 2*counter+1; state++ {
		if employerOf(state) == employer && string(statusOf(state)) == status {
			return int32(state) //nolint:gosec // of six digits
		}
	}
	return unreadable
}

// justAfter is how long after its acknowledgement a change counts as raced by a read that begins.
const justAfter = 20 * time.Millisecond

// race marks the changes that a read raced: under way between commit and acknowledgement at the same time, or acknowledged
// at most justAfter before, with no further change asked for in between.
func (h *history) race(r *read) {
	changes, raced := h.changes[r.certificate], h.raced[r.certificate]
	first := sort.Search(len(changes), func(i int) bool { return changes[i].acked >= r.start })
	for i := first; i < len(changes) && changes[i].committed <= r.end; i++ {
		raced[i] |= 1 << r.instance
	}
	if first > 0 && r.start-changes[first-1].acked <= justAfter && (first == len(changes) || changes[first].began >= r.start) {
		raced[first-1] |= 1 << r.instance
	}
}

// tally counts the changes, those not acknowledged as propagated, and the interleavings: acknowledged changes times
// instances that raced them.
func (h *history) tally() (changes, pending, interleavings int) {
	for i, all := range h.changes {
		changes += len(all)
		for n := range all {
			if !all[n].propagated {
				pending++
				continue
			}
			for instances := h.raced[i][n]; instances != 0; instances &= instances - 1 {
				interleavings++
			}
		}
	}
	return changes, pending, interleavings
}
