package main

import (
	"context"
	"flag"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// longFaults measures: many questions for each fault, the promised time-outs, and a table at the end.
//
//	scripts/services run go test ./server -run TestFaultTable -faults.long -v -timeout 20m
var longFaults = flag.Bool("faults.long", false, "many questions for each fault, the promised time-outs, and a table of latencies")

// form is how thoroughly the table is gone through.
type form struct {
	answers   int // to each question during the fault
	usual     int // to each question before it and after it
	pause     time.Duration
	cacheWait time.Duration // REDIS_TIMEOUT
	storeWait time.Duration // DATABASE_ANSWER_TIMEOUT
	slack     time.Duration // what a busy machine adds to an answer
	oldest    time.Duration // verdict that may be given after a change of which Redis could not be told
}

func theForm() form {
	if *longFaults {
		return form{answers: 200, usual: 100, pause: 4 * time.Millisecond, cacheWait: 50 * time.Millisecond, storeWait: 250 * time.Millisecond, slack: 30 * time.Millisecond, oldest: 2 * time.Second}
	}
	return form{answers: 10, usual: 10, pause: 5 * time.Millisecond, cacheWait: 150 * time.Millisecond, storeWait: time.Second, slack: 3 * time.Second, oldest: 30 * time.Second}
}

// want is what is promised during a fault: of what the cache knows, and of what only the database knows.
type want struct {
	cached, asked promise
	logIn         []outcome // of a log-in, which writes, where it fares otherwise than what is asked; nil: likewise
}

// promise is how questions are answered, and how soon 99 in 100 of them are.
type promise struct {
	answers []outcome
	more    time.Duration // beyond what they took before
	within  time.Duration // in all, where that is promised
}

func (p promise) due(before time.Duration) time.Duration {
	if p.within > 0 {
		return p.within
	}
	return before + p.more
}

var (
	answered = []outcome{right, stale}
	refused  = []outcome{notNow}
	either   = []outcome{right, notNow} // as it happens to meet it
)

// failure is one line of the table.
type failure struct {
	name  string
	begin func(t *testing.T, s *stage) (end func())
	want  func(f form) want
	// change is a decision made during the fault; nil where none can be made, or begin makes it.
	change func(t *testing.T, s *stage)
	// forgets tells that Redis may lose what it confirmed: scans that wait in it, and fences.
	forgets bool
}

// stage is the installation on which the faults are played.
type stage struct {
	*world
	form
	toRedis       *proxy        // in front of Redis; that of the database is the world's
	rdb           *redis.Client // past the proxy
	user          string        // as which the server comes to the database
	password      string        // of that user
	steadyCode    issued
	revokedCode   issued
	changedCode   issued
	uncachedCodes []issued
	person        models.Registration // of the look-ups
	changes       models.Registration // changed by every fault
	turn          *turn
	table         []line
}

func newStage(t *testing.T) *stage {
	t.Helper()
	// A key takes 5 ms to load, so that "is loading" can be met; nothing is loaded but what a fault has saved.
	s := &stage{world: realEnvironment(t, "key-load-delay 5000", "loading-process-events-interval-bytes 1024"), form: theForm()}
	s.toRedis = newProxy(t, s.redis.Addr)
	s.rdb = redis.NewClient(&redis.Options{Addr: s.redis.Addr, Password: s.redis.Password})
	t.Cleanup(func() { s.rdb.Close() })
	s.ownUser(t)
	maps.Copy(s.env, environment{
		"REDIS_ADDRESSES": s.toRedis.address, "REDIS_TIMEOUT": s.cacheWait.String(),
		"DATABASE_ANSWER_TIMEOUT": s.storeWait.String(), "DATABASE_MAX_IDLE": "8", "LOG_LEVEL": "info",
	})
	all := people("FAULTS", 11)
	bring(t, s.env, all...)
	codes := make([]issued, len(all))
	for i, r := range all {
		codes[i] = issue(t, s.env, r)
	}
	s.steadyCode, s.revokedCode, s.changedCode, s.uncachedCodes = codes[0], codes[1], codes[2], codes[3:]
	s.person, s.changes = all[0], all[2]
	decide(t, s.env, "revoke", all[1])
	s.process = serve(t, s.env)
	return s
}

// ownUser lets the server come to the database as a user of its own, whom a fault can treat badly without others noticing.
func (s *stage) ownUser(t *testing.T) {
	t.Helper()
	s.user = "f_" + strings.ToLower(s.env["DATABASE_NAME"][len(s.env["DATABASE_NAME"])-12:])
	password := secret("the database user's password", strconv.FormatInt(time.Now().UnixNano(), 36)+"-of-faults")
	at := s.user + "@127.0.0.1"
	s.exec(t, "CREATE USER "+at+" IDENTIFIED BY '"+password+"'")
	t.Cleanup(func() {
		if _, err := s.db.ExecContext(context.WithoutCancel(t.Context()), "DROP USER "+at); err != nil {
			t.Error(err)
		}
	})
	s.exec(t, "GRANT ALL ON "+s.env["DATABASE_NAME"]+".* TO "+at)
	path := filepath.Join(t.TempDir(), "password")
	testkit.Must(t, os.WriteFile(path, []byte(password+"\n"), 0o600))
	s.password, s.env["DATABASE_USER"], s.env["DATABASE_PASSWORD_FILE"] = password, s.user, path
}

// questions makes the clients.
func (s *stage) questions(t *testing.T, token string) []question {
	someone := func() *client { // whose answers are judged here and nowhere else
		c := newClient(t, s.process).as(token)
		way := &http.Transport{}
		t.Cleanup(way.CloseIdleConnections)
		c.http = &http.Client{Transport: way, Timeout: hang}
		return c
	}
	post := func(c *client, path, body string) (answer, error) {
		return c.try("POST", path, strings.NewReader(body), "Content-Type", "application/json")
	}
	scan := func(code func(n int) issued) func(int) (answer, error) {
		c := someone()
		return func(n int) (answer, error) { return post(c, "/api/v1/scans", `{"code":"`+code(n).Code+`"}`) }
	}
	always := func(code issued) func(int) issued { return func(int) issued { return code } }
	visitor, clerk, newcomer := someone(), someone(), someone()
	forgetful := redis.NewClient(&redis.Options{Addr: s.redis.Addr, Password: s.redis.Password, MaxRetries: -1}) // its time counts
	t.Cleanup(func() { forgetful.Close() })
	return []question{
		{"scan", scan(always(s.steadyCode)), tells(valid)},
		{"scan of a revoked one", scan(always(s.revokedCode)), tells("valid/revoked")},
		{"scan of one that changes", scan(always(s.changedCode)), s.turn.is},
		{"scan, not cached", scan(func(n int) issued {
			code := s.uncachedCodes[n%len(s.uncachedCodes)]
			forgetful.Del(t.Context(), "yz:{f:"+code.CertificateID+"}") // a Redis that is away has nothing cached anyway
			return code
		}), tells(valid)},
		{"in public", func(int) (answer, error) {
			return visitor.try("GET", "/v/"+s.steadyCode.digits(), http.NoBody, "Accept", "application/json")
		}, tells(valid)},
		{"look-up", func(int) (answer, error) {
			return post(clerk, "/api/v1/lookups", `{"name":"`+s.person.Person.Name+`","certificate_number":"`+s.person.CertificateNumber+`"}`)
		}, showsRegistration},
		{logIn, func(int) (answer, error) { return post(newcomer, "/api/v1/login", `{"code":"`+s.code()+`"}`) }, givesToken},
	}
}

const logIn = "log-in"

// cached tells which questions the cache can answer without the database.
func (q *question) cached() bool {
	return !slices.Contains([]string{"scan, not cached", "look-up", logIn}, q.name)
}

// suspend changes the registration that changes, by a command, as long as the stream runs.
func (s *stage) suspend(t *testing.T) {
	s.suspendBy(func() bool { return decide(t, s.env, "suspend", s.changes).Propagated == true })
}

// suspendBy notes what a change, which tells whether the caches know, means for the answers.
func (s *stage) suspendBy(change func() (told bool)) {
	s.turn.mu.Lock()
	s.turn.begun = time.Now()
	s.turn.mu.Unlock()
	told := change()
	s.turn.mu.Lock()
	defer s.turn.mu.Unlock()
	s.turn.acked, s.turn.told = time.Now(), told
}

// TestFaultTable takes away, or spoils, what the real mode stands on, one thing after the other, while clients ask on.
// No answer is wrong, at any time; what is promised for each fault is in the table.
func TestFaultTable(t *testing.T) {
	s := newStage(t)
	s.turn = &turn{from: valid, to: "valid/suspended"}
	token := newClient(t, s.process).logIn(s.code()).Token
	s.steady(t, s.questions(t, token))
	began := s.weigh(t)
	for _, f := range slices.Concat(redisFaults(), databaseFaults(), bothFaults(), truthFaults()) {
		t.Run(f.name, func(t *testing.T) { s.play(t, f, token) })
	}
	t.Run("a crowd while the database is silent", func(t *testing.T) { testCrowd(t, s) })
	s.balance(t, began, poolBound)
	if *longFaults {
		t.Log("\n" + tableOf(s.table))
	}
}

// steady waits until every question is answered right, and what can be cached is.
func (s *stage) steady(t *testing.T, questions []question) {
	t.Helper()
	s.recovered(t, questions, 20*time.Second)
	within(t, 10*time.Second, "the cache serves what is true", func() bool {
		for i := range questions {
			if v := questions[i].once(0); v.outcome != right || questions[i].cached() && v.source != cache {
				return false
			}
		}
		return true
	})
}

// recovered waits until every question is answered right, one after the other, and tells how long that took.
func (s *stage) recovered(t *testing.T, questions []question, bound time.Duration) time.Duration {
	t.Helper()
	began := time.Now()
	var last asked
	for time.Since(began) < bound {
		all := true
		for i := range questions {
			if last = questions[i].once(0); last.outcome == wrong {
				t.Errorf("%s, on the way back: %s", last.name, last.why)
			}
			if all = last.outcome == right; !all {
				break
			}
		}
		if all {
			return time.Since(began)
		}
	}
	t.Fatalf("not back within %v: %s is answered %s %s", bound, last.name, last.outcome, last.why)
	return 0
}

// play lets one fault come and go.
func (s *stage) play(t *testing.T, f failure, token string) {
	s.turn = &turn{from: valid, to: "valid/suspended", forgets: f.forgets}
	questions, probes := s.questions(t, token), s.questions(t, token)
	s.steady(t, probes)
	out := startStream(questions, s.pause)
	ended := false
	defer func() {
		if !ended {
			out.end()
		}
	}()
	out.during(t, before, s.usual)

	hit := time.Now()
	end := sync.OnceFunc(f.begin(t, s))
	defer end()
	if f.change != nil {
		f.change(t, s)
	}
	out.during(t, during, s.answers)
	end()

	l := line{name: f.name, back: s.recovered(t, probes, 5*time.Second)}
	s.steady(t, probes)
	// A probe may be answered by the database while others are still answered by the cache, which does not know yet.
	within(t, 10*time.Second, "the cache is told of every change", func() bool {
		return s.count(t, "SELECT COUNT(*) FROM events WHERE propagated_at = 0") == 0
	})
	s.turn.mu.Lock()
	s.turn.told, s.turn.forgets = true, false // from here on the old state is wrong
	s.turn.mu.Unlock()
	out.during(t, after, s.usual)
	ended = true
	all := out.end()

	l.read(out)
	s.table = append(s.table, l)
	s.hold(t, f.want(s.form), out)
	if f.forgets {
		all = slices.DeleteFunc(all, func(v asked) bool { return v.began.Before(hit) || v.phase == turning })
	}
	s.kept(t, all)
	if !s.turn.acked.IsZero() {
		decide(t, s.env, "restore", s.changes)
	}
}

// hold holds what was answered against what is promised.
func (s *stage) hold(t *testing.T, w want, out *stream) {
	t.Helper()
	for _, v := range out.all {
		if v.outcome == wrong {
			t.Errorf("%s (phase %d, after %v): %s", v.name, v.phase, v.took, v.why)
		}
		if v.stale > s.oldest {
			t.Errorf("%s did not know a change of %v ago", v.name, v.stale)
		}
	}
	for _, q := range out.questions {
		expect := w.asked
		if q.cached() {
			expect = w.cached
		}
		if q.name == logIn && w.logIn != nil {
			expect.answers = w.logIn
		}
		for p, e := range map[phase][]outcome{before: answered, during: expect.answers, after: answered} {
			some := out.of(p, q.name)
			others := 0
			for _, v := range some {
				if !slices.Contains(e, v.outcome) {
					others++
				}
			}
			if others > len(some)/10 { // a machine that is busy enough sheds, which is right too
				t.Errorf("%s, phase %d: %s; want %v", q.name, p, outcomes(some), e)
			}
		}
	}
	for _, c := range []struct {
		class   string
		promise promise
		cached  bool
	}{{"what the cache knows", w.cached, true}, {"what only the database knows", w.asked, false}} {
		usual, some := out.class(before, c.cached), out.class(during, c.cached)
		due := c.promise.due(quantile(usual, 0.99))
		if took := quantile(some, 0.99); took > due+s.slack {
			t.Errorf("%s: one answer in 100 took %v or more, want %v", c.class, took, due)
		}
		if took := quantile(some, 0.5); took > due+s.slack/2 {
			t.Errorf("%s: half of the answers took more than %v, want %v", c.class, took, due)
		}
	}
}

// kept checks that every scan that was answered is in the database, once.
func (s *stage) kept(t *testing.T, all []asked) {
	t.Helper()
	within(t, 20*time.Second, "the scan log is drained", func() bool {
		n, err := s.rdb.XLen(t.Context(), "yz:{scans}").Result()
		return err == nil && n == 0
	})
	answered := map[string]asked{}
	for _, v := range all {
		if v.scan != "" {
			answered[v.scan] = v
		}
	}
	rows, err := s.db.QueryContext(t.Context(), "SELECT id, COUNT(*) FROM scans GROUP BY id")
	testkit.Must(t, err)
	defer rows.Close()
	for rows.Next() {
		var id string
		var n int
		testkit.Must(t, rows.Scan(&id, &n))
		if n != 1 {
			t.Errorf("a scan is in the database %d times", n)
		}
		delete(answered, id)
	}
	testkit.Must(t, rows.Err())
	for _, v := range answered {
		t.Errorf("a scan that was answered in phase %d, after %v, is not in the database", v.phase, v.took)
	}
	if n := s.rdb.XLen(t.Context(), "yz:{scans}:refused").Val(); n != 0 {
		t.Errorf("%d scans were set aside", n)
	}
}
