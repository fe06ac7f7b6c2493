package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/net/netutil"

	"yanzheng/config"
	"yanzheng/internal/certificate"
	"yanzheng/internal/code"
	"yanzheng/internal/factcache"
	"yanzheng/internal/holder"
	"yanzheng/internal/scanlog"
	"yanzheng/internal/store"
	"yanzheng/internal/vault"
	"yanzheng/internal/verify"
	"yanzheng/internal/wechat"
	"yanzheng/miniprogram-api"
	"yanzheng/models"
	"yanzheng/web"
)

// Bounds of the listeners, against clients that are slow on purpose.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeader         = 16 << 10
)

// serve runs until ctx ends.
func (p *program) serve(ctx context.Context) error {
	c, err := p.config()
	if err != nil {
		return err
	}
	log := p.logger(c.Log)
	slog.SetDefault(log)
	redis.SetLogger(redisLog{log})
	for _, w := range c.Warnings() {
		log.Warn(w)
	}
	s, err := newServer(ctx, c, log)
	if err != nil {
		return err
	}
	defer s.close()
	if s.embedded != nil {
		s.embedded.greet(ctx, p.stdout, s)
	}
	return s.run(ctx)
}

// server is the running service. Build it with newServer, then run, then close.
type server struct {
	*parts
	listeners []listener // the public one, and the administration's where there is one
	codes     *code.Reader
	weChat    *wechat.Client
	scans     *scanlog.Log
	desk      *desk
	verifier  *verify.Service
	office    *certificate.Office
	lines     *lines
	metrics   *metrics
	readiness *readiness
	vault     *vault.Vault
	gallery   *holder.Gallery
	holders   *holder.Service
	embedded  *embedded // else nil
	release   func()    // gives the embedded folder back
}

// newServer listens first, so that a second process on the same address ends before it touches anything.
func newServer(ctx context.Context, c config.Config, log *slog.Logger) (*server, error) {
	s := &server{lines: newLines()}
	for _, address := range []string{c.Listen, c.AdminListen} {
		if address == "" {
			continue
		}
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		if err != nil {
			s.close()
			return nil, err
		}
		s.listeners = append(s.listeners, listener{Listener: l})
	}
	if err := s.build(ctx, c.WithListener(s.listeners[0].Addr().String()), log); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// listener is one address and what is served there.
type listener struct {
	net.Listener
	handler http.Handler
}

func (s *server) build(ctx context.Context, c config.Config, log *slog.Logger) error {
	var err error
	var own *factcache.Redis
	account := wechat.Config{AppID: c.WeChat.AppID, AppSecret: c.WeChat.Secret.Reveal(), SandboxURL: c.WeChat.SandboxURL}
	if c.Embedded {
		if s.embedded, err = startEmbedded(ctx); err != nil {
			return err
		}
		own, account = &s.embedded.address, s.embedded.account
	}
	if s.parts, err = open(ctx, c, log, own); err != nil {
		return err
	}
	if s.home != nil {
		if s.release, err = s.home.serveAlone(); err != nil {
			return err
		}
	}
	if s.codes, err = s.parts.codes(ctx); err != nil {
		return err
	}
	if s.weChat, err = wechat.New(account, s.line.Client(), log); err != nil {
		return err
	}
	s.scans = s.newScanLog()
	s.desk = s.newDesk(s.weChat, s.scans, s.lines.door)
	if s.office, err = s.newOffice(ctx, s.codes); err != nil {
		return err
	}
	s.verifier = verify.New(s.codes, s.desk, s.guarded(), s.guard, s.now)
	s.metrics = newMetrics(s)
	s.readiness = &readiness{
		database: s.store.Ping, redis: func(ctx context.Context) error { return s.line.Client().Ping(ctx).Err() }, now: s.now,
	}
	holders, err := s.own(ctx)
	if err != nil {
		return err
	}
	api := miniprogram.New(s.verifier, s.desk.sessions, s.codes, holders)
	options := web.Options{CheckFiles: c.WeChat.CheckFiles}
	if s.embedded != nil && c.Demo {
		if err := s.embedded.prepare(ctx, s); err != nil {
			return err
		}
		options.Demo = s.embedded.demoCodes
	}
	s.listeners[0].handler = s.router(api, web.New(s.verifier, options), miniprogram.NewFiles(s.newFiles(), s.now))
	for i := range s.listeners[1:] {
		s.listeners[1+i].handler = s.admin()
	}
	return nil
}

// run serves until ctx ends, then lets running requests end.
func (s *server) run(ctx context.Context) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx)) // until the last request has its answer
	var wait sync.WaitGroup
	defer wait.Wait()
	defer stop()
	for _, job := range []func(context.Context){s.relay.Run, s.scans.Run, s.watchKeys, s.watchSeals, s.tellMisses, s.tellUses, s.prune} {
		wait.Go(func() { job(background) })
	}
	failed := make(chan error, len(s.listeners))
	var servers []*http.Server
	for i, l := range s.listeners {
		if i == 0 {
			l.Listener = netutil.LimitListener(l.Listener, maxConnections)
		}
		h := &http.Server{
			Handler: l.handler, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout,
			WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
			ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		}
		servers = append(servers, h)
		go func() { failed <- h.Serve(l.Listener) }()
	}
	if err := s.relay.Turn(ctx); err != nil { // the first beat: from the first request on the cache counts
		s.log.Warn("the cache does not serve yet: serving from the database alone until it does", "error", err)
	}
	if err := s.line.Client().Ping(ctx).Err(); err != nil {
		s.log.Warn("Redis does not answer", "check", redisSettings(err), "error", err)
	}
	s.log.Info("serving", "address", s.listeners[0].Addr().String(), "public_url", s.config.PublicURL, "embedded", s.config.Embedded, "version", version)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.log.Info("stopping")
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.ShutdownTimeout)
	defer cancel()
	for _, h := range servers {
		if err := h.Shutdown(grace); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	}
	return nil
}

