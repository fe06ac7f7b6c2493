package scanlog

import (
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/testkit"
)

// Dead letters are told without what is in them, oldest first, and forgotten when their time is over; the stream is not
// touched.
func TestLetters(t *testing.T) {
	a, _ := openArchive(t, "SQLite")
	d := newDesk(t, a)
	if got, err := d.Letters(t.Context(), 10); err != nil || len(got) > 0 {
		t.Errorf("before the first: %v, %v", got, err)
	}
	if n, err := d.Forget(t.Context(), time.Now()); err != nil || n != 0 {
		t.Errorf("before the first %d are forgotten, %v", n, err)
	}
	var want []Letter
	for i, reason := range []string{unreadable, refused, unreadable} {
		l := Letter{ID: []string{"1000-0", "2000-5", "3000-0"}[i], Entry: []string{"1-1", "2-1", "3-1"}[i], Reason: reason, At: time.UnixMilli(int64(1000 * (i + 1)))}
		testkit.Must(t, d.rdb.XAdd(t.Context(), &redis.XAddArgs{
			Stream: d.refused, ID: l.ID, Values: []any{"entry", l.Entry, "reason", l.Reason, field, "what it was"},
		}).Err())
		want = append(want, l)
	}
	testkit.Must(t, d.rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: d.stream, ID: "1-0", Values: []any{field, "waits"}}).Err())
	for most, some := range map[int64][]Letter{10: want, 2: want[:2]} {
		if got, err := d.Letters(t.Context(), most); err != nil || !slices.Equal(got, some) {
			t.Errorf("%d at most: %+v, %v, want %+v", most, got, err, some)
		}
	}
	if n, err := d.Forget(t.Context(), time.UnixMilli(3000)); err != nil || n != 2 {
		t.Errorf("%d are forgotten, %v, want 2", n, err)
	}
	if s := d.state(); s.Refused != 1 || s.Waiting != 1 {
		t.Errorf("%+v", s)
	}
	d.server.Stop()
	if got, err := d.Letters(t.Context(), 1); err == nil {
		t.Errorf("with Redis away: %v", got)
	}
	if n, err := d.Forget(t.Context(), time.Now()); err == nil {
		t.Errorf("with Redis away %d", n)
	}
}
