package web

import (
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"yanzheng/models"
)

// FuzzCertificate: whatever stands in the register, the page is the one that harmless words make, element by element and
// attribute by attribute; every text stands on it as it is; and nothing of what was asked, or went wrong, does.
func FuzzCertificate(f *testing.F) {
	const mark = "«甲»"
	documentOf, registrationOf := ordered(documents()), ordered(registrations())
	f.Fuzz(func(t *testing.T, document, registration uint8, name, employer, rest, code string) {
		page := func(name, employer, rest, code string) (int, string) {
			p := *registrations()[registrationOf[int(registration)%len(registrationOf)]]
			p.Facts.Name, p.Facts.Employer, p.Facts.EmployerCode, p.Facts.Specialty = name+mark, employer, rest, rest
			p.Facts.CertificateNumber, p.Facts.SealNumber, p.Facts.Category = rest, rest, models.Category(rest)
			a := answerOf(models.Verdict{Document: documents()[documentOf[int(document)%len(documentOf)]], Registration: &p})
			a.ScanID = rest
			s := &stub{answer: a}
			w := ask(t, handler(s, Options{}), http.MethodGet, "/v/"+url.PathEscape(code), http.Header{"X-Request-Id": {"fuzz-fuzz"}})
			if w.Code == http.StatusOK && s.digits != code {
				t.Errorf("the code %q was taken as %q", code, s.digits)
			}
			return w.Code, w.Body.String()
		}
		name, employer, rest = typeable(name), typeable(employer), typeable(rest)
		harmless := func(s string) string { return strings.Repeat("x", min(len(s), 1)) } // an empty text has no row
		status, html := page(name, employer, rest, "1")
		_, plain := page(harmless(name), harmless(employer), harmless(rest), "1")
		if status != http.StatusOK {
			t.Fatalf("status %d", status)
		}
		got, want := parse(t, []byte(html)), parse(t, []byte(plain))
		if !reflect.DeepEqual(skeleton(got), skeleton(want)) {
			t.Errorf("another page than harmless words make: %s", html)
		}
		if a, b := one(t, got, "title", "").text, one(t, want, "title", "").text; a != b {
			t.Errorf("the title says %q, of harmless words %q", a, b)
		}
		shown := strings.Contains(one(t, got, "main", "").text, mark)
		if whose := documentOf[int(document)%len(documentOf)]; shown == (whose == models.DocumentForged || whose == models.DocumentUnknown) {
			t.Errorf("%s, and the person is shown: %v", whose, shown)
		}
		if shown {
			var values []string
			for _, dd := range find(got, "dd", "") {
				values = append(values, dd.text)
			}
			for _, text := range []string{name + mark, employer, rest} {
				if text = strings.Join(strings.Fields(text), " "); !slices.Contains(values, text) {
					t.Errorf("%q stands in the register, and not in %q", text, values)
				}
			}
		}
		if status, other := page(name, employer, rest, code); status == http.StatusOK && other != html {
			t.Errorf("the code %q is on the page: %s", code, other)
		}
		if len(html) > 12<<10+6*2*(len(name)+len(employer)+8*len(rest)) {
			t.Errorf("%d bytes", len(html))
		}
		checkCause(t, rest, code)
	})
}

// checkCause: a page that has no answer says nothing of why, and nothing of what was asked.
func checkCause(t *testing.T, cause, code string) {
	t.Helper()
	header := http.Header{"X-Request-Id": {"fuzz-fuzz"}}
	for _, e := range []*models.Error{models.ErrUnavailable, models.ErrInternal, models.ErrForbidden} {
		without := ask(t, handler(&stub{err: e}, Options{}), http.MethodGet, "/v/1", header)
		with := ask(t, handler(&stub{err: e.Because(errors.New(cause))}, Options{}), http.MethodGet, "/v/"+url.PathEscape(code), header)
		missing := with.Code == http.StatusNotFound || with.Code == http.StatusMovedPermanently // with a slash, or none, it is no code
		if !missing && (with.Code != without.Code || with.Body.String() != without.Body.String()) {
			t.Errorf("%q about %q: %d %s", cause, code, with.Code, with.Body)
		}
	}
	if none, other := ask(t, handler(&stub{}, Options{}), http.MethodGet, "/x", header), ask(t, handler(&stub{}, Options{}), http.MethodGet, "/x/"+url.PathEscape(code), header); other.Code == http.StatusNotFound && none.Body.String() != other.Body.String() {
		t.Errorf("%q: %s", code, other.Body)
	}
}

// skeleton is a page without its texts.
func skeleton(elements []element) (bare []element) {
	for _, e := range elements {
		e.text = ""
		bare = append(bare, e)
	}
	return bare
}

// typeable leaves out what XML, as which the tests read a page, cannot hold; nor can the register.
func typeable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\uFFFD' || r < ' ' || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, s)
}

// ordered gives the keys of a map in one order.
func ordered[K ~string, V any](m map[K]V) []K {
	var keys []K
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
