package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"image/png"
	"io"
	"slices"
	"strings"
	"testing"

	"yanzheng/models"
)

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

// settled gives a client who is the holder of a registration, their images accepted, and what they confirm.
func (w *world) settled(t testing.TB, prefix string) (*client, models.Registration, string) {
	t.Helper()
	r := people(prefix, 1)[0]
	r.ValidFrom, r.ValidUntil = today().AddDays(-100), today().AddDays(1000)
	bring(t, w.env, r)
	c, _ := w.person(t, "settled "+prefix)
	registrar, _ := w.person(t, "registrar", models.RoleRegistrar)
	c.settle(r, registrar)
	return c, r, wishFor(r)
}

// settle makes a client the holder of a registration, with images that a registrar accepts.
func (c *client) settle(r models.Registration, registrar *client) {
	c.t.Helper()
	if a := c.ask("POST", "/api/v1/me/binding", identify(r)); a.status != 200 {
		c.t.Fatalf("binding: %d %s", a.status, a.body)
	}
	photo, signature := uploads(c.t)
	for kind, raw := range map[string]string{"photo": photo, "signature": signature} {
		if a := c.ask("POST", "/api/v1/me/"+kind, raw); a.status != 200 {
			c.t.Fatalf("%s: %d %s", kind, a.status, a.body)
		}
	}
	for _, id := range registrar.cases("images") {
		if a := registrar.decide("images", id, "accept", ""); a.status != 200 {
			c.t.Fatalf("decision: %d %s", a.status, a.body)
		}
	}
}

// wishFor is the body by which a holder confirms the whole use limit.
func wishFor(r models.Registration) string {
	body, _ := json.Marshal(map[string]string{ //nolint:errchkjson // strings
		"category": string(r.Category), "certificate_number": r.CertificateNumber, "use_until": min(today().AddDays(180), r.ValidUntil).String(),
	})
	return string(body)
}

const (
	ownAddress = "/api/v1/me/certificates"
	checkFile  = "/api/v1/files/check"
	noReason   = `{"reason":"手机遗失"}`
)

