package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// zeros is a body that has no length and no end of its own.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

// testBadInput: everything that people and programs send has one exact answer, and leaves nothing behind but the record
// of a scan where the answer is a verdict.
func testBadInput(t *testing.T, w *world) {
	_, code := w.certified(t, "BAD")
	user := w.user(t)
	digits := code.digits()
	changed := digits[:len(digits)-1] + map[bool]string{true: "8", false: "7"}[digits[183] == '7']
	fullWidth := strings.Map(func(r rune) rune { return r - '0' + '\uff10' }, digits)
	type row struct {
		name, body string
		status     int
		want       string // a verdict's document status and reason, or a problem's code and field
	}
	rows := []row{
		{"genuine", `{"code":"` + code.Code + `"}`, 200, "valid genuine"},
		{"digits alone", `{"code":"` + digits + `"}`, 200, "valid genuine"},
		{"spaces around", `{"code":" ` + code.Code + `\n"}`, 200, "valid genuine"},
		{"a query behind it", `{"code":"` + code.Code + `?from=timeline"}`, 200, "valid genuine"},
		{"no place", `{"code":"` + code.Code + `","place":null}`, 200, "valid genuine"},
		{"a place at the edge", `{"code":"` + code.Code + `","place":{"lat":-90,"lng":180}}`, 200, "valid genuine"},
		{"a note of 200 characters", `{"code":"` + code.Code + `","note":"` + strings.Repeat("注", 200) + `"}`, 200, "valid genuine"},
		{"digit changed", `{"code":"` + strings.Replace(code.Code, digits, changed, 1) + `"}`, 200, "forged bad_signature"},
		{"digit missing", `{"code":"` + code.Code[:len(code.Code)-1] + `"}`, 200, "unknown unreadable"},
		{"full-width digits", `{"code":"` + fullWidth + `"}`, 200, "unknown unreadable"},
		{"key that nobody has", `{"code":"` + strings.Repeat("0", 184) + `"}`, 200, "unknown unknown_key"},
		{"another site", `{"code":"https://example.com/v/` + digits + `"}`, 200, "unknown not_ours"},
		{"a script", `{"code":"javascript:alert(1)//` + digits + `"}`, 200, "unknown not_ours"},
		{"emoji", `{"code":"👩‍🏭🏗"}`, 200, "unknown not_ours"},
		{"broken text", "{\"code\":\"\xff\xfe\x00\"}", 400, "body_not_json "},
		{"text that is no UTF-8", "{\"code\":\"\xff\xfe\"}", 200, "unknown not_ours"},
		{"SQL", `{"code":"' OR 1=1 --"}`, 200, "unknown not_ours"},
		{"fifteen thousand digits", `{"code":"` + strings.Repeat("1", 15_000) + `"}`, 200, "unknown not_ours"},

		{"empty code", `{"code":""}`, 400, "field_missing code"},
		{"no code", `{}`, 400, "field_missing code"},
		{"code null", `{"code":null}`, 400, "field_missing code"},
		{"code a number", `{"code":` + digits[1:20] + `}`, 400, "body_not_json code"},
		{"code a list", `{"code":["` + digits + `"]}`, 400, "body_not_json code"},
		{"empty body", ``, 400, "body_not_json "},
		{"not JSON", `code=` + digits, 400, "body_not_json "},
		{"half JSON", `{"code":"` + digits, 400, "body_not_json "},
		{"two values", `{"code":"1"}{"code":"2"}`, 400, "body_not_json "},
		{"something behind it", `{"code":"1"} x`, 400, "body_not_json "},
		{"a list", `[{"code":"1"}]`, 400, "body_not_json "},
		{"a member nobody knows", `{"code":"1","usable":true}`, 400, "member_unknown usable"},
		{"a user of one's own", `{"code":"1","user_id":"u1"}`, 400, "member_unknown user_id"},
		{"nested too deeply", strings.Repeat(`{"code":`, 1500), 400, "body_not_json "},

		{"latitude out of range", `{"code":"1","place":{"lat":90.01,"lng":0}}`, 422, "place_invalid place"},
		{"longitude out of range", `{"code":"1","place":{"lat":0,"lng":-180.5}}`, 422, "place_invalid place"},
		{"no longitude", `{"code":"1","place":{"lat":39.9}}`, 422, "place_invalid place"},
		{"an empty place", `{"code":"1","place":{}}`, 422, "place_invalid place"},
		{"not a number", `{"code":"1","place":{"lat":NaN,"lng":0}}`, 400, "body_not_json "},
		{"infinite", `{"code":"1","place":{"lat":1e999,"lng":0}}`, 400, "body_not_json place.lat"},
		{"a number in quotes", `{"code":"1","place":{"lat":"39.9","lng":"116"}}`, 400, "body_not_json place.lat"},
		{"a height", `{"code":"1","place":{"lat":1,"lng":1,"alt":1}}`, 400, "member_unknown alt"},
		{"a note of 201 characters", `{"code":"1","note":"` + strings.Repeat("注", 201) + `"}`, 422, "note_too_long note"},
		{"a note that turns the direction", `{"code":"1","note":"\u202e假"}`, 422, "text_hidden_characters note"},
		{"a note with a control character", `{"code":"1","note":"a\u0007"}`, 422, "text_hidden_characters note"},
		{"17 KiB", `{"code":"` + strings.Repeat("1", 17<<10) + `"}`, 413, "body_too_large "},
		{"10 MB of digits", `{"code":"` + strings.Repeat("1", 10_000_000) + `"}`, 413, "body_too_large "},
	}
	tables := []string{"users", "sessions", "persons", "registrations", "certificates", "events"}
	before := map[string]int{}
	for _, name := range tables {
		before[name] = w.count(t, "SELECT COUNT(*) FROM "+name)
	}
	scans := w.count(t, "SELECT COUNT(*) FROM scans")
	for _, r := range rows {
		a := user.ask("POST", "/api/v1/scans", r.body, "Content-Type", "application/json")
		got := ""
		if a.status == http.StatusOK {
			v := a.verdict(t)
			got = v.Document.Status + " " + v.Document.Reason
			scans++
			if n := w.count(t, "SELECT COUNT(*) FROM scans WHERE id = ? AND document_status = ?", v.ScanID, v.Document.Status); n != 1 {
				t.Errorf("%s: the scan is not recorded as it was answered", r.name)
			}
		} else {
			p := a.problem(t)
			got = p.Code + " " + p.Field
		}
		if a.status != r.status || got != r.want {
			t.Errorf("%s: %d %q, want %d %q", r.name, a.status, got, r.status, r.want)
		}
		if n := w.count(t, "SELECT COUNT(*) FROM scans"); n != scans {
			t.Errorf("%s: %d scans are recorded, want %d", r.name, n, scans)
			scans = n
		}
	}
	for _, path := range []string{"/api/v1/scans", "/api/v1/login", "/api/v1/lookups"} {
		body := io.MultiReader(strings.NewReader(`{"code":"`), io.LimitReader(zeros{}, 10_000_000))
		user.send("POST", path, body).refused(t, http.StatusRequestEntityTooLarge, "body_too_large")
		user.ask("POST", path, "<xml/>", "Content-Type", "text/xml").refused(t, http.StatusBadRequest, "body_not_json")
	}
	if a := user.ask("POST", "/api/v1/scans", `{"code":"1"}`, "Content-Type", "text/plain"); a.status != http.StatusOK {
		t.Errorf("JSON under another name is %d", a.status)
	}
	for name, n := range before {
		if now := w.count(t, "SELECT COUNT(*) FROM "+name); now != n {
			t.Errorf("%d rows of %s came of nothing", now-n, name)
		}
	}
	testBadAddresses(t, w, digits, changed)
}

