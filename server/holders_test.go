package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"yanzheng/models"
)

// hall is who is a holder, with accepted images and a folder of files: the other half of the service, as small as can be.
type hall struct {
	dir string

	mu     sync.Mutex
	bound  map[string]int64
	broken error // what it answers instead
	photo  bool
}

func newHall(t testing.TB) *hall {
	return &hall{dir: t.TempDir(), bound: map[string]int64{}, photo: true}
}

func (h *hall) other(*server) otherHalf { return otherHalf{h, h, h} }

func (h *hall) bind(user string, person int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bound[user] = person
}

func (h *hall) breaks(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.broken = err
}

func (h *hall) PersonOf(_ context.Context, user string) (int64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.broken != nil {
		return 0, h.broken
	}
	if person, ok := h.bound[user]; ok {
		return person, nil
	}
	return 0, models.ErrNotFound
}

func (h *hall) AcceptedImages(context.Context, int64) (photo, signature []byte, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.photo {
		return nil, nil, models.ErrNotFound
	}
	return holderPhoto(), holderInk(), nil
}

func (h *hall) path(name string) string {
	return filepath.Join(h.dir, strings.ReplaceAll(name, "/", "-"))
}

func (h *hall) Put(_ context.Context, name string, content []byte) error {
	return os.WriteFile(h.path(name), content, 0o600)
}

func (h *hall) Get(_ context.Context, name string) ([]byte, error) { return os.ReadFile(h.path(name)) }

func (h *hall) Delete(_ context.Context, name string) error { return os.Remove(h.path(name)) }

var holderPhoto = sync.OnceValue(func() []byte {
	img := image.NewGray(image.Rect(0, 0, 413, 579))
	for i := range img.Pix {
		img.Pix[i] = 0xd8
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, img, nil)
	return b.Bytes()
})

var holderInk = sync.OnceValue(func() []byte {
	img := image.NewNRGBA(image.Rect(0, 0, 300, 100))
	for x := 20; x < 280; x++ {
		img.SetNRGBA(x, 30+x%40, color.NRGBA{A: 0xff})
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img)
	return b.Bytes()
})

// ownAnswer is a certificate as its holder reads it.
type ownAnswer struct {
	ID       string `json:"certificate_id"`
	Code     string `json:"code"`
	Usable   bool   `json:"usable"`
	Document struct {
		Status string `json:"status"`
	} `json:"document"`
	File struct {
		SHA256 string `json:"sha256"`
	} `json:"file"`
}

func decoded[T any](t testing.TB, a answer, status int) (v T) {
	t.Helper()
	if a.status != status {
		t.Fatalf("%d, want %d: %.500s", a.status, status, a.body)
	}
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%v: %.500s", err, a.body)
	}
	return v
}

// holder brings a person in and gives a client that is bound to them, and what they confirm.
func (w *world) holder(t testing.TB, h *hall, prefix string) (*client, models.Registration, string) {
	t.Helper()
	r := people(prefix, 1)[0]
	r.ValidFrom, r.ValidUntil = today().AddDays(-100), today().AddDays(1000)
	bring(t, w.env, r)
	c := newClient(t, w.process)
	in := c.logIn(w.code())
	h.bind(in.User.ID, int64(w.count(t, "SELECT person_id FROM registrations WHERE certificate_number = ?", r.CertificateNumber)))
	body, _ := json.Marshal(map[string]string{"category": string(r.Category), "certificate_number": r.CertificateNumber, "use_until": today().AddDays(180).String()})
	return c.as(in.Token), r, string(body)
}

const (
	ownAddress = "/api/v1/me/certificates"
	checkFile  = "/api/v1/files/check"
	noReason   = `{"reason":"手机遗失"}`
)

