package scanlog

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/redis/go-redis/v9"

	"yanzheng/models"
)

// The reasons for which an entry is set aside.
const (
	unreadable = "unreadable" // not a record of this version
	refused    = "refused"    // the database takes other rows, and not this one
)

// suspects is how many rows a database may refuse, none taken, before the fault is its own.
const suspects = 20

// row is an entry that was read.
type row struct {
	entry string // its id in the stream
	scan  models.Scan
}

// carry writes entries into the database, and takes those that are there out of the stream. What it leaves stays ours.
func (c *consumer) carry(ctx context.Context, entries []redis.XMessage) error {
	if len(entries) == 0 {
		return nil
	}
	rows, bad := rowsOf(entries)
	taken, rejected, failed := c.write(ctx, rows)
	if err := c.remove(ctx, taken); err != nil {
		return err
	}
	for _, r := range rejected {
		if err := c.setAside(ctx, r.entry, refused, "scan", r.scan.ID); err != nil {
			return err
		}
	}
	for _, id := range bad {
		if err := c.setAside(ctx, id, unreadable); err != nil {
			return err
		}
	}
	return failed
}

// rowsOf tells rows from entries that are none.
func rowsOf(entries []redis.XMessage) (rows []row, bad []string) {
	rows = make([]row, 0, len(entries))
	for _, e := range entries {
		record, _ := e.Values[field].(string)
		scan, err := decodeRecord(record)
		if err != nil || len(e.Values) != 1 {
			bad = append(bad, e.ID)
			continue
		}
		rows = append(rows, row{e.ID, scan})
	}
	return rows, bad
}

// write inserts rows, all at once or none; when one of them seems to be at fault, one by one. A row is rejected only
// while the database takes others: if it takes none, the fault is its own (a table, a right, a column is missing), and
// they all stay. So does a single bad one, until the next scan comes.
func (c *consumer) write(ctx context.Context, rows []row) (taken, rejected []row, err error) {
	if len(rows) == 0 {
		return nil, nil, nil
	}
	ctx, cancel := c.bounded(ctx, c.rhythm.write)
	defer cancel()
	scans := make([]models.Scan, len(rows))
	for i := range rows {
		scans[i] = rows[i].scan
	}
	if err = insert(ctx, c.database, scans...); err == nil {
		return rows, nil, nil
	} else if !refuses(err) || len(rows) == 1 {
		return nil, nil, err
	}
	return c.oneByOne(ctx, rows)
}

func (c *consumer) oneByOne(ctx context.Context, rows []row) (taken, rejected []row, err error) {
	for _, i := range rand.Perm(len(rows)) { // #nosec G404 -- so that bad ones at the front do not hide the good
		if err = insert(ctx, c.database, rows[i].scan); err == nil {
			taken = append(taken, rows[i])
		} else if refuses(err) {
			rejected = append(rejected, rows[i])
		}
		if err != nil && !refuses(err) || len(taken) == 0 && len(rejected) == suspects {
			break
		}
	}
	switch {
	case len(taken) == 0:
		return nil, nil, err
	case refuses(err): // the last one, that is
		err = nil
	}
	if err != nil {
		return taken, nil, err // those that were refused are asked again with the others
	}
	return c.again(ctx, taken, rejected)
}

// again asks once more for the rows that were refused, now that others were taken: the database may have been put right
// in between, and what it refused before that is no worse than the rest.
func (c *consumer) again(ctx context.Context, taken, doubtful []row) (_, rejected []row, err error) {
	for _, r := range doubtful {
		switch err = insert(ctx, c.database, r.scan); {
		case err == nil:
			taken = append(taken, r)
		case refuses(err):
			rejected = append(rejected, r)
		default:
			return taken, rejected, err
		}
	}
	return taken, rejected, nil
}

// refuses tells that the database answered, and would not have the row.
func refuses(err error) bool {
	return err != nil && models.AsError(err).Kind == models.KindInternal &&
		!errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled)
}

// takeOut acknowledges entries and deletes them, both or neither. Not in a MULTI: a full Redis would refuse that, and never
// be emptied.
var takeOut = redis.NewScript(`
redis.call('XACK', KEYS[1], ARGV[1], unpack(ARGV, 2))
return redis.call('XDEL', KEYS[1], unpack(ARGV, 2))`)

// remove takes entries out of the stream whose rows are in the database. If that fails, they are written once more,
// which changes nothing.
func (c *consumer) remove(ctx context.Context, rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	ctx, cancel := c.bounded(ctx, c.rhythm.call)
	defer cancel()
	args := make([]any, 1, 1+len(rows))
	args[0] = group
	for i := range rows {
		args = append(args, rows[i].entry)
	}
	return takeOut.Run(ctx, c.consumer, []string{c.stream}, args...).Err()
}

// putAside moves an entry to the dead letters, unless somebody else has done so. The copy comes first: a Redis that is
// full refuses it, and then nothing has changed.
var putAside = redis.NewScript(`
local found = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])[1]
if found then redis.call('XADD', KEYS[2], '*', 'entry', ARGV[2], 'reason', ARGV[3], unpack(found[2])) end
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
return redis.call('XDEL', KEYS[1], ARGV[2])`)

// setAside moves an entry to the dead letters and says so, by its id alone. An entry that is gone meanwhile, it forgets.
func (c *consumer) setAside(ctx context.Context, id, reason string, about ...any) error {
	call, cancel := c.bounded(ctx, c.rhythm.call)
	defer cancel()
	moved, err := putAside.Run(call, c.consumer, []string{c.stream, c.refused}, group, id, reason).Int()
	if err == nil && moved > 0 {
		c.log.ErrorContext(ctx, "scan log: an entry is set aside", append(about, "entry", id, "reason", reason)...)
	}
	return err
}

// roll removes consumers that were not seen for so long, and ours; and enters ours anew, if told so. For Redis 7.0 counts
// neither a read nor a claim that brings nothing as a sign of life. In a script, for a consumer that holds something must
// not be removed: its entries would never be delivered again.
var roll = redis.NewScript(`
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local is = {}
  for i = 1, #consumer, 2 do is[consumer[i]] = consumer[i + 1] end
  if is.pending == 0 and (is.name == ARGV[2] or is.idle > tonumber(ARGV[3])) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], is.name)
  end
end
if ARGV[4] == '1' then redis.call('XGROUP', 'CREATECONSUMER', KEYS[1], ARGV[1], ARGV[2]) end
return 0`)

// callRoll forgets consumers that are no more. It enters us on the roll or, when we leave, strikes us off.
func (c *consumer) callRoll(ctx context.Context, stay bool) error {
	ctx, cancel := c.bounded(ctx, c.rhythm.call)
	defer cancel()
	return roll.Run(ctx, c.consumer, []string{c.stream}, group, c.name, c.rhythm.forget.Milliseconds(), stay).Err()
}
