package ratelimit

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// script takes one token from the bucket of KEYS[1], by Redis's own clock and in whole microseconds. The key holds the
// theoretical arrival time (TAT) of GCRA: the instant at which the bucket is full again, which is now or earlier for
// one that is. ARGV[1] is the time for one token, ARGV[2] that for a whole bucket. It answers -1, or the microseconds
// until there is a token.
//
// Nothing honest holds more than a whole bucket ahead of now: where that is so, a failover put the clock back or the
// limit was lowered, and the key is put right, or the actor would be locked out for as long.
const script = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local every, span = tonumber(ARGV[1]), tonumber(ARGV[2])
local held = tonumber(redis.call('GET', KEYS[1])) or now
local tat = math.min(math.max(held, now), now + span)
local wait = tat + every - now - span
if wait <= 0 then tat = tat + every elseif held <= now + span then return wait end
redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', string.format('%.0f', math.ceil((tat - now) / 1000)))
return wait > 0 and wait or -1`

// The sizes of what a process keeps of its own, some 30 MB and 35 MB when full.
const (
	defaultKeys  = 1 << 16
	defaultNotes = 1 << 18
)

// Options are what New needs beside Redis.
type Options struct {
	Now   func() time.Time
	Key   []byte // the secret under which Redis knows actors; the same in all instances
	Keys  int    // buckets kept in this process while Redis is away; 0: 65,536
	Notes int    // notes of an actor's persons kept in this process while Redis is away; 0: 262,144
}

// Limiter keeps the limits that all instances share in Redis. It may be used from any goroutine.
type Limiter struct {
	rdb   redis.UniversalClient
	now   func() time.Time
	local *Local
	notes *notes
	names *names
	hash  any // of the script, as an argument
}

// New makes a Limiter of which all that use the same Redis count together. rdb's timeouts, and its breaker if it has
// one, say how long a call may wait for a Redis that is away.
func New(rdb redis.UniversalClient, o Options) *Limiter {
	if o.Notes < 1 {
		o.Notes = defaultNotes
	}
	return &Limiter{
		rdb: rdb, now: o.Now, local: NewLocal(o.Now, o.Keys), notes: newNotes(o.Notes), names: newNames(o.Key),
		hash: redis.NewScript(script).Hash(),
	}
}

// Pending is an answer that waits for the pipeline it was queued in.
type Pending struct {
	limiter *Limiter
	queued  []queued
}

// queued is one take in a pipeline. Its arguments point into it, which spares an allocation for each.
type queued struct {
	Take
	key         string
	every, span int64
	arguments   [6]any
	answer      *redis.IntCmd
}

// Queue asks for one token of every take, with one command each, in a pipeline that may carry other things too. All
// of them are taken, or refused, each for itself. Run the pipeline, then ask the Pending to Decide.
func (l *Limiter) Queue(ctx context.Context, pipe redis.Pipeliner, takes ...Take) *Pending {
	p := &Pending{l, make([]queued, 0, len(takes))}
	for _, t := range takes {
		every, span, ok := t.Limit.parts()
		if !ok {
			continue
		}
		p.queued = append(p.queued, queued{Take: t, key: l.key(t), every: every, span: span})
		q := &p.queued[len(p.queued)-1]
		q.send(ctx, pipe, "evalsha", l.hash)
	}
	return p
}

// key is where Redis keeps the bucket of a take.
func (l *Limiter) key(t Take) string { return l.names.key("l", t.Purpose, t.Actor) }

func (q *queued) send(ctx context.Context, pipe redis.Pipeliner, command, script any) {
	q.arguments = [6]any{command, script, 1, &q.key, &q.every, &q.span}
	q.answer = redis.NewIntCmd(ctx, q.arguments[:]...)
	_ = pipe.Process(ctx, q.answer) // it only queues
}

// Decide gives nil when every take was allowed, else ErrTooMany that says when all of them would be. To a Redis that
// does not have the script (fresh, or failed over) it takes the script in a round trip of its own. What Redis does not
// answer is decided by a bucket of the same limit in this process.
func (p *Pending) Decide(ctx context.Context) error {
	p.again(ctx)
	var wait time.Duration
	for i := range p.queued {
		q := &p.queued[i]
		answer, err := q.answer.Result()
		if err != nil || answer == 0 { // 0: the pipeline was never run
			_, retry := p.limiter.local.Allow(q.Take)
			wait = max(wait, retry)
			continue
		}
		wait = max(wait, time.Duration(answer)*time.Microsecond)
	}
	return refusal(wait)
}

// again brings the script along where Redis did not know it.
func (p *Pending) again(ctx context.Context) {
	var pipe redis.Pipeliner
	for i := range p.queued {
		if q := &p.queued[i]; redis.HasErrorPrefix(q.answer.Err(), "NOSCRIPT") {
			if pipe == nil {
				pipe = p.limiter.rdb.Pipeline()
			}
			q.send(ctx, pipe, "eval", script)
		}
	}
	if pipe != nil {
		_, _ = pipe.Exec(ctx) // every command keeps its own error
	}
}

// Take asks for one token of every take in a round trip of its own, and decides.
func (l *Limiter) Take(ctx context.Context, takes ...Take) error {
	pipe := l.rdb.Pipeline()
	p := l.Queue(ctx, pipe, takes...)
	_, _ = pipe.Exec(ctx) // every command keeps its own error
	return p.Decide(ctx)
}
