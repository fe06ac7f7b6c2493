package scanlog

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/factcache"
	"yanzheng/internal/testkit"
)

func TestState(t *testing.T) {
	a, _ := openArchive(t, "SQLite")
	d := newDesk(t, a)
	if s := d.state(); s != (State{}) {
		t.Errorf("before the first scan: %+v", s)
	}
	for _, id := range []string{"1772416800000-0", "1772416805000-3"} {
		testkit.Must(t, d.rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: d.stream, ID: id, Values: []string{field, "x"}}).Err())
	}
	clock := testkit.NewClock(time.UnixMilli(1772416812345))
	d.now = clock.Now
	if s := d.state(); s != (State{Waiting: 2, Oldest: 12345 * time.Millisecond}) {
		t.Errorf("nobody took them: %+v", s)
	}
	c := &consumer{Log: d.Log, name: "c"}
	testkit.Must(t, c.join(t.Context()))
	_, err := c.read(t.Context(), ">", 1, -1)
	testkit.Must(t, err)
	if s := d.state(); s != (State{Waiting: 2, Oldest: 12345 * time.Millisecond, Consumers: 1}) {
		t.Errorf("one is delivered: %+v", s)
	}
	testkit.Must(t, c.setAside(t.Context(), "1772416800000-0", unreadable))
	testkit.Must(t, c.setAside(t.Context(), "1772416800000-0", unreadable)) // a second time changes nothing
	if s := d.state(); s != (State{Waiting: 1, Oldest: 7345 * time.Millisecond, Refused: 1, Consumers: 1}) {
		t.Errorf("one is set aside: %+v", s)
	}
	clock.Set(time.UnixMilli(1)) // Redis's clock is ahead of ours
	if s := d.state(); s.Oldest != 0 {
		t.Errorf("older than now: %+v", s)
	}
	d.server.Stop()
	if s, err := d.State(t.Context()); err == nil {
		t.Errorf("with Redis away: %+v", s)
	}
}

// A Cluster serves everything: all keys of one command lie on one slot.
func TestCluster(t *testing.T) {
	r := testkit.Redis(t, "cluster-enabled yes", "cluster-require-full-coverage no")
	single := consumerClient(t, r.Addr, r.Password)
	testkit.Must(t, single.Do(t.Context(), "cluster", "addslotsrange", 0, 16383).Err())
	options := factcache.Redis{Addresses: []string{r.Addr}, Password: r.Password, Cluster: true, Timeout: patient}
	a, _ := openArchive(t, "SQLite")
	d := deskOn(t, r, a)
	hot := factcache.Open(options).Client()
	defer hot.Close()
	d.hot, d.rdb = hot, redis.NewUniversalClient(options.Options())
	defer d.rdb.Close()
	d.consumer = d.rdb
	eventually(t, "the cluster serves", func() bool {
		return strings.Contains(single.ClusterInfo(t.Context()).Val(), "cluster_state:ok")
	})
	all := scans("cluster", batchSize+10)
	testkit.Must(t, d.AppendScans(t.Context(), all...))
	d.raw(field, "poison")
	stop := d.start()
	d.empty()
	if n, err := d.Recall(t.Context()); n != 1 || err != nil {
		t.Errorf("recalled %d, %v", n, err)
	}
	d.empty()
	stop()
	a.kept(t, all)
	if s := d.state(); s.Direct != 0 || s.Refused != 1 || s.Consumers != 0 {
		t.Errorf("%+v", s)
	}
	if lines := d.diary.read(); len(lines) != 2 {
		t.Errorf("the log says %q", lines)
	}
}
