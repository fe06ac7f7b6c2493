package register_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"yanzheng/internal/demo"
	"yanzheng/internal/register"
	"yanzheng/internal/store"
	"yanzheng/internal/testkit"
	"yanzheng/internal/testkit/storekit"
	"yanzheng/models"
)

// It is half past midnight in China, and still yesterday in London: a rule that asks the wrong clock fails here.
var (
	now   = time.Date(2026, 3, 1, 16, 30, 0, 0, time.UTC)
	today = models.MustDate("2026-03-02")
)

// office is the use case on a real store, with a clock and caches that a test holds in its hand.
type office struct {
	*register.Service
	t      *testing.T
	store  *store.Store
	clock  *testkit.Clock
	caches *caches
	maker  *demo.Maker
}

func newOffice(t *testing.T) *office { return officeOn(t, "SQLite") }

func officeOn(t *testing.T, database string) *office {
	t.Helper()
	s, err := store.Open(t.Context(), storekit.Databases[database](t))
	testkit.Must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	_, err = s.Migrate(t.Context())
	testkit.Must(t, err)
	o := &office{t: t, store: s, clock: testkit.NewClock(now), caches: &caches{there: true}, maker: demo.NewMaker(1, "R", today)}
	o.Service = register.New(s, o.caches, o.clock.Now)
	return o
}

// caches stand for everything that must hear of a change.
type caches struct {
	mu    sync.Mutex
	there bool
	heard []models.Event
}

func (c *caches) Propagate(_ context.Context, events []models.Event) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = append(c.heard, events...)
	return c.there
}

// take gives what was heard since the last time.
func (c *caches) take() []models.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	heard := c.heard
	c.heard = nil
	return heard
}

// admit brings registrations in, all of them.
func (o *office) admit(rows ...models.Registration) {
	o.t.Helper()
	report, faults, err := o.load(register.RowsOf(rows...))
	testkit.Must(o.t, err)
	if len(faults) > 0 || report.Imported != len(rows) {
		o.t.Fatalf("%+v, %+v", report, faults)
	}
}

// load imports rows and gives the report and every fault.
func (o *office) load(rows register.Rows) (register.Report, []register.RowError, error) {
	var faults []register.RowError
	report, err := o.Import(o.t.Context(), rows, register.ImportOptions{
		Actor: "importer", Reject: func(e register.RowError) { faults = append(faults, e) },
	})
	return report, faults, err
}

// get reads a registration back.
func (o *office) get(r models.Registration) models.Registration {
	o.t.Helper()
	found, err := o.store.Registrations(o.t.Context(), r.CertificateNumber)
	testkit.Must(o.t, err)
	i := slices.IndexFunc(found, func(f models.Registration) bool { return f.Category == r.Category })
	if i < 0 {
		o.t.Fatalf("no registration %s %s", r.Category, r.CertificateNumber)
	}
	return found[i]
}

// decision is a sound one about a registration.
func decision(r models.Registration) register.Decision {
	return register.Decision{Category: r.Category, CertificateNumber: r.CertificateNumber, Reason: "群众举报,查证属实", Actor: "cli:registrar"}
}

// lines gives rows as a file would: the header is line 1.
func lines(cells ...[]string) *file {
	f := &file{}
	for i, c := range cells {
		f.rows = append(f.rows, register.Row{Line: i + 2, Cells: c})
	}
	return f
}

// file is rows and what comes after them: io.EOF unless a test says otherwise.
type file struct {
	rows []register.Row
	end  error
}

// with gives good cells in which one column says something else.
func with(cells []string, column, value string) []string {
	c := slices.Clone(cells)
	c[slices.Index(slices.Concat(register.RequiredColumns, register.OptionalColumns), column)] = value
	return c
}
