// Package stand sets one installation of the real server up, for the programs under scripts/ that try
// or measure it: its own folder, its own database on a running MariaDB, a Redis, a WeChat sandbox.
// scripts/services run CMD gives it the servers.
package stand

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/redis/go-redis/v9"

	"yanzheng/internal/wechat/sandbox"
)

// Stand is one installation.
type Stand struct {
	Dir string // its folder, gone after Close
	URL string // where its server answers
	Env []string

	binary  string
	sandbox *sandbox.Sandbox
	wechat  *httptest.Server
	admin   *sql.DB
	schema  string
	server  *Process
	token   string
}

const (
	appID     = "wx0123456789abcdef"
	appSecret = "trial-secret-of-the-sandbox"
)

// New builds the server and configures it, keys and schema included. Close it whatever comes back.
func New(ctx context.Context) (*Stand, error) {
	t := &Stand{}
	return t, t.configure(ctx)
}

func (t *Stand) configure(ctx context.Context) (err error) {
	if t.Dir, err = os.MkdirTemp("", "yanzheng-stand-"); err != nil {
		return err
	}
	t.binary = filepath.Join(t.Dir, "server")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", t.binary, "yanzheng/server").CombinedOutput(); err != nil { //nolint:gosec // a path of ours
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	t.sandbox = sandbox.New(sandbox.Config{AppID: appID, AppSecret: appSecret, Now: time.Now})
	t.wechat = httptest.NewServer(t.sandbox)
	port, err := FreePort(ctx)
	if err != nil {
		return err
	}
	t.URL = fmt.Sprintf("http://127.0.0.1:%d", port)
	if err := t.database(ctx); err != nil {
		return err
	}
	if _, err := t.CLI(ctx, "keys", "seals", "add"); err != nil {
		return err
	}
	if _, err := t.CLI(ctx, "keys", "add"); err != nil {
		return err
	}
	_, err = t.CLI(ctx, "migrate")
	return err
}

// database makes a schema, and writes the configuration as environment and secret files.
func (t *Stand) database(ctx context.Context) error {
	base, err := mysql.ParseDSN(os.Getenv("YANZHENG_TEST_MYSQL"))
	if err != nil || base.Addr == "" {
		return errors.New("YANZHENG_TEST_MYSQL is not set: run this under scripts/services run")
	}
	cache, err := redis.ParseURL(os.Getenv("YANZHENG_TEST_REDIS"))
	if err != nil {
		return fmt.Errorf("YANZHENG_TEST_REDIS: %w", err)
	}
	if t.admin, err = sql.Open("mysql", base.FormatDSN()); err != nil {
		return err
	}
	t.schema = "trial_" + strings.ToLower(rand.Text()[:10])
	if _, err := t.admin.ExecContext(ctx, "CREATE DATABASE "+t.schema+" CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"); err != nil {
		return err
	}
	// The settings of whoever runs this are of another installation.
	surroundings := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "YANZHENG_") && !strings.HasPrefix(v, "YANZHENG_TEST_")
	})
	t.Env = append(surroundings,
		"YANZHENG_LISTEN="+strings.TrimPrefix(t.URL, "http://"), "YANZHENG_PUBLIC_URL="+t.URL,
		"YANZHENG_DATABASE_ADDRESS="+base.Addr, "YANZHENG_DATABASE_USER="+base.User, "YANZHENG_DATABASE_NAME="+t.schema,
		"YANZHENG_REDIS_ADDRESSES="+cache.Addr, "YANZHENG_REDIS_DB="+strconv.Itoa(cache.DB),
		"YANZHENG_WECHAT_APP_ID="+appID, "YANZHENG_WECHAT_SANDBOX_URL="+t.wechat.URL,
		"YANZHENG_KEYS_CODE_DIR="+filepath.Join(t.Dir, "codes"), "YANZHENG_KEYS_SEAL_DIR="+filepath.Join(t.Dir, "seals"),
		"YANZHENG_FILES_URL=file://"+filepath.Join(t.Dir, "files"),
	)
	for _, folder := range []string{"codes", "seals", "files"} {
		if err := os.Mkdir(filepath.Join(t.Dir, folder), 0o700); err != nil {
			return err
		}
	}
	for name, secret := range map[string]string{
		"DATABASE_PASSWORD_FILE": base.Passwd, "REDIS_PASSWORD_FILE": cache.Password, "WECHAT_SECRET_FILE": appSecret,
		"KEYS_ID_NUMBER_FILE": key(), "KEYS_ID_INDEX_FILE": key(), "KEYS_IMAGE_FILE": key(),
	} {
		if secret == "" {
			continue
		}
		path := filepath.Join(t.Dir, strings.ToLower(name))
		if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
			return err
		}
		t.Env = append(t.Env, "YANZHENG_"+name+"="+path)
	}
	return nil
}

