package main

import (
	"database/sql"
	"encoding/hex"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/ncruces/go-sqlite3/driver" // "sqlite3", to look into the file of the embedded mode
	"github.com/redis/go-redis/v9"

	"yanzheng/internal/scanlog"
	"yanzheng/internal/testkit"
	"yanzheng/internal/wechat/sandbox"
	"yanzheng/models"
)

// world is one installation: its environment, a running server, and a way into its database past the program.
type world struct {
	*process
	env     environment
	db      *sql.DB
	atOnce  bool          // a decision counts when its command ends; else within propagation
	code    func() string // a fresh log-in code
	sandbox *sandbox.Sandbox
	asked   atomic.Int32 // requests that came to the sandbox
	redis   *testkit.RedisServer
	proxy   *proxy // in front of the database
}

// propagation is how soon a running embedded server sees what another process decided.
const propagation = 2 * time.Second

// The secrets of the real mode's settings.
const (
	appID     = "wx0123456789abcdef"
	appSecret = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
	openID    = "oZfhT5vqK3lW0sY1nQ8xR2bC7dEu"
)

// realEnvironment is an installation with MariaDB and Redis, ready to start: migrated, with keys made by "keys add". Its
// Redis may be given lines of configuration.
func realEnvironment(t testing.TB, redisConfig ...string) *world {
	t.Helper()
	w := &world{atOnce: true, redis: testkit.Redis(t, redisConfig...)}
	database := testkit.MySQL(t)
	w.db = opened(t, "mysql", database.DSN(""))
	w.proxy = newProxy(t, database.Address)

	w.sandbox = sandbox.New(sandbox.Config{AppID: appID, AppSecret: appSecret, Now: time.Now})
	weChat := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.asked.Add(1)
		w.sandbox.ServeHTTP(out, r)
	}))
	t.Cleanup(weChat.Close)
	w.code = func() string { return w.sandbox.IssueLoginCode(openID) }
	secret("an openid", openID)

	dir := t.TempDir()
	keep := func(name, what, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(secret(what, text)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key := func(first byte) string {
		b := make([]byte, 32)
		for i := range b {
			b[i] = first + byte(i)
		}
		return hex.EncodeToString(b)
	}
	codes, seals := filepath.Join(dir, "codes"), filepath.Join(dir, "seals")
	for _, folder := range []string{codes, seals} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	files := filepath.Join(dir, "files")
	if err := os.Mkdir(files, 0o700); err != nil {
		t.Fatal(err)
	}
	w.env = environment{
		"LISTEN": "127.0.0.1:0", "PUBLIC_URL": "http://localhost:18080", "LOG_LEVEL": "debug",
		"DATABASE_ADDRESS": w.proxy.address, "DATABASE_USER": database.User, "DATABASE_NAME": database.Name,
		"DATABASE_PASSWORD_FILE":  keep("database", "the database's password", database.Password),
		"DATABASE_ANSWER_TIMEOUT": "3s", "REDIS_ADDRESSES": w.redis.Addr, "REDIS_TIMEOUT": "1s",
		"REDIS_PASSWORD_FILE": keep("redis", "the password of Redis", w.redis.Password),
		"WECHAT_APP_ID":       appID, "WECHAT_SECRET_FILE": keep("wechat", "the AppSecret", appSecret),
		"WECHAT_SANDBOX_URL": weChat.URL, "WECHAT_CHECK_FILES": "MP_verify_x1=x1y2z3",
		"KEYS_CODE_DIR":       codes,
		"KEYS_SEAL_DIR":       seals,
		"KEYS_ID_NUMBER_FILE": keep("id_number", "the key of the ID numbers", key(1)),
		"KEYS_ID_INDEX_FILE":  keep("id_index", "the key of the index", key(2)),
		"KEYS_IMAGE_FILE":     keep("image", "the key of the images", key(3)),
		"FILES_URL":           "file://" + files,
	}
	maps.Copy(w.env, generous)
	// From yesterday on, so that a key made today is the newer one.
	must[map[string]any](t, w.env, "keys", "add", "--from", today().AddDays(-1).String())
	must[map[string]any](t, w.env, "keys", "seals", "add", "--from", today().AddDays(-1).String())
	must[map[string]any](t, w.env, "migrate")
	return w
}

// generous are limits that no test meets which is not about them.
var generous = environment{
	"LIMITS_USER": "100000/1m", "LIMITS_ADDRESS": "100000/1m", "LIMITS_MISSES": "100000/1m", "LIMITS_LOOKUPS": "100000/1m", "LIMITS_LOGIN": "100000/1m",
	"LIMITS_FILES": "100000/1m", "LIMITS_CERTIFICATES": "100000/1m",
}

func realWorld(t testing.TB) *world {
	t.Helper()
	w := realEnvironment(t)
	w.process = serve(t, w.env)
	return w
}

// embeddedWorld is an installation that was configured by nothing but where its data and its address are.
func embeddedWorld(t testing.TB) *world {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	w := &world{env: environment{
		"LISTEN": "127.0.0.1:0", "PUBLIC_URL": "http://localhost:18081", "DATA_DIR": dir, "LOG_LEVEL": "debug",
	}}
	maps.Copy(w.env, generous)
	w.process = serve(t, w.env)
	w.db = opened(t, "sqlite3", "file:"+filepath.Join(dir, "yanzheng.db")+"?_pragma=busy_timeout(5000)")
	w.code = func() string { return demoOf(t, w.process).Logins[0].Code }
	for _, role := range demoRoles {
		secret("an openid", demoOpenID(role))
	}
	return w
}

func opened(t testing.TB, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// drained waits until every scan that was answered is in the database.
func (w *world) drained(t testing.TB) {
	t.Helper()
	if w.redis == nil { // embedded: scans go straight there
		return
	}
	rdb := redis.NewClient(&redis.Options{Addr: w.redis.Addr, Password: w.redis.Password})
	defer rdb.Close()
	within(t, 10*time.Second, "every scan is in the database", func() bool {
		n, err := rdb.XLen(t.Context(), scanlog.DefaultStream).Result()
		return err == nil && n == 0
	})
}

// count gives a single number out of the database, where every scan is that was answered.
func (w *world) count(t testing.TB, query string, args ...any) (n int) {
	t.Helper()
	if strings.Contains(query, "scans") {
		w.drained(t)
	}
	if err := w.db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(query, err)
	}
	return n
}

func (w *world) exec(t testing.TB, statement string, args ...any) {
	t.Helper()
	if _, err := w.db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(statement, err)
	}
}

// user gives a client that is logged in.
func (w *world) user(t testing.TB) *client {
	t.Helper()
	c := newClient(t, w.process)
	return c.as(c.logIn(w.code()).Token)
}

// certified brings one made-up person in and gives the registration with a certificate of it.
func (w *world) certified(t testing.TB, prefix string) (models.Registration, issued) {
	t.Helper()
	r := people(prefix, 1)[0]
	bring(t, w.env, r)
	return r, issue(t, w.env, r)
}

// settles checks that scans of a code answer this, from when they are to: at once, or within the promise.
func (w *world) settles(t testing.TB, c *client, code, want string) verdict {
	t.Helper()
	v := c.scan(code)
	if w.atOnce {
		if v.is() != want {
			t.Errorf("the very next scan is %s, want %s", v.is(), want)
		}
		return v
	}
	within(t, propagation, "a scan is "+want, func() bool {
		v = c.scan(code)
		return v.is() == want
	})
	return v
}
