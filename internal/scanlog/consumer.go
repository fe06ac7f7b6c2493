package scanlog

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/models"
)

// rhythm holds the consumer's times. Twice as long as a consumer usually holds entries (write, and the calls around it) is
// dead; should a live one take longer, two of them write the same rows, which is only more work.
type rhythm struct {
	block  time.Duration // how long a read waits for an entry, and a stop for that read
	linger time.Duration // rest after a batch that was not full, so that the next one is bigger
	call   time.Duration // bounds each call to Redis, beyond block
	write  time.Duration // bounds the inserts of a batch, also after a stop
	wait   time.Duration // longest pause between tries while something is away
	look   time.Duration // how often the remains of dead consumers are looked for
	dead   time.Duration // an entry that was delivered this long ago, and is still there, has lost its consumer
	forget time.Duration // a consumer without entries and not seen for this long is forgotten
}

var usual = rhythm{
	block: time.Second, linger: 100 * time.Millisecond, call: time.Second, write: 8 * time.Second, wait: 2 * time.Second,
	look: 5 * time.Second, dead: 15 * time.Second, forget: time.Minute,
}

// consumer is one run of a consumer.
type consumer struct {
	*Log
	name   string
	due    bool   // it is time to look for the remains of dead consumers
	from   string // where that goes on
	holds  bool   // entries may be ours that did not get into the database
	failed bool   // the log was told so
	wait   time.Duration
}

// Run carries entries from the stream into the database until ctx ends; then it finishes the batch in its hands, within
// seconds, and returns. Any number of processes may do so side by side.
func (l *Log) Run(ctx context.Context) {
	if l.consumer == nil {
		return
	}
	// First of all comes what the process before us may have left.
	c := &consumer{Log: l, name: rand.Text(), due: true, from: "0-0"}
	look := time.NewTicker(l.rhythm.look)
	defer look.Stop()
	for ctx.Err() == nil {
		n, err := c.step(ctx)
		c.tell(ctx, err)
		rest := c.wait
		if err == nil && n < batchSize {
			rest = l.rhythm.linger
		}
		select {
		case <-ctx.Done():
		case <-look.C:
			c.due = true
		case <-time.After(rest):
		}
	}
	if !c.failed { // otherwise Redis may be away, or entries stay for others to take over
		_ = c.callRoll(ctx, false)
	}
}

// step carries one batch, and gives its size.
func (c *consumer) step(ctx context.Context) (n int, err error) {
	defer func() { c.holds = c.holds || err != nil }() // a read that failed may have given us entries
	if c.due {
		err = c.takeOver(ctx)
	}
	var entries []redis.XMessage
	if err == nil {
		entries, err = c.next(ctx)
	}
	if gone(err) {
		return 0, c.join(ctx)
	} else if err != nil {
		return 0, err
	}
	return len(entries), c.carry(ctx, entries)
}

// tell logs when entries begin to stay where they are and when they move again, and sets the pause before the next try.
func (c *consumer) tell(ctx context.Context, err error) {
	if err == nil {
		if c.failed {
			c.log.InfoContext(ctx, "scan log: scans are carried from Redis into the database again")
		}
		c.failed, c.wait = false, 0
		return
	}
	if !c.failed { // once, however long it lasts
		c.log.WarnContext(ctx, "scan log: scans wait in Redis, trying on", "error", loggable(err))
		c.failed = true
	}
	c.wait = min(max(2*c.wait, c.rhythm.wait/32), c.rhythm.wait)
}

// gone tells that the stream or its group vanished: a FLUSHALL, a failover, or nobody was here before. A reader who waits
// is told UNBLOCKED by Redis 7.0, NOGROUP by later ones.
func gone(err error) bool {
	return redis.HasErrorPrefix(err, "NOGROUP") || redis.HasErrorPrefix(err, "UNBLOCKED the stream key no longer exists")
}

// loggable leaves out the words with which a database refuses a row: they may quote it.
func loggable(err error) string {
	var own *models.Error
	if errors.As(err, &own) && own.Kind == models.KindInternal {
		return own.Code
	}
	return err.Error()
}

// bounded gives a call to Redis its time; a stop does not cut it short, for its answer may bring entries.
func (c *consumer) bounded(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), d)
}

// join makes the group, which begins at the first entry that there is. Call it only when the group is missing: a full Redis
// refuses this even where it is not, and has to be emptied.
func (c *consumer) join(ctx context.Context) error {
	ctx, cancel := c.bounded(ctx, c.rhythm.call)
	defer cancel()
	err := c.consumer.XGroupCreateMkStream(ctx, c.stream, group, "0").Err()
	if redis.HasErrorPrefix(err, "BUSYGROUP") {
		return nil
	}
	return err
}

// next gives a batch: what is ours already, then what is new. It waits only when there is neither.
func (c *consumer) next(ctx context.Context) (entries []redis.XMessage, err error) {
	wait := c.rhythm.block
	if c.holds {
		if entries, err = c.read(ctx, "0", batchSize, -1); err != nil {
			return nil, err
		}
		if len(entries) == batchSize {
			return entries, nil
		}
		if c.holds = len(entries) > 0; c.holds {
			wait = -1
		}
	}
	fresh, err := c.read(ctx, ">", batchSize-len(entries), wait)
	return append(entries, fresh...), err
}

// read asks for entries after an id: ">" those that no consumer was given yet, "0" our own, whose time it also renews.
func (c *consumer) read(ctx context.Context, after string, count int, wait time.Duration) ([]redis.XMessage, error) {
	ctx, cancel := c.bounded(ctx, max(wait, 0)+c.rhythm.call)
	defer cancel()
	streams, err := c.consumer.XReadGroup(ctx, &redis.XReadGroupArgs{
		Group: group, Consumer: c.name, Streams: []string{c.stream, after}, Count: int64(count), Block: wait,
	}).Result()
	if errors.Is(err, redis.Nil) || err == nil && len(streams) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return streams[0].Messages, nil
}

// takeOver makes entries ours that were delivered to consumers that are no more, and forgets those.
func (c *consumer) takeOver(ctx context.Context) error {
	call, cancel := c.bounded(ctx, c.rhythm.call)
	defer cancel()
	claimed, next, err := c.consumer.XAutoClaimJustID(call, &redis.XAutoClaimArgs{
		Stream: c.stream, Group: group, Consumer: c.name, MinIdle: c.rhythm.dead, Start: c.from, Count: batchSize,
	}).Result()
	if err != nil {
		return err
	}
	c.holds = c.holds || len(claimed) > 0
	if c.from, c.due = next, next != "0-0"; !c.due {
		_ = c.callRoll(ctx, true) // tidiness alone: next time
	}
	return nil
}
