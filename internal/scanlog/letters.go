package scanlog

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Letter is a dead letter: an entry that could not become a row. What the scan was is not told: that is for Recall alone.
type Letter struct {
	ID     string    // of the dead letter
	Entry  string    // the id that the entry had in the stream
	At     time.Time // when it was set aside
	Reason string    // "unreadable": not a record of this version; "refused": the database would not have it
}

// Letters gives the oldest dead letters, as many as told at most.
func (l *Log) Letters(ctx context.Context, most int64) ([]Letter, error) {
	if l.consumer == nil {
		return nil, nil
	}
	found, err := l.consumer.XRangeN(ctx, l.refused, "-", "+", most).Result()
	if err != nil {
		return nil, err
	}
	letters := make([]Letter, len(found))
	for i, m := range found {
		letters[i] = Letter{ID: m.ID, Entry: text(m, "entry"), At: addedAt(m.ID), Reason: text(m, "reason")}
	}
	return letters, nil
}

func text(m redis.XMessage, name string) string {
	s, _ := m.Values[name].(string)
	return s
}

// Forget deletes the dead letters that were set aside before an instant, and tells how many. They are scans like others,
// and their retention ends too.
func (l *Log) Forget(ctx context.Context, before time.Time) (int64, error) {
	if l.consumer == nil {
		return 0, nil
	}
	return l.consumer.XTrimMinID(ctx, l.refused, strconv.FormatInt(before.UnixMilli(), 10)).Result()
}
