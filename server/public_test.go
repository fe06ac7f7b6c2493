package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func testPublicAddresses(t *testing.T, w *world) {
	c := newClient(t, w.process)
	for path, want := range map[string]string{
		"/healthz":   `{"status":"ok"}`,
		"/readyz":    `{"parts":{"database":"ok","redis":"ok"},"status":"ready"}`,
		"/keys.json": `{"domain":"yanzheng/certificate-code/v1:"`,
		"/":          "<!DOCTYPE html>",
	} {
		if a := c.ask("GET", path, ""); a.status != http.StatusOK || !strings.HasPrefix(string(a.body), want) {
			t.Errorf("%s: %d %.200s", path, a.status, a.body)
		}
	}
	if a := c.ask("GET", "/openapi.yaml", ""); !bytes.Equal(a.body, contract().raw) {
		t.Error("/openapi.yaml is not the contract")
	}
	c.ask("HEAD", "/", "")
	c.ask("HEAD", "/v/1", "")
	for _, path := range regexp.MustCompile(`/assets/[^"]+`).FindAllString(string(c.ask("GET", "/", "").body), -1) {
		for _, method := range []string{"GET", "HEAD"} {
			if a := c.ask(method, path, ""); a.status != http.StatusOK {
				t.Errorf("%s %s: %d", method, path, a.status)
			}
		}
	}
	for _, path := range []string{"/assets/none", "/v/none.txt"} {
		for _, method := range []string{"GET", "HEAD"} {
			if a := c.ask(method, path, "", "Accept", "application/json"); a.status != http.StatusNotFound {
				t.Errorf("%s %s: %d", method, path, a.status)
			}
		}
	}
	for _, path := range []string{"/nothing", "/v", "/v/", "/v/1/2", "/api/v1", "/api/v1/", "/api/v2/scans", "/healthz/", "/metrics", "/.git/config", "/v/a%2Fb", "//healthz"} {
		a := c.ask("GET", path, "")
		a.refused(t, http.StatusNotFound, "no_such_address")
	}
	if a := c.ask("GET", "/nothing", "", "Accept", "text/html"); a.status != http.StatusNotFound || !strings.HasPrefix(string(a.body), "<!DOCTYPE html>") {
		t.Errorf("for a browser /nothing is %d", a.status)
	}
	for _, r := range [][2]string{
		{"GET", "/api/v1/scans"}, {"PUT", "/api/v1/scans"}, {"GET", "/api/v1/login"}, {"DELETE", "/api/v1/lookups"},
		{"POST", "/v/1"}, {"POST", "/healthz"}, {"PATCH", "/keys.json"}, {"OPTIONS", "/api/v1/scans"},
	} {
		a := c.ask(r[0], r[1], "")
		a.refused(t, http.StatusMethodNotAllowed, "method_not_allowed")
		if a.header.Get("Allow") == "" {
			t.Errorf("%s %s: no Allow", r[0], r[1])
		}
	}
	if a := c.ask("GET", "/healthz", "", "X-Request-Id", "from-a-client-42"); a.header.Get("X-Request-Id") != "from-a-client-42" {
		t.Error("the client's request id is not kept")
	}
	if a := c.ask("GET", "/healthz", "", "X-Request-Id", "no id: <script>"); a.header.Get("X-Request-Id") == "no id: <script>" {
		t.Error("anything passes for a request id")
	}
}

// testColumns holds the answers of one code against the table "who may see what".
func testColumns(t *testing.T, w *world) {
	r, code := w.certified(t, "COLUMN")
	user, anybody := w.user(t), newClient(t, w.process)
	if v := user.scan(code.Code); v.Registration.IDNumber != strings.Repeat("*", 14)+r.Person.IDNumber[14:] {
		t.Errorf("a logged-in user is shown the ID number %q", v.Registration.IDNumber)
	}
	before := w.count(t, "SELECT COUNT(*) FROM scans")
	v := anybody.public(code.digits())
	if v.Registration == nil || v.Registration.IDNumber != "" || v.ScanID == "" || v.is() != "valid/in_force" || !v.Usable {
		t.Errorf("in public: %+v", v)
	}
	page := anybody.page(code.digits())
	for _, want := range []string{r.Person.Name, r.CertificateNumber, r.SealNumber, r.Employer, r.EmployerCode} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %s", want)
		}
	}
	for _, never := range []string{r.Person.IDNumber[14:], "****", r.Person.BirthDate.String()} {
		if strings.Contains(page, never) {
			t.Errorf("the page says %s", never)
		}
	}
	if n := w.count(t, "SELECT COUNT(*) FROM scans WHERE channel = 'public'"); n < 2 {
		t.Errorf("%d public scans are recorded, want both", n)
	}
	// A preview, a prefetch and HEAD are answered, and are no scans.
	now := w.count(t, "SELECT COUNT(*) FROM scans")
	if now != before+2 {
		t.Errorf("%d scans were recorded, want 2", now-before)
	}
	for _, headers := range [][]string{{"Purpose", "prefetch"}, {"User-Agent", "facebookexternalhit/1.1"}} {
		a := anybody.ask("GET", "/v/"+code.digits(), "", append(headers, "Accept", "application/json")...)
		if v := a.verdict(t); v.ScanID != "" || v.is() != "valid/in_force" {
			t.Errorf("%v: %+v", headers, v)
		}
	}
	for _, accept := range []string{"application/json", "text/html"} {
		if a := anybody.ask("HEAD", "/v/"+code.digits(), "", "Accept", accept); a.status != http.StatusOK {
			t.Errorf("HEAD is %d", a.status)
		}
	}
	if n := w.count(t, "SELECT COUNT(*) FROM scans"); n != now {
		t.Errorf("%d looks without a looker were recorded", n-now)
	}
	// A place is kept to a hundredth of a degree, and a note as it is.
	body, _ := json.Marshal(map[string]any{"code": code.Code, "note": "  三号楼\t现场 ", "place": map[string]any{"lat": 39.908763, "lng": -116.397128}})
	scanned := user.ask("POST", "/api/v1/scans", string(body)).verdict(t)
	if n := w.count(t, "SELECT COUNT(*) FROM scans WHERE id = ? AND lat_centi = 3991 AND lng_centi = -11640 AND note = '三号楼 现场' AND user_id IS NOT NULL AND usable", scanned.ScanID); n != 1 {
		t.Error("the scan is not kept as it was made")
	}
}
