package httpx

import (
	"io"
	"math"
	"net/http"
	"net/http/httptest"
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
		`{"name":"王"}`:                        "",
		" {} \n\t":                            "",
		`{"inside":{"number":1.5}}`:           "",
		`null`:                                "",
		``:                                    "body_not_json",
		`{`:                                   "body_not_json",
		`{}{}`:                                "body_not_json",
		`{} x`:                                "body_not_json",
		`[]`:                                  "body_not_json",
		`"text"`:                              "body_not_json",
		`{"nobody":1}`:                        "body_not_json",
		`{"name":1}`:                          "body_not_json name",
		`{"inside":{"number":"1"}}`:           "body_not_json inside.number",
		`{"inside":{"number":1e999}}`:         "body_not_json inside.number",
		`{"inside":{"number":1,"more":2}}`:    "body_not_json",
		"\xef\xbb\xbf{}":                      "body_not_json",
		`{"name":"` + strings.Repeat("x", 88): "body_not_json", // just within the bound, and cut
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
	if _, p := readOnce(t, `{"name":"王","inside":{"number":2}}`); p.Name != "王" || p.Inside == nil || p.Inside.Number != 2 {
		t.Errorf("read %+v", p)
	}
}

// FuzzReadJSON: any body is read or refused as the client's, and a refusal repeats nothing of it.
func FuzzReadJSON(f *testing.F) {
	f.Add(`{"name":"«mark»"}`)
	f.Add(`{"inside":{"number":"«mark»"}}`)
	f.Add(`{"«mark»":1}`)
	f.Fuzz(func(t *testing.T, body string) {
		w, _ := readOnce(t, body)
		switch w.Code {
		case http.StatusOK, http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		default:
			t.Errorf("%q: %d", body, w.Code)
		}
		if strings.Contains(w.Body.String(), "«mark»") {
			t.Errorf("%q is repeated: %s", body, w.Body)
		}
	})
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
