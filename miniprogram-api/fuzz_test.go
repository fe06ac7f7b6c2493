package miniprogram

import (
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"yanzheng/internal/httpx"
	"yanzheng/internal/verify"
	"yanzheng/models"
)

// refused holds an answer to one of the problems that a body can have. The set is closed, so nothing of the body is repeated
// but the plain name of a member that nobody knows.
func refused(t *testing.T, body string, w *httptest.ResponseRecorder, fields []string, others ...error) {
	t.Helper()
	var got httpx.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != got.Status {
		t.Fatalf("%q: %d %s", body, w.Code, w.Body)
	}
	malformed := got
	malformed.Title, malformed.TitleEN, malformed.RequestID, malformed.Field = "", "", "", ""
	if malformed == (httpx.Problem{Type: "about:blank", Status: http.StatusBadRequest, Code: "body_not_json"}) {
		for _, field := range append([]string{""}, fields...) {
			if got.Field == field {
				return
			}
		}
	}
	if malformed == (httpx.Problem{Type: "about:blank", Status: http.StatusBadRequest, Code: "member_unknown"}) && plainName.MatchString(got.Field) {
		return
	}
	for _, e := range append(others, httpx.ErrBodyTooLarge) {
		if got == httpx.ProblemOf(e, got.RequestID) && (len(body) > maxBody || w.Code != http.StatusRequestEntityTooLarge) {
			return
		}
	}
	t.Errorf("%q: %d %s", body, w.Code, w.Body)
}

var plainName = regexp.MustCompile(`^[0-9A-Za-z_-]{0,40}$`)

// FuzzScanBody: what a body says reaches the use case as json.Unmarshal has it, within the bounds, or not at all.
func FuzzScanBody(f *testing.F) {
	fields := []string{"code", "note", "place", "place.lat", "place.lng"}
	f.Fuzz(func(t *testing.T, body string) {
		s := usable()
		w := s.scan(t, body)
		if w.Code != http.StatusOK {
			if s.scanned != nil {
				t.Errorf("%q is refused and scanned", body)
			}
			refused(t, body, w, fields, errMissing.On("code"), errNote, models.ErrPlace, models.ErrHidden.On("note"))
			return
		}
		var said struct {
			Code  string
			Note  string
			Place *struct{ Lat, Lng float64 }
		}
		if err := json.Unmarshal([]byte(body), &said); err != nil || s.scanned == nil || len(body) > maxBody {
			t.Fatalf("%q is taken: %v, %+v", body, err, s.scanned)
		}
		r := *s.scanned
		if r.Token != "token" || r.Address != client || r.Code != said.Code || r.Code == "" || r.Note != models.NormalizeText(said.Note) || utf8.RuneCountInString(r.Note) > 200 || models.CheckWritten(r.Note) != nil {
			t.Errorf("%q reaches the use case as %+v", body, r)
		}
		if (r.Place == nil) != (said.Place == nil) {
			t.Errorf("%q is at %+v, said to be at %+v", body, r.Place, said.Place)
		} else if r.Place != nil {
			lat, lng := r.Place.Degrees()
			if math.Abs(lat) > 90 || math.Abs(lng) > 180 || math.Abs(lat-said.Place.Lat) > 0.0051 || math.Abs(lng-said.Place.Lng) > 0.0051 {
				t.Errorf("%q is at %v, %v", body, lat, lng)
			}
			if again, err := models.NewPlace(lat, lng); err != nil || again != *r.Place {
				t.Errorf("%+v is rounded to %+v, %v", *r.Place, again, err)
			}
		}
	})
}

// FuzzLookUpBody: the same of a look-up.
func FuzzLookUpBody(f *testing.F) {
	fields := []string{"name", "certificate_number", "category", "paper"}
	f.Fuzz(func(t *testing.T, body string) {
		s := usable()
		w := s.ask(t, http.MethodPost, "/api/v1/lookups", body)
		if w.Code != http.StatusOK {
			if s.asked != nil {
				t.Errorf("%q is refused and looked up", body)
			}
			refused(t, body, w, fields, errMissing.On("name"), errMissing.On("certificate_number"), models.ErrCategory)
			return
		}
		var said struct {
			Name, Category    string
			CertificateNumber string `json:"certificate_number"`
			Paper             map[models.Field]string
		}
		if err := json.Unmarshal([]byte(body), &said); err != nil || s.asked == nil || len(body) > maxBody {
			t.Fatalf("%q is taken: %v, %+v", body, err, s.asked)
		}
		category, err := models.ParseCategory(said.Category)
		if (err != nil) != (said.Category == "") {
			t.Errorf("%q: the category %q is taken", body, said.Category)
		}
		want := verify.LookUpRequest{Address: client, Name: said.Name, CertificateNumber: said.CertificateNumber, Category: category, Paper: said.Paper}
		if want.Name == "" || want.CertificateNumber == "" || !reflect.DeepEqual(*s.asked, want) {
			t.Errorf("%q reaches the use case as %+v, want %+v", body, *s.asked, want)
		}
		if strings.Contains(w.Body.String(), "id_number") {
			t.Errorf("%q shows an ID number: %s", body, w.Body)
		}
	})
}

