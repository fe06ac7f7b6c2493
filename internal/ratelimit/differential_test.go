package ratelimit

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"

	"yanzheng/internal/testkit"
)

// tape brings redis_rate into a pipeline: the first call is recorded there, the second one is told its answer.
type tape struct {
	redis.UniversalClient
	pipe redis.Pipeliner
	cmd  *redis.Cmd
}

var errRecorded = errors.New("recorded")

func (t *tape) EvalSha(ctx context.Context, hash string, keys []string, args ...any) *redis.Cmd {
	if t.cmd != nil {
		return t.cmd
	}
	t.cmd = t.pipe.EvalSha(ctx, hash, keys, args...)
	recorded := redis.NewCmd(ctx)
	recorded.SetErr(errRecorded)
	return recorded
}

// theirs queues a take of redis_rate, and gives what tells its answer once the pipeline ran.
func theirs(ctx context.Context, rdb redis.UniversalClient, pipe redis.Pipeliner, take Take) func() (*redis_rate.Result, error) {
	recorder := &tape{UniversalClient: rdb, pipe: pipe}
	ask := func() (*redis_rate.Result, error) {
		return redis_rate.NewLimiter(recorder).Allow(ctx, take.Actor, redis_rate.Limit{Rate: take.Limit.Rate, Period: take.Limit.Per, Burst: take.Limit.Burst})
	}
	_, _ = ask()
	return ask
}

// pair is one bucket of ours beside one of redis_rate's.
type pair struct {
	take   Take
	offset time.Duration // how far apart the two may be: they were never asked at the very same instant
}

// compare asks both in one transaction, and wants the same answer but for the time that passed between them by Redis's
// clock, and a microsecond for redis_rate's doubles. It tells the answer, and whether they are the same.
func (p *pair) compare(t *testing.T, rdb redis.UniversalClient, l *Limiter, oursFirst bool) (ok, same bool) {
	t.Helper()
	ctx := t.Context()
	pipe := rdb.TxPipeline()
	from := pipe.Time(ctx)
	var queued *Pending
	if oursFirst {
		queued = l.Queue(ctx, pipe, p.take)
	}
	theirAnswer := theirs(ctx, rdb, pipe, p.take)
	if !oursFirst {
		queued = l.Queue(ctx, pipe, p.take)
	}
	to := pipe.Time(ctx)
	_, err := pipe.Exec(ctx)
	testkit.Must(t, err)
	ok, wait := verdict(t, queued.Decide(ctx))
	result, err := theirAnswer()
	testkit.Must(t, err)

	gap := to.Val().Sub(from.Val()) + time.Microsecond
	p.offset = max(p.offset, gap)
	theirWait := max(result.RetryAfter, 0)
	if apart := (wait - theirWait).Abs(); apart > p.offset+gap {
		t.Fatalf("%+v: ours %t, wait %v; redis_rate's %d, wait %v; only %v lie between", p.take, ok, wait, result.Allowed, theirWait, p.offset+gap)
	}
	return ok, ok == (result.Allowed == 1)
}

// Our decisions are redis_rate's, on a real Redis, for many limits and rhythms.
func TestDecidesAsRedisRate(t *testing.T) {
	rdb := real(t)
	l := limiter(rdb)
	allowed(t, l, Take{"warm", "up", crowded}) // both scripts must be there: a transaction has no second trip
	_, err := redis_rate.NewLimiter(rdb).Allow(t.Context(), "up", redis_rate.PerSecond(1))
	testkit.Must(t, err)

	random := rand.New(rand.NewPCG(3, 4))
	next := 0
	fresh := func() *pair {
		next++
		rate := 1 + random.IntN(50)
		most := 30_000
		if next%2 == 0 { // on a slow machine the others are never empty
			most = 400_000
		}
		every := time.Duration(1+random.IntN(most)) * time.Microsecond
		return &pair{take: Take{"pair", strconv.Itoa(next), Limit{rate, time.Duration(rate) * every, 1 + random.IntN(8)}}}
	}
	var pairs [20]*pair
	for i := range pairs {
		pairs[i] = fresh()
	}
	yes, no, boundary := 0, 0, 0
	for range 150 {
		time.Sleep(time.Duration(random.IntN(4000)) * time.Microsecond) // buckets fill
		for i := range pairs {
			if random.IntN(2) == 0 {
				continue
			}
			ok, same := pairs[i].compare(t, rdb, l, random.IntN(2) == 0)
			if !same { // the boundary lay between the two: from here on one has a token more
				pairs[i] = fresh()
				boundary++
			}
			if ok {
				yes++
			} else {
				no++
			}
		}
	}
	t.Logf("%d times yes, %d times no, %d at the boundary", yes, no, boundary)
	if yes < 200 || no < 200 || boundary > (yes+no)/20 {
		t.Errorf("%d times yes, %d times no, %d at the boundary do not say much", yes, no, boundary)
	}
}

// Also on the Redis of the embedded mode, whose clock stands still while both are asked: what is left between them is
// that it hands redis_rate's doubles back with 14 digits, which is 10 µs.
func TestDecidesAsRedisRateEmbedded(t *testing.T) {
	rdb, m := embedded(t)
	l := limiter(rdb)
	reference := redis_rate.NewLimiter(rdb)
	random := rand.New(rand.NewPCG(5, 6))
	now := start
	yes, no := 0, 0
	for key := range 25 {
		rate := 1 + random.IntN(50)
		every := time.Duration(1000+random.IntN(1_000_000)) * time.Microsecond
		take := Take{"pair", strconv.Itoa(key), Limit{rate, time.Duration(rate) * every, 1 + random.IntN(8)}}
		limit := redis_rate.Limit{Rate: rate, Period: take.Limit.Per, Burst: take.Limit.Burst}
		rounded := 10 * time.Microsecond * time.Duration(take.Limit.Burst)
		for range 50 {
			now = now.Add(rounded + time.Duration(random.Int64N(int64(3*every/2))))
			m.SetTime(now)
			ok, wait := allowed(t, l, take)
			result, err := reference.Allow(t.Context(), take.Actor, limit)
			testkit.Must(t, err)
			if (wait - max(result.RetryAfter, 0)).Abs() > rounded {
				t.Fatalf("%+v: ours %t, wait %v; redis_rate's %+v", take, ok, wait, result)
			}
			if ok != (result.Allowed == 1) {
				break // within the rounding: from here on one has a token more
			}
			if ok {
				yes++
			} else {
				no++
			}
		}
	}
	if yes < 200 || no < 200 {
		t.Errorf("%d times yes and %d times no do not say much", yes, no)
	}
}