func (s *server) close() {
	if s.weChat != nil {
		s.weChat.Close()
	}
	if s.vault != nil {
		if err := s.vault.Close(); err != nil {
			s.log.Warn("closing the files", "error", err)
		}
	}
	if s.parts != nil {
		s.parts.close()
	}
	if s.embedded != nil {
		s.embedded.close()
	}
	for _, l := range s.listeners {
		l.Close() //nolint:errcheck,gosec // closed already after a run
	}
	if s.release != nil { // last: until here the folder is in use
		s.release()
	}
}

// keyRingEvery is how soon a rotated or revoked key counts in a running server.
const keyRingEvery = 2 * time.Second

// watchKeys reads the key ring again and again, so that "keys add" and "keys revoke" take effect in
// every running process. A ring that cannot be read, or is not this database's, leaves the last one in
// force; a database that is away does not keep a revocation from counting.
func (s *server) watchKeys(ctx context.Context) {
	every(ctx, keyRingEvery, func() {
		ring, err := code.Load(s.codeDir())
		if err != nil {
			s.log.ErrorContext(ctx, "key ring cannot be read: a key revoked now would go unnoticed", "error", err)
			return
		}
		if !bytes.Equal(code.NewReader(s.codes.Prefix(), ring).Document(), s.codes.Document()) {
			if err := s.checkRing(ctx, ring); errors.Is(err, store.ErrKeyDiffers) {
				s.log.ErrorContext(ctx, "key ring of another installation: not used", "error", err)
				return
			}
		}
		s.codes.Use(ring)
	})
}

// missesEvery is how often the counts of codes that came to nothing are written down.
const missesEvery = time.Minute

// tellMisses writes the counts down, and the last of them when the process ends.
func (s *server) tellMisses(ctx context.Context) {
	tell := func(ctx context.Context) {
		if err := s.desk.tellMisses(ctx, s.addMisses); err != nil {
			s.log.WarnContext(ctx, "counts of refused codes: will try again", "error", err)
		}
	}
	every(ctx, missesEvery, func() { tell(ctx) })
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	tell(last)
}

