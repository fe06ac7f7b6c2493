package factcache

import (
	"context"
	"errors"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// lined is a world whose readers come over a line with a breaker, and whose relay vouches for it.
func lined(t *testing.T, r *testkit.RedisServer) (*world, *Line) {
	t.Helper()
	line := Open(Redis{Addresses: []string{r.Addr}, Password: r.Password, Timeout: patient})
	t.Cleanup(func() { _ = line.Client().Close() })
	w := newWorld(t, connect(t, r.Addr, r.Password, patient))
	w.facts = NewFacts(line, w.register, open(), time.Now)
	w.relay.Vouch(line)
	return w, line
}

// A Redis that was away comes back with its heart beating, and without the fence of what changed meanwhile. Nothing that
// it holds counts until the reader's own relay has told it everything.
func TestALineThatWasLostIsNotBelieved(t *testing.T) {
	w, line := lined(t, testkit.Redis(t))
	testkit.Must(t, w.relay.Turn(t.Context()))
	ask(t, w.facts, w.id)
	if got := ask(t, w.facts, w.id); got.Source != models.SourceCache {
		t.Fatal("nothing is cached")
	}
	w.outbox.commit(changed(w.revoke(w.id))) // and no cache is told
	line.breaks.Add(1)
	w.wantRevoked(t, ask(t, w.facts, w.id))
	testkit.Must(t, w.relay.Turn(t.Context()))
	w.wantRevoked(t, ask(t, w.facts, w.id))
	if got := ask(t, w.facts, w.id); got.Source != models.SourceCache {
		t.Error("after the relay's turn the cache counts again")
	}
}

// A turn that began before the line was lost says nothing of what came after it.
func TestATurnVouchesForWhatWasBeforeIt(t *testing.T) {
	w, line := lined(t, testkit.Redis(t))
	w.relay.holder = func(ctx context.Context, rdb redis.UniversalClient) (Servers, error) {
		line.breaks.Add(1)
		return holderOf(ctx, rdb)
	}
	testkit.Must(t, w.relay.Turn(t.Context()))
	if line.believed() {
		t.Error("believed")
	}
}

// What was read before a relay vouched for the line is not believed after it: the fences came in between.
func TestVouchingCoversNoAnswerFromBefore(t *testing.T) {
	w, line := lined(t, testkit.Redis(t))
	testkit.Must(t, w.relay.Turn(t.Context()))
	ask(t, w.facts, w.id)
	line.breaks.Add(1)
	w.outbox.commit(changed(w.revoke(w.id)))
	look := line.Look(t.Context())
	read := w.facts.Queue(t.Context(), look, w.id)
	look.Exec(t.Context())
	testkit.Must(t, w.relay.Turn(t.Context()))
	known, err := read.Get(t.Context())
	testkit.Must(t, err)
	w.wantRevoked(t, known)
}

// The breaker tells the line, and so does a relay that does not reach Redis: a process that nobody asks anything has a
// breaker that never opens.
func TestWhatLosesALine(t *testing.T) {
	line := Open(Redis{Addresses: []string{silent(t)}, Timeout: 10 * time.Millisecond})
	defer line.Client().Close() //nolint:errcheck // nobody is there
	line.vouched.Store(line.breaks.Load())
	for range breakerFailures {
		if !line.believed() {
			t.Fatal("not believed after a single failure")
		}
		line.Look(t.Context()).Exec(t.Context())
	}
	if line.believed() || !line.Away() {
		t.Errorf("believed %t, away %t", line.believed(), line.Away())
	}
	w, line := lined(t, testkit.Redis(t))
	testkit.Must(t, w.relay.Turn(t.Context()))
	w.relay.holder = func(context.Context, redis.UniversalClient) (Servers, error) { return Servers{}, errDown }
	testkit.WantErr(t, w.relay.Turn(t.Context()), errDown)
	if line.believed() {
		t.Error("believed, though the relay did not reach Redis")
	}
}

// A database that is away says nothing against Redis.
func TestADatabaseThatIsAwayDoesNotLoseTheLine(t *testing.T) {
	w, line := lined(t, testkit.Redis(t))
	testkit.Must(t, w.relay.Turn(t.Context()))
	w.outbox.err = errDown
	testkit.WantErr(t, w.relay.Turn(t.Context()), errDown)
	if !line.believed() {
		t.Error("not believed")
	}
}

// A trip that was skipped answers nothing, and nobody takes it for "no such thing".
func TestSkippedTrip(t *testing.T) {
	w, line := lined(t, testkit.Redis(t))
	testkit.Must(t, w.relay.Turn(t.Context()))
	ask(t, w.facts, w.id)
	look := line.Look(t.Context())
	read, count := w.facts.Queue(t.Context(), look, w.id), look.Pipe.PFCount(t.Context(), "k")
	look.Skip()
	if !look.Away() || !look.lost() || count.Err() == nil {
		t.Errorf("away %t, lost %t, %v", look.Away(), look.lost(), count.Err())
	}
	if known, err := read.Get(t.Context()); err != nil || known.Source != models.SourceDatabase {
		t.Errorf("%+v, %v", known, err)
	}
}

// A replica answers whoever reads, and refuses what writes: fences are set elsewhere, so its beat counts for nothing.
func TestAReplicaIsNotBelieved(t *testing.T) {
	r := testkit.Redis(t)
	w, _ := lined(t, r)
	testkit.Must(t, w.relay.Turn(t.Context()))
	ask(t, w.facts, w.id)
	testkit.Must(t, w.relay.cells.rdb.Do(t.Context(), "REPLICAOF", "127.0.0.1", "1").Err())
	look := w.facts.line.Look(t.Context())
	read, set := w.facts.Queue(t.Context(), look, w.id), look.Pipe.Set(t.Context(), "k", "v", 0) // as a limit writes
	look.Exec(t.Context())
	if set.Err() == nil || !look.Away() {
		t.Fatalf("%v, away %t", set.Err(), look.Away())
	}
	if known, err := read.Get(t.Context()); err != nil || known.Source != models.SourceDatabase {
		t.Errorf("%+v, %v", known, err)
	}
}

// Where a fence cannot be set the heart is stopped, which needs no memory: no reader waits for the end of the beat.
func TestAFullRedisLosesItsBeat(t *testing.T) {
	r := testkit.Redis(t, "maxmemory-policy noeviction")
	w, line := lined(t, r)
	testkit.Must(t, w.relay.Turn(t.Context()))
	ask(t, w.facts, w.id)
	testkit.Must(t, w.relay.cells.rdb.ConfigSet(t.Context(), "maxmemory", "1").Err())
	e := w.outbox.commit(changed(w.revoke(w.id)))
	if w.relay.Propagate(t.Context(), []models.Event{e}) {
		t.Error("a fence was set without memory")
	}
	if n, err := w.relay.cells.rdb.Exists(t.Context(), beatKey).Result(); n != 0 || err != nil {
		t.Errorf("%d beats, %v", n, err)
	}
	w.wantRevoked(t, ask(t, w.facts, w.id))
	testkit.Must(t, w.relay.cells.rdb.ConfigSet(t.Context(), "maxmemory", "0").Err())
	testkit.Must(t, w.relay.Turn(t.Context()))
	if ask(t, w.facts, w.id); !line.believed() || w.outbox.left() != 0 {
		t.Errorf("believed %t, %d left", line.believed(), w.outbox.left())
	}
}

// Before Redis is full the cache keeps nothing more, so that there is room for fences, limits and scans.
func TestTheCacheLeavesRoom(t *testing.T) {
	w, line := lined(t, testkit.Redis(t, "maxmemory-policy noeviction"))
	used, err := w.relay.cells.rdb.Info(t.Context(), "memory").Result()
	testkit.Must(t, err)
	s, err := serverOf("run_id:x\r\n" + used)
	testkit.Must(t, err)
	if s.Full {
		t.Fatal("full without a limit")
	}
	for share, full := range map[float64]bool{0.5: false, 0.9: true} {
		memory, err := w.relay.cells.rdb.InfoMap(t.Context(), "memory").Result()
		testkit.Must(t, err)
		held, err := strconv.ParseFloat(memory["Memory"]["used_memory"], 64)
		testkit.Must(t, err)
		testkit.Must(t, w.relay.cells.rdb.ConfigSet(t.Context(), "maxmemory", strconv.Itoa(int(held/share))).Err())
		testkit.Must(t, w.relay.Turn(t.Context()))
		testkit.Must(t, w.relay.cells.rdb.Del(t.Context(), factKey(w.id)).Err())
		ask(t, w.facts, w.id)
		n, err := w.relay.cells.rdb.Exists(t.Context(), factKey(w.id), leaseKey(factKey(w.id))).Result()
		if testkit.Must(t, err); line.full.Load() != full || (n == 0) != full {
			t.Errorf("%v used: full %t, %d keys", share, line.full.Load(), n)
		}
	}
}

// Another Redis took over. Until no reader can be with the old one any more, a change is told of as pending, even though
// the new one has confirmed it: the writer may be the one who is still with the old one.
func TestHandOver(t *testing.T) {
	first, second := testkit.Redis(t), testkit.Redis(t)
	old, fresh := connect(t, first.Addr, first.Password, patient), connect(t, second.Addr, second.Password, patient)
	w := newWorld(t, old)
	w.revokeAndTell(t) // the first servers of all confirm at once
	host, port, err := net.SplitHostPort(first.Addr)
	testkit.Must(t, err)
	testkit.Must(t, fresh.ConfigSet(t.Context(), "masterauth", first.Password).Err())
	testkit.Must(t, fresh.Do(t.Context(), "REPLICAOF", host, port).Err())
	eventually(t, 10*time.Second, "it is a replica", func() bool { return raw(t, fresh, epochKey) != "" })
	testkit.Must(t, fresh.Do(t.Context(), "REPLICAOF", "NO", "ONE").Err())
	clock := testkit.NewClock(start)
	relay := NewRelay(fresh, w.outbox, holderOf, clock.Now, quiet)
	testkit.Must(t, relay.Turn(t.Context()))
	for _, c := range []struct {
		after time.Duration
		want  bool
	}{{0, false}, {handOver - time.Second, false}, {handOver, true}} {
		clock.Set(start.Add(c.after))
		e := w.outbox.commit(changed(w.revoke(w.id)))
		if got := relay.Propagate(t.Context(), []models.Event{e}); got != c.want || w.outbox.left() != 0 {
			t.Errorf("after %v: %t, %d left", c.after, got, w.outbox.left())
		}
	}
}

// Events that nobody here understands do not keep those behind them from being told.
func TestEventsOfANewerProgramHoldUpNobody(t *testing.T) {
	w := newWorld(t, real(t))
	ask(t, w.facts, w.id)
	for range relayBatch + 1 {
		w.outbox.commit(models.Event{Subject: "of tomorrow"})
	}
	w.outbox.commit(changed(w.revoke(w.id)))
	testkit.WantErr(t, w.relay.Turn(t.Context()), errSubject)
	if left := w.outbox.left(); left != relayBatch+1 {
		t.Errorf("%d left", left)
	}
	w.wantRevoked(t, ask(t, w.facts, w.id))
}

// A caller who has hardly any time left says nothing about Redis.
func TestBreakerKnowsWhoIsInAHurry(t *testing.T) {
	b := newBreaker(nil, time.Second, func() {})
	ask := func(left time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), left)
		defer cancel()
		return b.ProcessHook(func(ctx context.Context, cmd redis.Cmder) error {
			<-ctx.Done()
			cmd.SetErr(ctx.Err())
			return ctx.Err()
		})(ctx, redis.NewStringCmd(ctx, "get", "k"))
	}
	for range 2 * breakerFailures {
		if err := ask(time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
	}
	b.timeout = time.Millisecond
	for range breakerFailures {
		if err := ask(2 * time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
	}
	if err := ask(2 * time.Millisecond); errors.Is(err, context.DeadlineExceeded) {
		t.Error("the breaker counts nobody")
	}
}
