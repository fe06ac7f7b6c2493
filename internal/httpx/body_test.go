package httpx

import (
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
)

type posted struct {
	Name   string `json:"name"`
	Inside *struct {
		Number float64 `json:"number"`
	} `json:"inside"`
}

// readOnce reads a body of at most 100 bytes.
func readOnce(t testing.TB, body string) (*httptest.ResponseRecorder, posted) {
	t.Helper()
	var p posted
	w := serveOnce(t, []handler{Limit(100)}, func(c *gin.Context) {
		if err := ReadJSON(c, &p); err != nil {
			Fail(c, err)
			return
		}
		WriteJSON(c, "read")
	}, func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), -1
	})
	return w, p
}

func TestReadJSON(t *testing.T) {
	for body, want := range map[string]string{
		`{"name":"王"}`:                          "",
		" {} \n\t":                              "",
		`{"inside":{"number":1.5}}`:             "",
		`null`:                                  "",
		``:                                      "body_not_json",
		`{`:                                     "body_not_json",
		`{}{}`:                                  "body_not_json",
		`{} x`:                                  "body_not_json",
		`[]`:                                    "body_not_json",
		`"text"`:                                "body_not_json",
		`{"nobody":1}`:                          "member_unknown nobody",
		`{"name":"王","Id-2_":1}`:                "member_unknown Id-2_",
		`{"` + strings.Repeat("m", 41) + `":1}`: "member_unknown",
		`{"<b>":1}`:                             "member_unknown",
		`{"\u202e":1}`:                          "member_unknown",
		`{"":1}`:                                "member_unknown",
		`{"name":1}`:                            "body_not_json name",
		`{"inside":{"number":"1"}}`:             "body_not_json inside.number",
		`{"inside":{"number":1e999}}`:           "body_not_json inside.number",
		`{"inside":{"number":1,"more":2}}`:      "member_unknown more",
		"\xef\xbb\xbf{}":                        "body_not_json",
		`{"name":"` + strings.Repeat("x", 88):   "body_not_json", // just within the bound, and cut
		`{"name":"` + strings.Repeat("x", 99) + `"}`: "body_too_large",
		`{}` + strings.Repeat(" ", 200):              "body_too_large",
	} {
		w, _ := readOnce(t, body)
		code, field, _ := strings.Cut(want, " ")
		switch text := w.Body.String(); {
		case want == "" && w.Code != http.StatusOK:
			t.Errorf("%.60q: %d %s", body, w.Code, text)
		case want != "" && !strings.Contains(text, `"code":"`+code+`"`):
			t.Errorf("%.60q: %s, want %s", body, text, code)
		case strings.Contains(text, `"field"`) != (field != "") || field != "" && !strings.Contains(text, `"field":"`+field+`"`):
			t.Errorf("%.60q: %s, want the field %q", body, text, field)
		}
	}
	if w, _ := readOnce(t, `{"nobody":1}`); !strings.Contains(w.Body.String(), "未知的字段：nobody") || !strings.Contains(w.Body.String(), "is not known: nobody") {
		t.Errorf("it does not say what is not known: %s", w.Body)
	}
	if _, p := readOnce(t, `{"name":"王","inside":{"number":2}}`); p.Name != "王" || p.Inside == nil || p.Inside.Number != 2 {
		t.Errorf("read %+v", p)
	}
}

// FuzzReadJSON: a body is read just when it is one JSON value of the form and within the bound, as json.Unmarshal has it;
// what a refusal says comes from a closed set, and repeats nothing but the name of a member, if it is a plain one.
func FuzzReadJSON(f *testing.F) {
	f.Fuzz(func(t *testing.T, body string) {
		w, got := readOnce(t, body)
		var want posted
		form := json.Unmarshal([]byte(body), &want) == nil && !strange(body)
		fits := form && len(body) <= 100
		if fits != (w.Code == http.StatusOK) || fits && !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: %d, read as %+v; should be read: %v, %+v", body, w.Code, got, fits, want)
		}
		if fits {
			return
		}
		var p Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatalf("%q: %v: %s", body, err, w.Body)
		}
		p.RequestID = ""
		said := p == ProblemOf(ErrBodyTooLarge, "") && len(body) > 100
		for _, field := range []string{"", "name", "inside", "inside.number"} {
			said = said || !form && p == ProblemOf(errNotJSON.On(field), "")
		}
		plain := memberName.MatchString(p.Field) && strings.HasSuffix(p.Title, "："+p.Field) && strings.HasSuffix(p.TitleEN, ": "+p.Field)
		said = said || !form && p.Code == errMember.Code && p.Status == http.StatusBadRequest && (plain || p == ProblemOf(errMember, ""))
		if said {
			return
		}
		t.Errorf("%q: %d %s", body, w.Code, w.Body)
	})
}

// strange says whether a body has a member that the form does not know.
func strange(body string) bool {
	var outer, inner map[string]json.RawMessage
	_ = json.Unmarshal([]byte(body), &outer)
	for name, value := range outer {
		if strings.EqualFold(name, "inside") && json.Unmarshal(value, &inner) == nil {
			for name := range inner {
				if !strings.EqualFold(name, "number") {
					return true
				}
			}
		} else if !strings.EqualFold(name, "name") {
			return true
		}
	}
	return false
}

func TestWriteJSON(t *testing.T) {
	w := serveOnce(t, nil, func(c *gin.Context) { WriteJSON(c, map[string]string{"a": "<王>"}) }, nil)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json; charset=utf-8" || w.Body.String() != "{\"a\":\"\\u003c王\\u003e\"}\n" {
		t.Errorf("%d %v %q", w.Code, w.Header(), w.Body)
	}
	w = serveOnce(t, nil, func(c *gin.Context) { WriteJSON(c, math.NaN()) }, nil)
	if w.Code != http.StatusInternalServerError {
		t.Errorf("a value that is no JSON: %d", w.Code)
	}
}
