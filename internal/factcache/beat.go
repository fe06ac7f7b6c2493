package factcache

import (
	"context"
	"crypto/rand"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/models"
)

// The heartbeat says "at this instant every committed change had been told to this Redis". A relay renews it while it
// can read an empty outbox; without it no entry counts. So nothing that breaks can make an entry outlive a change by
// more than beatLife: not a relay that died, not a network that is cut, not a database that cannot be read.
//
// It names the epoch. What was filled in another epoch is not served, because a Redis that restarted, failed over or
// was flushed may have forgotten fences. See docs/adr/0016-heartbeat-and-epoch.md.
const (
	beatKey  = "yz:{beat}"
	epochKey = "yz:{beat}:epoch"
	beatLife = 25 * time.Second // by the clock of Redis, from before the outbox was read
)

// beat is a heartbeat as a reader saw it. at is an instant of Redis's clock.
type beat struct {
	epoch string
	at    time.Time
}

func (b beat) String() string { return b.epoch + "|" + strconv.FormatInt(b.at.UnixMilli(), 10) }

func parseBeat(held string) (beat, bool) {
	epoch, ms, ok := strings.Cut(held, "|")
	at, err := strconv.ParseInt(ms, 10, 64)
	if !ok || err != nil || epoch == "" {
		return beat{}, false
	}
	return beat{epoch, time.UnixMilli(at)}, true
}

// Look is one round trip to Redis. The heartbeat is always among what it asks; facts, identities and whatever else
// shares the trip are queued before Exec and read after it.
type Look struct {
	Pipe redis.Pipeliner
	beat *redis.StringCmd
}

// NewLook begins a round trip.
func NewLook(ctx context.Context, rdb redis.UniversalClient) *Look {
	pipe := rdb.Pipeline()
	return &Look{pipe, pipe.Get(ctx, beatKey)}
}

// Exec makes the trip. What went wrong is for each of its parts to judge.
func (l *Look) Exec(ctx context.Context) { _, _ = l.Pipe.Exec(ctx) }

// heartbeat gives the beat, if there is one.
func (l *Look) heartbeat() (beat, bool) {
	if l.beat.Err() != nil {
		return beat{}, false
	}
	return parseBeat(l.beat.Val())
}

// seen is what a relay knows of its Redis before it reads the outbox.
type seen struct {
	at     time.Time // by Redis's clock
	holder string    // who answers: which servers, in which run
	epoch  string    // the one that they hold
}

// observe asks Redis who it is, which epoch it holds and what time it is.
func (r *Relay) observe(ctx context.Context) (seen, error) {
	holder, err := r.holder(ctx, r.cells.rdb)
	if err != nil {
		return seen{}, err
	}
	pipe := r.cells.rdb.Pipeline()
	held := pipe.Get(ctx, epochKey)
	now := pipe.Time(ctx)
	if _, err := pipe.Exec(ctx); err != nil && !answered(err) {
		return seen{}, err
	}
	if err := now.Err(); err != nil {
		return seen{}, err
	}
	return seen{now.Val(), holder, held.Val()}, nil
}

// enter makes the epoch that Redis holds the database's, or begins a new one: first in the database, so that whoever
// confirms fences to a server that was replaced is found out. False: another relay is at it.
func (r *Relay) enter(ctx context.Context, s seen) (entered bool, err error) {
	present, err := r.epochs.Epoch(ctx)
	if err != nil {
		return false, err
	}
	if present.Name != "" && present.Name == s.epoch && present.Holder == s.holder {
		return true, nil
	}
	if present.Name != "" && present.Holder == s.holder && r.toldMeanwhile(ctx, present.Name) {
		return false, nil
	}
	next := models.Epoch{Name: rand.Text()[:10], Holder: s.holder, Since: models.InstantOf(r.now())}
	replaced, err := r.epochs.ReplaceEpoch(ctx, present.Name, next)
	if err != nil || !replaced {
		return false, err
	}
	r.log.InfoContext(ctx, "cache: a new epoch begins, nothing cached before it counts", "epoch", next.Name)
	return false, r.cells.rdb.Set(ctx, epochKey, next.Name, 0).Err()
}

// epochGrace is how long a relay has to tell Redis of an epoch that it began, before another one takes it for lost.
const epochGrace = 100 * time.Millisecond

// toldMeanwhile waits whether Redis is told of an epoch that began with it, as another relay may be about to do: relays
// that come at once would else go on ending each other's.
func (r *Relay) toldMeanwhile(ctx context.Context, name string) bool {
	ctx, cancel := context.WithTimeout(ctx, epochGrace)
	defer cancel()
	for {
		if held, err := r.cells.rdb.Get(ctx, epochKey).Result(); held == name || err != nil && !answered(err) {
			return held == name
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(epochGrace / 20):
		}
	}
}

// renew beats once. The end of the beat is an instant of Redis's clock, so that a command which the network held
// back does not make it live longer.
func (r *Relay) renew(ctx context.Context, s seen) error {
	b := beat{s.epoch, s.at}
	return r.cells.rdb.Do(ctx, "SET", beatKey, b.String(), "PXAT", s.at.Add(beatLife).UnixMilli()).Err()
}
