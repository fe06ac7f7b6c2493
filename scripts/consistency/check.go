package main

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"time"
)

// The bounds of the promise under one fault.
const (
	staleBound   = 30 * time.Second // no answer may be staler, nor may any be stale longer than this after the fault
	staleTypical = 2 * time.Second
)

// fault is when one lay on which instances. Their stale answers are excused then and for staleBound after, if they are
// not staler than that.
type fault struct {
	from, until time.Duration
	instances   uint16
}

// excuses tells whether an instance may give a stale answer to a read that begins then.
func (f *fault) excuses(instance uint8, start time.Duration) bool {
	return f != nil && f.instances&(1<<instance) != 0 && start >= f.from && start <= f.until+staleBound
}

// finding is what a check found. Broken, tooStale, future and unreadable must be zero.
type finding struct {
	reads, cached int
	stale         int // showed less than a change that was visible, or pending and committed, when the read began
	staleTypical  int // those of at most staleTypical
	maxStale      time.Duration
	backwards     int // showed less than an earlier read of the same instance had

	broken     int // stale against a change acknowledged as propagated, and nothing excuses it
	tooStale   int // beyond staleBound, pending changes included
	future     int // showed a change that nobody had asked for yet
	unreadable int // showed none of the certificate's states

	examples []string // of what must not be, the first few
}

const maxExamples = 5

// example keeps what is known of a read that must not be.
func (f *finding) example(what string, r *read, changes []change) {
	if len(f.examples) == maxExamples {
		return
	}
	how := "from the database"
	if r.cached {
		how = "from the cache"
	}
	text := fmt.Sprintf("%s: instance %d, certificate %d, read %.4f to %.4f s, state %d of %d %s",
		what, r.instance, r.certificate, r.start.Seconds(), r.end.Seconds(), r.state, len(changes), how)
	if next := int(r.state); next >= 0 && next < len(changes) {
		c := &changes[next]
		text += fmt.Sprintf("; the next began %.4f, committed %.4f, acknowledged %.4f s, propagated %t",
			c.began.Seconds(), c.committed.Seconds(), c.acked.Seconds(), c.propagated)
	}
	f.examples = append(f.examples, text)
}

func (f *finding) merge(g finding) {
	f.reads, f.cached, f.stale, f.staleTypical = f.reads+g.reads, f.cached+g.cached, f.stale+g.stale, f.staleTypical+g.staleTypical
	f.maxStale, f.backwards = max(f.maxStale, g.maxStale), f.backwards+g.backwards
	f.broken, f.tooStale = f.broken+g.broken, f.tooStale+g.tooStale
	f.future, f.unreadable = f.future+g.future, f.unreadable+g.unreadable
	f.examples = append(f.examples, g.examples...)
	f.examples = f.examples[:min(len(f.examples), maxExamples)]
}

// check holds reads against the history, and notes which changes they raced. Nothing may be under way.
func (h *history) check(reads []read, under *fault) finding {
	f := finding{reads: len(reads), backwards: backwards(reads)}
	promised := make([][]int, len(h.changes))
	for i, changes := range h.changes {
		promised[i] = promises(changes)
	}
	for i := range reads {
		r := &reads[i]
		h.race(r)
		if r.cached {
			f.cached++
		}
		changes := h.changes[r.certificate]
		switch {
		case r.state < 0:
			f.unreadable++
			f.example("unreadable", r, changes)
		case int(r.state) > len(changes) || r.state > 0 && changes[r.state-1].began > r.end:
			f.future++
			f.example("too early", r, changes)
		case int(r.state) < len(changes):
			f.age(r, changes, promised[r.certificate], under)
		}
	}
	return f
}

// age judges a read that did not show the last state.
func (f *finding) age(r *read, changes []change, promised []int, under *fault) {
	stale := r.start - changes[r.state].visible() // the first change that it does not show
	if stale <= 0 {
		return
	}
	f.stale++
	f.maxStale = max(f.maxStale, stale)
	if stale <= staleTypical {
		f.staleTypical++
	}
	acked := sort.Search(len(changes), func(i int) bool { return changes[i].acked >= r.start })
	if promised[acked] > int(r.state) && !under.excuses(r.instance, r.start) {
		f.broken++
		f.example("stale", r, changes)
	}
	if stale > staleBound {
		f.tooStale++
		f.example("too stale", r, changes)
	}
}

// promises gives for each n the last state that the first n changes promise to every reader: a fence with a version
// stands for all before it.
func promises(changes []change) []int {
	p := make([]int, len(changes)+1)
	for i := range changes {
		p[i+1] = p[i]
		if changes[i].propagated {
			p[i+1] = i + 1
		}
	}
	return p
}

// backwards counts the reads that showed less than one that had ended before they began, on the same instance.
func backwards(reads []read) (count int) {
	type place struct {
		instance    uint8
		certificate int32
	}
	at := map[place][]read{}
	for _, r := range reads {
		at[place{r.instance, r.certificate}] = append(at[place{r.instance, r.certificate}], r)
	}
	for _, begun := range at {
		ended := slices.Clone(begun)
		slices.SortFunc(begun, func(a, b read) int { return cmp.Compare(a.start, b.start) })
		slices.SortFunc(ended, func(a, b read) int { return cmp.Compare(a.end, b.end) })
		seen, next := int32(unreadable), 0
		for _, r := range begun {
			for ; ended[next].end < r.start; next++ {
				seen = max(seen, ended[next].state)
			}
			if r.state < seen {
				count++
			}
		}
	}
	return count
}
