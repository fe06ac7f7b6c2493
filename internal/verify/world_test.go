package verify_test

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"yanzheng/internal/code"
	"yanzheng/internal/demo"
	"yanzheng/internal/endorse"
	"yanzheng/internal/factcache"
	"yanzheng/internal/store"
	"yanzheng/internal/testkit"
	"yanzheng/internal/testkit/storekit"
	"yanzheng/internal/verify"
	"yanzheng/models"
)

var (
	now   = time.Date(2026, 3, 2, 10, 0, 0, 0, models.China)
	today = models.MustDate("2026-03-02")
)

const prefix = "https://check.example.org/v/"

// counter is the use case on a real store, behind the real cache, with real keys.
type counter struct {
	*verify.Service
	t      *testing.T
	store  *store.Store
	codes  *code.Reader
	keyDir string
	clock  *testkit.Clock
	facts  *watchedFacts
	log    *watchedLog
	relay  *factcache.Relay
	maker  *demo.Maker

	mu         sync.Mutex // of arrivals
	arrivals   []verify.Arrival
	misses     []models.Reason
	keptOut    map[string]bool // by address
	oneTooMany bool            // whoever is shown
	roles      []models.Role
}

func newCounter(t *testing.T) *counter { return counterOn(t, "SQLite") }

func counterOn(t *testing.T, database string) *counter {
	t.Helper()
	o := storekit.Databases[database](t)
	s, err := store.Open(t.Context(), o)
	testkit.Must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	_, err = s.Migrate(t.Context())
	testkit.Must(t, err)
	m := miniredis.RunT(t)
	rdb := factcache.Open(factcache.Redis{Addresses: []string{m.Addr()}, Timeout: 5 * time.Second}).Client()
	t.Cleanup(func() { _ = rdb.Close() })
	c := &counter{t: t, store: s, keyDir: t.TempDir(), clock: testkit.NewClock(now), maker: demo.NewMaker(1, "V", today)}
	_, err = code.Add(c.keyDir, today)
	testkit.Must(t, err)
	ring, err := code.Load(c.keyDir)
	testkit.Must(t, err)
	c.codes = code.NewReader(prefix, ring)
	c.facts = &watchedFacts{source: factcache.NewFacts(factcache.Over(rdb), s, factcache.NewGuard(100, 5*time.Second, nil), c.clock.Now)}
	c.log = &watchedLog{store: s}
	c.relay = factcache.NewRelay(rdb, s, factcache.InProcess, c.clock.Now, slog.New(slog.DiscardHandler))
	testkit.Must(t, c.relay.Turn(t.Context()))
	c.Service = verify.New(c.codes, c, s, factcache.NewGuard(100, 10*time.Second, nil), c.clock.Now)
	return c
}

// tooMany is what the desk says to those whom a test keeps out.
var tooMany = models.NewError(models.KindTooMany, "too_many", "过多", "Too many")

// Admit is the desk: everybody may pass but who is kept out, and nobody but the inspector is logged in.
func (c *counter) Admit(ctx context.Context, a verify.Arrival) (verify.Entry, error) {
	c.mu.Lock()
	c.arrivals = append(c.arrivals, a)
	c.mu.Unlock()
	switch {
	case c.keptOut[a.Address]:
		return verify.Entry{}, tooMany
	case a.Purpose == verify.ForScan && a.Token != token:
		return verify.Entry{}, models.NewError(models.KindUnauthenticated, "nobody", "", "")
	}
	e := verify.Entry{Record: c.log.record, Shown: func(_ context.Context, person int64) error {
		if c.oneTooMany {
			return tooMany
		}
		c.log.person(person)
		return nil
	}}
	if a.Purpose == verify.ForScan {
		e.User.UserID, e.User.Roles = "u-inspector", c.roles
	}
	var err error
	if a.Certificate != nil {
		e.Facts, err = c.facts.Facts(ctx, *a.Certificate)
	}
	return e, err
}

