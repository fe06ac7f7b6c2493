package scanlog

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/ncruces/go-sqlite3/driver"
	"github.com/redis/go-redis/v9"

	"yanzheng/internal/factcache"
	"yanzheng/internal/store"
	"yanzheng/internal/testkit"
	"yanzheng/internal/testkit/storekit"
	"yanzheng/models"
)

// patient is a time that a busy machine does not need; short is that of configuration.
const (
	patient = 20 * time.Second
	short   = 50 * time.Millisecond
)

// quick is the consumer's rhythm for tests that do not want to wait.
var quick = rhythm{
	block: 50 * time.Millisecond, linger: time.Millisecond, call: patient, write: patient, wait: 50 * time.Millisecond,
	look: 50 * time.Millisecond, dead: 300 * time.Millisecond, forget: time.Second,
}

func TestMain(m *testing.M) {
	redis.SetLogger(silence{}) // it tells of every dial that a test makes fail
	m.Run()
}

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

// fullScan has everything that a scan can have; bareScan as little as the database takes.
func fullScan(id string) models.Scan {
	return models.Scan{
		ID: id, At: 1_772_416_800_123, Channel: models.ChannelAPI, UserID: new("u-inspector"), CodeDigest: bytes.Repeat([]byte{0xfe, 0}, 8),
		CertificateID: &models.CertificateID{0xff, 0, 7: 9}, RegistrationID: new(int64(1) << 40),
		DocumentStatus: models.DocumentOutdated, DocumentReason: models.ReasonChanged, RegistrationStatus: models.RegistrationInForce,
		Usable: true, FactsAsOf: 1_772_416_799_000, FactsSource: models.SourceDatabase, LatCenti: new(int32(-9000)), LngCenti: new(int32(18000)),
		Note: "现场检查·𠮷",
	}
}

func bareScan(id string) models.Scan { return models.Scan{ID: id, CodeDigest: make([]byte, 16)} }

// scans gives n of them, of both kinds, named after a test's own word.
func scans(word string, n int) []models.Scan {
	all := make([]models.Scan, n)
	for i := range all {
		if all[i] = fullScan(fmt.Sprintf("%s-%05d", word, i)); i%2 == 1 {
			all[i] = bareScan(all[i].ID)
		}
	}
	return all
}

// spoiled is a scan that every database refuses: its digest must not be NULL.
func spoiled(id string) models.Scan { return models.Scan{ID: id} }

// archive is a real database, with a look past the store, and an eye on what is written.
type archive struct {
	*store.Store
	raw *sql.DB

	mu      sync.Mutex
	written []string                  // ids that it took, each time they were given
	batches []int                     // how many at once
	before  func(ctx context.Context) // called before each insert, when set
}

// openArchive gives an empty database of one kind. way, where given, stands before a server.
func openArchive(t testing.TB, kind string, way ...*proxy) (*archive, store.Options) {
	t.Helper()
	o := storekit.Databases[kind](t)
	driver, dsn := "sqlite3", "file:"+o.Path+"?_pragma=busy_timeout(5000)"
	if o.Driver == "mysql" {
		driver, dsn = "mysql", fmt.Sprintf("%s:%s@tcp(%s)/%s", o.User, o.Password, o.Address, o.Name)
	}
	raw, err := sql.Open(driver, dsn)
	testkit.Must(t, err)
	t.Cleanup(func() { _ = raw.Close() })
	s, err := store.Open(t.Context(), o)
	testkit.Must(t, err)
	_, err = s.Migrate(t.Context())
	testkit.Must(t, err)
	if len(way) > 0 {
		testkit.Must(t, s.Close())
		way[0].to(t, o.Address)
		o.Address, o.ReadTimeout, o.WriteTimeout = way[0].address, time.Second, time.Second
		s, err = store.Open(t.Context(), o)
		testkit.Must(t, err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &archive{Store: s, raw: raw}, o
}

func (a *archive) AppendScans(ctx context.Context, scans ...models.Scan) error {
	a.mu.Lock()
	before := a.before
	a.mu.Unlock()
	if before != nil {
		before(ctx)
	}
	err := a.Store.AppendScans(ctx, scans...)
	if err == nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		for i := range scans {
			a.written = append(a.written, scans[i].ID)
		}
		a.batches = append(a.batches, len(scans))
	}
	return err
}

// times tells how many rows it was given, and in how many batches.
func (a *archive) times() (rows, batches int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.written), len(a.batches)
}

// hold makes every insert wait for a call of let.
func (a *archive) hold() (let func()) {
	gate := make(chan struct{})
	a.mu.Lock()
	defer a.mu.Unlock()
	a.before = func(ctx context.Context) {
		select {
		case <-gate:
		case <-ctx.Done():
		}
	}
	return sync.OnceFunc(func() { close(gate) })
}

