package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"yanzheng/models"
	"yanzheng/scripts/stand"
)

type options struct{ codes, connections int }

const (
	minCodes       = 10_000 // fewer would not meet the default limits
	maxConnections = 512    // the server answers 1024 requests at once
)

// harness is one installation.
type harness struct {
	*stand.Stand
	options
	redis   *stand.Redis
	wire    *stand.Wire
	forger  forger
	genuine string // the request for a certificate that exists
	before  uint32 // codes that were sent in earlier runs: none comes again
}

// run makes both runs. Results of runs that failed are among those it gives, as far as they got.
func run(ctx context.Context, o options) (results []result, err error) {
	h := &harness{options: o}
	h.Stand, err = stand.New(ctx)
	defer h.Close()
	if err != nil {
		return nil, err
	}
	if h.redis, err = stand.StartRedis(ctx, h.Dir); err != nil {
		return nil, err
	}
	defer h.redis.Close()
	if err := h.UseRedis(h.redis); err != nil {
		return nil, err
	}
	codes, err := h.IssueCodes(ctx, 1)
	if err != nil {
		return nil, err
	}
	if h.forger, err = newForger(codes[0]); err != nil {
		return nil, err
	}
	h.genuine = codes[0][strings.LastIndex(codes[0], "/")+1:]
	if h.wire, err = h.Watch(ctx); err != nil {
		return nil, err
	}
	defer h.wire.Close()
	defaults := h.Env
	for _, wide := range []bool{true, false} {
		h.Env = defaults
		if wide {
			h.Env = append(h.Env[:len(h.Env):len(h.Env)], stand.Unlimited()...)
		}
		r, err := h.measure(ctx, wide)
		results = append(results, r)
		if err == nil {
			err = r.fault()
		}
		if err != nil {
			return results, errors.Join(err, h.Stop())
		}
	}
	return results, nil
}

const (
	leastIdle = 10 * time.Second // what the scan log does most seldom, it does every 5 s
	mostIdle  = time.Minute
)

// measure starts a server, puts the load on it, holds an idle interval and a genuine code against it, and stops it.
func (h *harness) measure(ctx context.Context, wide bool) (r result, err error) {
	r.wide = wide
	before, err := h.Misses(ctx)
	if err != nil {
		return r, err
	}
	if _, err := h.Start(ctx); err != nil {
		return r, fmt.Errorf("%w\n%s", err, h.Complaint())
	}
	if err := h.Drained(ctx, h.redis, time.Minute); err != nil {
		return r, err
	}
	scans, err := h.Scans(ctx)
	if err != nil {
		return r, err
	}
	if r.load, err = h.watched(ctx, func() error { return h.attack(ctx, &r) }); err != nil {
		return r, err
	}
	if r.scans, err = h.Scans(ctx); err != nil {
		return r, err
	}
	r.scans -= scans
	if r.idle, err = h.watched(ctx, func() error { return stand.Pause(ctx, min(max(r.load.took, leastIdle), mostIdle)) }); err != nil {
		return r, err
	}
	if r.control, err = h.watched(ctx, func() error { return h.look(ctx) }); err != nil {
		return r, err
	}
	if err := h.Stop(); err != nil {
		return r, fmt.Errorf("the server did not stop well: %w\n%s", err, h.Complaint())
	}
	written, err := h.Misses(ctx)
	r.counted = written.Since(before)
	return r, err
}

// watched counts what Redis and the database are asked while something is done.
func (h *harness) watched(ctx context.Context, do func() error) (s span, err error) {
	redis, err := h.redis.Commands(ctx)
	if err != nil {
		return s, err
	}
	database, began := h.wire.Asked(), time.Now()
	if err := do(); err != nil {
		return s, err
	}
	s.took, s.database = time.Since(began), h.wire.Asked().Since(database)
	after, err := h.redis.Commands(ctx)
	s.redis = after.Since(redis)
	return s, err
}

// look looks at the genuine code, and waits until the scan is in the database.
func (h *harness) look(ctx context.Context) error {
	c, err := h.Dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	before, err := h.Scans(ctx)
	if err != nil {
		return err
	}
	status, body, err := c.Ask(h.request(nil, h.genuine))
	if err != nil {
		return err
	}
	if status != http.StatusOK || !strings.Contains(string(body), `"reason":"genuine"`) {
		return fmt.Errorf("a genuine code is answered %d %.300s", status, body)
	}
	for began := time.Now(); time.Since(began) < time.Minute; {
		if n, err := h.Scans(ctx); err != nil || n > before {
			return err
		}
		if err := stand.Pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return errors.New("the look at a genuine code did not get into the database")
}

func (h *harness) request(to []byte, digits string) []byte {
	return fmt.Appendf(to[:0], "GET /v/%s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\n\r\n", digits, strings.TrimPrefix(h.URL, "http://"))
}

// attack sends the forged codes and notes how they were answered.
func (h *harness) attack(ctx context.Context, r *result) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var next atomic.Uint32
	var lock sync.Mutex
	r.sent, r.verdicts = stand.Counts{}, stand.Counts{}
	var wait sync.WaitGroup
	for range h.connections {
		wait.Go(func() {
			a := attacker{harness: h, sent: stand.Counts{}, verdicts: stand.Counts{}}
			if err := a.run(ctx, &next); err != nil {
				fail(err)
			}
			lock.Lock()
			defer lock.Unlock()
			r.refused += a.refused
			add(r.sent, a.sent)
			add(r.verdicts, a.verdicts)
		})
	}
	wait.Wait()
	h.before += uint32(h.codes) //nolint:gosec // bounded by the flag
	return context.Cause(ctx)
}

func add(to, more stand.Counts) {
	for k, n := range more {
		to[k] += n
	}
}

// attacker is one connection.
type attacker struct {
	*harness
	sent, verdicts stand.Counts
	refused        int64
}

func (a *attacker) run(ctx context.Context, next *atomic.Uint32) error {
	c, err := a.Dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	random := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) //nolint:gosec // not a secret
	var request []byte
	for ctx.Err() == nil {
		n := next.Add(1)
		if int(n) > a.codes {
			return nil
		}
		code, reason := a.forger.forge(a.before+n, random)
		request = a.request(request, code)
		status, body, err := c.Ask(request)
		if err != nil {
			return err
		}
		a.sent[string(reason)]++
		switch {
		case status == http.StatusTooManyRequests:
			a.refused++
		case status == http.StatusOK && isVerdict(string(body), reason):
			a.verdicts[string(reason)]++
		default:
			return fmt.Errorf("a code that is %s is answered %d %.600s", reason, status, body)
		}
	}
	return context.Cause(ctx)
}

// isVerdict tells whether an answer is the verdict for that reason, of the code alone and kept nowhere. Decoding it would cost
// more than asking.
func isVerdict(body string, reason models.Reason) bool {
	return strings.Contains(body, `"reason":"`+string(reason)+`"`) && strings.Contains(body, `"usable":false`) &&
		strings.Contains(body, `"source":"none"`) && !strings.Contains(body, `"scan_id"`) && !strings.Contains(body, `"registration"`)
}
