package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"yanzheng/scripts/stand"
)

type options struct{ codes, scans, connections int }

const (
	minCodes       = 2000 // fewer, and what Redis takes anyhow would weigh more than what it keeps
	maxCodes       = 9_999_999
	maxConnections = 512

	changeEvery = 100 // one registration in so many is changed
)

// patience lets a server on a busy machine wait for Redis and the database, which it would otherwise do without: what is
// measured is what the cache knows, not how fast it says so.
var patience = []string{"YANZHENG_REDIS_TIMEOUT=1s", "YANZHENG_DATABASE_ANSWER_TIMEOUT=2s"}

// harness is one installation.
type harness struct {
	*stand.Stand
	options
	redis *stand.Redis
	wire  *stand.Wire
	codes []string

	kept    []atomic.Bool // whether a code was answered, and not changed since
	changed bool          // whether every so many are changed
	result  result
}

func run(ctx context.Context, o options, progress io.Writer) (result, error) {
	h := &harness{options: o, kept: make([]atomic.Bool, o.codes)}
	var err error
	h.Stand, err = stand.New(ctx)
	defer h.Close()
	if err != nil {
		return h.result, err
	}
	if h.redis, err = stand.StartRedis(ctx, h.Dir); err != nil {
		return h.result, err
	}
	defer h.redis.Close()
	if err := h.UseRedis(h.redis); err != nil {
		return h.result, err
	}
	h.Env = append(append(h.Env, stand.Unlimited()...), patience...)
	began := time.Now()
	if h.codes, err = h.IssueCodes(ctx, o.codes); err != nil {
		return h.result, err
	}
	h.result.issuing = time.Since(began)
	fmt.Fprintf(progress, "%d codes issued in %.1f s\n", o.codes, h.result.issuing.Seconds())
	if h.wire, err = h.Watch(ctx); err != nil {
		return h.result, err
	}
	defer h.wire.Close()
	err = h.day(ctx, progress)
	return h.result, errors.Join(err, h.Stop())
}

// day makes the four passes.
func (h *harness) day(ctx context.Context, progress io.Writer) error {
	if err := h.start(ctx); err != nil {
		return err
	}
	before, err := h.holding(ctx)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		name   string
		before func() error
	}{
		{"cold", nil},
		{"again", nil},
		{"1 % changed", func() error { return h.change(ctx) }},
		{"server restarted", func() error { return errors.Join(h.Stop(), h.start(ctx)) }},
	} {
		if step.before != nil {
			if err := step.before(); err != nil {
				return err
			}
		}
		p, err := h.pass(ctx, step.name)
		h.result.passes = append(h.result.passes, p)
		if err != nil {
			return err
		}
		fmt.Fprintf(progress, "%s: %d scans in %.1f s\n", p.name, p.scans, p.took.Seconds())
		if len(h.result.passes) > 2 {
			continue
		}
		after, err := h.holding(ctx) // while nothing was changed: fences are small, and would flatter the figure
		if err != nil {
			return err
		}
		h.result.held = holding{after.bytes - before.bytes, after.keys - before.keys}
	}
	return nil
}

func (h *harness) start(ctx context.Context) error {
	if _, err := h.Start(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, h.Complaint())
	}
	return nil
}

func (h *harness) change(ctx context.Context) error {
	if err := h.ChangeEvery(ctx, changeEvery); err != nil {
		return err
	}
	for i := changeEvery - 1; i < len(h.kept); i += changeEvery {
		h.kept[i].Store(false)
	}
	h.changed = true
	return nil
}

// holding is what Redis holds.
type holding struct{ bytes, keys int64 }

// holding asks when the scans have left Redis, which holds them on their way only.
func (h *harness) holding(ctx context.Context) (now holding, err error) {
	if err := h.Drained(ctx, h.redis, 5*time.Minute); err != nil {
		return now, err
	}
	if now.bytes, err = h.redis.Memory(ctx); err != nil {
		return now, err
	}
	now.keys, err = h.redis.DBSize(ctx).Result()
	return now, err
}

// pass scans codes drawn at random, as fast as the server answers.
func (h *harness) pass(ctx context.Context, name string) (pass, error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	before, began := h.wire.Asked(), time.Now()
	sum := pass{name: name}
	var next atomic.Int64
	var lock sync.Mutex
	var wait sync.WaitGroup
	for range h.connections {
		wait.Go(func() {
			var own pass
			if err := h.scan(ctx, &next, &own); err != nil {
				fail(err)
			}
			lock.Lock()
			defer lock.Unlock()
			sum.add(own)
		})
	}
	wait.Wait()
	sum.took = time.Since(began)
	for statement, n := range h.wire.Asked().Since(before) {
		if strings.Contains(statement, "certificates AS c") {
			sum.loads += n
		}
	}
	return sum, context.Cause(ctx)
}

const (
	tries      = 100 // with a pause of knockEvery between them
	knockEvery = 50 * time.Millisecond
	moved      = `"information_changed"`
)

// scan is one connection.
func (h *harness) scan(ctx context.Context, next *atomic.Int64, p *pass) error {
	c, err := h.Dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	random := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) //nolint:gosec // not a secret
	var request []byte
	for next.Add(1) <= int64(h.scans) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		i := random.IntN(len(h.codes))
		possible := h.kept[i].Load()
		request = h.request(request, h.codes[i])
		status, body, err := c.Ask(request)
		for again := 0; err == nil && status == http.StatusServiceUnavailable && again < tries; again++ {
			p.unavailable++
			time.Sleep(knockEvery)
			status, body, err = c.Ask(request)
		}
		if err != nil {
			return err
		}
		if status != http.StatusOK {
			return fmt.Errorf("a scan is answered %d %.300s", status, body)
		}
		text := string(body)
		p.scans++
		if possible {
			p.possible++
		}
		if strings.Contains(text, `"source":"cache"`) {
			p.cached++
			if possible {
				p.repeated++
			}
		} else if !strings.Contains(text, `"source":"database"`) {
			return fmt.Errorf("a scan says nothing about its source: %.300s", text)
		}
		if h.changed && (i+1)%changeEvery == 0 {
			p.changed++
			if !strings.Contains(text, moved) {
				p.stale++
			}
		}
		h.kept[i].Store(true)
	}
	return nil
}

func (h *harness) request(to []byte, code string) []byte {
	quoted, _ := json.Marshal(code) // of a string: no error
	return fmt.Appendf(to[:0], "POST /api/v1/scans HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n{\"code\":%s}",
		strings.TrimPrefix(h.URL, "http://"), h.Token(), len(`{"code":}`)+len(quoted), quoted)
}
