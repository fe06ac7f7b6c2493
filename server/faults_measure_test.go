package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"yanzheng/internal/testkit"
)

// weight is what a server holds that must not grow: goroutines by who started them, and connections.
type weight map[string]int

func (s *stage) weigh(t *testing.T) weight {
	t.Helper()
	w := weight{}
	for who, n := range running() {
		if !strings.HasPrefix(who, "github.com/Shopify/toxiproxy") && !strings.HasPrefix(who, "net/http.") &&
			!strings.HasPrefix(who, "gorm.io/gorm/internal/lru.") { // gorm gives no way to end this one
			w["goroutines of "+who] = n
		}
	}
	var connections int
	testkit.Must(t, s.db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM information_schema.processlist WHERE user = ?", s.user).Scan(&connections))
	w["connections to the database"] = connections
	clients, err := s.rdb.ClientList(t.Context()).Result()
	testkit.Must(t, err)
	w["connections to Redis"] = strings.Count(clients, "\n")
	return w
}

// poolBound is how many connections the pools may have beyond those of a quiet hour.
const poolBound = 32

// balance waits until the server holds about as much as in the beginning. Pools keep as many connections as were once in
// use together, each with its goroutine, and never more than their bound.
func (s *stage) balance(t *testing.T, began weight, more int) {
	t.Helper()
	var grown []string
	for end := time.Now().Add(15 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		grown = grown[:0]
		for what, n := range s.weigh(t) {
			if n > began[what]+more {
				grown = append(grown, fmt.Sprintf("%s: %d, and were %d", what, n, began[what]))
			}
		}
		if len(grown) == 0 || time.Now().After(end) {
			break
		}
	}
	if len(grown) > 0 {
		t.Errorf("grown:\n%s", strings.Join(grown, "\n"))
	}
}

// line is a fault's line in the table of the long form.
type line struct {
	name             string
	before           time.Duration // p99 of all that the cache answers
	cached, asked    times
	stale, back      time.Duration
	answers          string
	wrong, questions int
}

type times struct{ p50, p99, most time.Duration }

func timesOf(some []asked) times {
	return times{quantile(some, 0.5), quantile(some, 0.99), quantile(some, 1)}
}

func (l *line) read(out *stream) {
	for _, v := range out.all {
		l.stale = max(l.stale, v.stale)
		l.questions++
		if v.outcome == wrong {
			l.wrong++
		}
	}
	l.before, l.cached, l.asked = quantile(out.class(before, true), 0.99), timesOf(out.class(during, true)), timesOf(out.class(during, false))
	l.answers = outcomes(out.of(during, ""))
}

func tableOf(lines []line) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	ms := func(d time.Duration) string { return strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', 1, 64) }
	of := func(x times) string { return ms(x.p50) + "\t" + ms(x.p99) + "\t" + ms(x.most) }
	fmt.Fprintln(w, "milliseconds\tbefore p99\tcached p50\tp99\tmax\tdatabase p50\tp99\tmax\tstale\tback\tWRONG\tanswers during the fault")
	for _, l := range lines {
		_, _ = io.WriteString(w, strings.Join([]string{
			l.name, ms(l.before), of(l.cached), of(l.asked), ms(l.stale), ms(l.back), fmt.Sprintf("%d of %d", l.wrong, l.questions), l.answers,
		}, "\t")+"\n")
	}
	_ = w.Flush() // into memory
	return b.String()
}
