package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"sync"
	"testing"
	"time"

	"yanzheng/internal/register"
	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// fromCache is what is promised without the database: what the cache knows, and else no verdict.
func fromCache(f form) want {
	return want{cached: promise{answers: answered}, asked: promise{answers: refused, within: f.storeWait * 6 / 5}} // 300 ms
}

// perhaps is fromCache with a database that gets some answers through.
func perhaps(f form) want {
	return want{cached: promise{answers: answered}, asked: promise{answers: either, within: f.storeWait * 6 / 5}}
}

// nobody is what is promised when nothing is there to ask: no verdict, soon.
func nobody(f form) want {
	p := promise{answers: refused, within: f.storeWait * 3 / 5} // 150 ms
	return want{cached: p, asked: p}
}

// databaseFaults are the ways in which the database fails. Nothing can be changed meanwhile.
func databaseFaults() []failure {
	poison := func(x toxic) func(*testing.T, *stage) func() {
		return func(_ *testing.T, s *stage) func() { return s.proxy.spoil(x) }
	}
	return []failure{
		{name: "database refuses", want: fromCache, begin: func(_ *testing.T, s *stage) func() {
			s.proxy.cut()
			return s.proxy.mend
		}},
		{name: "database is silent", want: fromCache, begin: func(_ *testing.T, s *stage) func() { return s.proxy.silence() }},
		{name: "database resets in the middle of an answer", want: perhaps, begin: poison(toxic{"limit_data", "downstream", map[string]int{"bytes": 1500}})},
		{name: "database is slow, longer than anyone waits", want: fromCache, begin: func(_ *testing.T, s *stage) func() {
			return s.proxy.spoil(toxic{"latency", "downstream", map[string]int{"latency": int(s.storeWait.Milliseconds() * 8 / 5)}})
		}},
		{name: "database has no connection left", want: fromCache, begin: noConnectionLeft},
		{name: "database kills our statements", want: fromCache, begin: killStatements},
		{name: "database is read-only", want: func(f form) want { // reading is enough, as scans wait in Redis
			return want{cached: promise{answers: answered}, asked: promise{answers: answered, within: f.storeWait * 6 / 5}, logIn: refused}
		}, begin: func(t *testing.T, s *stage) func() {
			s.exec(t, "SET GLOBAL read_only = 1") // for all but those who administer, as the other tests' user does
			if _, err := s.own(t).ExecContext(t.Context(), "DELETE FROM scans WHERE id = ''"); err == nil {
				t.Error("it can be written")
			}
			return func() { s.exec(t, "SET GLOBAL read_only = 0") }
		}},
	}
}

// bothFaults take both away.
func bothFaults() []failure {
	return []failure{
		{name: "both refuse", want: nobody, begin: func(_ *testing.T, s *stage) func() {
			s.proxy.cut()
			s.toRedis.cut()
			return func() {
				s.proxy.mend()
				s.toRedis.mend()
			}
		}},
		{name: "both are silent", want: nobody, begin: func(_ *testing.T, s *stage) func() {
			database, cache := s.proxy.silence(), s.toRedis.silence()
			return func() {
				database()
				cache()
			}
		}},
	}
}

// truthFaults come between a change and the caches.
func truthFaults() []failure {
	return []failure{
		{name: "a process dies between commit and fence", want: everybody, begin: func(t *testing.T, s *stage) func() {
			s.suspendBy(func() bool { return s.suspendAndDie(t) })
			return func() {}
		}},
		{name: "a change by somebody who cannot reach Redis", want: everybody, begin: func(t *testing.T, s *stage) func() {
			away := newProxy(t, s.redis.Addr)
			away.cut()
			env := maps.Clone(s.env)
			env["REDIS_ADDRESSES"] = away.address
			s.suspendBy(func() bool { return decide(t, env, "suspend", s.changes).Propagated == true })
			if s.turn.told {
				t.Error("the command says that the caches know")
			}
			return func() {}
		}},
		// The heartbeat is deleted, as if the 25 s had passed that it lasts: nobody can renew it.
		{name: "the database is away for longer than the heartbeat lasts", want: func(f form) want {
			p := promise{answers: refused, within: f.storeWait * 6 / 5}
			return want{cached: p, asked: p}
		}, begin: func(t *testing.T, s *stage) func() {
			s.proxy.cut()
			gone := 0
			within(t, 10*time.Second, "the heartbeat stays away", func() bool {
				if gone++; s.rdb.Del(t.Context(), "yz:{beat}").Val() > 0 { // a relay's turn may have been under way
					gone = 0
				}
				return gone > 20
			})
			return s.proxy.mend
		}},
	}
}