// with gives the installation's environment with settings above it.
func (t *Stand) with(settings []string) []string { return append(slices.Clone(t.Env), settings...) }

func key() string {
	var b [32]byte
	rand.Read(b[:]) //nolint:errcheck,gosec // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// FreePort gives a port of loopback that nobody listens on. It is below the range of outgoing connections: a server
// that was killed must find its port free again, and a client that knocks meanwhile must not reach itself.
func FreePort(ctx context.Context) (port int, err error) {
	for range 100 {
		port = 20000 + mathrand.IntN(12000) //nolint:gosec // not a secret
		var l net.Listener
		if l, err = (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:"+strconv.Itoa(port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, err
}

// CLI runs a sub-command and gives what it printed.
func (t *Stand) CLI(ctx context.Context, args ...string) (string, error) {
	return t.CLIWith(ctx, nil, args...)
}

// CLIWith is CLI with settings (NAME=value) above those of the installation.
func (t *Stand) CLIWith(ctx context.Context, settings []string, args ...string) (string, error) {
	var out, errs bytes.Buffer
	c := exec.CommandContext(ctx, t.binary, args...) //nolint:gosec // our own binary
	c.Env, c.Stdout, c.Stderr = t.with(settings), &out, &errs
	if err := c.Run(); err != nil {
		return out.String(), fmt.Errorf("server %s: %w\n%s", strings.Join(args, " "), err, errs.String())
	}
	return strings.TrimSpace(out.String()), nil
}

// Start starts the server, behind the words of a command such as taskset if any are given, waits until it
// is ready, and logs in if nobody has. It gives the time until it was ready.
func (t *Stand) Start(ctx context.Context, before ...string) (ready time.Duration, err error) {
	t.server, err = start(ctx, t.URL, filepath.Join(t.Dir, "server.log"), append(before, t.binary), t.Env)
	if err != nil {
		return 0, err
	}
	if t.token == "" {
		t.token, err = t.LogIn(ctx, "stand")
	}
	return t.server.Ready, err
}

// LogIn gives a token of the user of that openid.
func (t *Stand) LogIn(ctx context.Context, openID string) (string, error) {
	var in struct{ Token string }
	err := t.Post(ctx, "/api/v1/login", map[string]string{"code": t.LoginCode(openID)}, &in)
	return in.Token, err
}

// LoginCode gives a fresh code with which the user of that openid can log in.
func (t *Stand) LoginCode(openID string) string { return t.sandbox.IssueLoginCode(openID) }

// Token is that of the user who is logged in at the start.
func (t *Stand) Token() string { return t.token }

// PID is the running server's.
func (t *Stand) PID() int { return t.server.PID() }

// Stop asks the server to end and waits.
func (t *Stand) Stop() error {
	if t.server == nil {
		return nil
	}
	err := t.server.Stop()
	t.server = nil
	return err
}

// Close stops everything and leaves nothing behind.
func (t *Stand) Close() {
	_ = t.Stop()
	if t.wechat != nil {
		t.wechat.Close()
	}
	if t.admin != nil {
		if _, err := t.admin.Exec("DROP DATABASE " + t.schema); err != nil { //nolint:noctx // the last act
			fmt.Fprintln(os.Stderr, err)
		}
		t.admin.Close()
	}
	_ = os.RemoveAll(t.Dir)
}

// Post sends JSON and reads the answer, which must be 200.
func (t *Stand) Post(ctx context.Context, path string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.URL+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+t.token)
	return do(r, into)
}

// Get reads JSON from an address.
func Get(ctx context.Context, url string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "application/json")
	return do(r, into)
}

func do(r *http.Request, into any) error {
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(a.Body, 1<<20))
	if err != nil {
		return err
	}
	if a.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %d %s", r.Method, r.URL.Path, a.StatusCode, raw)
	}
	return json.Unmarshal(raw, into)
}

// Pause lasts d, or until ctx ends, whose error it gives then.
func Pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
