package scanlog

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/factcache"
	"yanzheng/internal/testkit"
	"yanzheng/internal/testkit/storekit"
	"yanzheng/models"
)

// onBoth runs a test on each kind of database, with a Redis of its own.
func onBoth(t *testing.T, f func(t *testing.T, d *desk, a *archive)) {
	for kind := range storekit.Databases {
		t.Run(kind, func(t *testing.T) {
			a, _ := openArchive(t, kind)
			f(t, newDesk(t, a), a)
		})
	}
}

// kept wants exactly these scans in the database, as they were given.
func (a *archive) kept(t *testing.T, want []models.Scan) {
	t.Helper()
	if n := a.has(t); n != len(want) {
		t.Errorf("%d rows, want %d", n, len(want))
	}
	for _, w := range want {
		if got, err := a.Scan(t.Context(), w.ID); err != nil || !reflect.DeepEqual(got, w) {
			t.Fatalf("%v\ngot  %+v\nwant %+v", err, got, w)
		}
	}
}

// One, a few, and more than a batch go through Redis into the database, and arrive as they were.
func TestFromScanToRow(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk, a *archive) {
		all := scans("row", 1+7+2*batchSize+1)
		testkit.Must(t, d.AppendScans(t.Context()))
		testkit.Must(t, d.AppendScans(t.Context(), all[0]))
		testkit.Must(t, d.AppendScans(t.Context(), all[1:8]...))
		testkit.Must(t, d.AppendScans(t.Context(), all[8:]...))
		if n := a.has(t); n != 0 {
			t.Errorf("%d rows without a consumer", n)
		}
		if s := d.state(); s.Waiting != int64(len(all)) || s.Direct != 0 || s.Consumers != 0 {
			t.Errorf("before the consumer: %+v", s)
		}
		d.start()
		d.empty()
		a.kept(t, all)
		if _, batches := a.times(); batches > 4 {
			t.Errorf("%d batches for %d rows", batches, len(all))
		}
		// And while it runs.
		more := scans("more", 20)
		for _, s := range more {
			testkit.Must(t, d.AppendScans(t.Context(), s))
		}
		d.empty()
		a.kept(t, append(all, more...))
		if lines := d.diary.read(); len(lines) != 0 {
			t.Errorf("nothing went wrong, and the log says %q", lines)
		}
	})
}

// A scan shares a pipeline with other commands; what those come to is not its business.
func TestQueueBesideOtherCommands(t *testing.T) {
	a, _ := openArchive(t, "SQLite")
	d := newDesk(t, a)
	pipe := d.hot.Pipeline()
	pipe.Set(t.Context(), "text", "x", 0)
	wrong := pipe.Incr(t.Context(), "text") // fails: not a number
	p := d.Queue(t.Context(), pipe, fullScan("beside"))
	got := pipe.Get(t.Context(), "text")
	if p.confirmed() {
		t.Error("confirmed before the pipeline was sent")
	}
	_, _ = pipe.Exec(t.Context())
	testkit.Must(t, p.Confirm(t.Context()))
	if wrong.Err() == nil || got.Val() != "x" || a.has(t) != 0 || d.state().Waiting != 1 {
		t.Errorf("%v, %q, %d rows, %+v", wrong.Err(), got.Val(), a.has(t), d.state())
	}
	// A pipeline that was never sent is no confirmation.
	testkit.Must(t, d.Queue(t.Context(), d.hot.Pipeline(), fullScan("never sent")).Confirm(t.Context()))
	if a.has(t) != 1 || d.state().Direct != 1 {
		t.Errorf("%d rows, %+v", a.has(t), d.state())
	}
}

