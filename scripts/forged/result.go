package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"yanzheng/models"
	"yanzheng/scripts/stand"
)

// span is what Redis and the database were asked in some time.
type span struct {
	took            time.Duration
	redis, database stand.Counts
}

// result is what one run saw.
type result struct {
	wide bool

	load    span
	idle    span // nobody asks for anything
	control span // one genuine code is looked at

	sent, verdicts stand.Counts // by reason; sent includes what was refused
	refused        int64
	scans          int64 // on record because of the load
	counted        stand.Counts
}

const (
	refused     = "rate_limited" // the reason under which a refused code is counted
	writesMiss  = "`code_misses`"
	flushEvery  = time.Minute
	leastLimit  = 3000 // codes of one address that the default limit lets through at once, and in a minute
	slackShare  = 0.25
	slackCounts = 10

	// On a busy machine the background's own calls time out, and each then gets a new connection.
	slackConnections = 100
)

// setsUp are the commands by which a connection begins.
var setsUp = []string{"hello", "auth", "select", "ping", "client|setinfo", "client|setname", "client|maint_notifications", "client"}

// ofConnection tells whether something is a connection's own affair, whatever it is used for.
func ofConnection(kind string) bool {
	return strings.HasPrefix(kind, "(") || slices.Contains(setsUp, kind)
}

// per gives how often something is done in the time of the load, going by the idle interval.
func (r result) per(idle int64) float64 {
	return float64(idle) * r.load.took.Seconds() / r.idle.took.Seconds()
}

// excess gives, of one kind of things, what no idle server would have done in that time. The background has rhythms, not
// a timetable: a quarter more and ten are within them, and far below one for each of a thousand codes.
func (r result) excess(kind string, load, idle int64) int64 {
	slack := slackShare*r.per(idle) + slackCounts
	if ofConnection(kind) {
		slack += slackConnections
	}
	if over := float64(load) - r.per(idle); over > slack {
		return int64(over)
	}
	return 0
}

// costs counts and lists what the load made somebody ask: everything that a genuine code makes asked and an idle server
// does not, and the excess of all else.
func (r result) costs(load, idle, control stand.Counts) (calls int64, list []string) {
	for _, kind := range slices.Sorted(maps.Keys(load)) {
		n := load[kind]
		switch {
		case strings.Contains(kind, writesMiss):
			// The totals, which are looked at by themselves.
		case control[kind] > 0 && idle[kind] == 0 && !ofConnection(kind):
			calls += n
			list = append(list, fmt.Sprintf("%d × %.100s", n, kind))
		case r.excess(kind, n, idle[kind]) > 0:
			calls += r.excess(kind, n, idle[kind])
			list = append(list, fmt.Sprintf("%d × %.100s, and an idle server %.0f", n, kind, r.per(idle[kind])))
		}
	}
	return calls, list
}

func (r result) redisCosts() (int64, []string) {
	return r.costs(r.load.redis, r.idle.redis, r.control.redis)
}

func (r result) databaseCosts() (int64, []string) {
	return r.costs(r.load.database, r.idle.database, r.control.database)
}

// flushes gives how often totals were written down in the load.
func (r result) flushes() (n int64) {
	for kind, times := range r.load.database {
		if strings.Contains(kind, writesMiss) {
			n += times
		}
	}
	return n
}

func (r result) fault() error {
	var faults []error
	fail := func(format string, v ...any) { faults = append(faults, fmt.Errorf(format, v...)) }
	if _, list := r.redisCosts(); len(list) > 0 {
		fail("Redis was asked for forged codes: %s", strings.Join(list, "; "))
	}
	if _, list := r.databaseCosts(); len(list) > 0 {
		fail("the database was asked for forged codes: %s", strings.Join(list, "; "))
	}
	for what, c := range map[string][2]stand.Counts{"Redis": {r.control.redis, r.idle.redis}, "the database": {r.control.database, r.idle.database}} {
		seen := false
		for kind := range c[0] {
			seen = seen || c[1][kind] == 0 && !ofConnection(kind)
		}
		if !seen {
			fail("a genuine code was looked at, and nobody saw %s being asked: this proves nothing", what)
		}
	}
	if most := int64(r.load.took/flushEvery) + 1; r.flushes() > most {
		fail("totals were written %d times in %s, want %d at most", r.flushes(), r.load.took, most)
	}
	if r.scans != 0 {
		fail("%d forged codes are on record as scans", r.scans)
	}
	if most := leastLimit + int64(r.load.took.Minutes()*leastLimit) + 1; !r.wide && (r.verdicts.Total() < leastLimit || r.verdicts.Total() > most) {
		fail("%d codes came through the default limit, want %d to %d", r.verdicts.Total(), leastLimit, most)
	}
	if r.wide && r.refused != 0 {
		fail("%d codes were refused under limits that are as wide as can be", r.refused)
	}
	want := maps.Clone(r.verdicts)
	want[refused] = r.refused
	if off := want.Since(r.counted); len(off) > 0 {
		fail("sent and answered %v, written down %v", want, r.counted)
	}
	if r.sent.Total() != r.counted.Total() {
		fail("%d codes were sent, %d are written down", r.sent.Total(), r.counted.Total())
	}
	return errors.Join(faults...)
}

func (r result) print(out io.Writer) {
	limits := "default limits of one address"
	if r.wide {
		limits = "limits wide open"
	}
	line := func(what string, n int64, format string, v ...any) {
		fmt.Fprintf(out, "  %-32s %9d   %s\n", what, n, fmt.Sprintf(format, v...))
	}
	sent := r.sent.Total()
	fmt.Fprintf(out, "%s\n", limits)
	line("forged codes", sent, "in %.1f s: %.0f/s", r.load.took.Seconds(), float64(sent)/r.load.took.Seconds())
	line("answered with their verdict", r.verdicts.Total(), "%d bad signature, %d unknown key, %d unreadable", r.verdicts[string(models.ReasonBadSignature)],
		r.verdicts[string(models.ReasonUnknownKey)], r.verdicts[string(models.ReasonUnreadable)])
	line("answered 429", r.refused, "")
	line("taken for genuine", sent-r.verdicts.Total()-r.refused, "")
	if r.idle.took == 0 {
		return
	}
	redis, _ := r.redisCosts()
	database, _ := r.databaseCosts()
	line("Redis calls for them", redis, "(background: %d meanwhile, %.0f in as long an idle time; one genuine code: %d)",
		r.load.redis.Total(), r.per(r.idle.redis.Total()), r.control.redis.Total())
	line("database calls for them", database, "(background: %d meanwhile, %.0f in as long an idle time; totals written: %d)",
		r.load.database.Total()-r.flushes(), r.per(r.idle.database.Total()), r.flushes())
	line("scans on record", r.scans, "")
	line("counted in the database", r.counted.Total(), "of which refused %d", r.counted[refused])
}
