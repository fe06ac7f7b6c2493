package endorse_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"yanzheng/internal/certificate"
	"yanzheng/internal/endorse"
	"yanzheng/internal/testkit"
	"yanzheng/internal/testkit/storekit"
	"yanzheng/internal/turns"
	"yanzheng/models"
)

// hall is a desk with holders before it: bindings, accepted images and a store of files that a test can look into, and the real
// press and keys.
type hall struct {
	*desk
	*endorse.Wallet
	office *certificate.Office

	mu     sync.Mutex
	bound  map[string]string // name of a user → who they are
	images map[int64]bool    // persons whose images were accepted
	files  map[string][]byte
	away   error // what the store of files answers, when it is away
}

var onePress = sync.OnceValues(func() (*certificate.Press, error) {
	return certificate.NewPress(certificate.Imprint{Board: "演示注册管理委员会", Director: "主任委员", CheckAt: "https://check.example.org/"})
})

func newHall(t testing.TB, database string) *hall {
	t.Helper()
	h := &hall{desk: deskOn(t, database), bound: map[string]string{}, images: map[int64]bool{}, files: map[string][]byte{}}
	press, err := onePress()
	testkit.Must(t, err)
	dir := t.TempDir()
	_, err = certificate.Make(dir, today)
	testkit.Must(t, err)
	ring, err := certificate.Load(dir)
	testkit.Must(t, err)
	h.office = certificate.NewOffice(press, h.codes, ring)
	h.Wallet = h.wallet(nil)
	return h
}

// wallet is another server's, or one in which something is different.
func (h *hall) wallet(change func(p *endorse.WalletParts)) *endorse.Wallet {
	p := endorse.WalletParts{
		Holders: h, Images: h, Files: h, Holdings: h.store, Wishes: h.store, Withdrawals: h.store, Codes: h.codes,
		Printer: h.office, Propagator: h.desk, Now: h.clock.Now,
		Turns:  endorse.Turns{Door: turns.New(8, 1000), Entrance: turns.New(8, 1000), Press: turns.New(1, 1000), Album: turns.New(1, 10)},
		Issuer: endorse.Issuer{Type: "11100000000013338W011", Code: "11430000006122244L"},
	}
	if change != nil {
		change(&p)
	}
	return endorse.NewWallet(p)
}

func (h *hall) BindingOf(ctx context.Context, userID string) (models.Binding, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.store.BindingOf(ctx, h.bound[userID])
}

func (h *hall) AcceptedImages(_ context.Context, person int64) (photo, signature []byte, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.images[person] {
		return nil, nil, models.ErrImagesMissing.On("photo")
	}
	return somePhoto(), someInk(), nil
}

func (h *hall) Put(_ context.Context, name string, content []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.away == nil {
		h.files[name] = bytes.Clone(content)
	}
	return h.away
}

func (h *hall) Get(_ context.Context, name string) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if content, ok := h.files[name]; ok || h.away != nil {
		return content, h.away
	}
	return nil, models.ErrNotFound
}

func (h *hall) Delete(_ context.Context, name string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.files, name)
	return h.away
}

func (h *hall) kept() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(maps.Keys(h.files))
}

// move is a holder who moved in: bound, with accepted images.
func (h *hall) move(user string, change func(r *models.Registration)) models.Registration {
	r := h.admit(change)
	stored, err := h.store.Registrations(h.t.Context(), r.CertificateNumber)
	testkit.Must(h.t, err)
	for kind, content := range map[models.ImageKind][]byte{models.ImagePhoto: somePhoto(), models.ImageSignature: someInk()} {
		h.accept(stored[0].PersonID, kind, content)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bound[user], h.images[stored[0].PersonID] = storekit.Holder(h.t, h.store, stored[0].PersonID).UserID, true
	stored, err = h.store.Registrations(h.t.Context(), r.CertificateNumber)
	testkit.Must(h.t, err)
	return stored[0]
}

// accept makes the register hold an image of a person as accepted.
func (h *hall) accept(person int64, kind models.ImageKind, content []byte) {
	h.t.Helper()
	sum := sha256.Sum256(content)
	image := models.Image{PersonID: person, Kind: kind, Digest: hex.EncodeToString(sum[:]), Size: int64(len(content)), Name: rand.Text(), UploadedAt: models.InstantOf(now), UploadedBy: "u1"}
	kept, _, err := h.store.AddImage(h.t.Context(), storekit.Holder(h.t, h.store, person), image)
	testkit.Must(h.t, err)
	if kept.State == models.ImagePending {
		_, _, err = h.store.DecideImage(h.t.Context(), kept.ID, true, "registrar", "", models.InstantOf(now))
		testkit.Must(h.t, err)
	}
}

func wish(user string, r models.Registration, name string) endorse.Wish {
	return endorse.Wish{
		UserID: user, Name: name, Category: r.Category, CertificateNumber: r.CertificateNumber, UseUntil: today.AddDays(180),
	}
}

func (h *hall) confirm(w endorse.Wish) endorse.Own {
	h.t.Helper()
	own, made, err := h.Confirm(h.t.Context(), w)
	testkit.Must(h.t, err)
	if !made {
		h.t.Errorf("not made: %+v", own)
	}
	return own
}

var somePhoto = sync.OnceValue(func() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 413, 579))
	for i := range img.Pix {
		img.Pix[i] = 0xd8
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, img, nil)
	return b.Bytes()
})

var someInk = sync.OnceValue(func() []byte {
	img := image.NewNRGBA(image.Rect(0, 0, 300, 100))
	for x := 20; x < 280; x++ {
		img.SetNRGBA(x, 30+x%40, color.NRGBA{A: 0xff})
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img)
	return b.Bytes()
})

func longReason() string { return strings.Repeat("理", 201) }
