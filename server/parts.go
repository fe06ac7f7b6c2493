package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/config"
	"yanzheng/internal/code"
	"yanzheng/internal/endorse"
	"yanzheng/internal/factcache"
	"yanzheng/internal/photolink"
	"yanzheng/internal/ratelimit"
	"yanzheng/internal/register"
	"yanzheng/internal/scanlog"
	"yanzheng/internal/session"
	"yanzheng/internal/store"
	"yanzheng/models"
)

// parts are what the server and the sub-commands are made of. Build them with open, give them back with
// close.
type parts struct {
	config config.Config
	log    *slog.Logger
	now    func() time.Time
	store  *store.Store
	guard  *factcache.Guard      // in front of the database, for what somebody waits for
	redis  redis.UniversalClient // nil in a sub-command of the embedded mode
	relay  *factcache.Relay      // nil likewise
	home   *home                 // the embedded mode's folder, else nil
}

// open connects to what the configuration names. In the embedded mode the in-process Redis belongs to
// the serving process alone: cache is given there, and nil elsewhere.
func open(ctx context.Context, c config.Config, log *slog.Logger, cache redis.UniversalClient) (*parts, error) {
	p := &parts{config: c, log: log, now: time.Now, redis: cache}
	options := storeOptions(c, log)
	if c.Embedded {
		var err error
		if p.home, err = openHome(c.DataDir, models.DateOf(p.now())); err != nil {
			return nil, err
		}
		options.Path, options.Keys = p.home.database, p.home.keys
	} else if cache == nil {
		p.redis = connectRedis(c.Redis, log)
	}
	var err error
	if p.store, err = store.Open(ctx, options); err != nil {
		p.close()
		return nil, err
	}
	p.guard = guard(c)
	if p.redis != nil {
		holder := factcache.Servers
		if c.Embedded {
			holder = factcache.InProcess
		}
		p.relay = factcache.NewRelay(p.redis, p.store, holder, p.now, log)
	}
	err = p.checkSchema(ctx)
	if err == nil {
		err = p.store.CheckSealingKeys(ctx)
	}
	if err == nil {
		key := p.imageKey()
		err = p.store.CheckKeys(ctx, map[string][]byte{"image": key[:]})
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// storeOptions says how to open the configured database.
func storeOptions(c config.Config, log *slog.Logger) store.Options {
	d := c.Database
	return store.Options{
		Driver: d.Driver, Network: d.Network(), Address: d.Address,
		User: d.User, Password: d.Password.Reveal(), Name: d.Name, TLS: tlsConfig(d.TLS, d.CA),
		MaxOpen: d.MaxOpen, MaxIdle: d.MaxIdle, MaxLifetime: d.MaxLifetime,
		DialTimeout: d.DialTimeout, ReadTimeout: d.ReadTimeout, WriteTimeout: d.WriteTimeout,
		Keys:   store.Keys{Seal: c.Keys.IDNumber.Reveal(), Index: c.Keys.IDIndex.Reveal()},
		Logger: log,
	}
}

// guard lets those who wait for an answer have three quarters of the connections: the relay, the scan log's consumer
// and the health check find one however great the load is.
func guard(c config.Config) *factcache.Guard {
	patience := c.Database.AnswerTimeout
	if c.Embedded {
		patience = embeddedPatience
	}
	return factcache.NewGuard(max(1, c.Database.MaxOpen*3/4), patience)
}

// embeddedPatience is longer, as SQLite's one writer may be an import in another process.
const embeddedPatience = 2 * time.Second

// checkSchema wants the schema of this version. The embedded mode makes it so itself.
func (p *parts) checkSchema(ctx context.Context) error {
	if p.config.Embedded {
		_, err := p.store.Migrate(ctx)
		return err
	}
	return p.store.CheckSchema(ctx)
}

func (p *parts) close() {
	if p.store != nil {
		if err := p.store.Close(); err != nil {
			p.log.Warn("closing the database", "error", err)
		}
	}
	if p.redis != nil {
		if err := p.redis.Close(); err != nil && !errors.Is(err, redis.ErrClosed) {
			p.log.Warn("closing Redis", "error", err)
		}
	}
}

// Propagate tells the caches of committed changes; false means that a relay will.
func (p *parts) Propagate(ctx context.Context, events []models.Event) bool {
	return p.relay != nil && p.relay.Propagate(ctx, events)
}

func (p *parts) register() *register.Service { return register.New(p.store, p, p.now) }

func (p *parts) initial() *register.Initial { return register.NewInitial(p.store, p.now) }

func (p *parts) endorse(codes endorse.Codes, now func() time.Time) *endorse.Service {
	return endorse.New(p.store, codes, p, now)
}

// roles puts together what gives and takes roles; nobody logs in there.
func (p *parts) roles() *session.Service {
	return session.New(nil, nil, p.store, p.store, p, p.config.Session.TTL, p.now)
}

// account puts together what users do about their own sessions.
func (p *parts) account() *session.Account { return session.NewAccount(p.store, p, p.now) }

// newDesk puts together what everybody passes who asks something of the serving process.
func (p *parts) newDesk(w session.WeChat, log *scanlog.Log) *desk {
	d := &desk{
		rdb: p.redis, log: log, limits: p.config.Limits, now: p.now, owners: newOwners(), tally: &ratelimit.Tally{},
		identities: factcache.NewIdentities(p.redis, p.store, p.guard, p.now),
		facts:      factcache.NewFacts(p.redis, p.store, p.guard, p.now),
		limiter:    ratelimit.New(p.redis, ratelimit.Options{Now: p.now}),
		local:      ratelimit.NewLocal(p.now, 0),
		links:      photolink.New(p.redis, p.now),
	}
	d.sessions = session.New(d, w, p.store, d.identities, p, p.config.Session.TTL, p.now)
	return d
}

// newScanLog gives the log of scans. The embedded mode's goes straight into the database: its Redis is gone with the
// process.
func (p *parts) newScanLog(consumer redis.UniversalClient) *scanlog.Log {
	o := scanlog.Options{Consumer: consumer, Database: p.store, Direct: p.guarded(), Logger: p.log, Now: p.now}
	if !p.config.Embedded {
		o.Hot = p.redis
	}
	return scanlog.New(o)
}

// guarded is the database for those who wait for it.
type guarded struct {
	*store.Store
	guard *factcache.Guard
}

func (p *parts) guarded() guarded { return guarded{p.store, p.guard} }

// AppendScans writes scans while somebody waits for the answer.
func (g guarded) AppendScans(ctx context.Context, scans ...models.Scan) error {
	return g.guard.Ask(ctx, func(ctx context.Context) error { return g.Store.AppendScans(ctx, scans...) })
}

// FindRegistration finds a registration while somebody waits for it.
func (g guarded) FindRegistration(ctx context.Context, number, name string, category models.Category) (found *models.Registration, err error) {
	err = g.guard.Ask(ctx, func(ctx context.Context) (err error) {
		found, err = g.Store.FindRegistration(ctx, number, name, category)
		return err
	})
	return found, err
}

// codeDir is the folder of the key ring.
func (p *parts) codeDir() string { return codeDir(p.config, p.home) }

func codeDir(c config.Config, h *home) string {
	if h != nil {
		return h.codeDir
	}
	return c.Keys.CodeDir
}

// checkRing holds a ring against the keys that this database knows.
func (p *parts) checkRing(ctx context.Context, ring *code.Ring) error {
	public := map[string][]byte{}
	for _, k := range ring.Keys() {
		public[fmt.Sprintf("code/%d", k.Number)] = k.Public
	}
	return p.store.CheckKeys(ctx, public)
}

// codes reads the key ring, which must be the one that signed what the database holds: another ring would
// call honest holders forgers.
func (p *parts) codes(ctx context.Context) (*code.Reader, error) {
	ring, err := code.Load(p.codeDir())
	if err != nil {
		return nil, err
	}
	if err := p.checkRing(ctx, ring); err != nil {
		return nil, err
	}
	return code.NewReader(p.config.Prefix(), ring), nil
}

func connectRedis(c config.Redis, log *slog.Logger) redis.UniversalClient {
	return factcache.Connect(redisOf(c, c.Timeout, log))
}

// consumerTimeout is for those for whom nobody waits: they rather wait than fail.
const consumerTimeout = 3 * time.Second

// connectConsumer gives a client without a breaker for the scan log's consumer.
func connectConsumer(c config.Redis) redis.UniversalClient {
	return redis.NewUniversalClient(redisOf(c, consumerTimeout, nil).Options())
}

func redisOf(c config.Redis, timeout time.Duration, log *slog.Logger) factcache.Redis {
	return factcache.Redis{
		Addresses: c.Addresses, MasterName: c.MasterName, Cluster: c.Cluster, Username: c.Username,
		Password: c.Password.Reveal(), DB: c.DB, TLS: tlsConfig(c.TLS, c.CA), Timeout: timeout, Log: log,
	}
}

func tlsConfig(on bool, authorities *x509.CertPool) *tls.Config {
	if !on {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: authorities}
}
