package stand

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Tally reads every scan in the database. sent is how many requests were made, acks which of them were answered.
func (t *Stand) Tally(ctx context.Context, acks []Ack, sent uint32) (Tally, error) {
	c := newCount(acks, sent)
	rows, err := t.admin.QueryContext(ctx, "SELECT id, note FROM "+t.schema+".scans") //nolint:gosec // a name of ours
	if err != nil {
		return Tally{}, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, note string
		if err := rows.Scan(&id, &note); err != nil {
			return Tally{}, err
		}
		c.row(id, note)
	}
	return c.result(), rows.Err()
}

// Scans gives how many scans are in the database.
func (t *Stand) Scans(ctx context.Context) (n int64, err error) {
	err = t.admin.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+t.schema+".scans").Scan(&n)
	return n, err
}

// ForgetScans empties the table of scans.
func (t *Stand) ForgetScans(ctx context.Context) error {
	_, err := t.admin.ExecContext(ctx, "TRUNCATE TABLE "+t.schema+".scans")
	return err
}

// HoldScans keeps everybody from writing scans into the database, by a lock on their table alone: all else works on.
// It ends with release.
func (t *Stand) HoldScans(ctx context.Context) (release func() error, err error) {
	conn, err := t.admin.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, "LOCK TABLES "+t.schema+".scans WRITE"); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return func() error { return unlock(conn) }, nil
}

func unlock(conn *sql.Conn) error {
	_, err := conn.ExecContext(context.Background(), "UNLOCK TABLES")
	return errors.Join(err, conn.Close())
}

// Drained waits until every scan that the server has in its log has reached the database: nothing is left in the stream
// of that Redis, and the number of rows stands still. What is left after the patience is an error.
func (t *Stand) Drained(ctx context.Context, r *Redis, patience time.Duration) error {
	const still = 5 // looks in a row that saw nothing move
	began := time.Now()
	var before, left int64 = -1, 0
	for calm := 0; calm < still; {
		if time.Since(began) > patience {
			return fmt.Errorf("not drained after %s: %d rows, %d entries in the stream\n%s", patience, before, left, t.Complaint())
		}
		rows, err := t.Scans(ctx)
		if err != nil {
			return err
		}
		if left, err = r.Backlog(ctx); err != nil {
			return err
		}
		if calm++; left > 0 || rows != before {
			calm = 0
		}
		before = rows
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	return nil
}
