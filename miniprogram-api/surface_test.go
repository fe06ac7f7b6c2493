package miniprogram

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"yanzheng/internal/verify"
	"yanzheng/models"
)

// client is the address that a request of httptest comes from.
const client = "192.0.2.1"

// TestWhatReachesTheUseCase: who scans comes from the header, from where from the connection, the rest from the body, and nothing from elsewhere.
func TestWhatReachesTheUseCase(t *testing.T) {
	s := usable()
	w := s.ask(t, http.MethodPost, "/api/v1/scans?code=2&token=x", `{"code":" 1 ","note":" a  b ","place":{"lat":39.908763,"lng":116.397128}}`,
		"Authorization", "bearer  token ", "X-User-Id", "u2", "X-Forwarded-For", "203.0.113.9")
	want := verify.Request{Token: "token", Address: client, Code: " 1 ", Note: "a b", Place: &models.Place{LatCenti: 3991, LngCenti: 11640}}
	if w.Code != http.StatusOK || s.scanned == nil || !reflect.DeepEqual(*s.scanned, want) {
		t.Errorf("%d, asked for %+v, want %+v", w.Code, s.scanned, want)
	}
	s = usable()
	if w := s.ask(t, http.MethodGet, "/v/123?look=1", ""); w.Code != http.StatusOK || s.digits != "123" || !s.look || s.address != client {
		t.Errorf("%d, %q, %v", w.Code, s.digits, s.look)
	}
	s = usable()
	s.ask(t, http.MethodPost, "/api/v1/lookups", `{"name":" 王 ","certificate_number":"1","category":"一级建造师","paper":{"employer":"x"}}`)
	wantLookUp := verify.LookUpRequest{
		Address: client, Name: " 王 ", CertificateNumber: "1", Category: models.CategoryConstructor1, Paper: map[models.Field]string{models.FieldEmployer: "x"},
	}
	if s.asked == nil || !reflect.DeepEqual(*s.asked, wantLookUp) {
		t.Errorf("asked for %+v, want %+v", s.asked, wantLookUp)
	}
	s = usable()
	if w := s.ask(t, http.MethodPost, "/api/v1/login", `{"code":"abc"}`); w.Code != http.StatusOK || s.code != "abc" || s.address != client || !strings.Contains(w.Body.String(), `"roles":[]`) {
		t.Errorf("%d, code %q: %s", w.Code, s.code, w.Body)
	}
}

// TestRefusedBeforeTheUseCase: what is malformed, breaks a rule or has no token is never asked for.
func TestRefusedBeforeTheUseCase(t *testing.T) {
	for body, status := range map[string]int{
		`{}`: 400, `{"code":""}`: 400, `{"code":null}`: 400, `{"code":"1","user":"u2"}`: 400, `x`: 400,
		`{"code":"1","place":{}}`: 422, `{"code":"1","place":{"lat":91,"lng":0}}`: 422,
		`{"code":"1","note":"` + strings.Repeat("注", 201) + `"}`: 422,
		`{"code":"` + strings.Repeat("1", 16<<10) + `"}`:         413,
	} {
		s := usable()
		if w := s.scan(t, body); w.Code != status || s.scanned != nil {
			t.Errorf("%.60s: %d, want %d; asked: %v", body, w.Code, status, s.scanned)
		}
	}
	for _, header := range []string{"", "token", "Basic token", "Bearer", "Bearer other", "Bearertoken"} {
		s := usable()
		w := s.ask(t, http.MethodPost, "/api/v1/scans", `{"code":"1"}`, "Authorization", header)
		if w.Code != http.StatusUnauthorized || s.scanned != nil || w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("Authorization %q: %d, asked: %v", header, w.Code, s.scanned)
		}
	}
	// The token is looked at before the body is: a stranger learns nothing of what a body should be.
	s := usable()
	if w := s.ask(t, http.MethodPost, "/api/v1/scans", `nonsense`); w.Code != http.StatusUnauthorized {
		t.Errorf("nonsense without a token: %d", w.Code)
	}
}

// TestErrorsOfTheUseCases leave as problems, whatever they are.
func TestErrorsOfTheUseCases(t *testing.T) {
	for err, status := range map[error]int{
		models.ErrUnavailable.Because(fmt.Errorf("dial tcp 10.0.0.1")): 503,
		fmt.Errorf("dial tcp 10.0.0.1"):                                500,
		verify.ErrNoMatch:                                              404,
		models.ErrConflict:                                             409,
	} {
		s := usable()
		s.err = err
		for _, r := range [][3]string{
			{"POST", "/api/v1/scans", `{"code":"1"}`}, {"POST", "/api/v1/login", `{"code":"1"}`},
			{"POST", "/api/v1/lookups", `{"name":"王","certificate_number":"1"}`}, {"GET", "/v/1", ""},
		} {
			w := s.ask(t, r[0], r[1], r[2], "Authorization", "Bearer token")
			if w.Code != status || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/problem+json") || strings.Contains(w.Body.String(), "10.0.0.1") {
				t.Errorf("%v at %s: %d %s", err, r[1], w.Code, w.Body)
			}
		}
	}
}

// TestColumns holds every answer against the table "who may see what", member by member.
func TestColumns(t *testing.T) {
	public := []string{
		"blocks", "category", "category_code", "certificate_number", "employer", "employer_code", "message", "name",
		"reason", "seal_number", "since", "specialty", "status", "valid_from", "valid_until",
	}
	user := append([]string{"id_number"}, public...)
	slices.Sort(user)
	for where, c := range map[string]struct {
		body string
		want []string
	}{
		"public":  {usable().ask(t, "GET", "/v/1", "").Body.String(), public},
		"look-up": {usable().ask(t, "POST", "/api/v1/lookups", `{"name":"王","certificate_number":"1"}`).Body.String(), public},
		"scan":    {usable().scan(t, `{"code":"1"}`).Body.String(), user},
	} {
		var answer struct {
			Registration map[string]any `json:"registration"`
		}
		if err := json.Unmarshal([]byte(c.body), &answer); err != nil {
			t.Fatal(where, err)
		}
		if got := slices.Sorted(maps.Keys(answer.Registration)); !slices.Equal(got, c.want) {
			t.Errorf("%s shows %q, want %q", where, got, c.want)
		}
	}
}

// TestListsAreNeverNull: a client that loops over null crashes where nobody looks.
func TestListsAreNeverNull(t *testing.T) {
	s := usable()
	s.answer.Verdict = models.Decide(models.Reading{Outcome: models.ReadForged}, nil, exampleAt)
	for where, body := range map[string]string{
		"forged":  s.ask(t, "GET", "/v/1", "").Body.String(),
		"usable":  usable().scan(t, `{"code":"1"}`).Body.String(),
		"look-up": usable().ask(t, "POST", "/api/v1/lookups", `{"name":"王","certificate_number":"1"}`).Body.String(),
	} {
		if strings.Contains(body, "null") {
			t.Errorf("%s: %s", where, body)
		}
	}
}