// TestHolderGoesTheWholeWay by HTTP alone: looks, confirms, downloads, has the file checked, is scanned, withdraws.
func TestHolderGoesTheWholeWay(t *testing.T) {
	w, h := realEnvironment(t), newHall(t)
	w.process = serveWith(t, w.env, h.other)
	c, r, wish := w.holder(t, h, "H")
	if a := c.ask("GET", "/api/v1/me/registrations", ""); a.status != 200 || !bytes.Contains(a.body, []byte(today().AddDays(180).String())) || !bytes.Contains(a.body, []byte(r.Person.IDNumber)) {
		t.Errorf("%d: %s", a.status, a.body)
	}
	own := decoded[ownAnswer](t, c.ask("POST", ownAddress, wish, "Idempotency-Key", "first-wish"), 201)
	again := decoded[ownAnswer](t, c.ask("POST", ownAddress, wish, "Idempotency-Key", "first-wish"), 200)
	if !own.Usable || again != own {
		t.Errorf("%+v and %+v", own, again)
	}
	at := ownAddress + "/" + own.ID
	pdf := c.ask("GET", at+"/file.pdf", "")
	sum := sha256.Sum256(pdf.body)
	if pdf.status != 200 || hex.EncodeToString(sum[:]) != own.File.SHA256 || pdf.header.Get("ETag") != `"`+own.File.SHA256+`"` {
		t.Errorf("%d, %d bytes, ETag %s of %+v", pdf.status, len(pdf.body), pdf.header.Get("ETag"), own)
	}
	if part := c.ask("GET", at+"/file.pdf", "", "Range", "bytes=10-19"); part.status != 206 || !bytes.Equal(part.body, pdf.body[10:20]) {
		t.Errorf("a part: %d %q", part.status, part.body)
	}
	if same := c.ask("GET", at+"/file.pdf", "", "If-None-Match", pdf.header.Get("ETag")); same.status != 304 || len(same.body) != 0 {
		t.Errorf("the same: %d", same.status)
	}
	album := c.ask("GET", at+"/album.png", "")
	if img, err := png.Decode(bytes.NewReader(album.body)); err != nil || img.Bounds().Dx() != 1654 {
		t.Errorf("the picture: %d %v", album.status, err)
	}
	c.ask("GET", at+"/album.png", "", "Range", "bytes=0-3")
	c.ask("GET", at+"/album.png", "", "If-None-Match", album.header.Get("ETag"))

	type checked struct {
		File struct {
			Status  string   `json:"status"`
			Reasons []string `json:"reasons"`
		} `json:"file"`
		Verdict *verdict `json:"verdict"`
	}
	anyone := newClient(t, w.process)
	check := func(file []byte, headers ...string) checked {
		return decoded[checked](t, anyone.send("POST", checkFile, bytes.NewReader(file), headers...), 200)
	}
	before := w.count(t, "SELECT COUNT(*) FROM scans WHERE channel = 'file'")
	got := check(pdf.body, "Content-Type", "application/pdf")
	if got.File.Status != "issued" || got.Verdict == nil || !got.Verdict.Usable || w.count(t, "SELECT COUNT(*) FROM scans WHERE channel = 'file'") != before+1 {
		t.Errorf("%+v", got)
	}
	form := "--x\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n" + string(pdf.body) + "\r\n--x--\r\n"
	if got := check([]byte(form), "Content-Type", "multipart/form-data; boundary=x"); got.File.Status != "issued" {
		t.Errorf("in a form: %+v", got)
	}
	spoilt := bytes.Clone(pdf.body)
	spoilt[len(spoilt)/2] ^= 1
	if got := check(spoilt); got.File.Status != "altered" || got.Verdict != nil {
		t.Errorf("spoilt: %+v", got)
	}
	if got := check(append(bytes.Clone(pdf.body), '\n')); got.File.Status != "appended" {
		t.Errorf("appended: %+v", got)
	}
	if got := check([]byte("hello")); got.File.Status != "not_ours" {
		t.Errorf("hello: %+v", got)
	}
	if v := c.scan(own.Code); !v.Usable {
		t.Errorf("a scan says %s", v.is())
	}
	decide(t, w.env, "suspend", r)
	if got := check(pdf.body); got.Verdict == nil || got.Verdict.Usable {
		t.Errorf("suspended: %+v", got)
	}
	c.ask("POST", ownAddress, wish, "Idempotency-Key", "second-wish").refused(t, 409, "endorse_barred")
	decide(t, w.env, "restore", r)
	second := decoded[ownAnswer](t, c.ask("POST", ownAddress, strings.Replace(wish, "{", `{"idempotency_key":"second-wish",`, 1)), 201)
	if done := decoded[map[string]any](t, c.ask("POST", at+"/withdraw", noReason), 200); done["propagated"] != true {
		t.Errorf("%v", done)
	}
	c.ask("POST", at+"/withdraw", noReason).refused(t, 409, "already_withdrawn")
	if got := check(pdf.body); got.File.Status != "issued" || got.Verdict.Document.Status != "withdrawn" {
		t.Errorf("withdrawn: %+v", got)
	}
	if all := decoded[map[string]any](t, c.ask("POST", ownAddress+"/withdraw-all", noReason), 200); all["withdrawn"] != 1.0 || all["propagated"] != true {
		t.Errorf("%v", all)
	}
	if one := decoded[ownAnswer](t, c.ask("GET", ownAddress+"/"+second.ID, ""), 200); one.Usable || one.Document.Status != "withdrawn" {
		t.Errorf("%+v", one)
	}
	if list := decoded[map[string][]ownAnswer](t, c.ask("GET", ownAddress, ""), 200); len(list["certificates"]) != 2 {
		t.Errorf("%+v", list)
	}
}

