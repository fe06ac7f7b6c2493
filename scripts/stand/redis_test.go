package stand

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestRedisKeepsWhatItsSettingSays(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil && testing.Short() {
		t.Skip("no redis-server (-short)")
	}
	for name, c := range map[string]struct {
		config []string
		keeps  bool
	}{"nothing": {nil, false}, "always": {[]string{"appendonly yes", "appendfsync always"}, true}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			r, err := StartRedis(t.Context(), dir, c.config...)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if n, err := r.Backlog(t.Context()); n != 0 || err != nil {
				t.Errorf("backlog of an empty server: %d, %v", n, err)
			}
			if err := r.XAdd(t.Context(), &redis.XAddArgs{Stream: scanStream, Values: []any{"a", "b"}}).Err(); err != nil {
				t.Fatal(err)
			}
			r.Kill()
			r.Kill() // a second time changes nothing
			if err := r.Ping(t.Context()).Err(); err == nil {
				t.Fatal("it still answers")
			}
			if err := r.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n, err := r.Backlog(t.Context()); err != nil || (n == 1) != c.keeps {
				t.Errorf("after a crash %d entries, %v; keeps = %t", n, err, c.keeps)
			}
			r.Close()
			if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
				t.Errorf("%v is left behind, %v", left, err)
			}
		})
	}
}

// What a group has read and acknowledged is no backlog, even where nobody deletes it.
func TestBacklog(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil && testing.Short() {
		t.Skip("no redis-server (-short)")
	}
	ctx := t.Context()
	r, err := StartRedis(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	expect := func(when string, want int64) {
		t.Helper()
		if n, err := r.Backlog(ctx); n != want || err != nil {
			t.Errorf("%s: %d, %v, want %d", when, n, err, want)
		}
	}
	var ids []string
	for range 3 {
		ids = append(ids, r.XAdd(ctx, &redis.XAddArgs{Stream: scanStream, Values: []any{"a", "b"}}).Val())
	}
	expect("nobody reads", 3)
	group := r.XGroupCreate(ctx, scanStream, "g", "0").Err()
	expect("nobody has read", 3)
	_, read := r.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "g", Consumer: "c", Streams: []string{scanStream, ">"}}).Result()
	expect("read, not acknowledged", 3)
	ack := r.XAck(ctx, scanStream, "g", ids...).Err()
	expect("acknowledged", 0)
	added := r.XAdd(ctx, &redis.XAddArgs{Stream: scanStream, Values: []any{"a", "b"}}).Err()
	expect("one more", 4)
	trimmed := r.XTrimMaxLen(ctx, scanStream, 0).Err()
	expect("deleted", 0)
	if err := errors.Join(group, read, ack, added, trimmed); err != nil {
		t.Error(err)
	}
}
