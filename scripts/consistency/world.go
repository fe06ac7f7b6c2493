package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/factcache"
	"yanzheng/internal/register"
	"yanzheng/scripts/stand"
)

// shape is how large a world is.
type shape struct {
	instances int
	readers   int // of each instance
	hot       int // certificates that change all the time
	sleepers  int // certificates that change once, when a phase says so, and are read all the time
	slow      int // milliseconds by which the database's answers are late, give or take as many
	quick     int // instances, the first ones, to which they are not
	naive     bool
}

// world is what one phase runs in: several servers on one database and one Redis, a link from each to each, and a writer.
type world struct {
	shape
	*writer

	redis     *stand.Redis   // where the links lead
	all       []*stand.Redis // those that were, too
	links     []*link        // to Redis, one for each instance
	pen       *link          // the writer's
	databases []*link
	rdb       redis.UniversalClient // the writer's
	processes []*stand.Process

	woken int          // sleepers that have changed
	focus atomic.Int32 // half of the questions are about this certificate, unless negative
}

// newWorld takes so many certificates of the installation as its shape asks for.
func newWorld(ctx context.Context, in *installation, name string, s shape, clock func() time.Duration) (*world, error) {
	w := &world{shape: s, writer: &writer{in: in, first: in.used, clock: clock, history: newHistory(s.hot + s.sleepers)}}
	w.focus.Store(-1)
	if in.used += s.hot + s.sleepers; in.used > len(in.digits) {
		return w, fmt.Errorf("%s: not enough certificates", name)
	}
	var err error
	if w.redis, err = stand.StartRedis(ctx, w.in.Dir); err != nil {
		return w, err
	}
	w.all = append(w.all, w.redis)
	password := filepath.Join(w.in.Dir, "password of "+w.redis.Addr)
	if err := os.WriteFile(password, []byte(w.redis.Password), 0o600); err != nil {
		return w, err
	}
	if w.pen, err = newLink(w.redis.Addr); err != nil {
		return w, err
	}
	w.env = settings(w.pen, password)
	w.write()
	for i := range s.hot + s.sleepers {
		if err := w.prepare(ctx, i); err != nil {
			return w, err
		}
	}
	for i := range s.instances {
		if err := w.addInstance(ctx, name, i, password); err != nil {
			return w, err
		}
	}
	return w, nil
}

// settings tell a server's process where its Redis is.
func settings(l *link, password string) []string {
	return append(stand.Unlimited(),
		"YANZHENG_REDIS_ADDRESSES="+l.address, "YANZHENG_REDIS_DB=0", "YANZHENG_REDIS_PASSWORD_FILE="+password,
		"YANZHENG_LOG_LEVEL=error",
		"YANZHENG_DATABASE_ANSWER_TIMEOUT=3s", // some phases make the database slow, and its late answers are what they are about
	)
}

// redisTimeout is the server's default.
const redisTimeout = 50 * time.Millisecond

// write puts the writer's register together, as the server puts its own.
func (w *world) write() {
	w.rdb = redis.NewUniversalClient(factcache.Redis{Addresses: []string{w.pen.address}, Password: w.redis.Password, Timeout: redisTimeout}.Steady())
	var caches register.Propagator = naivePropagator{w.rdb, w.in.store}
	if !w.naive {
		caches = factcache.NewRelay(w.rdb, w.in.store, factcache.Behind, time.Now, slog.New(slog.DiscardHandler))
	}
	w.service = register.New(w.in.store, recorder{caches, w.clock}, time.Now)
}

// addInstance starts a server with links of its own.
func (w *world) addInstance(ctx context.Context, name string, i int, password string) error {
	toRedis, err := newLink(w.redis.Addr)
	if err != nil {
		return err
	}
	w.links = append(w.links, toRedis)
	env := settings(toRedis, password)
	if i >= w.quick && w.slow > 0 {
		database, err := newLink(setting(w.in.Env, "DATABASE_ADDRESS"))
		if err != nil {
			return err
		}
		w.databases = append(w.databases, database)
		if err := database.late(w.slow); err != nil {
			return err
		}
		env = append(env, "YANZHENG_DATABASE_ADDRESS="+database.address)
	}
	name = fmt.Sprintf("%s-%d", name, i)
	var p *stand.Process
	if w.naive {
		p, err = beginNaive(ctx, filepath.Join(w.in.Dir, name+".log"), append(w.in.Env[:len(w.in.Env):len(w.in.Env)], env...))
	} else {
		p, err = w.in.Launch(ctx, name, env)
	}
	if err != nil {
		return err
	}
	w.processes = append(w.processes, p)
	return nil
}

// close ends the world; an error is of a server that did not end well.
func (w *world) close() (err error) {
	for _, p := range w.processes {
		if e := p.Stop(); e != nil {
			err = e
		}
	}
	if w.rdb != nil {
		_ = w.rdb.Close()
	}
	for _, l := range append(append(w.links, w.databases...), w.pen) {
		if l != nil {
			_ = l.refuse()
		}
	}
	for _, r := range w.all {
		r.Close()
	}
	return err
}

func (w *world) digits(certificate int) string { return w.in.digits[w.first+certificate] }

// choose gives the certificate that the next question is about.
func (w *world) choose() int {
	coin := rand.Uint32() //nolint:gosec // not a secret
	if focus := w.focus.Load(); focus >= 0 && coin&1 == 0 {
		return int(focus)
	}
	if w.sleepers == 0 || coin&2 == 0 {
		return rand.IntN(w.hot) //nolint:gosec // not a secret
	}
	return w.hot + rand.IntN(w.sleepers) //nolint:gosec // not a secret
}

// wake changes the next n sleepers, by any way to change one.
func (w *world) wake(ctx context.Context, n int, by func(ctx context.Context, certificate int) error) error {
	for range n {
		if w.woken == w.sleepers {
			return fmt.Errorf("no more than %d sleepers", w.sleepers)
		}
		sleeper := w.hot + w.woken
		w.woken++
		if err := by(ctx, sleeper); err != nil {
			return err
		}
	}
	return nil
}

// everyInstance is the set of all of them.
func (w *world) everyInstance() uint16 { return 1<<w.instances - 1 }