// Many at once, through the pipelines that the client makes by itself.
func TestQueueInAutoPipelines(t *testing.T) {
	a, _ := openArchive(t, "SQLite")
	d := newDesk(t, a)
	auto, err := d.hot.(*redis.Client).AutoPipeline()
	testkit.Must(t, err)
	defer auto.Close()
	all := scans("auto", 300)
	var wait sync.WaitGroup
	for w := range 10 {
		wait.Go(func() {
			for i := w; i < len(all); i += 10 {
				if err := d.Queue(t.Context(), auto, all[i]).Confirm(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if s := d.state(); s.Direct != 0 || s.Waiting != int64(len(all)) {
		t.Errorf("%+v", s)
	}
	d.start()
	d.empty()
	a.kept(t, all)
}

func TestWithoutRedis(t *testing.T) {
	a, _ := openArchive(t, "SQLite")
	l := New(Options{Database: a, Now: time.Now})
	all := scans("none", batchSize+10)
	testkit.Must(t, l.AppendScans(t.Context()))
	testkit.Must(t, l.AppendScans(t.Context(), all[0]))
	testkit.Must(t, l.AppendScans(t.Context(), all[1:len(all)-1]...))
	testkit.Must(t, l.Queue(t.Context(), nil, all[len(all)-1]).Confirm(t.Context()))
	a.kept(t, all)
	l.Run(t.Context()) // returns: there is nothing to carry
	if s, err := l.State(t.Context()); err != nil || s != (State{Direct: uint64(len(all))}) {
		t.Errorf("%+v, %v", s, err)
	}
	if n, err := l.Recall(t.Context()); err != nil || n != 0 {
		t.Errorf("recalled %d, %v", n, err)
	}
}

// Redis down or silent: straight into the database, in the time of one try. Both away: the caller is told.
func TestRedisAway(t *testing.T) {
	for kind := range storekit.Databases {
		t.Run(kind, func(t *testing.T) {
			a, _ := openArchive(t, kind)
			r := testkit.Redis(t)
			r.Stop()
			hot := factcache.Open(factcache.Redis{Addresses: []string{r.Addr}, Password: r.Password, Timeout: short}).Client()
			defer hot.Close()
			l := New(Options{Hot: hot, Database: a, Now: time.Now})
			all := scans("away", 30)
			for _, s := range all[:20] { // the breaker opens on the way
				testkit.Must(t, l.AppendScans(t.Context(), s))
			}
			testkit.Must(t, l.AppendScans(t.Context(), all[20:]...))
			a.kept(t, all)
			if s, err := l.State(t.Context()); err != nil || s.Direct != 30 {
				t.Errorf("%+v, %v", s, err)
			}

			testkit.Must(t, a.Close())
			testkit.WantErr(t, l.AppendScans(t.Context(), fullScan("lost")), models.ErrUnavailable)
			testkit.WantErr(t, l.AppendScans(t.Context(), scans("lost", 3)...), models.ErrUnavailable)
			gone, cancel := context.WithCancel(t.Context())
			cancel()
			testkit.WantErr(t, l.AppendScans(gone, fullScan("left")), models.ErrUnavailable)
		})
	}
}

// What the database refuses is an error to the caller too, when it is asked directly.
func TestRefusedDirectly(t *testing.T) {
	a, _ := openArchive(t, "SQLite")
	l := New(Options{Database: a, Now: time.Now})
	testkit.WantErr(t, l.AppendScans(t.Context(), spoiled("bad")), models.ErrUnavailable)
	if s, _ := l.State(t.Context()); s.Direct != 0 || a.has(t) != 0 {
		t.Errorf("%+v, %d rows", s, a.has(t))
	}
}

// A Redis that is full refuses scans and holds up nothing: they go into the database, and the consumer makes room again.
func TestRedisFull(t *testing.T) {
	a, _ := openArchive(t, "MariaDB")
	d := newDesk(t, a, "maxmemory 3mb", "maxmemory-policy noeviction")
	var all []models.Scan
	for i := 0; d.state().Direct == 0; i++ {
		if i == 100 {
			t.Fatalf("not full after %d scans", len(all))
		}
		some := scans(fmt.Sprintf("full-%d", i), batchSize)
		testkit.Must(t, d.AppendScans(t.Context(), some...))
		all = append(all, some...)
	}
	testkit.Must(t, d.AppendScans(t.Context(), fullScan("one more")))
	all = append(all, fullScan("one more"))
	s := d.state()
	if s.Waiting+int64(s.Direct) != int64(len(all)) || a.has(t) != int(s.Direct) {
		t.Errorf("of %d scans %+v, %d rows", len(all), s, a.has(t))
	}
	// The consumer joins a Redis that takes no more; at first by hand, for making a group needs memory too.
	testkit.Must(t, d.rdb.ConfigSet(t.Context(), "maxmemory", "0").Err())
	testkit.Must(t, (&consumer{Log: d.Log}).join(t.Context()))
	testkit.Must(t, d.rdb.ConfigSet(t.Context(), "maxmemory", "3mb").Err())
	d.start()
	d.empty()
	if n := a.has(t); n != len(all) {
		t.Errorf("%d rows, want %d", n, len(all))
	}
	testkit.Must(t, d.AppendScans(t.Context(), fullScan("room again")))
	if now := d.state(); now.Direct != s.Direct {
		t.Errorf("still straight into the database: %+v", now)
	}
}

// Redis takes the scan, and its answer is lost: the scan is written twice, and is one row.
func TestUnknownOutcome(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk, a *archive) {
		way := newProxy(t)
		way.to(t, d.server.Addr)
		hot := factcache.Open(factcache.Redis{Addresses: []string{way.address}, Password: d.server.Password, Timeout: time.Second}).Client()
		defer hot.Close()
		l := New(Options{Hot: hot, Database: a, Now: time.Now})
		testkit.Must(t, l.AppendScans(t.Context(), fullScan("before"))) // leaves a connection
		way.goDeaf()
		testkit.Must(t, l.AppendScans(t.Context(), fullScan("unknown")))
		if n := a.has(t); n != 1 || d.state().Waiting != 2 {
			t.Fatalf("%d rows, %+v: not what this test is about", n, d.state())
		}
		d.start()
		d.empty()
		a.kept(t, []models.Scan{fullScan("before"), fullScan("unknown")})
		if rows, _ := a.times(); rows != 3 {
			t.Errorf("written %d times, want 3", rows)
		}
	})
}
