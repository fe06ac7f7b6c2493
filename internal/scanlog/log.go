package scanlog

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/models"
)

// Database keeps scans for good. One that it has already, by its id, it leaves alone.
type Database interface {
	AppendScans(ctx context.Context, scans ...models.Scan) error
}

// Pipe takes a command: a pipeline, which sends it later, or a client, which sends it at once.
type Pipe interface {
	Process(ctx context.Context, cmd redis.Cmder) error
}

// DefaultStream is the key of the stream where Options name none.
const DefaultStream = "yz:{scans}"

const (
	group       = "database" // one group: every entry goes into the database once
	field       = "r"        // the one field of an entry: its record
	setAsideKey = ":refused" // appended to the stream's key; the hash tag keeps both on one slot of a Cluster
	batchSize   = 500        // rows of one insert, entries of one read
	attempts    = 4          // of an insert that meets another one
)

// Options are what a Log is made of.
type Options struct {
	// Hot takes scans while their callers wait: short timeouts, no retries, a breaker. Nil, as in the embedded mode, sends
	// every scan straight into the database.
	Hot redis.UniversalClient
	// Consumer is for Run and State: no breaker, timeouts of seconds, ContextTimeoutEnabled. Nil where neither is wanted.
	Consumer redis.UniversalClient
	Database Database
	// Direct is the database for a scan whose caller waits, such as one behind a guard that sheds load. Nil: Database.
	Direct Database
	Logger *slog.Logger // nil: nobody is told
	Now    func() time.Time
	Stream string // key of the stream, with a hash tag; empty: DefaultStream
}

// Log is the scan log of one process. It is safe for many goroutines.
type Log struct {
	hot, consumer   redis.UniversalClient
	database        Database // for whole batches, for which nobody waits
	waitedFor       Database // for scans whose callers wait
	log             *slog.Logger
	now             func() time.Time
	stream, refused string
	rhythm          rhythm
	direct          atomic.Uint64
}

// New makes a log. It does not wait for Redis.
func New(o Options) *Log {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Stream == "" {
		o.Stream = DefaultStream
	}
	if o.Direct == nil {
		o.Direct = o.Database
	}
	return &Log{
		hot: o.Hot, consumer: o.Consumer, database: o.Database, waitedFor: o.Direct, log: o.Logger, now: o.Now,
		stream: o.Stream, refused: o.Stream + setAsideKey, rhythm: usual,
	}
}

// AppendScans keeps scans: once it returns without error, each of them is in Redis or in the database.
func (l *Log) AppendScans(ctx context.Context, scans ...models.Scan) error {
	switch {
	case l.hot == nil:
		return l.insertAll(ctx, scans)
	case len(scans) == 1:
		return l.Queue(ctx, l.hot, scans[0]).Confirm(ctx)
	}
	var left []models.Scan
	for chunk := range slices.Chunk(scans, batchSize) {
		pipe := l.hot.Pipeline()
		queued := make([]*Pending, len(chunk))
		for i := range chunk {
			queued[i] = l.Queue(ctx, pipe, chunk[i])
		}
		_, _ = pipe.Exec(ctx) // every command knows its own outcome
		for _, p := range queued {
			if !p.confirmed() {
				left = append(left, p.scan)
			}
		}
	}
	return l.insertAll(ctx, left)
}

// Pending is a scan on its way into the stream.
type Pending struct {
	log  *Log
	scan models.Scan
	cmd  *redis.StringCmd // nil without Redis
}

// Queue adds a scan to a pipeline beside whatever else is there. Call Confirm once the pipeline was sent. Without a hot
// client it leaves pipe alone, which may then be nil.
func (l *Log) Queue(ctx context.Context, pipe Pipe, scan models.Scan) *Pending {
	p := &Pending{log: l, scan: scan}
	if l.hot != nil {
		p.cmd = redis.NewStringCmd(ctx, "xadd", l.stream, "*", field, encodeRecord(&scan))
		_ = pipe.Process(ctx, p.cmd) // the command knows its own outcome
	}
	return p
}

// Confirm tells that the scan is kept. When Redis did not confirm it, whatever the reason, it goes into the database while
// ctx lasts; ErrUnavailable when that fails too. Redis may have it all the same, if only its answer was lost: the id makes
// one row of both.
func (p *Pending) Confirm(ctx context.Context) error {
	if p.confirmed() {
		return nil
	}
	return p.log.insertAll(ctx, []models.Scan{p.scan})
}

// confirmed wants the id that Redis gave the entry: a command that was never sent has no error either.
func (p *Pending) confirmed() bool {
	return p.cmd != nil && p.cmd.Err() == nil && p.cmd.Val() != ""
}

// insertAll puts scans straight into the database.
func (l *Log) insertAll(ctx context.Context, scans []models.Scan) error {
	for chunk := range slices.Chunk(scans, batchSize) {
		if err := insert(ctx, l.waitedFor, chunk...); errors.Is(err, models.ErrUnavailable) {
			return err
		} else if err != nil {
			return models.ErrUnavailable.Because(err)
		}
		l.direct.Add(uint64(len(chunk)))
	}
	return nil
}

// insert tries again when it met another insert of the same rows.
func insert(ctx context.Context, into Database, scans ...models.Scan) (err error) {
	for range attempts {
		if err = into.AppendScans(ctx, scans...); !errors.Is(err, models.ErrConflict) {
			break
		}
	}
	return err
}
