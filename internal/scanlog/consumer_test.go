package scanlog

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/store"
	"yanzheng/internal/testkit"
	"yanzheng/internal/testkit/storekit"
	"yanzheng/models"
)

// What is in the database already changes nothing, mixed with what is not.
func TestReplay(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk, a *archive) {
		all := scans("replay", 40)
		testkit.Must(t, d.AppendScans(t.Context(), all[:20]...))
		stop := d.start()
		d.empty()
		stop()
		changed := slices.Clone(all)
		for i := range changed {
			changed[i].Note += "改写"
		}
		testkit.Must(t, d.AppendScans(t.Context(), changed[:20]...))
		testkit.Must(t, d.AppendScans(t.Context(), all...))
		testkit.Must(t, d.AppendScans(t.Context(), all[30:]...))
		d.start()
		d.empty()
		a.kept(t, all)
	})
}

// Consumers side by side share the work: every entry is written by one of them.
func TestConsumersShare(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk, a *archive) {
		d.rhythm.dead = time.Hour
		other := deskOn(t, d.server, &archive{Store: a.Store})
		other.rhythm = d.rhythm
		let, letOther := a.hold(), other.database.(*archive).hold() // until each has a batch
		all := scans("share", 2*batchSize)
		testkit.Must(t, d.AppendScans(t.Context(), all...))
		d.start()
		other.start()
		eventually(t, "each has a batch", func() bool { _, n := d.pending(); return n == 2 })
		if s := d.state(); s.Consumers != 2 || s.Waiting != int64(len(all)) {
			t.Errorf("with two consumers %+v", s)
		}
		let()
		letOther()
		d.empty()
		a.kept(t, all)
		one, _ := a.times()
		two, _ := other.database.(*archive).times()
		if one+two != len(all) || one < batchSize || two < batchSize {
			t.Errorf("%d and %d rows written, of %d", one, two, len(all))
		}
	})
}

// TestDoomedConsumer is not about itself: the test below runs it in a process of its own, which is killed between the
// insert and the acknowledgement.
func TestDoomedConsumer(t *testing.T) {
	address := os.Getenv("YANZHENG_SCANLOG_REDIS")
	if address == "" {
		return
	}
	var w where
	testkit.Must(t, json.Unmarshal([]byte(os.Getenv("YANZHENG_SCANLOG_STORE")), &w))
	s, err := store.Open(t.Context(), store.Options{
		Driver: w.Driver, Path: w.Path, Network: "tcp", Address: w.Address, User: w.User, Password: w.Password, Name: w.Name,
		MaxOpen: 2, MaxIdle: 2, DialTimeout: patient, ReadTimeout: patient, WriteTimeout: patient, Keys: storekit.Keys,
	})
	testkit.Must(t, err)
	l := New(Options{Consumer: consumerClient(t, address, os.Getenv("YANZHENG_SCANLOG_PASSWORD")), Database: doomed{s}, Now: time.Now})
	l.Run(t.Context())
}

// where is a database, told to another process.
type where struct{ Driver, Path, Address, User, Password, Name string }

type doomed struct{ *store.Store }

func (d doomed) AppendScans(ctx context.Context, scans ...models.Scan) error {
	err := d.Store.AppendScans(ctx, scans...)
	if err == nil {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	return err
}

func TestKilledConsumer(t *testing.T) {
	for kind := range storekit.Databases {
		t.Run(kind, func(t *testing.T) {
			a, o := openArchive(t, kind)
			d := newDesk(t, a)
			all := scans("killed", batchSize+50)
			testkit.Must(t, d.AppendScans(t.Context(), all...))

			about, err := json.Marshal(where{o.Driver, o.Path, o.Address, o.User, o.Password, o.Name})
			testkit.Must(t, err)
			self, err := os.Executable()
			testkit.Must(t, err)
			child := exec.CommandContext(t.Context(), self, "-test.run=^TestDoomedConsumer$")
			child.Env = append(os.Environ(), "YANZHENG_SCANLOG_REDIS="+d.server.Addr,
				"YANZHENG_SCANLOG_PASSWORD="+d.server.Password, "YANZHENG_SCANLOG_STORE="+string(about))
			out, err := child.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("it was not killed: %v\n%s", err, out)
			}
			if n, s := a.has(t), d.state(); n != batchSize || s.Waiting != int64(len(all)) || s.Consumers != 1 {
				t.Fatalf("after the kill %d rows, %+v", n, s)
			}

			d.start()
			d.empty()
			a.kept(t, all)
			if rows, _ := a.times(); rows != len(all) { // those of the dead one were written again, and are no second rows
				t.Errorf("%d rows written after the kill, want %d", rows, len(all))
			}
			eventually(t, "the dead consumer is forgotten", func() bool { return d.state().Consumers == 1 })
		})
	}
}