// own comes to the database as the server does, past the proxy.
func (s *stage) own(t testing.TB) *sql.DB {
	t.Helper()
	return opened(t, "mysql", fmt.Sprintf("%s:%s@tcp(%s)/%s", s.user, s.password, s.proxy.toxi.Upstream, s.env["DATABASE_NAME"]))
}

// kill ends what the server has at the database: its connections, or their statements.
func (s *stage) kill(t testing.TB, how, which string) {
	t.Helper()
	rows, err := s.db.QueryContext(t.Context(), "SELECT id FROM information_schema.processlist WHERE user = ? AND "+which, s.user)
	if err != nil {
		t.Error(err)
		return
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			t.Error(err)
		}
		_, _ = s.db.ExecContext(t.Context(), fmt.Sprint(how, " ", id)) // it may have gone by itself
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
}

// noConnectionLeft gives the server's user one connection, and takes that.
func noConnectionLeft(t *testing.T, s *stage) func() {
	limit := func(n int) { s.exec(t, fmt.Sprint("ALTER USER ", s.user, "@127.0.0.1 WITH MAX_USER_CONNECTIONS ", n)) }
	limit(1)
	db := s.own(t)
	var held *sql.Conn
	var me int64
	within(t, 10*time.Second, "the one connection is ours", func() (ok bool) {
		s.kill(t, "KILL", "TRUE")
		var err error
		if held, err = db.Conn(t.Context()); err == nil {
			err = held.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&me)
		}
		return err == nil
	})
	s.kill(t, "KILL", fmt.Sprint("id <> ", me)) // those from before the limit, which do not count
	return func() {
		limit(0)
		held.Close()
		db.Close()
	}
}

// killStatements holds every statement up that a verdict needs, and kills it, now and then with its connection.
func killStatements(t *testing.T, s *stage) func() {
	lock, err := s.db.Conn(t.Context())
	testkit.Must(t, err)
	_, err = lock.ExecContext(t.Context(), "LOCK TABLES certificates WRITE, registrations WRITE, users WRITE, sessions WRITE")
	testkit.Must(t, err)
	n := 0
	end := again(5*time.Millisecond, func() {
		n++
		s.kill(t, []string{"KILL QUERY", "KILL QUERY", "KILL"}[n%3], "state LIKE 'Waiting for table metadata lock%'")
	})
	return func() {
		end()
		if _, err := lock.ExecContext(context.WithoutCancel(t.Context()), "UNLOCK TABLES"); err != nil {
			t.Error(err)
		}
		lock.Close()
	}
}

// dead is what a process tells that ended after its commit.
type dead struct{}

func (dead) Propagate(context.Context, []models.Event) bool { return false }

// suspendAndDie leaves what a kill -9 leaves between commit and fence: a change that is committed, and nobody told.
func (s *stage) suspendAndDie(t *testing.T) (told bool) {
	t.Helper()
	c, err := (&program{environ: s.env.list()}).config()
	testkit.Must(t, err)
	p, err := open(t.Context(), c, slog.New(slog.DiscardHandler), nil)
	testkit.Must(t, err)
	defer p.close()
	out, err := register.New(p.store, dead{}, p.now).Move(t.Context(),
		register.Decision{CertificateNumber: s.changes.CertificateNumber, Reason: "测试", Actor: "test"}, models.StateSuspended)
	testkit.Must(t, err)
	return out.Propagated
}

// testCrowd lets many come at once while the database is silent: each is answered within the patience of one, most of them
// at once, and nothing is left of them.
func testCrowd(t *testing.T, s *stage) {
	const crowd = 300
	s.turn = &turn{from: valid}
	token := newClient(t, s.process).logIn(s.code()).Token
	probes := s.questions(t, token)
	s.steady(t, probes)
	began := s.weigh(t)
	end := s.proxy.silence()
	c := newClient(t, s.process).as(token)
	way := &http.Transport{}
	c.http = &http.Client{Transport: way, Timeout: hang}
	all := make([]asked, crowd)
	var together sync.WaitGroup
	for i := range all {
		q := question{name: "crowd", ask: func(int) (answer, error) {
			return c.try("GET", "/v/"+s.uncachedCodes[i%len(s.uncachedCodes)].digits(), http.NoBody, "Accept", "application/json")
		}, is: tells(valid)}
		s.rdb.Del(t.Context(), "yz:{f:"+s.uncachedCodes[i%len(s.uncachedCodes)].CertificateID+"}")
		together.Go(func() { all[i] = q.once(0) })
	}
	together.Wait()
	way.CloseIdleConnections()
	for _, v := range all {
		if v.outcome != notNow {
			t.Errorf("answered %s: %s", v.outcome, v.why)
			break
		}
	}
	if took := quantile(all, 1); took > s.storeWait*6/5+s.slack {
		t.Errorf("the last one was answered after %v", took)
	}
	end()
	s.recovered(t, probes, 5*time.Second)
	s.balance(t, began, poolBound)
}
