package factcache

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sony/gobreaker/v2"
)

// Line is one process's line to Redis, for those who wait for an answer: the client, how long a round trip may take,
// and whether what comes over it may be believed.
//
// A Redis that was away may come back with a heartbeat from before, and without the fences that could not be set
// meanwhile. So once the breaker has opened nothing cached counts here, until this process's own relay has made a whole
// turn that began later: it read the outbox empty, or told that very Redis of all that was in it.
type Line struct {
	rdb  redis.UniversalClient
	trip time.Duration // 0: as long as the caller has

	breaks, vouched atomic.Uint64
	silent          atomic.Bool // the last trip came back without an answer, or was not made
	full            atomic.Bool
}

// Open gives a line with a breaker. It does not wait for Redis: the service starts, and runs, without it.
func Open(r Redis) *Line {
	l := &Line{trip: r.Timeout}
	l.breaks.Store(1) // nobody vouched for it yet
	l.rdb = redis.NewUniversalClient(r.Options())
	l.rdb.AddHook(newBreaker(r.Log, r.Timeout, func() { l.breaks.Add(1) }))
	return l
}

// Over gives a line over somebody else's client, which is believed as long as it answers.
func Over(rdb redis.UniversalClient) *Line { return &Line{rdb: rdb} }

// Client is the client of the line, for what does not share a Look.
func (l *Line) Client() redis.UniversalClient { return l.rdb }

// Away tells whether Redis did not answer when it was last asked.
func (l *Line) Away() bool { return l.silent.Load() }

// believed tells whether heartbeats that come over the line count.
func (l *Line) believed() bool { return l.breaks.Load() == l.vouched.Load() }

// Exec makes one round trip within the time of one. False: Redis did not serve some of it. What went wrong is for each of
// its parts to judge.
func (l *Line) Exec(ctx context.Context, pipe redis.Pipeliner) (served bool) {
	trip := ctx
	if l.trip > 0 {
		var cancel context.CancelFunc
		trip, cancel = context.WithTimeout(ctx, l.trip)
		defer cancel()
	}
	cmds, _ := pipe.Exec(trip)
	for _, c := range cmds {
		if answered(c.Err()) {
			continue
		}
		if ctx.Err() == nil { // else it was the caller who left, or had no time
			l.silent.Store(true)
		}
		return false
	}
	l.silent.Store(false)
	return true
}

// Look is one round trip to Redis. The heartbeat is always among what it asks; facts, identities and whatever else
// shares the trip are queued before Exec and read after it.
type Look struct {
	Pipe  redis.Pipeliner
	line  *Line
	beat  *redis.StringCmd
	state lookState
	// believed is what the line was before the trip: a relay that vouches for it while the answer is on its way has told
	// Redis things which the answer does not know.
	believed bool
}

type lookState uint8

const (
	lookSkipped lookState = iota // never made
	lookServed
	lookRefused // by the breaker: it was not asked at all
	lookLost    // it was asked, and did not answer, or could not serve
)

// Look begins a round trip.
func (l *Line) Look(ctx context.Context) *Look {
	pipe := l.rdb.Pipeline()
	return &Look{Pipe: pipe, line: l, beat: pipe.Get(ctx, beatKey), believed: l.believed()}
}

// Exec makes the trip.
func (k *Look) Exec(ctx context.Context) {
	switch served := k.line.Exec(ctx, k.Pipe); {
	case served:
		k.state = lookServed
	case errors.Is(k.beat.Err(), gobreaker.ErrOpenState), errors.Is(k.beat.Err(), gobreaker.ErrTooManyRequests):
		k.state = lookRefused
	default:
		k.state = lookLost
	}
}

// Skip leaves the trip out: everything in it is without an answer, as from a Redis that is away.
func (k *Look) Skip() {
	for _, c := range k.Pipe.Cmds() {
		c.SetErr(errSkipped)
	}
	k.Pipe.Discard()
	k.state = lookLost // as the one before it was
}

var errSkipped = errors.New("factcache: Redis did not answer a moment ago")

// Away tells that Redis did not serve the trip: asking it for more only costs the same wait again.
func (k *Look) Away() bool { return k.state != lookServed }

// lost tells that it was asked in vain: others may have been told of a fence that we did not see.
func (k *Look) lost() bool { return k.state == lookLost }

// heartbeat gives the beat, if there is one that counts. A Redis that refuses a part of the trip, as a replica refuses
// what writes, is not the one that fences are set in.
func (k *Look) heartbeat() (beat, bool) {
	if k.Away() || k.beat.Err() != nil || !k.believed || !k.line.believed() {
		return beat{}, false
	}
	return parseBeat(k.beat.Val())
}
