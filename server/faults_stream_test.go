package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// hang is when an answer counts as none: the server promises one, whatever it be, within requestTimeout.
const hang = requestTimeout + 4*time.Second

// outcome is what became of a question.
type outcome string

const (
	right  outcome = "right"    // the verdict that is true
	stale  outcome = "stale"    // the verdict that was true before a change whose "pending" said that caches follow
	notNow outcome = "503"      // with Retry-After
	busy   outcome = "429"      // with Retry-After
	wrong  outcome = "WRONG"    // anything else
	cache          = "cache"    // as an answer names its source
	alive          = "in_force" // as a look-up names a registration's state
	valid          = "valid/" + alive
)

// phase is when a question was asked, and answered.
type phase int32

const (
	turning phase = iota // while something began or ended
	before
	during
	after
)

// question is one kind of what the clients ask all the time.
type question struct {
	name string
	ask  func(n int) (answer, error)
	is   func(a answer, began time.Time) (finding, error) // of an answer 200
}

// finding is what an answer 200 tells.
type finding struct {
	scan, source string
	stale        time.Duration // how long the change was committed that it does not know
}

// asked is one question with what became of it.
type asked struct {
	*question
	finding
	phase   phase
	outcome outcome
	began   time.Time
	took    time.Duration
	why     string // of a wrong answer
}

// once asks and judges.
func (q *question) once(n int) asked {
	began := time.Now()
	a, err := q.ask(n)
	return q.judge(a, err, began)
}

// judge tells right from wrong.
func (q *question) judge(a answer, err error, began time.Time) asked {
	v := asked{question: q, began: began, took: time.Since(began), outcome: wrong}
	seconds, bad := strconv.Atoi(a.header.Get("Retry-After"))
	switch {
	case err != nil:
		v.why = err.Error()
	case a.status == http.StatusOK:
		if v.finding, err = q.is(a, began); err != nil {
			v.why = err.Error()
		} else if v.outcome = right; v.stale > 0 {
			v.outcome = stale
		}
	case bad != nil || seconds < 1:
		v.why = fmt.Sprintf("%d without Retry-After: %.300s", a.status, a.body)
	case a.status == http.StatusServiceUnavailable:
		v.outcome = notNow
	case a.status == http.StatusTooManyRequests:
		v.outcome = busy
	default:
		v.why = fmt.Sprintf("%d: %.300s", a.status, a.body)
	}
	return v
}

// tells reads a verdict and holds it against the one that is true.
func tells(want string) func(answer, time.Time) (finding, error) {
	return func(a answer, _ time.Time) (finding, error) {
		v, err := verdictIn(a)
		if err == nil && (v.is() != want || v.Usable != (want == valid)) {
			err = fmt.Errorf("%s, usable %v, from %s; true is %s", v.is(), v.Usable, v.Source, want)
		}
		return finding{scan: v.ScanID, source: v.Source}, err
	}
}

func verdictIn(a answer) (v verdict, err error) {
	if err = json.Unmarshal(a.body, &v); err == nil && v.ScanID == "" {
		err = fmt.Errorf("a verdict without a scan: %.300s", a.body)
	}
	return v, err
}

// showsRegistration reads a look-up.
func showsRegistration(a answer, _ time.Time) (finding, error) {
	var f found
	err := json.Unmarshal(a.body, &f)
	if err == nil && f.Registration["status"] != alive {
		err = fmt.Errorf("the registration is %v", f.Registration["status"])
	}
	return finding{}, err
}

// givesToken reads a log-in.
func givesToken(a answer, _ time.Time) (finding, error) {
	var in struct{ Token string }
	err := json.Unmarshal(a.body, &in)
	if err == nil && in.Token == "" {
		err = fmt.Errorf("no token: %.300s", a.body)
	}
	return finding{}, err
}

// turn is a change that is made while the stream runs: the verdict from is true until it is committed, to from then on.
type turn struct {
	mu           sync.Mutex
	from, to     string
	begun, acked time.Time
	told         bool // the change was acknowledged as told to every cache
	forgets      bool // but the Redis that was told may have forgotten
}

func (c *turn) is(a answer, began time.Time) (finding, error) {
	v, err := verdictIn(a)
	if err != nil {
		return finding{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	f := finding{scan: v.ScanID, source: v.Source}
	switch {
	case v.is() == c.to && !c.begun.IsZero():
		return f, nil
	case v.is() != c.from:
	case c.acked.IsZero() || began.Before(c.acked):
		return f, nil
	case !c.told || c.forgets:
		f.stale = began.Sub(c.acked)
		return f, nil
	}
	return f, fmt.Errorf("%s from %s; from %s to %s began %v, acknowledged %v before the question, told to the cache: %v",
		v.is(), v.Source, c.from, c.to, began.Sub(c.begun), began.Sub(c.acked), c.told)
}

// stream asks every question all the time, each with a client of its own.
type stream struct {
	questions []question
	phase     atomic.Int32
	stopped   chan struct{}
	workers   sync.WaitGroup
	mu        sync.Mutex
	all       []asked
}

func startStream(questions []question, pause time.Duration) *stream {
	s := &stream{questions: questions, stopped: make(chan struct{})}
	for i := range questions {
		q := &s.questions[i]
		s.workers.Go(func() {
			for n := 0; ; n++ {
				s.once(q, n)
				select {
				case <-s.stopped:
					return
				case <-time.After(pause):
				}
			}
		})
	}
	return s
}

func (s *stream) once(q *question, n int) {
	then := s.phase.Load()
	v := q.once(n)
	if v.phase = phase(then); s.phase.Load() != then {
		v.phase = turning
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, v)
}

// during lets a phase last until every question was answered so often.
func (s *stream) during(t testing.TB, p phase, answers int) {
	t.Helper()
	s.phase.Store(int32(p))
	within(t, 90*time.Second, "every question is answered", func() bool {
		for i := range s.questions {
			if len(s.of(p, s.questions[i].name)) < answers {
				return false
			}
		}
		return true
	})
	s.phase.Store(int32(turning))
}

// end waits for the answers that are on their way, and gives all.
func (s *stream) end() []asked {
	close(s.stopped)
	s.workers.Wait()
	return s.all
}

// of gives what was asked in a phase; no name: of every kind.
func (s *stream) of(p phase, name string) (some []asked) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.all {
		if v.phase == p && (name == "" || v.name == name) {
			some = append(some, v)
		}
	}
	return some
}

// class gives what was asked in a phase of what the cache knows, or else of what only the database knows.
func (s *stream) class(p phase, cached bool) []asked {
	return slices.DeleteFunc(s.of(p, ""), func(v asked) bool { return v.cached() != cached })
}

// quantile gives the time within which that share of answers came.
func quantile(some []asked, share float64) time.Duration {
	if len(some) == 0 {
		return 0
	}
	times := make([]time.Duration, len(some))
	for i := range some {
		times[i] = some[i].took
	}
	slices.Sort(times)
	return times[min(int(share*float64(len(times))), len(times)-1)]
}

// outcomes counts them: "12 right, 3 503".
func outcomes(some []asked) string {
	n := map[outcome]int{}
	for _, v := range some {
		n[v.outcome]++
	}
	var parts []string
	for _, o := range []outcome{right, stale, notNow, busy, wrong} {
		if n[o] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[o], o))
		}
	}
	return strings.Join(parts, ", ")
}