// TestOwnRefusals: what each address refuses, and how.
func TestOwnRefusals(t *testing.T) {
	w, h := realEnvironment(t), newHall(t)
	w.process = serveWith(t, w.env, h.other)
	c, r, wish := w.holder(t, h, "R")
	own := decoded[ownAnswer](t, c.ask("POST", ownAddress, wish, "Idempotency-Key", "first-wish"), 201)
	plain := issue(t, w.env, r) // without its holder
	plainID := plain.CertificateID
	at := ownAddress + "/" + own.ID
	addresses := [][2]string{
		{"GET", "/api/v1/me/registrations"}, {"GET", ownAddress}, {"POST", ownAddress}, {"POST", ownAddress + "/withdraw-all"}, {"GET", at},
		{"GET", at + "/file.pdf"}, {"GET", at + "/album.png"}, {"POST", at + "/withdraw"},
	}
	ask := func(c *client, one [2]string, body string) answer {
		return c.ask(one[0], one[1], body, "Idempotency-Key", "another-wish")
	}
	bodyFor := func(one [2]string) string {
		switch {
		case one[0] == "GET":
			return ""
		case one[1] == ownAddress:
			return wish
		}
		return noReason
	}
	for _, one := range addresses {
		ask(newClient(t, w.process), one, bodyFor(one)).refused(t, 401, "token_missing")
		ask(c.as(strings.Repeat("A", 43)), one, bodyFor(one)).refused(t, 401, "session_invalid")
		h.breaks(models.ErrNotFound)
		ask(c, one, bodyFor(one)).refused(t, 403, "not_bound")
		h.breaks(errors.New("of the other half"))
		ask(c, one, bodyFor(one)).refused(t, 500, "internal")
		h.breaks(models.ErrUnavailable)
		ask(c, one, bodyFor(one)).refused(t, 503, "unavailable")
		h.breaks(nil)
		if one[0] == "POST" {
			ask(c, one, "[").refused(t, 400, "body_not_json")
			ask(c, one, strings.Repeat(" ", 17<<10)).refused(t, 413, "body_too_large")
		}
	}
	for _, id := range []string{"0123456789abcdef", "zz"} {
		for _, one := range addresses[4:] {
			ask(c, [2]string{one[0], strings.Replace(one[1], own.ID, id, 1)}, bodyFor(one)).refused(t, 404, "no_such_certificate")
		}
	}
	for _, name := range []string{"file.pdf", "album.png"} {
		c.ask("GET", ownAddress+"/"+plainID+"/"+name, "").refused(t, 409, "certificate_without_file")
	}
	long := `{"reason":"` + strings.Repeat("理", 201) + `"}`
	c.ask("POST", at+"/withdraw", long).refused(t, 422, "reason_too_long")
	c.ask("POST", ownAddress+"/withdraw-all", long).refused(t, 422, "reason_too_long")
	c.ask("POST", ownAddress, wish).refused(t, 400, "idempotency_key_invalid")
	c.ask("POST", ownAddress, "{}", "Idempotency-Key", "another-wish").refused(t, 400, "field_missing")
	for _, one := range []struct {
		from, to string
		status   int
		code     string
	}{
		{string(r.Category), "no such", 422, "category_unknown"}, {today().AddDays(180).String(), "2026-02-31", 422, "date_invalid"},
		{today().AddDays(180).String(), today().AddDays(179).String(), 409, "window_moved"}, {r.CertificateNumber, "none", 404, "no_such_own_registration"},
	} {
		c.ask("POST", ownAddress, strings.Replace(wish, one.from, one.to, 1), "Idempotency-Key", "another-wish").refused(t, one.status, one.code)
	}
	h.photo = false
	c.ask("POST", ownAddress, wish, "Idempotency-Key", "another-wish").refused(t, 409, "images_needed")

	// Files.
	anyone := newClient(t, w.process)
	anyone.ask("POST", checkFile, strings.Repeat("x", 5<<20+1)).refused(t, 413, "file_too_large")
	anyone.send("POST", checkFile, &endless{left: 6 << 20}).refused(t, 413, "file_too_large")
	anyone.ask("POST", checkFile, "--x--", "Content-Type", "multipart/form-data; boundary=x").refused(t, 400, "file_missing")
	w.exec(t, "ALTER TABLE certificate_files RENAME TO elsewhere")
	anyone.ask("POST", checkFile, "%PDF-1.7").refused(t, 500, "internal")
	w.exec(t, "ALTER TABLE elsewhere RENAME TO certificate_files")
	w.proxy.cut()
	anyone.ask("POST", checkFile, "%PDF-1.7").refused(t, 503, "unavailable")
}

