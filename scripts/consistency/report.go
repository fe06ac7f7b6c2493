package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"
)

// row is what came of a phase.
type row struct {
	name                            string
	changes, pending, interleavings int
	unanswered, unsettled           int
	finding
}

// faults says in words what is wrong; nothing when all is well.
func (r *row) faults() string {
	var all []string
	for _, f := range []struct {
		n    int
		what string
	}{
		{r.broken, "stale after an acknowledged change"},
		{r.tooStale, fmt.Sprintf("stale for more than %.0f s", staleBound.Seconds())},
		{r.future, "before the change was asked for"},
		{r.unreadable, "not about the certificate"},
		{r.unsettled, "stale to the end"},
	} {
		if f.n > 0 {
			all = append(all, fmt.Sprintf("%d %s", f.n, f.what))
		}
	}
	return strings.Join(all, ", ")
}

const heading = "phase                  changes  pending    reads  cached  no answer  interleavings  stale  longest   ≤ 2 s  back  verdict"

// print writes the row as a line; with reverse, stale answers are what is wanted.
func (r *row) print(to io.Writer, reverse bool) (ok bool) {
	verdict, faults := "ok", r.faults()
	ok = faults == ""
	if reverse { // stale is what it is to be, and nothing else
		ok = r.broken > 0 && r.future == 0 && r.unreadable == 0
	}
	switch {
	case reverse && ok:
		verdict = fmt.Sprintf("ok, caught: %.2f %% of the answers were stale", 100*float64(r.broken)/float64(r.reads))
	case reverse:
		verdict = "FAILED: nothing stale was found, but " + cmp.Or(faults, "all well")
	case !ok:
		verdict = "FAILED: " + faults
	}
	typical := "–"
	if r.stale > 0 {
		typical = fmt.Sprintf("%.1f %%", 100*float64(r.staleTypical)/float64(r.stale))
	}
	fmt.Fprintf(to, "%-21s %8d %8d %8d %5.0f %% %10d %14d %6d %6.2f s %7s %5d  %s\n",
		r.name, r.changes, r.pending, r.reads, 100*float64(r.cached)/float64(max(r.reads, 1)), r.unanswered,
		r.interleavings, r.stale, r.maxStale.Round(10*time.Millisecond).Seconds(), typical, r.backwards, verdict)
	if !ok {
		for _, e := range r.examples {
			fmt.Fprintln(to, "  "+e)
		}
	}
	return ok
}