// testConfirm: the holder looks, confirms, and has the file, the same bytes each time and on each server.
func testConfirm(t *testing.T, c, elsewhere *client, r models.Registration) (ownAnswer, []byte) {
	t.Helper()
	wish := wishFor(r)
	if a := c.ask("GET", "/api/v1/me/registrations", ""); a.status != 200 || !bytes.Contains(a.body, []byte(r.Person.IDNumber)) || !bytes.Contains(a.body, []byte(`"limited_by"`)) {
		t.Errorf("%d: %s", a.status, a.body)
	}
	own := decoded[ownAnswer](t, c.ask("POST", ownAddress, wish, "Idempotency-Key", "first-wish"), 201)
	again := decoded[ownAnswer](t, elsewhere.ask("POST", ownAddress, wish, "Idempotency-Key", "first-wish"), 200)
	if !own.Usable || again != own {
		t.Errorf("%+v and %+v", own, again)
	}
	at := ownAddress + "/" + own.ID
	pdf := c.ask("GET", at+"/file.pdf", "")
	sum := sha256.Sum256(pdf.body)
	if pdf.status != 200 || hex.EncodeToString(sum[:]) != own.File.SHA256 || pdf.header.Get("ETag") != `"`+own.File.SHA256+`"` {
		t.Errorf("%d, %d bytes, ETag %s of %+v", pdf.status, len(pdf.body), pdf.header.Get("ETag"), own)
	}
	if part := elsewhere.ask("GET", at+"/file.pdf", "", "Range", "bytes=10-19"); part.status != 206 || !bytes.Equal(part.body, pdf.body[10:20]) {
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
	return own, pdf.body
}

// checked is what a check says of a file.
type checked struct {
	File struct {
		Status  string   `json:"status"`
		Reasons []string `json:"reasons"`
	} `json:"file"`
	Verdict *verdict `json:"verdict"`
}

func (c *client) check(file []byte, headers ...string) checked {
	c.t.Helper()
	return decoded[checked](c.t, c.send("POST", checkFile, bytes.NewReader(file), headers...), 200)
}

// testChecks: anybody sends the file, as it is and spoilt.
func testChecks(t *testing.T, w *world, pdf []byte) {
	t.Helper()
	anyone := newClient(t, w.process)
	before := w.count(t, "SELECT COUNT(*) FROM scans WHERE channel = 'file'")
	got := anyone.check(pdf, "Content-Type", "application/pdf")
	if got.File.Status != "issued" || got.Verdict == nil || !got.Verdict.Usable || w.count(t, "SELECT COUNT(*) FROM scans WHERE channel = 'file'") != before+1 {
		t.Errorf("%+v", got)
	}
	form := "--x\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n" + string(pdf) + "\r\n--x--\r\n"
	if got := anyone.check([]byte(form), "Content-Type", "multipart/form-data; boundary=x"); got.File.Status != "issued" {
		t.Errorf("in a form: %+v", got)
	}
	spoilt := bytes.Clone(pdf)
	spoilt[len(spoilt)/2] ^= 1
	if got := anyone.check(spoilt); got.File.Status != "altered" || got.Verdict != nil {
		t.Errorf("spoilt: %+v", got)
	}
	if got := anyone.check(append(bytes.Clone(pdf), '\n')); got.File.Status != "appended" {
		t.Errorf("appended: %+v", got)
	}
	if got := anyone.check([]byte("hello")); got.File.Status != "not_ours" {
		t.Errorf("hello: %+v", got)
	}
}

// testEnds: what is suspended is not endorsed, what is withdrawn says so, one or all.
func testEnds(t *testing.T, w *world, c *client, r models.Registration, own ownAnswer, pdf []byte) {
	t.Helper()
	at, wish, anyone := ownAddress+"/"+own.ID, wishFor(r), newClient(t, w.process)
	decide(t, w.env, "suspend", r)
	if got := anyone.check(pdf); got.Verdict == nil || got.Verdict.Usable || got.Verdict.Registration.Status != "suspended" {
		t.Errorf("suspended: %+v", got)
	}
	if a := c.ask("POST", ownAddress, wish, "Idempotency-Key", "second-wish"); !strings.Contains(string(a.body), today().String()) {
		t.Errorf("barred, but not since when: %s", a.body)
	} else {
		a.refused(t, 409, "endorse_barred")
	}
	decide(t, w.env, "restore", r)
	second := decoded[ownAnswer](t, c.ask("POST", ownAddress, strings.Replace(wish, "{", `{"idempotency_key":"second-wish",`, 1)), 201)
	if !second.Usable || second.ID == own.ID {
		t.Errorf("endorsed anew: %+v", second)
	}
	if done := decoded[map[string]any](t, c.ask("POST", at+"/withdraw", noReason), 200); done["propagated"] != true {
		t.Errorf("%v", done)
	}
	c.ask("POST", at+"/withdraw", noReason).refused(t, 409, "already_withdrawn")
	if got := anyone.check(pdf); got.File.Status != "issued" || got.Verdict.Document.Status != "withdrawn" {
		t.Errorf("withdrawn: %+v", got)
	}
	if all := decoded[map[string]any](t, c.ask("POST", ownAddress+"/withdraw-all", noReason), 200); all["withdrawn"].(float64) < 1 || all["propagated"] != true {
		t.Errorf("%v", all)
	}
	if one := decoded[ownAnswer](t, c.ask("GET", ownAddress+"/"+second.ID, ""), 200); one.Usable || one.Document.Status != "withdrawn" {
		t.Errorf("%+v", one)
	}
	list := decoded[map[string][]ownAnswer](t, c.ask("GET", ownAddress, ""), 200)["certificates"]
	if len(list) < 2 || slices.ContainsFunc(list, func(o ownAnswer) bool { return o.Usable }) {
		t.Errorf("%+v", list)
	}
}

// TestCertificateRefusals: what each address refuses, and how.
func TestCertificateRefusals(t *testing.T) {
	w := realWorld(t)
	c, r, wish := w.settled(t, "R")
	stranger, _ := w.person(t, "of nobody")
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
		ask(stranger, one, bodyFor(one)).refused(t, 403, "not_a_holder")
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
	hidden := `{"reason":"a\u202eb"}`
	c.ask("POST", at+"/withdraw", hidden).refused(t, 422, "text_hidden_characters")
	c.ask("POST", ownAddress+"/withdraw-all", hidden).refused(t, 422, "text_hidden_characters")
	bare := people("RB", 1)[0]
	bring(t, w.env, bare)
	unseen, _ := w.person(t, "without images")
	unseen.ask("POST", "/api/v1/me/binding", identify(bare))
	unseen.ask("POST", ownAddress, wishFor(bare), "Idempotency-Key", "another-wish").refused(t, 409, "images_missing")
	w.exec(t, "RENAME TABLE bindings TO bindings_away")
	for _, one := range addresses {
		ask(c, one, bodyFor(one)).refused(t, 500, "internal")
	}
	w.exec(t, "RENAME TABLE bindings_away TO bindings")

	// Files.
	anyone := newClient(t, w.process)
	anyone.ask("POST", checkFile, strings.Repeat("x", 5<<20+1)).refused(t, 413, "file_too_large")
	anyone.send("POST", checkFile, &endless{left: 6 << 20}).refused(t, 413, "file_too_large")
	anyone.ask("POST", checkFile, "--x--", "Content-Type", "multipart/form-data; boundary=x").refused(t, 400, "file_missing")
	w.exec(t, "ALTER TABLE certificate_files RENAME TO elsewhere")
	anyone.ask("POST", checkFile, "%PDF-1.7").refused(t, 500, "internal")
	w.exec(t, "ALTER TABLE elsewhere RENAME TO certificate_files")
	w.proxy.cut()
	for _, one := range addresses {
		ask(c, one, bodyFor(one)).refused(t, 503, "unavailable")
	}
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

// TestCertificateLimits: each address counts.
func TestCertificateLimits(t *testing.T) {
	w := limited(t, environment{"LIMITS_CERTIFICATES": "1/1h", "LIMITS_FILES": "1/1h"})
	c, _, wish := w.settled(t, "L")
	own := decoded[ownAnswer](t, c.ask("POST", ownAddress, wish, "Idempotency-Key", "first-wish"), 201)
	at := ownAddress + "/" + own.ID
	later(t, "confirming", c.ask("POST", ownAddress, wish, "Idempotency-Key", "first-wish"))
	for _, path := range []string{at + "/file.pdf", at + "/album.png"} {
		c.ask("GET", path, "").refused(t, 429, "rate_limited")
	}
	newClient(t, w.process).ask("POST", checkFile, "x")
	newClient(t, w.process).ask("POST", checkFile, "x").refused(t, 429, "rate_limited")
}

// TestDemoHolderConfirms: in the embedded mode the demonstration's holder goes the whole way, as they are.
func TestDemoHolderConfirms(t *testing.T) {
	w := embeddedWorld(t)
	c := newClient(t, w.process)
	for _, in := range demoOf(t, w.process).Logins {
		if slices.Contains(in.Roles, string(models.RoleHolder)) {
			c = c.as(c.logIn(in.Code).Token)
		}
	}
	type previews struct {
		Registrations []struct {
			Registration struct {
				Category string `json:"category_code"`
				Number   string `json:"certificate_number"`
			}
			Window struct {
				Until string `json:"use_until"`
			}
		}
	}
	all := decoded[previews](t, c.ask("GET", "/api/v1/me/registrations", ""), 200).Registrations
	if len(all) == 0 {
		t.Fatal("the demonstration's holder has no registration")
	}
	wish, _ := json.Marshal(map[string]string{ //nolint:errchkjson // strings
		"category": all[0].Registration.Category, "certificate_number": all[0].Registration.Number, "use_until": all[0].Window.Until,
	})
	own := decoded[ownAnswer](t, c.ask("POST", ownAddress, string(wish), "Idempotency-Key", "demo-wish"), 201)
	pdf := c.ask("GET", ownAddress+"/"+own.ID+"/file.pdf", "").body
	if got := newClient(t, w.process).check(pdf); got.File.Status != "issued" || got.Verdict == nil || !got.Verdict.Usable {
		t.Errorf("%+v", got)
	}
	if v := c.scan(own.Code); !v.Usable {
		t.Errorf("a scan says %s", v.is())
	}
}
