package holder_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"yanzheng/internal/demo"
	"yanzheng/internal/factcache"
	"yanzheng/internal/holder"
	"yanzheng/internal/photolink"
	"yanzheng/internal/picture"
	"yanzheng/internal/store"
	"yanzheng/internal/testkit"
	"yanzheng/internal/testkit/storekit"
	"yanzheng/internal/turns"
	"yanzheng/internal/vault"
	"yanzheng/models"
)

var (
	now   = time.Date(2026, 3, 2, 10, 0, 0, 0, models.China)
	today = models.MustDate("2026-03-02")
	rule  = models.BindingRule{Tries: 3, Window: 24 * time.Hour, Lock: 30 * time.Minute}
)

// house is the use cases on a real store, with real pictures in a real vault.
type house struct {
	*holder.Service
	t       *testing.T
	store   *store.Store
	vault   *shaky
	clock   *testkit.Clock
	maker   *demo.Maker
	gallery *holder.Gallery
	checks  *holder.Inspection
	links   *photolink.Links
	redis   *miniredis.Miniredis
	rdb     redis.UniversalClient
	relay   *factcache.Relay
	users   int

	photo, signature []byte
}

func newHouse(t *testing.T, database string) *house {
	t.Helper()
	s, err := store.Open(t.Context(), storekit.Databases[database](t))
	testkit.Must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	_, err = s.Migrate(t.Context())
	testkit.Must(t, err)
	m := miniredis.RunT(t)
	rdb := factcache.Open(factcache.Redis{Addresses: []string{m.Addr()}, Timeout: 5 * time.Second}).Client()
	t.Cleanup(func() { _ = rdb.Close() })
	v, err := vault.Open(t.Context(), vault.Options{URL: "file://" + t.TempDir(), Key: [32]byte{3}, Timeout: 5 * time.Second})
	testkit.Must(t, err)
	t.Cleanup(func() { _ = v.Close() })
	h := &house{t: t, store: s, vault: &shaky{Vault: v}, clock: testkit.NewClock(now), maker: demo.NewMaker(1, "H", today), redis: m, rdb: rdb}
	h.relay = factcache.NewRelay(rdb, s, factcache.InProcess, h.clock.Now, slog.New(slog.DiscardHandler))
	testkit.Must(t, h.relay.Turn(t.Context()))
	h.links = photolink.New(rdb, h.clock.Now)
	h.Service = holder.New(holder.NewForm(s, rule, h.clock.Now), s, h.relay, h.clock.Now)
	h.gallery = holder.NewGallery(s, h.vault, pictures{}, h.links, h.relay, lines(), h.clock.Now)
	h.checks = holder.NewInspection(s, h.clock.Now)
	h.photo, h.signature, err = demo.Images()
	testkit.Must(t, err)
	return h
}

// pictures are the real ones, by the usual rules.
type pictures struct{}

func (pictures) Normalise(kind models.ImageKind, raw []byte) ([]byte, error) {
	if kind == models.ImagePhoto {
		return picture.Photo(raw, picture.DefaultRules())
	}
	return picture.Signature(raw, picture.DefaultRules())
}

func (pictures) Mark(kind models.ImageKind, image []byte, text string) ([]byte, error) {
	if kind == models.ImagePhoto {
		return picture.Watermark(image, text)
	}
	return picture.WatermarkSignature(image, text)
}

// shaky is a vault that can be away, and counts what is in it.
type shaky struct {
	*vault.Vault
	mu   sync.Mutex
	err  error
	kept int
}

func (s *shaky) fault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *shaky) Put(ctx context.Context, name string, content []byte) error {
	if err := s.fault(); err != nil {
		return err
	}
	s.mu.Lock()
	s.kept++
	s.mu.Unlock()
	return s.Vault.Put(ctx, name, content)
}

func (s *shaky) Get(ctx context.Context, name string) ([]byte, error) {
	if err := s.fault(); err != nil {
		return nil, err
	}
	return s.Vault.Get(ctx, name)
}

func (s *shaky) Delete(ctx context.Context, name string) error {
	if err := s.fault(); err != nil {
		return err
	}
	s.mu.Lock()
	s.kept--
	s.mu.Unlock()
	return s.Vault.Delete(ctx, name)
}

// admit brings a registration in.
func (h *house) admit() models.Registration {
	h.t.Helper()
	r := h.maker.Registration()
	_, _, err := h.store.Merge(h.t.Context(), []models.Registration{r}, models.Merge, models.Event{}, models.InstantOf(now))
	testkit.Must(h.t, err)
	found, err := h.store.Registrations(h.t.Context(), r.CertificateNumber)
	testkit.Must(h.t, err)
	return found[0]
}

func (h *house) user() string {
	h.t.Helper()
	h.users++
	id := "u" + string(rune('a'+h.users))
	u, err := h.store.EnsureUser(h.t.Context(), "openid-"+id, id, models.InstantOf(now))
	testkit.Must(h.t, err)
	return u.ID
}

func evidence(r models.Registration) holder.Evidence {
	return holder.Evidence{Identification: models.Identification{
		Name: r.Person.Name, IDType: r.Person.IDType, IDNumber: r.Person.IDNumber, Number: r.CertificateNumber,
	}}
}

// bound makes a holder of a new registration.
func (h *house) bound() (string, models.Registration) {
	h.t.Helper()
	u, r := h.user(), h.admit()
	claimed, err := h.Bind(h.t.Context(), u, evidence(r))
	testkit.Must(h.t, err)
	if claimed {
		h.t.Fatal("claimed")
	}
	return u, r
}

func (h *house) upload(user string, kind models.ImageKind, raw []byte) models.Image {
	h.t.Helper()
	i, err := h.gallery.Upload(h.t.Context(), user, kind, raw)
	testkit.Must(h.t, err)
	return i
}

func (h *house) accept(i models.Image) {
	h.t.Helper()
	_, done, err := h.gallery.Decide(h.t.Context(), i.ID, true, "registrar", "")
	if err != nil || !done {
		h.t.Fatal(done, err)
	}
}

// each runs a test on both databases.
func each(t *testing.T, test func(t *testing.T, h *house)) {
	for name := range storekit.Databases {
		t.Run(name, func(t *testing.T) { test(t, newHouse(t, name)) })
	}
}

// lines let as many in as a server does.
func lines() holder.Lines { return holder.Lines{Uploads: turns.New(2, 14), Shows: turns.New(2, 254)} }