// A consumer that still holds something is not forgotten, however long it was not seen, for its entries would go with it.
func TestDeadConsumerKeepsItsEntries(t *testing.T) {
	a, _ := openArchive(t, "SQLite")
	d := newDesk(t, a)
	all := scans("held", 3)
	testkit.Must(t, d.AppendScans(t.Context(), all...))
	c := &consumer{Log: d.Log, name: "dead"}
	testkit.Must(t, c.join(t.Context()))
	held, err := c.read(t.Context(), ">", 3, -1)
	if err != nil || len(held) != 3 {
		t.Fatalf("%d entries, %v", len(held), err)
	}
	d.rhythm.forget = 0
	testkit.Must(t, c.callRoll(t.Context(), false))
	if s := d.state(); s.Consumers != 1 {
		t.Fatalf("forgotten with its entries: %+v", s)
	}
	testkit.Must(t, c.carry(t.Context(), held))
	testkit.Must(t, c.callRoll(t.Context(), false))
	if s := d.state(); s.Consumers != 0 || s.Waiting != 0 {
		t.Errorf("%+v", s)
	}
	a.kept(t, all)
}

// What the documentation tells an operator to do after removing a consumer by hand, with what it held.
func TestDeliverOnceMore(t *testing.T) {
	a, _ := openArchive(t, "SQLite")
	d := newDesk(t, a)
	all := scans("orphan", 5)
	testkit.Must(t, d.AppendScans(t.Context(), all...))
	c := &consumer{Log: d.Log, name: "removed"}
	testkit.Must(t, c.join(t.Context()))
	if held, err := c.next(t.Context()); err != nil || len(held) != 5 {
		t.Fatalf("%d entries, %v", len(held), err)
	}
	testkit.Must(t, d.rdb.XGroupDelConsumer(t.Context(), d.stream, group, "removed").Err())
	d.start()
	testkit.Must(t, d.AppendScans(t.Context(), fullScan("beside")))
	eventually(t, "the next scan is in the database", func() bool { return a.has(t) == 1 })
	if s := d.state(); s.Waiting != 5 {
		t.Errorf("they are not to be seen: %+v", s)
	}
	testkit.Must(t, d.rdb.XGroupSetID(t.Context(), d.stream, group, "0").Err())
	d.empty()
	a.kept(t, append(all, fullScan("beside")))
}

// A consumer is seen also while there is nothing to do: Redis 7.0 does not count a read that brings nothing.
func TestIdleConsumersAreSeen(t *testing.T) {
	d := newDesk(t, never{})
	d.rhythm.forget = 500 * time.Millisecond
	other := deskOn(t, d.server, never{})
	other.rhythm = d.rhythm
	dead := &consumer{Log: d.Log, name: "dead"}
	testkit.Must(t, dead.join(t.Context()))
	testkit.Must(t, dead.callRoll(t.Context(), true))
	stop := d.start()
	other.start()
	eventually(t, "both are seen, and the dead one is forgotten", func() bool {
		all := d.rdb.XInfoConsumers(t.Context(), d.stream, group).Val()
		return len(all) == 2 && !slices.ContainsFunc(all, func(c redis.XInfoConsumer) bool { return c.Name == "dead" })
	})
	since := time.Now()
	eventually(t, "both are still seen, idle for longer than a consumer is remembered", func() bool {
		return time.Since(since) > 2*d.rhythm.forget && d.state().Consumers == 2
	})
	stop()
	if s := d.state(); s.Consumers != 1 {
		t.Errorf("after one left: %+v", s)
	}
}

