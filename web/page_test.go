package web

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"yanzheng/internal/httpx"
	"yanzheng/internal/verify"
	"yanzheng/models"
)

// stub answers every code alike and keeps what it was asked.
type stub struct {
	answer verify.Answer
	err    error
	digits string
	looks  []bool
}

func (s *stub) Public(_ context.Context, _, digits string, look bool) (verify.Answer, error) {
	s.digits, s.looks = digits, append(s.looks, look)
	return s.answer, s.err
}

func handler(v Verifier, o Options) http.Handler {
	gin.SetMode(gin.TestMode)
	r := gin.New()
	r.Use(httpx.Identify, httpx.Recover, httpx.Secure)
	p := New(v, o)
	p.Register(r)
	r.Match([]string{http.MethodGet, http.MethodHead}, "/v/:code", p.Certificate)
	r.NoRoute(func(c *gin.Context) { p.Problem(c, httpx.ErrNoRoute) })
	return r
}

func ask(t *testing.T, h http.Handler, method, target string, header http.Header) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	maps.Copy(r.Header, header)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func get(t *testing.T, h http.Handler, target string) *httptest.ResponseRecorder {
	t.Helper()
	return ask(t, h, http.MethodGet, target, nil)
}

// element is one element of a page, with the text within it.
type element struct {
	name, class, lang, text string
	attributes              []xml.Attr
}

// parse reads a page as strictly as XML, which it is written to satisfy, and gives its elements in order of their ends.
func parse(t *testing.T, page []byte) []element {
	t.Helper()
	var done, open []element
	d := xml.NewDecoder(bytes.NewReader(page))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, page)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := element{name: token.Name.Local, attributes: slices.Clone(token.Attr)}
			for _, a := range token.Attr {
				switch a.Name.Local {
				case "class":
					e.class = a.Value
				case "lang":
					e.lang = a.Value
				}
			}
			open = append(open, e)
		case xml.CharData:
			for i := range open {
				open[i].text += string(token)
			}
		case xml.EndElement:
			e := open[len(open)-1]
			open = open[:len(open)-1]
			e.text = strings.Join(strings.Fields(e.text), " ")
			done = append(done, e)
			for i := range open {
				if e.name != "time" { // the only element that may stand within a word
					open[i].text += " "
				}
			}
		}
	}
	return done
}

func find(elements []element, name, class string) (found []element) {
	for _, e := range elements {
		if e.name == name && (class == "" || slices.Contains(strings.Fields(e.class), class)) {
			found = append(found, e)
		}
	}
	return found
}

// one gives the only element of a kind.
func one(t *testing.T, elements []element, name, class string) element {
	t.Helper()
	found := find(elements, name, class)
	if len(found) != 1 {
		t.Fatalf("%d elements %s.%s, want 1", len(found), name, class)
	}
	return found[0]
}

var (
	scripted = regexp.MustCompile(`(?i)<script|<style|\son[a-z]+=|\sstyle=|javascript:|@import|url\(|https?://`)
	now      = time.Date(2026, 11, 23, 7, 4, 5, 0, time.UTC) // 15:04:05 in China
)

// checkPage holds what is true of every page.
func checkPage(t *testing.T, w *httptest.ResponseRecorder) []element {
	t.Helper()
	body := w.Body.Bytes()
	elements := parse(t, body)
	if found := scripted.Find(body); found != nil {
		t.Errorf("a page holds %q", found)
	}
	for name, class := range map[string]string{"h1": "", "main": "", "title": "", "section": "band"} {
		one(t, elements, name, class)
	}
	if html := one(t, elements, "html", ""); html.lang != "zh-CN" {
		t.Errorf("lang = %q", html.lang)
	}
	for _, want := range []string{`name="viewport" content="width=device-width, initial-scale=1"`, `name="robots" content="noindex`, `name="referrer" content="no-referrer"`} {
		if !bytes.Contains(body, []byte(want)) {
			t.Errorf("no %s", want)
		}
	}
	han := regexp.MustCompile(`\p{Han}`)
	for _, e := range elements {
		if e.lang == "en" && han.MatchString(e.text) {
			t.Errorf("said to be English: %s", e.text)
		}
	}
	for header, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Set-Cookie": "",
	} {
		if got := w.Header().Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	csp := strings.Split(w.Header().Get("Content-Security-Policy"), "; ")
	for _, want := range []string{"default-src 'none'", "style-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"} {
		if !slices.Contains(csp, want) {
			t.Errorf("Content-Security-Policy has no %s: %q", want, csp)
		}
	}
	return elements
}

// The facts of somebody, in which everything that is not public says so.
func facts() models.Facts {
	return models.Facts{
		CertificateID: models.CertificateID{0xca, 0xfe}, RegistrationID: 770077001, PersonID: 770077002, Version: 770077003,
		Kind: models.KindRegistrationCertificate, KeyNumber: 3,
		UseFrom: models.MustDate("2026-09-01"), UseUntil: models.MustDate("2027-02-28"),
		Name: "欧阳明远", Category: models.CategoryArchitect1, CertificateNumber: "121500249", SealNumber: "281827-007",
		Employer: "某某建筑设计院", EmployerCode: "91310000MA1FL0AQ45",
		ValidFrom: models.MustDate("2025-03-01"), ValidUntil: models.MustDate("2027-12-31"),
		State: models.StateInForce, StateSince: models.MustDate("2026-10-09"), IDNumberMasked: "**************9876",
	}
}

var secrets = []string{"9876", "****", "770077", "cafe", "id_number", "证件号码"}

func answerOf(v models.Verdict) verify.Answer {
	return verify.Answer{ScanID: "0199b3c2-7a54-7d0e-9c41-2f6e8a1b7c35", At: now, AsOf: now.Add(-3 * time.Second), Source: models.SourceCache, Verdict: v}
}
