package session_test

import (
	"context"
	"database/sql"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	_ "github.com/go-sql-driver/mysql"
	_ "github.com/ncruces/go-sqlite3/driver"
	"github.com/redis/go-redis/v9"

	"yanzheng/internal/factcache"
	"yanzheng/internal/session"
	"yanzheng/internal/store"
	"yanzheng/internal/testkit"
	"yanzheng/models"
)

var now = time.Date(2026, 3, 2, 10, 0, 0, 0, models.China)

const life = 2 * time.Hour

// databases are those that the product runs on, each with a look past the store.
var databases = map[string]func(t *testing.T) (o store.Options, driver, dsn string){
	"SQLite": func(t *testing.T) (store.Options, string, string) {
		path := filepath.Join(t.TempDir(), "register.db")
		return store.Options{Driver: "sqlite", Path: path}, "sqlite3", "file:" + path
	},
	"MariaDB": func(t *testing.T) (store.Options, string, string) {
		d := testkit.MySQL(t)
		return store.Options{
			Driver: "mysql", Network: "tcp", Address: d.Address, User: d.User, Password: d.Password, Name: d.Name,
			MaxOpen: 8, MaxIdle: 8, DialTimeout: time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
		}, "mysql", d.DSN("")
	},
}

// gatehouse is the use case on a real store, behind the real cache of identities.
type gatehouse struct {
	*session.Service
	t     *testing.T
	store *store.Store
	raw   *sql.DB
	redis *miniredis.Miniredis
	clock *testkit.Clock
	asked *asked
	relay *shaky
}

func newGatehouse(t *testing.T) *gatehouse { return gatehouseOn(t, "SQLite") }

func gatehouseOn(t *testing.T, database string) *gatehouse {
	t.Helper()
	o, driver, dsn := databases[database](t)
	o.Keys = store.Keys{Seal: [32]byte{1}, Index: [32]byte{2}}
	s, err := store.Open(t.Context(), o)
	testkit.Must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	_, err = s.Migrate(t.Context())
	testkit.Must(t, err)
	raw, err := sql.Open(driver, dsn)
	testkit.Must(t, err)
	t.Cleanup(func() { _ = raw.Close() })
	m := miniredis.RunT(t)
	rdb := factcache.Open(factcache.Redis{Addresses: []string{m.Addr()}, Timeout: 5 * time.Second}).Client()
	t.Cleanup(func() { _ = rdb.Close() })
	g := &gatehouse{t: t, store: s, raw: raw, redis: m, clock: testkit.NewClock(now)}
	g.asked = &asked{Identities: factcache.NewIdentities(factcache.Over(rdb), s, factcache.NewGuard(100, 5*time.Second, nil), g.clock.Now)}
	g.relay = &shaky{Relay: relay(rdb, s, g.clock.Now), there: true}
	testkit.Must(t, g.relay.Turn(t.Context()))
	g.Service = session.New(g, wechat{}, s, g.asked, g.relay, life, g.clock.Now)
	return g
}

func relay(rdb redis.UniversalClient, s *store.Store, now func() time.Time) *factcache.Relay {
	return factcache.NewRelay(rdb, s, factcache.InProcess, now, slog.New(slog.DiscardHandler))
}

const address = "192.0.2.1"

// AdmitLogIn lets everybody in, but for those whom a test keeps out.
func (g *gatehouse) AdmitLogIn(_ context.Context, from string) error {
	if from != address {
		return errGate
	}
	return nil
}

var errGate = models.NewError(models.KindTooMany, "too_many", "过多", "Too many")

// wechat knows the openid of every code that begins with "code-".
type wechat struct{}

var errWeChat = models.NewError(models.KindUnauthenticated, "code_invalid", "登录码无效", "The log-in code is not valid")

func (wechat) OpenID(_ context.Context, code string) (string, error) {
	openID, ok := strings.CutPrefix(code, "code-")
	if !ok {
		return "", errWeChat
	}
	return "openid-" + openID, nil
}

// asked counts the look-ups of identities, and fails them on demand.
type asked struct {
	session.Identities
	mu  sync.Mutex
	n   int
	err error
}

func (a *asked) Identity(ctx context.Context, hash []byte) (models.Identity, error) {
	a.mu.Lock()
	a.n++
	err := a.err
	a.mu.Unlock()
	if err != nil {
		return models.Identity{}, err
	}
	return a.Identities.Identity(ctx, hash)
}

// shaky is a relay that can be away.
type shaky struct {
	*factcache.Relay
	there bool
}

func (s *shaky) Propagate(ctx context.Context, events []models.Event) bool {
	return s.there && s.Relay.Propagate(ctx, events)
}

func (g *gatehouse) logIn(who string) session.LogIn {
	g.t.Helper()
	in, err := g.LogIn(g.t.Context(), address, "code-"+who, models.DeviceIOS)
	testkit.Must(g.t, err)
	return in
}

func (g *gatehouse) count(query string, args ...any) (n int) {
	g.t.Helper()
	testkit.Must(g.t, g.raw.QueryRowContext(g.t.Context(), query, args...).Scan(&n))
	return n
}