// Redis loses everything: what was not carried is lost, what comes afterwards is not.
func TestRedisFlushed(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk, a *archive) {
		d.rhythm.block = 2 * time.Second // so that the flush meets a consumer that waits
		d.start()
		all := scans("flushed", 30)
		for i, flush := range []func() error{
			func() error { return d.rdb.FlushAll(t.Context()).Err() },
			func() error { return d.rdb.Del(t.Context(), d.stream).Err() },
			func() error { return d.rdb.XGroupDestroy(t.Context(), d.stream, group).Err() },
		} {
			testkit.Must(t, d.AppendScans(t.Context(), all[10*i:10*i+10]...))
			d.empty()
			eventually(t, "the consumer waits", func() bool {
				info, err := d.rdb.Info(t.Context(), "clients").Result()
				return err == nil && strings.Contains(info, "blocked_clients:1")
			})
			testkit.Must(t, flush())
		}
		testkit.Must(t, d.AppendScans(t.Context(), fullScan("last")))
		d.empty()
		a.kept(t, append(all, fullScan("last")))
		if lines := d.diary.read(); len(lines) != 0 {
			t.Errorf("the log says %q", lines)
		}
	})
}

// Redis restarts, with and without what it had, under a consumer: it goes on by itself, and says so once.
func TestRedisRestarts(t *testing.T) {
	a, _ := openArchive(t, "SQLite")
	d := newDesk(t, a, "appendonly yes", "appendfsync always")
	d.start()
	testkit.Must(t, d.AppendScans(t.Context(), fullScan("before")))
	d.empty()
	d.server.Kill()
	eventually(t, "the log says that Redis is away", func() bool { return len(d.diary.read()) == 1 })
	d.server.Start()
	testkit.Must(t, d.AppendScans(t.Context(), fullScan("after")))
	eventually(t, "the scan is in the database", func() bool { return a.has(t) == 2 })
	eventually(t, "the log says that it is back", func() bool { return len(d.diary.read()) == 2 })
	if lines := d.diary.read(); !strings.HasPrefix(lines[0], "WARN ") || !strings.HasPrefix(lines[1], "INFO ") {
		t.Errorf("the log says %q", lines)
	}
}

// The database is away, by a cut and by silence: scans wait in Redis, and all arrive. It is told once.
func TestDatabaseAway(t *testing.T) {
	way := newProxy(t)
	a, _ := openArchive(t, "MariaDB", way)
	d := newDesk(t, a)
	d.rhythm.dead = time.Hour // nobody else brings them
	d.start()
	all := scans("wait", 2*batchSize)
	testkit.Must(t, d.AppendScans(t.Context(), all[0]))
	d.empty()
	for i, end := range []func(){way.refuse, way.goDeaf} {
		end()
		for _, s := range all[1+i*batchSize/2 : 1+(i+1)*batchSize/2] {
			testkit.Must(t, d.AppendScans(t.Context(), s))
		}
		eventually(t, "the log says that the database is away", func() bool { return len(d.diary.read()) == 2*i+1 })
		if s := d.state(); s.Waiting != batchSize/2 || s.Direct != 0 || s.Oldest <= 0 {
			t.Errorf("while it is away: %+v", s)
		}
		way.refuse()
		way.comeBack(t)
		d.empty()
		eventually(t, "the log says that it is back", func() bool { return len(d.diary.read()) == 2*i+2 })
	}
	testkit.Must(t, d.AppendScans(t.Context(), all[1+batchSize:]...))
	d.empty()
	a.kept(t, all)
	lines := d.diary.read()
	if len(lines) != 4 || !strings.Contains(lines[0], "unavailable") || !strings.HasPrefix(lines[3], "INFO ") {
		t.Errorf("the log says %q", lines)
	}
}

