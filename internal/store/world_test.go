package store_test

import (
	"database/sql"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/ncruces/go-sqlite3/driver"

	"yanzheng/internal/demo"
	"yanzheng/internal/store"
	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// today and at are when everything happens here: the store has no clock of its own.
var (
	today = models.MustDate("2026-03-02")
	at    = models.InstantOf(today.Start().Add(10 * time.Hour))
	later = at + 60_000
)

var keys = store.Keys{Seal: [32]byte{1}, Index: [32]byte{2}}

// dialect is one of the databases, which must all behave alike.
type dialect struct {
	name  string
	fresh func(t *testing.T) (o store.Options, raw *sql.DB)
}

var dialects = []dialect{{"SQLite", freshSQLite}, {"MariaDB", freshMariaDB}}

func freshSQLite(t *testing.T) (store.Options, *sql.DB) {
	path := filepath.Join(t.TempDir(), "register.db")
	return store.Options{Driver: "sqlite", Path: path, Keys: keys}, openRaw(t, "sqlite3", "file:"+path+"?_pragma=busy_timeout(5000)")
}

func freshMariaDB(t *testing.T) (store.Options, *sql.DB) {
	d := testkit.MySQL(t)
	return mysqlOptions(d), openRaw(t, "mysql", d.DSN("charset=utf8mb4"))
}

func mysqlOptions(d testkit.Database) store.Options {
	return store.Options{
		Driver: "mysql", Network: "tcp", Address: d.Address, User: d.User, Password: d.Password, Name: d.Name,
		MaxOpen: 32, MaxIdle: 32, MaxLifetime: time.Minute,
		DialTimeout: time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, Keys: keys,
	}
}

// openRaw is a look at a database past the store.
func openRaw(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	testkit.Must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// place is one test's own database, through the store and past it.
type place struct {
	*store.Store
	t       *testing.T
	options store.Options
	raw     *sql.DB
	maker   *demo.Maker
	issued  *byte // how many certificates, so that each has its own id
}

// within runs a part of a subject on the subject's database.
func (p *place) within(t *testing.T) *place {
	q := *p
	q.t = t
	return &q
}

// empty opens a database without tables.
func (d dialect) empty(t *testing.T) *place {
	t.Helper()
	o, raw := d.fresh(t)
	return &place{open(t, o), t, o, raw, demo.NewMaker(1, "T", today), new(byte)}
}

// migrated opens a database with its tables.
func (d dialect) migrated(t *testing.T) *place {
	t.Helper()
	p := d.empty(t)
	_, err := p.Migrate(t.Context())
	testkit.Must(t, err)
	return p
}

func open(t *testing.T, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), o)
	testkit.Must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// merge brings rows in under the ordinary rule and gives what became of them.
func (p *place) merge(rows ...models.Registration) ([]models.MergeOutcome, []models.Event) {
	p.t.Helper()
	outcomes, events, err := p.Merge(p.t.Context(), rows, models.Merge, models.Event{Kind: models.EventImported, Actor: "importer"}, at)
	testkit.Must(p.t, err)
	return outcomes, events
}

// admit brings one registration in and gives it as the store has it.
func (p *place) admit(r models.Registration) models.Registration {
	p.t.Helper()
	if outcomes, _ := p.merge(r); outcomes[0].Kind != models.MergeImported {
		p.t.Fatalf("not imported: %+v", outcomes[0])
	}
	return p.registration(r.Category, r.CertificateNumber)
}

// registration reads one registration back.
func (p *place) registration(c models.Category, number string) models.Registration {
	p.t.Helper()
	found, err := p.Registrations(p.t.Context(), number)
	testkit.Must(p.t, err)
	i := slices.IndexFunc(found, func(r models.Registration) bool { return r.Category == c })
	if i < 0 {
		p.t.Fatalf("no registration %s %s", c, number)
	}
	return found[i]
}

// issue makes a certificate of a registration.
func (p *place) issue(r models.Registration) models.Certificate {
	p.t.Helper()
	c, err := p.IssueCertificate(p.t.Context(), r.ID, "issuer", at, func(r *models.Registration) (models.Certificate, error) {
		*p.issued++
		return drawn(r, *p.issued), nil
	})
	testkit.Must(p.t, err)
	return c
}

// drawn is a certificate drawn up from a registration; its id has bytes that text would not bear.
func drawn(r *models.Registration, tag byte) models.Certificate {
	return models.Certificate{
		ID: models.CertificateID{tag, 0, 0xff, 7: 1}, RegistrationID: r.ID, Kind: models.KindRegistrationCertificate, KeyNumber: 31,
		UseFrom: today, UseUntil: today.AddDays(180), Printed: models.PrintOf(r), IssuedAt: at,
	}
}

// change changes a registration in the simplest way: to another employer.
func (p *place) change(id int64, employer string) (models.Registration, []models.Event, error) {
	return p.ChangeRegistration(p.t.Context(), id, later, func(r *models.Registration) (models.Event, error) {
		r.Employer = employer
		return models.Event{Kind: models.EventChanged, Actor: "registrar", Reason: "变更注册"}, nil
	})
}

// pending gives every event that no cache has confirmed.
func (p *place) pending() []models.Event {
	p.t.Helper()
	events, err := p.PendingEvents(p.t.Context(), 0, 1000)
	testkit.Must(p.t, err)
	return events
}

// history gives all events of a subject, confirmed or not, as the database has them.
func (p *place) history(subjectID string) (events []models.Event) {
	p.t.Helper()
	rows, err := p.raw.QueryContext(p.t.Context(), `SELECT id, subject, subject_id, version, kind, actor, reason, at, propagated_at
		FROM events WHERE subject_id = ? ORDER BY id`, subjectID)
	testkit.Must(p.t, err)
	defer rows.Close()
	for rows.Next() {
		var e models.Event
		testkit.Must(p.t, rows.Scan(&e.ID, &e.Subject, &e.SubjectID, &e.Version, &e.Kind, &e.Actor, &e.Reason, &e.At, &e.PropagatedAt))
		events = append(events, e)
	}
	testkit.Must(p.t, rows.Err())
	return events
}

// count gives a number that the store itself does not tell.
func (p *place) count(query string, args ...any) (n int) {
	p.t.Helper()
	testkit.Must(p.t, p.raw.QueryRowContext(p.t.Context(), query, args...).Scan(&n))
	return n
}

// spoil changes a row past the store.
func (p *place) spoil(statement string, args ...any) {
	p.t.Helper()
	_, err := p.raw.ExecContext(p.t.Context(), statement, args...)
	testkit.Must(p.t, err)
}

// second gives another registration of the same person, in another category.
func second(r models.Registration) models.Registration {
	r.ID, r.Category, r.CertificateNumber = 0, models.CategoryStructural1, r.CertificateNumber+"B"
	return r
}

func subject(r models.Registration) string { return strconv.FormatInt(r.ID, 10) }
