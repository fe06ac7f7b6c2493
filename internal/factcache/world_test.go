package factcache

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// start is when everything happens here; nothing in this package tells the time by itself.
var start = time.Date(2026, 3, 2, 10, 0, 0, 0, models.China)

// patient is a timeout that a busy machine does not break, where a test is not about timeouts.
const patient = 5 * time.Second

func TestMain(m *testing.M) {
	redis.SetLogger(silence{}) // it tells of every dial that a test makes fail
	m.Run()
}

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

var quiet = slog.New(slog.DiscardHandler)

// connect gives a client as the service has it.
func connect(t *testing.T, address, password string, timeout time.Duration) redis.UniversalClient {
	t.Helper()
	rdb := Open(Redis{Addresses: []string{address}, Password: password, Timeout: timeout}).Client()
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// real gives a client of a Redis of the test's own.
func real(t *testing.T) redis.UniversalClient {
	t.Helper()
	r := testkit.Redis(t)
	return connect(t, r.Addr, r.Password, patient)
}

// embedded gives a client of what stands in for Redis where nothing is configured.
func embedded(t *testing.T) redis.UniversalClient {
	t.Helper()
	m := miniredis.RunT(t)
	m.RequireAuth("secret")
	return connect(t, m.Addr(), "secret", patient)
}

// on runs a test on both kinds of Redis, which must not differ.
func on(t *testing.T, f func(t *testing.T, rdb redis.UniversalClient)) {
	t.Run("Redis", func(t *testing.T) { f(t, real(t)) })
	t.Run("embedded", func(t *testing.T) { f(t, embedded(t)) })
}

// holderOf names a Redis as the service does: a real one by what it says of itself.
func holderOf(ctx context.Context, rdb redis.UniversalClient) (Servers, error) {
	if servers, err := Behind(ctx, rdb); err == nil {
		return servers, nil
	}
	if err := rdb.Ping(ctx).Err(); err != nil {
		return Servers{}, err
	}
	return InProcess(ctx, rdb)
}

// open lets everybody ask the source: most tests are not about the guard.
func open() *Guard { return NewGuard(2000, patient, nil) }

// beating makes the heart of a cache beat once, over an empty outbox.
func beating(t *testing.T, rdb redis.UniversalClient) redis.UniversalClient {
	t.Helper()
	testkit.Must(t, NewRelay(rdb, &outbox{}, holderOf, time.Now, quiet).Turn(t.Context()))
	return rdb
}

// silent is the address of a server that takes connections and never says a word.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Must(t, err)
	var mu sync.Mutex
	var held []net.Conn
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			held = append(held, c)
			mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, c := range held {
			_ = c.Close()
		}
	})
	return listener.Addr().String()
}

// register is a source that a test can change, stop in the middle of a look, and ask how often it was asked.
type register struct {
	mu    sync.Mutex
	facts map[models.CertificateID]models.Facts
	err   error
	asked int
	// held, when set, is called between the look and its answer.
	held func(ctx context.Context)
}

func newRegister(known ...models.Facts) *register {
	r := &register{facts: map[models.CertificateID]models.Facts{}}
	for _, f := range known {
		r.facts[f.CertificateID] = f
	}
	return r
}

func (r *register) Facts(ctx context.Context, id models.CertificateID) (*models.Facts, error) {
	r.mu.Lock()
	r.asked++
	f, ok := r.facts[id]
	err, held := r.err, r.held
	r.mu.Unlock()
	if held != nil {
		held(ctx)
	}
	switch {
	case err != nil:
		return nil, err
	case ctx.Err() != nil:
		return nil, models.ErrUnavailable.Because(ctx.Err())
	case !ok:
		return nil, nil
	}
	return &f, nil
}

// revoke is a committed change: from now on the source tells of it, with the next version.
func (r *register) revoke(id models.CertificateID) (version int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.facts[id]
	f.State, f.Version = models.StateRevoked, f.Version+1
	r.facts[id] = f
	return f.Version
}

