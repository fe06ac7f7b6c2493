package endorse_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"yanzheng/internal/code"
	"yanzheng/internal/demo"
	"yanzheng/internal/endorse"
	"yanzheng/internal/store"
	"yanzheng/internal/testkit"
	"yanzheng/internal/testkit/storekit"
	"yanzheng/models"
)

// It is half past midnight in China, and still yesterday in London.
var (
	now   = time.Date(2026, 3, 1, 16, 30, 0, 0, time.UTC)
	today = models.MustDate("2026-03-02")
)

const prefix = "https://check.example.org/v/"

// desk is the use case on a real store with real keys.
type desk struct {
	*endorse.Service
	t     testing.TB
	store *store.Store
	codes *code.Reader
	clock *testkit.Clock
	maker *demo.Maker

	options store.Options
	codeDir string

	caches bool // whether they answer
	heard  []models.Event
}

func newDesk(t *testing.T) *desk { return deskOn(t, "SQLite") }

func deskOn(t testing.TB, database string) *desk {
	t.Helper()
	o := storekit.Databases[database](t)
	s, err := store.Open(t.Context(), o)
	testkit.Must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	_, err = s.Migrate(t.Context())
	testkit.Must(t, err)
	dir := t.TempDir()
	_, err = code.Add(dir, today)
	testkit.Must(t, err)
	ring, err := code.Load(dir)
	testkit.Must(t, err)
	d := &desk{t: t, store: s, codes: code.NewReader(prefix, ring), clock: testkit.NewClock(now), maker: demo.NewMaker(1, "E", today), caches: true, options: o, codeDir: dir}
	d.Service = endorse.New(s, d.codes, d, d.clock.Now)
	return d
}

// Propagate makes the desk stand for every cache.
func (d *desk) Propagate(_ context.Context, events []models.Event) bool {
	d.heard = append(d.heard, events...)
	return d.caches
}

// admit brings a registration in as it is, past every rule of an import.
func (d *desk) admit(change func(r *models.Registration)) models.Registration {
	d.t.Helper()
	r := d.maker.Registration()
	r.ValidFrom, r.ValidUntil = today.AddDays(-100), today.AddDays(1000)
	if change != nil {
		change(&r)
	}
	_, _, err := d.store.Merge(d.t.Context(), []models.Registration{r}, models.Merge, models.Event{}, models.InstantOf(now))
	testkit.Must(d.t, err)
	id, err := d.store.RegistrationID(d.t.Context(), r.Category, r.CertificateNumber)
	testkit.Must(d.t, err)
	r.ID = id
	return r
}

// change changes a registration past the use case that does so in life.
func (d *desk) change(r models.Registration, f func(r *models.Registration)) {
	d.t.Helper()
	_, _, err := d.store.ChangeRegistration(d.t.Context(), r.ID, models.InstantOf(now), func(r *models.Registration) (models.Event, error) {
		f(r)
		return models.Event{Kind: models.EventChanged}, nil
	})
	testkit.Must(d.t, err)
}

func (d *desk) endorse(r models.Registration) endorse.Issued {
	d.t.Helper()
	issued, err := d.Endorse(d.t.Context(), r.Category, r.CertificateNumber, "holder")
	testkit.Must(d.t, err)
	return issued
}

// facts gives what a scan of a certificate would find.
func (d *desk) facts(id models.CertificateID) models.Facts {
	d.t.Helper()
	f, err := d.store.Facts(d.t.Context(), id)
	testkit.Must(d.t, err)
	if f == nil {
		d.t.Fatalf("no facts of %s", id)
	}
	return *f
}

// made counts the certificates of a registration.
func (d *desk) made(r models.Registration) int {
	d.t.Helper()
	id := strconv.FormatInt(r.ID, 10)
	ids, err := d.store.CertificateIDs(d.t.Context(), id)
	testkit.Must(d.t, err)
	return len(ids[id])
}