func (s *server) addMisses(ctx context.Context, flush string, misses ...models.Miss) error {
	return s.store.AddMisses(ctx, flush, models.InstantOf(s.now()), misses...)
}

// tellUses writes down when sessions were last used. What is lost with a process is a few minutes of that.
func (s *server) tellUses(ctx context.Context) {
	every(ctx, missesEvery, func() {
		if err := s.store.TouchSessions(ctx, s.desk.uses.Drain()); err != nil {
			s.log.WarnContext(ctx, "last use of sessions", "error", err)
		}
	})
}

const (
	pruneEvery = time.Hour
	pruneBatch = 1000
)

// prune ends the retention of scans, those that were set aside included, and of whatever else is kept for so many days, and forgets sessions a day after they ended.
func (s *server) prune(ctx context.Context) {
	every(ctx, pruneEvery, func() {
		if _, err := s.scans.Forget(ctx, s.now().AddDate(0, 0, -s.config.Scan.RetentionDays)); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "retention of entries set aside: will try again", "error", err)
		}
		daysAgo := func(n int) models.Instant { return models.InstantOf(s.now().AddDate(0, 0, -n)) }
		scans, sessions, c := daysAgo(s.config.Scan.RetentionDays), daysAgo(1), s.config
		for _, job := range []func() (int64, error){
			func() (int64, error) { return s.store.DeleteScansBefore(ctx, scans, pruneBatch) },
			func() (int64, error) { return s.store.DeleteSignatureChecksBefore(ctx, scans, pruneBatch) },
			func() (int64, error) { return s.store.DeleteSessionsBefore(ctx, sessions, pruneBatch) },
			func() (int64, error) { return s.store.DeleteFlushesBefore(ctx, sessions, pruneBatch) },
			func() (int64, error) {
				return s.store.DeleteLoginsBefore(ctx, daysAgo(c.Session.RetentionDays), pruneBatch)
			},
			func() (int64, error) {
				return s.store.DeleteTriesBefore(ctx, daysAgo(c.Binding.RetentionDays), pruneBatch)
			},
			func() (int64, error) {
				return s.store.DeleteClaimsBefore(ctx, daysAgo(c.Binding.RetentionDays), pruneBatch)
			},
			func() (int64, error) {
				return s.store.DeleteLocksBefore(ctx, models.InstantOf(s.now().Add(-triesWindow)), daysAgo(0), pruneBatch)
			},
			func() (int64, error) { return s.gallery.Prune(ctx, daysAgo(c.Images.RetentionDays), pruneBatch) },
		} {
			for n := int64(pruneBatch); n == pruneBatch && ctx.Err() == nil; {
				var err error
				if n, err = job(); err != nil {
					s.log.WarnContext(ctx, "retention: will try again", "error", err)
				}
			}
		}
	})
}

// every calls f at once and then at that rhythm until ctx ends.
func every(ctx context.Context, d time.Duration, f func()) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		f()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// redisSettings names the settings that may be wrong when Redis answers so.
func redisSettings(err error) string {
	if redis.HasErrorPrefix(err, "WRONGPASS") || redis.HasErrorPrefix(err, "NOAUTH") || redis.HasErrorPrefix(err, "ERR AUTH") || redis.HasErrorPrefix(err, "NOPERM") {
		return "redis.username, redis.password_file"
	}
	return "redis.addresses, redis.tls, redis.ca_file, redis.master_name, redis.cluster, and that it runs"
}

// redisLog takes the Redis client's own lines, which would go to standard error without any form.
type redisLog struct{ log *slog.Logger }

// Printf is what the client calls.
func (l redisLog) Printf(ctx context.Context, format string, v ...any) {
	l.log.DebugContext(ctx, "redis client", "says", fmt.Sprintf(format, v...))
}
