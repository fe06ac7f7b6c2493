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

// A cell is one key of Redis. It holds "version|milliseconds|payload", or "version" alone: a fence,
// which reads as a miss and refuses every fill of an older version. One key, so one slot of a Cluster.
//
// A fence must outlive every fill that was under way when it was set; flightTimeout bounds those.
const (
	cellLife  = time.Minute
	fenceLife = 2 * time.Minute
)

// fill writes an entry unless a newer version, or a fence for one, is there.
var fill = redis.NewScript(`
local held = redis.call('GET', KEYS[1])
if held and tonumber(string.match(held, '^%d+') or 0) > tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`)

// fence replaces an entry older than a version by the version alone.
var fence = redis.NewScript(`
local held = redis.call('GET', KEYS[1])
if held and tonumber(string.match(held, '^%d+') or 0) >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`)

// entry is what a filled cell holds; of a fence there is the version alone.
type entry struct {
	version int64
	asOf    time.Time
	payload string
	away    bool // Redis did not answer: asking it for more only costs the same wait again
}

// cells are the cache's keys in one Redis.
type cells struct {
	rdb redis.UniversalClient
}

// get gives the entry of a key; false for none, a fence (with its version), anything unreadable, or no Redis.
func (c cells) get(ctx context.Context, key string) (entry, bool) {
	held, err := c.rdb.Get(ctx, key).Result()
	if err != nil {
		return entry{away: !answered(err)}, false
	}
	v, rest, ok := strings.Cut(held, "|")
	ms, payload, ok2 := strings.Cut(rest, "|")
	version, err := strconv.ParseInt(v, 10, 64)
	at, err2 := strconv.ParseInt(ms, 10, 64)
	if err != nil || err2 != nil || !ok || !ok2 {
		return entry{version: version}, false
	}
	return entry{version: version, asOf: time.UnixMilli(at), payload: payload}, true
}

// fill keeps an entry, if nothing newer is there. Its failure only costs a later look into the store.
func (c cells) fill(ctx context.Context, key string, version int64, asOf time.Time, payload string, life time.Duration) {
	v := strconv.FormatInt(version, 10)
	value := v + "|" + strconv.FormatInt(asOf.UnixMilli(), 10) + "|" + payload
	_ = fill.Run(ctx, c.rdb, []string{key}, v, value, jitter(life).Milliseconds()).Err()
}

// fenced is one key and the version below which it must not tell.
type fenced struct {
	key     string
	version int64
}

// fence sets fences, all in one round trip, and reports whether Redis confirmed every one.
func (c cells) fence(ctx context.Context, all []fenced) error {
	if len(all) == 0 {
		return nil
	}
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
	life := fenceLife.Milliseconds()
	err := set(func(p redis.Pipeliner, f fenced) *redis.Cmd {
		return fence.EvalSha(ctx, p, []string{f.key}, f.version, life)
	})
	if err != nil && strings.Contains(err.Error(), "NOSCRIPT") { // a Redis that has not seen the script yet
		err = set(func(p redis.Pipeliner, f fenced) *redis.Cmd {
			return fence.Eval(ctx, p, []string{f.key}, f.version, life)
		})
	}
	return err
}

// jitter shortens a life by up to a tenth, so that entries filled together do not end together.
func jitter(life time.Duration) time.Duration {
	return life - rand.N(life/10) //nolint:gosec // not a secret
}