// A consumer whose database is away holds its entries: looking at them again keeps others from taking them over.
func TestHeldEntriesAreNotTakenOver(t *testing.T) {
	a, _ := openArchive(t, "SQLite")
	d := newDesk(t, a)
	all := scans("mine", 5)
	testkit.Must(t, d.AppendScans(t.Context(), all...))
	mine := &consumer{Log: d.Log, name: "mine", holds: true}
	testkit.Must(t, mine.join(t.Context()))
	first, err := mine.next(t.Context())
	if err != nil || len(first) != 5 {
		t.Fatalf("%d entries, %v", len(first), err)
	}
	d.rhythm.dead = 200 * time.Millisecond
	other := &consumer{Log: d.Log, name: "other", from: "0-0"}
	eventually(t, "they look dead", func() bool {
		idle := d.rdb.XInfoConsumers(t.Context(), d.stream, group).Val()
		return len(idle) == 1 && idle[0].Idle > d.rhythm.dead
	})
	mine.holds = true
	again, err := mine.next(t.Context())
	if err != nil || len(again) != 5 || !mine.holds {
		t.Fatalf("%d entries, %v, holds %t", len(again), err, mine.holds)
	}
	d.rhythm.dead = patient
	if err := other.takeOver(t.Context()); err != nil || other.holds {
		t.Errorf("taken over: %t, %v", other.holds, err)
	}
	testkit.Must(t, mine.carry(t.Context(), again))
	a.kept(t, all)
}

// A stop finishes the batch in hand, and takes the consumer's name back.
func TestStopFinishesTheBatch(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk, a *archive) {
		let := a.hold()
		stop := d.start()
		all := scans("stop", 10)
		testkit.Must(t, d.AppendScans(t.Context(), all...))
		eventually(t, "a batch is in hand", func() bool { n, _ := d.pending(); return n == int64(len(all)) })
		stopped := make(chan struct{})
		go func() {
			stop()
			close(stopped)
		}()
		select {
		case <-stopped:
			t.Error("it did not wait for the batch")
		case <-time.After(20 * time.Millisecond):
		}
		let()
		<-stopped
		a.kept(t, all)
		if s := d.state(); s.Waiting != 0 || s.Consumers != 0 {
			t.Errorf("after the stop %+v", s)
		}
	})
}

// The bound of a stop: a database that never answers does not hold it for longer than a batch may take.
func TestStopIsBounded(t *testing.T) {
	d := newDesk(t, never{})
	d.rhythm.write = 200 * time.Millisecond
	testkit.Must(t, d.AppendScans(t.Context(), fullScan("stuck")))
	stop := d.start()
	eventually(t, "a batch is in hand", func() bool { n, _ := d.pending(); return n == 1 })
	stop()
	if s := d.state(); s.Waiting != 1 {
		t.Errorf("after the stop %+v", s)
	}
}

// Nor does a Redis that falls silent while the consumer waits for it.
func TestStopIsBoundedWithRedisSilent(t *testing.T) {
	d := newDesk(t, never{})
	way := newProxy(t)
	way.to(t, d.server.Addr)
	d.consumer = consumerClient(t, way.address, d.server.Password)
	d.rhythm.call = 200 * time.Millisecond
	stop := d.start()
	eventually(t, "the consumer is there", func() bool { return d.rdb.Exists(t.Context(), d.stream).Val() == 1 })
	way.goDeaf()
	eventually(t, "the log says that Redis is away", func() bool { return len(d.diary.read()) == 1 })
	since := time.Now()
	stop()
	if took := time.Since(since); took > 5*time.Second { // the library alone would wait for ten
		t.Errorf("stopped after %v", took)
	}
}

// never is a database that says nothing until its caller's time is over.
type never struct{}

func (never) AppendScans(ctx context.Context, _ ...models.Scan) error {
	<-ctx.Done()
	return models.ErrUnavailable.Because(ctx.Err())
}