// endless sends so many bytes without saying how many.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	n := min(len(p), e.left)
	if n == 0 {
		return 0, io.EOF
	}
	e.left -= n
	return n, nil
}

// TestOwnLimits: each address counts.
func TestOwnLimits(t *testing.T) {
	w, h := realEnvironment(t), newHall(t)
	w.env["LIMITS_USER"], w.env["LIMITS_CERTIFICATES"], w.env["LIMITS_FILES"] = "1/1h", "1/1h", "1/1h"
	w.process = serveWith(t, w.env, h.other)
	c, _, wish := w.holder(t, h, "L")
	own := decoded[ownAnswer](t, c.ask("POST", ownAddress, wish, "Idempotency-Key", "first-wish"), 201)
	decoded[map[string]any](t, c.ask("GET", "/api/v1/me/registrations", ""), 200)
	at := ownAddress + "/" + own.ID
	c.ask("POST", ownAddress, wish, "Idempotency-Key", "first-wish").refused(t, 429, "rate_limited")
	for _, path := range []string{"/api/v1/me/registrations", ownAddress, at, at + "/file.pdf", at + "/album.png"} {
		c.ask("GET", path, "").refused(t, 429, "rate_limited")
	}
	for _, path := range []string{at + "/withdraw", ownAddress + "/withdraw-all"} {
		c.ask("POST", path, noReason).refused(t, 429, "rate_limited")
	}
	newClient(t, w.process).ask("POST", checkFile, "x")
	newClient(t, w.process).ask("POST", checkFile, "x").refused(t, 429, "rate_limited")
}
