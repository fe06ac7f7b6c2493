package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// An answer that fits, and spoilt ones below.
const fitting = `{"scan_id":"019fcfb8-ea2b-7c3a-9d55-0f1e2d3c4b5a","at":"2026-08-05T10:20:30.123+08:00","as_of":"2026-08-05T10:20:05.123+08:00",` +
	`"source":"cache","usable":true,"document":{"status":"valid","reason":"genuine","reasons":[],"changed":[],"message":{"zh":"真","en":"genuine"},` +
	`"use_from":"2026-07-04","use_until":"2026-12-31"},"registration":{"status":"in_force","reason":"registered","blocks":[],"message":{"zh":"有","en":"yes"},` +
	`"name":"王书涵","category":"一级注册建筑师","category_code":"first_class_architect","certificate_number":"999000001","seal_number":"990001-123",` +
	`"employer":"示例","employer_code":"91999999MA0000001N","specialty":"","valid_from":"2025-09-01","valid_until":"2027-08-31"}}`

// TestContractCheck: a check that lets everything pass would go unnoticed, so here is what it must not let pass.
func TestContractCheck(t *testing.T) {
	const problem = `{"type":"about:blank","status":503,"code":"unavailable","title":"停","title_en":"away","request_id":"12345678"}`
	for name, c := range map[string]struct {
		method, path string
		status       int
		media, body  string
		headers      []string
		ok           bool
	}{
		"fits":                  {body: fitting, ok: true},
		"an ID number":          {body: strings.Replace(fitting, `"name"`, `"id_number":"**************0010","name"`, 1)},
		"a member more":         {body: strings.Replace(fitting, `"usable"`, `"person_id":7,"usable"`, 1)},
		"a member less":         {body: strings.Replace(fitting, `"employer":"示例",`, ``, 1)},
		"another status":        {body: strings.Replace(fitting, `"in_force"`, `"retired"`, 1)},
		"another reason":        {body: strings.Replace(fitting, `"genuine","reasons"`, `"use_limit_passed","reasons"`, 1)},
		"usable but suspended":  {body: strings.NewReplacer(`"in_force"`, `"suspended"`, `"registered"`, `"suspended"`).Replace(fitting)},
		"usable but blocked":    {body: strings.NewReplacer(`"blocks":[]`, `"blocks":["penalty"]`, `"registered"`, `"under_penalty"`).Replace(fitting)},
		"valid but not usable":  {body: strings.Replace(fitting, `"usable":true`, `"usable":false`, 1)},
		"forged but registered": {body: strings.NewReplacer(`"valid","reason":"genuine"`, `"forged","reason":"bad_signature"`, `:true`, `:false`).Replace(fitting)},
		"no day":                {body: strings.Replace(fitting, "2026-12-31", "2026-02-31", 1)},
		"another zone":          {body: strings.Replace(fitting, "+08:00", "Z", 1)},
		"null for a list":       {body: strings.Replace(fitting, `"changed":[]`, `"changed":null`, 1)},
		"not JSON":              {body: fitting + "}"},
		"another media type":    {body: fitting, media: "text/plain"},
		"another header":        {body: fitting, headers: []string{"Server", "yanzheng"}},
		"no request id":         {body: fitting, headers: []string{"X-Request-Id", ""}},
		"cached on the way":     {body: fitting, headers: []string{"Cache-Control", "public"}},
		"may be framed":         {body: fitting, headers: []string{"X-Frame-Options", ""}},
		"another code":          {status: 418, body: fitting},
		"another path":          {path: "/elsewhere", body: fitting},
		"another method":        {method: "PUT", body: fitting},
		"masked for a user":     {method: "POST", path: "/api/v1/scans", body: strings.Replace(fitting, `"name"`, `"id_number":"**************0010","name"`, 1), ok: true},
		"whole for a user":      {method: "POST", path: "/api/v1/scans", body: strings.Replace(fitting, `"name"`, `"id_number":"999999198808080010","name"`, 1)},
		"missing for a user":    {method: "POST", path: "/api/v1/scans", body: fitting},
		"later":                 {status: 503, media: "application/problem+json", body: problem, headers: []string{"Retry-After", "2"}, ok: true},
		"later, but not when":   {status: 503, media: "application/problem+json", body: problem},
		"later, at a date":      {status: 503, media: "application/problem+json", body: problem, headers: []string{"Retry-After", "soon"}},
		"another problem":       {status: 503, media: "application/problem+json", body: strings.Replace(problem, `"unavailable"`, `"internal"`, 1), headers: []string{"Retry-After", "2"}},
		"a cause":               {status: 503, media: "application/problem+json", body: strings.Replace(problem, `"code"`, `"detail":"dial tcp","code"`, 1), headers: []string{"Retry-After", "2"}},
		"another number inside": {status: 503, media: "application/problem+json", body: strings.Replace(problem, `503`, `500`, 1), headers: []string{"Retry-After", "2"}},
		"another id inside":     {status: 503, media: "application/problem+json", body: strings.Replace(problem, `12345678`, `87654321`, 1), headers: []string{"Retry-After", "2"}},
	} {
		r := httptest.NewRequest(or(c.method, "GET"), or(c.path, "/v/1"), nil)
		w := httptest.NewRecorder()
		h := w.Header()
		h.Set("Content-Type", or(c.media, "application/json"))
		h.Set("X-Request-Id", "12345678")
		h.Set("Cache-Control", "no-store")
		for name, value := range secured {
			h.Set(name, value)
		}
		for i := 0; i < len(c.headers); i += 2 {
			h.Set(c.headers[i], c.headers[i+1])
			if c.headers[i+1] == "" {
				h.Del(c.headers[i])
			}
		}
		w.WriteHeader(max(c.status, 0) + map[bool]int{true: http.StatusOK}[c.status == 0])
		res := w.Result()
		own := &openAPI{model: contract().model, validator: contract().validator, seen: map[string]bool{}} // what is seen here was not seen
		faults := own.check(r, res, []byte(c.body))
		if (len(faults) == 0) != c.ok {
			t.Errorf("%s: ok is %v, want %v: %q", name, !c.ok, c.ok, faults)
		}
	}
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// TestSecretsAreFound: the search that ends all tests finds what it is to find.
func TestSecretsAreFound(t *testing.T) {
	for text, want := range map[string]bool{
		"serving on 127.0.0.1":                                 false,
		"id=990017198808080010":                                true,
		strings.Repeat("9", 60) + "1988080800" + "10999":       false, // the digits of a code
		"**************0010":                                   false,
		`{"employer_code":"91999999MA0000001N"}`:               false,
		"dial tcp: user:" + "pass-of-this-test" + "@tcp(db)/x": true,
	} {
		if got := len(leaksIn(text, map[string]string{"pass-of-this-test": "a password"})) > 0; got != want {
			t.Errorf("%q: found is %v, want %v", text, got, want)
		}
	}
}
