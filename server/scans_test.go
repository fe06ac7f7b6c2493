package main

import (
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/scanlog"
	"yanzheng/internal/testkit"
)

// lag is what "scans lag --json" answers.
type lag struct {
	Waiting   int64   `json:"waiting"`
	Oldest    float64 `json:"oldest_seconds"`
	SetAside  int64   `json:"set_aside"`
	Consumers int64   `json:"consumers"`
}

// What was set aside is seen, told without what is in it, brought back, and forgotten when its retention is over; all of it
// without the database.
func TestScansCommands(t *testing.T) {
	w := realWorld(t)
	_, code := w.certified(t, "ASIDE")
	user := w.user(t)
	rdb := redis.NewClient(&redis.Options{Addr: w.redis.Addr, Password: w.redis.Password})
	defer rdb.Close()
	user.scan(code.Code)
	w.drained(t)
	// A scan that the database refuses while it takes others, and one of a version to come.
	w.exec(t, "ALTER TABLE scans ADD CONSTRAINT no_stairs CHECK (note <> '楼梯')")
	user.ask("POST", "/api/v1/scans", `{"code":"`+code.Code+`","note":"楼梯"}`)
	testkit.Must(t, rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: scanlog.DefaultStream, Values: []any{"r", "\xff"}}).Err())
	within(t, 20*time.Second, "both are set aside", func() bool {
		user.scan(code.Code) // only beside rows that it takes is one at fault
		return must[lag](t, w.env, "scans").SetAside == 2
	})
	w.drained(t)
	if l := must[lag](t, w.env, "scans", "lag"); l.Waiting != 0 || l.SetAside != 2 || l.Consumers != 1 {
		t.Errorf("%+v", l)
	}
	w.proxy.cut() // the database is not needed
	reasons := map[string]int{}
	for _, l := range must[[]letter](t, w.env, "scans", "refused") {
		reasons[l.Reason]++
		if at, err := time.Parse(time.RFC3339, l.At); err != nil || time.Since(at) > time.Minute || l.ID == "" || l.Entry == "" {
			t.Errorf("%+v", l)
		}
	}
	if !maps.Equal(reasons, map[string]int{"unreadable": 1, "refused": 1}) {
		t.Errorf("set aside: %v", reasons)
	}
	if r := command(t, w.env, "scans", "refused"); r.status != exitOK || !strings.Contains(r.out, "2 set aside") || strings.Contains(r.out, "楼梯") {
		t.Errorf("%+v", r)
	}
	w.proxy.mend()
	w.exec(t, "ALTER TABLE scans DROP CONSTRAINT no_stairs")
	if r := must[map[string]int64](t, w.env, "scans", "recall"); r["recalled"] != 2 {
		t.Errorf("%v", r)
	}
	within(t, 20*time.Second, "the one is in, the other set aside again", func() bool {
		return w.count(t, "SELECT COUNT(*) FROM scans WHERE note = '楼梯'") == 1 && must[lag](t, w.env, "scans").SetAside == 1
	})
	if r := command(t, w.env, "scans"); r.status != exitOK || !strings.Contains(r.out, "waiting: 0") || !strings.Contains(r.out, "set aside: 1") {
		t.Errorf("%+v", r)
	}
	// Long ago, by its id: it goes when the server starts next, and hourly.
	testkit.Must(t, rdb.Del(t.Context(), scanlog.DefaultStream+":refused").Err())
	for _, at := range []time.Time{time.Now().AddDate(0, 0, -184), time.Now().AddDate(0, 0, -182)} {
		id := strconv.FormatInt(at.UnixMilli(), 10)
		testkit.Must(t, rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: scanlog.DefaultStream + ":refused", ID: id, Values: []any{"entry", id, "reason", "refused", "r", "x"}}).Err())
	}
	w.stop(t)
	w.process = serve(t, w.env)
	within(t, 10*time.Second, "the older one is forgotten", func() bool { return must[lag](t, w.env, "scans").SetAside == 1 })

	w.redis.Kill()
	for _, name := range []string{"lag", "refused", "recall"} {
		if r := command(t, w.env, "scans", name); r.status != exitFailed || !strings.Contains(r.errors, "redis.addresses") {
			t.Errorf("%s without Redis: %+v", name, r)
		}
	}
}

// In the embedded mode scans go straight into the database, and nothing ever waits.
func TestScansCommandsEmbedded(t *testing.T) {
	env := environment{"DATA_DIR": filepath.Join(t.TempDir(), "data")}
	if l := must[lag](t, env, "scans"); l != (lag{}) {
		t.Errorf("%+v", l)
	}
	if l := must[[]letter](t, env, "scans", "refused"); len(l) > 0 {
		t.Errorf("%+v", l)
	}
	if r := must[map[string]int64](t, env, "scans", "recall"); r["recalled"] != 0 {
		t.Errorf("%v", r)
	}
}

// Where there is no key ring yet, keys list and everything that signs say how to make one.
func TestNoKeyRing(t *testing.T) {
	w := realEnvironment(t)
	empty := filepath.Join(t.TempDir(), "codes")
	testkit.Must(t, os.Mkdir(empty, 0o700))
	w.env["KEYS_CODE_DIR"] = empty
	for _, args := range [][]string{{"keys", "list"}, {"keys"}, {"issue-code", "1"}, {"serve"}} {
		if r := command(t, w.env, args...); r.status != exitFailed || !strings.Contains(r.errors, "server keys add") || !strings.Contains(r.errors, "keys.code_dir") {
			t.Errorf("%q: %+v", args, r)
		}
	}
}
