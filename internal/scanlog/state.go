package scanlog

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// State is how the scan log stands.
type State struct {
	Waiting   int64         // scans in Redis that are not in the database yet, delivered to a consumer or not
	Oldest    time.Duration // how long the oldest of them has waited; 0 when there is none
	Refused   int64         // dead letters: entries that were set aside, see Recall
	Consumers int64         // dead ones count until they are forgotten
	Direct    uint64        // scans that this process put straight into the database since it began
}

// State asks Redis how the scan log stands; without a consumer client only Direct is known.
func (l *Log) State(ctx context.Context) (State, error) {
	s := State{Direct: l.direct.Load()}
	if l.consumer == nil {
		return s, nil
	}
	pipe := l.consumer.Pipeline()
	waiting, refused := pipe.XLen(ctx, l.stream), pipe.XLen(ctx, l.refused)
	oldest := pipe.XRangeN(ctx, l.stream, "-", "+", 1)
	groups := pipe.XInfoGroups(ctx, l.stream)
	if _, err := pipe.Exec(ctx); err != nil && !redis.HasErrorPrefix(err, "no such key") { // before the first scan
		return State{}, err
	}
	s.Waiting, s.Refused = waiting.Val(), refused.Val()
	for _, entry := range oldest.Val() {
		s.Oldest = max(l.now().Sub(addedAt(entry.ID)), 0) // by two machines' clocks
	}
	for _, g := range groups.Val() {
		if g.Name == group {
			s.Consumers = g.Consumers
		}
	}
	return s, nil
}

// addedAt is when Redis took an entry: its id begins with the milliseconds.
func addedAt(id string) time.Time {
	ms, _, _ := strings.Cut(id, "-")
	n, _ := strconv.ParseInt(ms, 10, 64) // Redis writes nothing else
	return time.UnixMilli(n)
}

// putBack moves the oldest dead letters, as many as told, to the end of the stream.
var putBack = redis.NewScript(`
local letters = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', ARGV[1])
for _, letter in ipairs(letters) do
  redis.call('XADD', KEYS[1], '*', unpack(letter[2], 5))
  redis.call('XDEL', KEYS[2], letter[1])
end
return #letters`)

// Recall puts every dead letter there is back into the stream, for when the cause is gone: a schema brought up to date, a
// program that reads newer records. It tells how many; those that fail again come back.
func (l *Log) Recall(ctx context.Context) (n int64, err error) {
	if l.consumer == nil {
		return 0, nil
	}
	left, err := l.consumer.XLen(ctx, l.refused).Result()
	for err == nil && left > 0 {
		var moved int64
		moved, err = putBack.Run(ctx, l.consumer, []string{l.stream, l.refused}, min(left, batchSize)).Int64()
		if moved == 0 {
			break
		}
		n, left = n+moved, left-moved
	}
	return n, err
}
