package factcache

import (
	"context"
	"crypto/rand"
	"fmt"
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

// seen is what a relay knows of its Redis before it reads the outbox.
type seen struct {
	at      time.Time // by Redis's clock
	servers Servers
	epoch   string // the one that they hold
}

// observation gives the epoch that a Redis holds and the time by the clock of the server that will end the beat: in a
// Cluster every server has a clock of its own.
var observation = redis.NewScript(`return {redis.call('GET', KEYS[1]) or '', redis.call('TIME')}`)

// observe asks Redis who it is, which epoch it holds and what time it is.
func (r *Relay) observe(ctx context.Context) (seen, error) {
	servers, err := r.holder(ctx, r.cells.rdb)
	if err != nil {
		return seen{}, err
	}
	told, err := observation.Run(ctx, r.cells.rdb, []string{epochKey}).Slice()
	if err != nil {
		return seen{}, err
	}
	epoch, at, ok := parseObservation(told)
	if !ok {
		return seen{}, fmt.Errorf("factcache: Redis tells the time as %v", told)
	}
	return seen{at, servers, epoch}, nil
}

// parseObservation reads what the script answers: the epoch, and the seconds and microseconds of TIME.
func parseObservation(told []any) (epoch string, at time.Time, ok bool) {
	if len(told) != 2 {
		return "", time.Time{}, false
	}
	epoch, isText := told[0].(string)
	clock, isList := told[1].([]any)
	if !isText || !isList || len(clock) != 2 {
		return "", time.Time{}, false
	}
	seconds, err := strconv.ParseInt(fmt.Sprint(clock[0]), 10, 64)
	micros, err2 := strconv.ParseInt(fmt.Sprint(clock[1]), 10, 64)
	return epoch, time.Unix(seconds, micros*1000), err == nil && err2 == nil
}

// enter makes the epoch that Redis holds the database's, or begins a new one: first in the database, so that whoever
// confirms fences to a server that was replaced is found out. False: another relay is at it.
func (r *Relay) enter(ctx context.Context, s seen) (entered bool, err error) {
	present, err := r.epochs.Epoch(ctx)
	if err != nil {
		return false, err
	}
	same := present.Name != "" && present.Holder == s.servers.holder()
	if same && present.Name == s.epoch {
		return true, nil
	}
	if same && r.toldMeanwhile(ctx, present.Name) {
		return false, nil
	}
	now := models.InstantOf(r.now())
	late := models.InstantOf(r.now().Add(handOver))
	since := max(now, min(present.Since, late)) // a hand-over goes on through the epochs that begin meanwhile
	if s.servers.TookOver && present.Name != "" && !s.servers.held(present.Holder) {
		since = late
	}
	next := models.Epoch{Name: rand.Text()[:10], Holder: s.servers.holder(), Since: since}
	replaced, err := r.epochs.ReplaceEpoch(ctx, present.Name, next)
	if err != nil || !replaced {
		return false, err
	}
	r.log.InfoContext(ctx, "cache: a new epoch begins, nothing cached before it counts", "epoch", next.Name)
	return false, r.cells.rdb.Set(ctx, epochKey, next.Name, 0).Err()
}

// handOver is how long an epoch stands before its confirmations count, where a replica took over from the servers that held
// the one before it: a reader may still be with those until their last heartbeat ends, and the writer itself may be. The
// rest is for clocks that differ.
const handOver = beatLife + 5*time.Second

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
