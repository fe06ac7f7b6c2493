package main

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yanzheng/models"
)

// TestSlowUpload: an upload may take longer than a request may wait for others; its own work begins when it is there.
func TestSlowUpload(t *testing.T) {
	w := realWorld(t)
	r, _ := w.certified(t, "SLOW")
	holder, _ := w.person(t, "slow")
	holder.ask("POST", "/api/v1/me/binding", identify(r))
	photo, _ := uploads(t)
	body, sent := io.Pipe()
	go func() {
		defer sent.Close()
		_, _ = io.WriteString(sent, photo[:1000])
		time.Sleep(requestTimeout + 500*time.Millisecond) // that time passes is what this is about
		_, _ = io.WriteString(sent, photo[1000:])
	}()
	if a := holder.send("POST", "/api/v1/me/photo", body); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestDemoHolder: the demonstration's holder is somebody, with images that count, so that all of this can be tried.
func TestDemoHolder(t *testing.T) {
	p := serve(t, environment{"LISTEN": "127.0.0.1:0", "DATA_DIR": filepath.Join(t.TempDir(), "data")})
	d, c := demoOf(t, p), newClient(t, p)
	as := map[string]*client{}
	for _, l := range d.Logins {
		as[l.Roles[0]] = c.as(c.logIn(l.Code).Token)
	}
	me := as["holder"].me()
	if me.Holder == nil || len(me.Holder.Images) != 2 || me.Holder.Images[0].State != "accepted" || me.Holder.Images[1].State != "accepted" {
		t.Fatalf("the holder is %+v", me)
	}
	p2 := as["inspector"].pictures(d.Codes[0].Code)
	if p2.Photo == nil || p2.Signature == nil {
		t.Fatalf("the first code links to %+v", p2)
	}
	once(t, c, p2.Photo.URL)
	once(t, c, p2.Signature.URL)
	if a := as["inspector"].ask("POST", "/api/v1/scans/"+p2.ScanID+"/signature", `{"finding":"match"}`); a.status != http.StatusOK {
		t.Errorf("a finding: %d %s", a.status, a.body)
	}
	if a := as["registrar"].ask("GET", "/api/v1/registrar/images", ""); a.status != http.StatusOK {
		t.Errorf("the registrar: %d %s", a.status, a.body)
	}
	if a := as["holder"].ask("GET", "/api/v1/me/looks", ""); !strings.Contains(string(a.body), `"inspector"`) {
		t.Errorf("who looked: %s", a.body)
	}
}

// TestInitialRegistration: a person may exist before any registration, and the registration waits for both images (R6).
func TestInitialRegistration(t *testing.T) {
	w := realWorld(t)
	r := people("FIRST", 1)[0]
	type admitted struct {
		Application string `json:"application"`
		Category    string `json:"category"`
		Registered  bool   `json:"registered"`
	}
	admit := []string{"admit", "--category", string(r.Category), "--name", r.Person.Name, "--sex", string(r.Person.Sex), "--id-number", r.Person.IDNumber}
	a := must[admitted](t, w.env, admit...)
	if again := must[admitted](t, w.env, admit...); again != a || a.Application == "" {
		t.Errorf("admitted %+v, then %+v", a, again)
	}
	register := []string{
		"register", a.Application, "--certificate-number", r.CertificateNumber, "--seal-number", r.SealNumber, "--employer", r.Employer,
		"--employer-code", r.EmployerCode, "--valid-from", r.ValidFrom.String(), "--valid-until", r.ValidUntil.String(), "--reason", "初始注册",
	}
	refused := func(field string) {
		t.Helper()
		if got := command(t, w.env, register...); got.status != exitFailed || !strings.Contains(got.errors, "照片和签名图像须先采集") || !strings.Contains(got.errors, field) {
			t.Errorf("registered without %s: %+v", field, got)
		}
	}
	refused("photo")
	applicant, _ := w.person(t, "applicant")
	registrar, _ := w.person(t, "registrar", models.RoleRegistrar)
	if a := applicant.ask("POST", "/api/v1/me/binding", identify(r, "certificate_number", a.Application)); a.status != http.StatusOK {
		t.Fatalf("by the application's number: %d %s", a.status, a.body)
	}
	photo, signature := uploads(t)
	for _, step := range []struct{ kind, raw, missing string }{{"photo", photo, "signature"}, {"signature", signature, ""}} {
		applicant.ask("POST", "/api/v1/me/"+step.kind, step.raw)
		registrar.decide("images", registrar.cases("images")[0], "accept", "")
		if step.missing != "" {
			refused(step.missing)
		}
	}
	made := must[map[string]any](t, w.env, register...)
	if fmt.Sprint(made["certificate_number"]) != r.CertificateNumber {
		t.Errorf("registered %v", made)
	}
	if me := applicant.me(); len(me.Holder.Registrations) != 1 || me.Holder.Registrations[0].Status != "in_force" {
		t.Errorf("the holder sees %+v", me.Holder)
	}
	if v := applicant.scan(issue(t, w.env, r).Code); v.is() != "valid/in_force" {
		t.Errorf("scanned it is %s", v.is())
	}
	if got := command(t, w.env, register...); got.status != exitFailed {
		t.Errorf("registered twice: %+v", got)
	}
}

// TestLockSurvives: three wrong tries lock on every server, and over a restart.
func TestLockSurvives(t *testing.T) {
	w := realWorld(t)
	r := people("LOCKED", 1)[0]
	bring(t, w.env, r)
	guesser, _ := w.person(t, "guesser")
	for range 3 {
		guesser.ask("POST", "/api/v1/me/binding", identify(r, "id_number", "11010119000101001X")).refused(t, http.StatusUnprocessableEntity, "identity_no_match")
	}
	w.stop(t)
	p := serve(t, w.env)
	guesser.base = "http://" + p.address
	a := guesser.ask("POST", "/api/v1/me/binding", identify(r))
	a.refused(t, http.StatusTooManyRequests, "identity_locked")
	later(t, "the lock", a)
	w.process = p
	// The certificate's number bears the wrong tries of three users; then it is locked for whoever comes, until a registrar
	// releases it.
	for n := range 2 {
		other, _ := w.person(t, fmt.Sprint("another guesser ", n))
		for try := range 3 {
			wrong := identify(r, "id_number", fmt.Sprint("guess", n, try))
			other.ask("POST", "/api/v1/me/binding", wrong).refused(t, http.StatusUnprocessableEntity, "identity_no_match")
		}
	}
	honest, _ := w.person(t, "honest")
	honest.ask("POST", "/api/v1/me/binding", identify(r)).refused(t, http.StatusTooManyRequests, "identity_locked")
	registrar, _ := w.person(t, "who releases", models.RoleRegistrar)
	release := fmt.Sprintf(`{"certificate_number":%q}`, r.CertificateNumber)
	if a := registrar.ask("POST", "/api/v1/registrar/locks/release", release); string(a.body) != `{"released":1}`+"\n" && string(a.body) != `{"released":1}` {
		t.Errorf("released: %d %s", a.status, a.body)
	}
	if a := honest.ask("POST", "/api/v1/me/binding", identify(r)); a.status != http.StatusOK || !strings.Contains(string(a.body), `"bound"`) {
		t.Errorf("after the release: %d %s", a.status, a.body)
	}
}
