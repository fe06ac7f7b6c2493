package factcache

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// A cell is one key of Redis. It holds "version|milliseconds|epoch|payload", or "version" alone: a fence,
// which reads as a miss and refuses every fill of an older version. One key, so one slot of a Cluster.
//
// A fence must outlive every fill that was under way when it was set. Redis itself refuses a fill that comes later
// than fillUntil after the heartbeat its reader saw, however long the network held it back.
const (
	fenceLife = 2 * time.Minute
	fillUntil = beatLife + 30*time.Second
)

// fill writes an entry unless a newer version, or a fence for one, is there, or it comes too late. It gives the
// lease back.
var fill = redis.NewScript(`
local now = redis.call('TIME')
local held = redis.call('GET', KEYS[1])
redis.call('DEL', KEYS[2])
if now[1] * 1000 + math.floor(now[2] / 1000) > tonumber(ARGV[4]) then return 0 end
if held and tonumber(string.match(held, '^%d+') or 0) > tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`)

// fence replaces an entry older than a version by the version alone. What is as new stays only if it lives as long as a
// fence would: an entry that ends sooner would leave the way open to an older fill.
var fence = redis.NewScript(`
local held = redis.call('GET', KEYS[1])
local version = held and tonumber(string.match(held, '^%d+') or 0) or 0
local asked = tonumber(ARGV[1])
if version >= asked and redis.call('PTTL', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[1], string.format('%.0f', math.max(version, asked)), 'PX', ARGV[2])
return 1`)

// entry is what a filled cell holds; of a fence there is the version alone.
type entry struct {
	version int64
	asOf    time.Time
	epoch   string
	payload string
}

// parseCell reads what a key holds; false for a fence (with its version) and for anything that is not of ours.
func parseCell(held string) (entry, bool) {
	v, rest, _ := strings.Cut(held, "|")
	ms, rest, _ := strings.Cut(rest, "|")
	epoch, payload, ok := strings.Cut(rest, "|")
	version, err := strconv.ParseInt(v, 10, 64)
	at, err2 := strconv.ParseInt(ms, 10, 64)
	if err != nil || err2 != nil || !ok || epoch == "" {
		return entry{version: version}, false
	}
	return entry{version, time.UnixMilli(at), epoch, payload}, true
}

// cells are the cache's keys in one Redis.
type cells struct {
	rdb redis.UniversalClient
}

// fill keeps an entry in the epoch of a beat, if nothing newer is there. Its failure only costs a later look into
// the store. It may replace a fence, so what would end before one is not kept (what is unknown replaces none).
func (c cells) fill(ctx context.Context, key string, e entry, b beat, life time.Duration) {
	if e.version > 0 && life < fenceLife {
		c.rdb.Del(ctx, leaseKey(key))
		return
	}
	v := strconv.FormatInt(e.version, 10)
	value := v + "|" + strconv.FormatInt(e.asOf.UnixMilli(), 10) + "|" + b.epoch + "|" + e.payload
	_ = fill.Run(ctx, c.rdb, []string{key, leaseKey(key)}, v, value, max(life.Milliseconds(), 1), b.at.Add(fillUntil).UnixMilli()).Err()
}

// leaseKey stands for the right to look into the store on behalf of every instance; it lies in its cell's slot.
func leaseKey(key string) string { return key + ":lease" }

// fenced is one key and the version below which it must not tell.
type fenced struct {
	key     string
	version int64
}

// fence sets fences, all in one round trip, and then gives the epoch that the Redis holds which confirmed every one.
func (c cells) fence(ctx context.Context, all []fenced) (epoch string, err error) {
	life := fenceLife.Milliseconds()
	set := func(run func(p redis.Pipeliner, f fenced) *redis.Cmd) error {
		cmds, err := c.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, f := range all {
				run(p, f)
			}
			return nil
		})
		for _, cmd := range cmds {
			err = errors.Join(err, cmd.Err())
		}
		return err
	}
	err = set(func(p redis.Pipeliner, f fenced) *redis.Cmd {
		return fence.EvalSha(ctx, p, []string{f.key}, f.version, life)
	})
	if err != nil && strings.Contains(err.Error(), "NOSCRIPT") { // a Redis that has not seen the script yet
		err = set(func(p redis.Pipeliner, f fenced) *redis.Cmd {
			return fence.Eval(ctx, p, []string{f.key}, f.version, life)
		})
	}
	if err != nil {
		return "", err
	}
	epoch, err = c.rdb.Get(ctx, epochKey).Result() // not before: of the servers as they are once the fences stand
	if errors.Is(err, redis.Nil) {
		return "", nil
	}
	return epoch, err
}

// jitter shortens a life by up to a tenth, so that entries filled together do not end together.
func jitter(life time.Duration) time.Duration {
	return life - rand.N(life/10) //nolint:gosec // not a secret
}
