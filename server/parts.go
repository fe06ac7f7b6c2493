package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
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
	"yanzheng/internal/turns"
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
	line   *factcache.Line       // to Redis, for what somebody waits for; nil in a sub-command of the embedded mode
	steady redis.UniversalClient // to Redis, for what nobody waits for; nil likewise
	relay  *factcache.Relay      // nil likewise
	home   *home                 // the embedded mode's folder, else nil
	keys   store.Keys            // of the register's personal data
}

// open connects to what the configuration names. In the embedded mode the in-process Redis belongs to
// the serving process alone: it is given there, and nil elsewhere.
func open(ctx context.Context, c config.Config, log *slog.Logger, own *factcache.Redis) (*parts, error) {
	p := &parts{config: c, log: log, now: time.Now}
	options := storeOptions(c, log)
	if c.Embedded {
		var err error
		if p.home, err = openHome(c.DataDir, models.DateOf(p.now())); err != nil {
			return nil, err
		}
		options.Path, options.Keys = p.home.database, p.home.keys
	} else {
		own = redisOf(c.Redis, log)
	}
	if own != nil {
		p.line = factcache.Open(*own)
		p.steady = redis.NewUniversalClient(own.Steady())
	}
	p.keys = options.Keys
	var err error
	if !c.Embedded { // a silent database must not hold a start or a command up; the embedded mode may migrate here
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, openPatience)
		defer cancel()
	}
	if p.store, err = store.Open(ctx, options); err != nil {
		p.close()
		return nil, away(err)
	}
	p.guard = p.newGuard()
	if p.line != nil {
		holder := factcache.Behind
		if c.Embedded {
			holder = factcache.InProcess
		}
		p.relay = factcache.NewRelay(p.steady, p.store, holder, p.now, log).Vouch(p.line)
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
		return nil, away(err)
	}
	return p, nil
}

// openPatience is how long the database may take to say that it is there and the one that is looked for.
const openPatience = 5 * time.Second

// away says of a database that does not answer where to look.
func away(err error) error {
	if errors.Is(err, models.ErrUnavailable) {
		return errDatabaseAway.Because(errors.Unwrap(models.AsError(err)))
	}
	return err
}

var errDatabaseAway = models.NewError(models.KindUnavailable, "database_away",
	"数据库没有应答，什么也没有更改：请检查 database.address、database.tls、database.ca_file，以及数据库是否在运行",
	"The database does not answer, and nothing was changed: check database.address, database.tls and database.ca_file, and that it runs")

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

// newGuard lets those who wait for an answer have three quarters of the connections: the relay, the scan log's consumer
// and the health check find one however great the load is.
func (p *parts) newGuard() *factcache.Guard {
	var away func() bool
	if p.line != nil {
		away = p.line.Away
	}
	return factcache.NewGuard(max(1, p.config.Database.MaxOpen*3/4), p.patience(), away)
}

// patience is how long one answer may take.
func (p *parts) patience() time.Duration {
	if p.config.Embedded {
		return embeddedPatience
	}
	return p.config.Database.AnswerTimeout
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
	if p.line != nil {
		for _, rdb := range []redis.UniversalClient{p.line.Client(), p.steady} {
			if err := rdb.Close(); err != nil && !errors.Is(err, redis.ErrClosed) {
				p.log.Warn("closing Redis", "error", err)
			}
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
func (p *parts) newDesk(w session.WeChat, log *scanlog.Log, door *turns.Line) *desk {
	d := &desk{
		line: p.line, log: log, limits: p.config.Limits, now: p.now, owners: newOwners(), tally: &ratelimit.Tally{},
		identities: factcache.NewIdentities(p.line, p.store, p.guard, p.now),
		facts:      factcache.NewFacts(p.line, p.store, p.guard, p.now),
		limiter:    ratelimit.New(p.line.Client(), ratelimit.Options{Now: p.now, Key: actorKey(p.keys)}),
		local:      ratelimit.NewLocal(p.now, 0),
		links:      photolink.New(p.line.Client(), p.now),
		door:       door,
	}
	d.sessions = session.New(d, w, p.guarded(), d.identities, p, p.config.Session.TTL, p.now)
	return d
}

// actorKey is the secret under which Redis knows users and addresses: of the index's key, and good for nothing else.
func actorKey(k store.Keys) []byte {
	mac := hmac.New(sha256.New, k.Index[:])
	mac.Write([]byte("yanzheng/limits/actor"))
	return mac.Sum(nil)
}

// newScanLog gives the log of scans. The embedded mode's goes straight into the database: its Redis is gone with the
// process.
func (p *parts) newScanLog() *scanlog.Log {
	o := scanlog.Options{Database: p.store, Direct: p.guarded(), Logger: p.log, Now: p.now}
	if !p.config.Embedded {
		o.Hot, o.Consumer = p.line.Client(), p.steady
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

// EnsureUser finds or makes a user while somebody waits for the log-in.
func (g guarded) EnsureUser(ctx context.Context, openID, newID string, at models.Instant) (u models.User, err error) {
	err = g.guard.Ask(ctx, func(ctx context.Context) (err error) {
		u, err = g.Store.EnsureUser(ctx, openID, newID, at)
		return err
	})
	return u, err
}

// CreateSession begins a session while somebody waits for the log-in.
func (g guarded) CreateSession(ctx context.Context, s models.Session, network string) (id models.Identity, err error) {
	err = g.guard.Ask(ctx, func(ctx context.Context) (err error) {
		id, err = g.Store.CreateSession(ctx, s, network)
		return err
	})
	return id, err
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

// loadRing reads the key ring, and says how to make one where there is none.
func loadRing(dir string) (*code.Ring, error) {
	ring, err := code.Load(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoRing.Because(err)
	}
	return ring, err
}

var errNoRing = models.NewError(models.KindConflict, "no_key_ring",
	"密钥文件夹（keys.code_dir）中没有密钥环：请用 server keys add 生成第一个密钥，或放回原来的文件夹",
	"There is no key ring in keys.code_dir: make its first key with \"server keys add\", or bring the old folder back")

// codes reads the key ring, which must be the one that signed what the database holds: another ring would
// call honest holders forgers.
func (p *parts) codes(ctx context.Context) (*code.Reader, error) {
	ring, err := loadRing(p.codeDir())
	if err != nil {
		return nil, err
	}
	if err := p.checkRing(ctx, ring); err != nil {
		return nil, err
	}
	return code.NewReader(p.config.Prefix(), ring), nil
}

func redisOf(c config.Redis, log *slog.Logger) *factcache.Redis {
	return &factcache.Redis{
		Addresses: c.Addresses, MasterName: c.MasterName, Cluster: c.Cluster, Username: c.Username,
		Password: c.Password.Reveal(), DB: c.DB, TLS: tlsConfig(c.TLS, c.CA), Timeout: c.Timeout, Log: log,
	}
}

func tlsConfig(on bool, authorities *x509.CertPool) *tls.Config {
	if !on {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: authorities}
}