var bearerToken = regexp.MustCompile(`^(?i:bearer) [\t\n\v\f\r \x{85}\x{A0}\p{Z}]*token[\t\n\v\f\r \x{85}\x{A0}\p{Z}]*$`)

// FuzzAuthorization: one form of one header opens the door, and nothing else does.
func FuzzAuthorization(f *testing.F) {
	f.Fuzz(func(t *testing.T, header string) {
		s := usable()
		w := s.ask(t, http.MethodPost, "/api/v1/scans?token=token&access_token=token", `{"code":"1"}`,
			"Authorization", header, "Cookie", "token=token", "X-Authorization", "Bearer token")
		if opens := bearerToken.MatchString(header); opens != (w.Code == http.StatusOK) || opens != (s.scanned != nil) {
			t.Errorf("%q: %d", header, w.Code)
		}
		if w.Code != http.StatusOK && (w.Code != http.StatusUnauthorized || !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Bearer ")) {
			t.Errorf("%q: %d %v", header, w.Code, w.Header())
		}
	})
}

// FuzzAnswer: whatever the register holds, an answer is JSON that says just that and that no page can take for markup; to the
// public it has the same columns as to a user but the ID number, and of a document that is not ours it has none.
func FuzzAnswer(f *testing.F) {
	const masked = "«masked»"
	states := []models.State{models.StateInForce, models.StateSuspended, models.StateCancelled, models.StateWithdrawn, models.StateRevoked, "frozen"}
	f.Fuzz(func(t *testing.T, outcome, state, flags uint8, name, employer, rest string) {
		s := usable()
		facts := exampleFacts()
		facts.Name, facts.Employer, facts.EmployerCode, facts.Specialty = name, employer, rest, rest
		facts.SealNumber, facts.CertificateNumber, facts.Category = rest, rest, models.Category(rest)
		facts.IDNumberMasked, facts.State = masked, states[int(state)%len(states)]
		if flags&1 != 0 {
			facts.Changed = []models.Field{models.FieldEmployer, models.Field(rest)}
		}
		if flags&2 != 0 {
			facts.Blocks = []models.Block{{Kind: models.BlockPenalty}, {Kind: models.BlockKind(rest)}}
		}
		read := models.Reading{Outcome: models.ReadOutcome(outcome % 5), ID: facts.CertificateID, UseUntil: facts.UseUntil, Kind: facts.Kind, KeyRevoked: flags&4 != 0}
		v := models.Decide(read, &facts, exampleAt)
		s.answer.Verdict = v
		user := decodeAnswer(t, s.scan(t, `{"code":"1"}`))
		public := decodeAnswer(t, s.ask(t, http.MethodGet, "/v/1", ""))
		if of := user["registration"]; (of == nil) != (v.Registration == nil) || user["usable"] != v.Usable() {
			t.Fatalf("%+v is answered as %v", v, user)
		}
		if v.Registration != nil {
			r := user["registration"].(map[string]any)
			for member, want := range map[string]string{
				"name": name, "employer": employer, "employer_code": rest, "specialty": rest, "seal_number": rest,
				"certificate_number": rest, "category_code": rest, "id_number": masked,
			} {
				if r[member] != string([]rune(want)) { // what is no UTF-8 becomes U+FFFD
					t.Errorf("%s is %q, the register has %q", member, r[member], want)
				}
			}
			delete(r, "id_number")
		}
		if !reflect.DeepEqual(user, public) {
			t.Errorf("to a user %v, to the public %v", user, public)
		}
	})
}

// decodeAnswer reads an answer of a status 200.
func decodeAnswer(t *testing.T, w *httptest.ResponseRecorder) (answer map[string]any) {
	t.Helper()
	body := w.Body.String()
	if err := json.Unmarshal([]byte(body), &answer); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d, %v: %s", w.Code, err, body)
	}
	if strings.ContainsAny(body, "<>&\u2028\u2029") || strings.Contains(body, ":null") {
		t.Errorf("markup, or null, in %s", body)
	}
	return answer
}