// Miss is the desk too.
func (c *counter) Miss(address string, reason models.Reason) error {
	c.misses = append(c.misses, reason)
	if c.keptOut[address] {
		return tooMany
	}
	return nil
}

const token = "the inspector's"

// watchedFacts counts the questions, and does what a test wants before the answer.
type watchedFacts struct {
	source *factcache.Facts
	asked  atomic.Int64
	before func() error
}

func (w *watchedFacts) Facts(ctx context.Context, id models.CertificateID) (models.KnownFacts, error) {
	w.asked.Add(1)
	if w.before != nil {
		if err := w.before(); err != nil {
			return models.KnownFacts{}, err
		}
	}
	return w.source.Facts(ctx, id)
}

// watchedLog counts what is kept, and does what a test wants instead.
type watchedLog struct {
	store   *store.Store
	mu      sync.Mutex
	scans   []models.Scan
	persons []int64
	shown   []models.ImageKind
	before  func() error
}

func (w *watchedLog) person(id int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.persons = append(w.persons, id)
}

func (w *watchedLog) record(ctx context.Context, scan models.Scan, person int64, show []models.ImageKind) ([]models.ImageLink, error) {
	w.person(person)
	w.mu.Lock()
	w.scans, w.shown = append(w.scans, scan), show
	before := w.before
	w.mu.Unlock()
	if before != nil {
		if err := before(); err != nil {
			return nil, err
		}
	}
	return nil, w.store.AppendScans(ctx, scan)
}

func (w *watchedLog) kept() []models.Scan {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.scans
}

// Propagate is what a change does for the caches.
func (c *counter) Propagate(ctx context.Context, events []models.Event) bool {
	return c.relay.Propagate(ctx, events)
}

// admit brings a registration in.
func (c *counter) admit(change func(r *models.Registration)) models.Registration {
	c.t.Helper()
	r := c.maker.Registration()
	r.ValidFrom, r.ValidUntil = today.AddDays(-100), today.AddDays(1000)
	if change != nil {
		change(&r)
	}
	_, _, err := c.store.Merge(c.t.Context(), []models.Registration{r}, models.Merge, models.Event{}, models.InstantOf(now))
	testkit.Must(c.t, err)
	r.ID, err = c.store.RegistrationID(c.t.Context(), r.Category, r.CertificateNumber)
	testkit.Must(c.t, err)
	return r
}

// issue gives a certificate of a registration, and its code.
func (c *counter) issue(r models.Registration) endorse.Issued {
	c.t.Helper()
	issued, err := endorse.New(c.store, c.codes, c, c.clock.Now).Endorse(c.t.Context(), r.Category, r.CertificateNumber, "holder")
	testkit.Must(c.t, err)
	return issued
}

// change changes a registration and tells the caches.
func (c *counter) change(r models.Registration, f func(r *models.Registration)) {
	c.t.Helper()
	_, events, err := c.store.ChangeRegistration(c.t.Context(), r.ID, models.InstantOf(c.clock.Now()), func(r *models.Registration) (models.Event, error) {
		f(r)
		return models.Event{Kind: models.EventChanged}, nil
	})
	testkit.Must(c.t, err)
	if !c.relay.Propagate(c.t.Context(), events) {
		c.t.Fatal("not propagated")
	}
}

// scan scans a code as an inspector.
func (c *counter) scan(text string) verify.Answer {
	c.t.Helper()
	a, err := c.Scan(c.t.Context(), verify.Request{Token: token, Code: text})
	testkit.Must(c.t, err)
	return a
}

// forged is a code with its last digit changed.
func forged(text string) string {
	last, err := strconv.Atoi(text[len(text)-1:])
	if err != nil {
		panic(err)
	}
	return text[:len(text)-1] + strconv.Itoa((last+1)%10)
}

func digits(text string) string { return strings.TrimPrefix(text, prefix) }