// testBadAddresses: at /v/ what is not genuine is answered and leaves nothing at all.
func testBadAddresses(t *testing.T, w *world, digits, changed string) {
	t.Helper()
	c := newClient(t, w.process)
	scans := w.count(t, "SELECT COUNT(*) FROM scans")
	for path, want := range map[string]string{
		changed:                   "forged bad_signature",
		digits[1:]:                "unknown unreadable",
		"0" + digits:              "unknown unreadable",
		strings.Repeat("0", 184):  "unknown unknown_key",
		strings.Repeat("9", 9000): "unknown unreadable",
		"%F0%9F%8F%97":            "unknown unreadable",
		"%EF%BC%91":               "unknown unreadable",
		"..%00":                   "unknown unreadable",
		"a.b":                     "unknown unreadable",
	} {
		v := c.public(path)
		if got := v.Document.Status + " " + v.Document.Reason; got != want || v.ScanID != "" || v.Registration != nil {
			t.Errorf("/v/%.40s: %s, want %s", path, got, want)
		}
		if page := c.page(path); !strings.Contains(page, "不显示") || strings.Contains(page, "可以使用") {
			t.Errorf("/v/%.40s: the page says too much", path)
		}
	}
	if n := w.count(t, "SELECT COUNT(*) FROM scans"); n != scans {
		t.Errorf("%d forged or unreadable codes at /v/ are recorded", n-scans)
	}
}