func (r *register) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

func (r *register) hold(f func(ctx context.Context)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = f
}

func (r *register) looks() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked
}

var errDown = models.ErrUnavailable.Because(errors.New("the source is down"))

// sample gives the facts of one certificate in force.
func sample(tag byte) models.Facts {
	return models.Facts{
		CertificateID: models.CertificateID{tag, 0, '|', 0xff}, RegistrationID: 7, PersonID: 70, Version: 1, Kind: 1, KeyNumber: 3,
		UseFrom: models.DateOf(start), UseUntil: models.DateOf(start).AddDays(180),
		Name: "欧阳·明𠮷", Category: models.CategoryArchitect1, CertificateNumber: "121500249", SealNumber: "281827-007",
		Employer: "示范|建筑设计院", EmployerCode: "91999999MA0000001X", ValidFrom: models.DateOf(start).AddDays(-100),
		ValidUntil: models.DateOf(start).AddDays(600), State: models.StateInForce, IDNumberMasked: "**************001X",
	}
}

// ask wants an answer from the cache.
func ask(t *testing.T, f *Facts, id models.CertificateID) models.KnownFacts {
	t.Helper()
	known, err := f.Facts(t.Context(), id)
	testkit.Must(t, err)
	return known
}

// outbox is the part of a store that the relay sees.
type outbox struct {
	mu           sync.Mutex
	pending      []models.Event
	certificates map[string][]models.CertificateID
	sessions     map[string][][]byte
	epoch        models.Epoch
	err          error
}

func (o *outbox) commit(e models.Event) models.Event {
	o.mu.Lock()
	defer o.mu.Unlock()
	e.ID = int64(len(o.pending) + 1)
	o.pending = append(o.pending, e)
	return e
}

func (o *outbox) left() (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range o.pending {
		if e.PropagatedAt == 0 {
			n++
		}
	}
	return n
}

func (o *outbox) PendingEvents(_ context.Context, after int64, limit int) (events []models.Event, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range o.pending {
		if e.PropagatedAt == 0 && e.ID > after && len(events) < limit {
			events = append(events, e)
		}
	}
	return events, o.err
}

func (o *outbox) MarkPropagated(_ context.Context, ids []int64, epoch string, at models.Instant) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil || (len(ids) > 0 && (epoch == "" || epoch != o.epoch.Name)) {
		return false, o.err
	}
	for _, id := range ids {
		o.pending[id-1].PropagatedAt = at
	}
	return true, nil
}

func (o *outbox) Epoch(context.Context) (models.Epoch, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.epoch, o.err
}

func (o *outbox) ReplaceEpoch(_ context.Context, name string, next models.Epoch) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil || o.epoch.Name != name {
		return false, o.err
	}
	o.epoch = next
	return true, nil
}

func (o *outbox) CertificateIDs(context.Context, ...string) (map[string][]models.CertificateID, error) {
	return o.certificates, nil
}

func (o *outbox) SessionHashes(context.Context, ...string) (map[string][][]byte, error) {
	return o.sessions, nil
}

// changed is the event of a change of registration 7.
func changed(version int64) models.Event {
	return models.Event{Subject: models.SubjectRegistration, SubjectID: "7", Version: version, Kind: models.EventRevoked}
}

// eventually waits for something that happens by itself.
func eventually(t *testing.T, within time.Duration, what string, done func() bool) {
	t.Helper()
	for since := time.Now(); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Since(since) > within {
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}

// raw gives what Redis itself holds under a key.
func raw(t *testing.T, rdb redis.UniversalClient, key string) string {
	t.Helper()
	held, err := rdb.Get(t.Context(), key).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		t.Fatal(err)
	}
	return held
}

func version(held string) string {
	v, _, _ := strings.Cut(held, "|")
	return v
}

// versions is the newest version that was acknowledged.
type versions struct{ newest atomic.Int64 }

func (v *versions) set(n int64) { v.newest.Store(n) }
func (v *versions) get() int64  { return v.newest.Load() }