// has counts the rows there are.
func (a *archive) has(t testing.TB) (n int) {
	t.Helper()
	testkit.Must(t, a.raw.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM scans").Scan(&n))
	return n
}

// desk is a Redis and one process's log on it.
type desk struct {
	*Log
	t      *testing.T
	server *testkit.RedisServer  // nil behind a proxy
	rdb    redis.UniversalClient // for a look at what is there, and as consumer
	diary  *diary
}

func newDesk(t *testing.T, database Database, config ...string) *desk {
	t.Helper()
	return deskOn(t, testkit.Redis(t, config...), database)
}

// deskOn gives a further process's log on the same Redis.
func deskOn(t *testing.T, r *testkit.RedisServer, database Database) *desk {
	t.Helper()
	hot := factcache.Open(factcache.Redis{Addresses: []string{r.Addr}, Password: r.Password, Timeout: patient}).Client()
	t.Cleanup(func() { _ = hot.Close() })
	d := &desk{t: t, server: r, rdb: consumerClient(t, r.Addr, r.Password), diary: &diary{}}
	d.Log = New(Options{Hot: hot, Consumer: d.rdb, Database: database, Logger: slog.New(d.diary), Now: time.Now})
	d.rhythm = quick
	return d
}

// consumerClient is made as the service makes it.
func consumerClient(t testing.TB, address, password string) redis.UniversalClient {
	t.Helper()
	rdb := redis.NewUniversalClient(factcache.Redis{Addresses: []string{address}, Password: password, Timeout: patient}.Options())
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// start runs a consumer until stop is called or the test ends.
func (d *desk) start() (stop func()) {
	ctx, cancel := context.WithCancel(d.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.Run(ctx)
	}()
	stop = func() { cancel(); <-done }
	d.t.Cleanup(stop)
	return stop
}

func (d *desk) state() State {
	d.t.Helper()
	s, err := d.State(d.t.Context())
	testkit.Must(d.t, err)
	return s
}

// empty waits until nothing is left in the stream.
func (d *desk) empty() {
	d.t.Helper()
	eventually(d.t, "the stream is empty", func() bool { return d.state().Waiting == 0 })
	if n, _ := d.pending(); n != 0 {
		d.t.Errorf("%d entries are gone and still pending", n)
	}
}

// pending counts the entries that consumers hold, and those consumers.
func (d *desk) pending() (entries int64, consumers int) {
	if p := d.rdb.XPending(d.t.Context(), d.stream, group).Val(); p != nil {
		return p.Count, len(p.Consumers)
	}
	return 0, 0 // nobody made the group yet
}

// raw adds an entry that is no record.
func (d *desk) raw(values ...string) string {
	d.t.Helper()
	id, err := d.rdb.XAdd(d.t.Context(), &redis.XAddArgs{Stream: d.stream, Values: values}).Result()
	testkit.Must(d.t, err)
	return id
}

// eventually waits for something that happens by itself.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	for since := time.Now(); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Since(since) > patient {
			t.Fatalf("not within %v: %s", patient, what)
		}
	}
}

// diary keeps what a log says.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) Enabled(context.Context, slog.Level) bool { return true }
func (d *diary) WithAttrs([]slog.Attr) slog.Handler       { return d }
func (d *diary) WithGroup(string) slog.Handler            { return d }

func (d *diary) Handle(_ context.Context, r slog.Record) error {
	line := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		line += " " + a.String()
		return true
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
	return nil
}

func (d *diary) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.lines)
}

// proxy stands before a server. It can swallow what the server says, cut, and refuse.
type proxy struct {
	address string

	mu       sync.Mutex
	target   string
	listener net.Listener
	open     []net.Conn
	deaf     bool
}

func newProxy(t *testing.T) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Must(t, err)
	p := &proxy{address: listener.Addr().String(), listener: listener}
	t.Cleanup(p.refuse)
	return p
}

func (p *proxy) to(t testing.TB, target string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
	go p.serve(p.listener, target)
}

func (p *proxy) serve(listener net.Listener, target string) {
	for {
		near, err := listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", target)
		if err != nil {
			_ = near.Close()
			continue
		}
		p.mu.Lock()
		p.open = append(p.open, near, far)
		p.mu.Unlock()
		go p.carry(near, far, false)
		go p.carry(far, near, true)
	}
}

func (p *proxy) carry(from, to net.Conn, answers bool) {
	defer from.Close()
	defer to.Close()
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		p.mu.Lock()
		swallow := answers && p.deaf
		p.mu.Unlock()
		if n > 0 && !swallow {
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// goDeaf lets every request through, and no answer.
func (p *proxy) goDeaf() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deaf = true
}

// refuse is a server that is down.
func (p *proxy) refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.listener.Close()
	for _, c := range p.open {
		_ = c.Close()
	}
	p.open = nil
}

// comeBack is a server that is up again, on its old address.
func (p *proxy) comeBack(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", p.address)
	testkit.Must(t, err)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deaf, p.listener = false, listener
	go p.serve(listener, p.target)
}
