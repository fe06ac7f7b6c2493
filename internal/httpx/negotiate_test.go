package httpx

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestPrefersJSON(t *testing.T) {
	for accept, want := range map[string]bool{
		"":                                              false,
		"*/*":                                           false, // curl, and WeChat when it fetches
		"application/json":                              true,
		"Application/JSON":                              true,
		"application/json; charset=utf-8":               true,
		"application/problem+json":                      true,
		"application/json, */*":                         true,
		"application/json, text/plain, */*":             true, // fetch libraries
		"text/html":                                     false,
		"text/html, application/json":                   false, // both alike: the page
		"text/html;q=0.9, application/json":             true,
		"text/html, application/json;q=0.9":             false,
		"application/json;q=0.5, text/*;q=1":            true, // only text/html is a page's name
		"application/json;q=0":                          false,
		"application/json;q=0, text/html;q=0":           false,
		"application/json;q=x":                          true, // not a weight: as if there were none
		"application/json;q=NaN":                        true,
		"application/json, application/json;q=NaN":      true,
		"application/json;q=Inf, text/html":             false,
		"application/json;q=2, text/html":               false,
		"application/json;q=-1":                         true,
		"application/json;;;, text/html":                false,
		"application/xhtml+xml, application/json;q=0.9": false,
		"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8":  false, // browsers
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8,application/json;q=0.7": false,
		"json":                 false,
		"application/jsonp":    false,
		"text/json":            false,
		",,,":                  false,
		"application/json\x00": false,
	} {
		if got := PrefersJSON(&http.Request{Header: http.Header{"Accept": {accept}}}); got != want {
			t.Errorf("Accept %q: %v, want %v", accept, got, want)
		}
	}
	if !PrefersJSON(&http.Request{Header: http.Header{"Accept": {"text/html;q=0.1", "application/json"}}}) {
		t.Error("two headers are not read as one list")
	}
	if PrefersJSON(&http.Request{}) {
		t.Error("without Accept")
	}
}

// FuzzPrefersJSON: neither order nor headers nor capitals matter, nobody gets JSON who did not ask for it by name, nor
// anybody who wants the page as much; and no further part, however broken, takes JSON from those who asked.
func FuzzPrefersJSON(f *testing.F) {
	prefers := func(accept ...string) bool {
		return PrefersJSON(&http.Request{Header: http.Header{"Accept": accept}})
	}
	f.Fuzz(func(t *testing.T, accept, more string) {
		got := prefers(accept)
		if got && !strings.Contains(strings.ToLower(accept), "json") {
			t.Errorf("%q asks for JSON", accept)
		}
		parts := strings.Split(accept, ",")
		slices.Reverse(parts)
		for how, same := range map[string]bool{
			"in another order": prefers(strings.Join(parts, ",")), "in many headers": prefers(parts...),
			"in capitals": prefers(capitals(accept)), "and anything else": prefers(accept, "*/*;q=0.8", "image/webp"),
			"twice": prefers(accept, accept),
		} {
			if same != got {
				t.Errorf("%q: %v, %s: %v", accept, got, how, same)
			}
		}
		if prefers(accept, "text/html") {
			t.Errorf("%q and text/html: JSON", accept)
		}
		if got && !prefers(accept, "application/json") || prefers("application/json") != prefers("application/json", "application/json;"+strings.ReplaceAll(more, ",", "")) {
			t.Errorf("%q or %q takes JSON from those who asked for it", accept, more)
		}
		if html := strings.Contains(strings.ToLower(more), "html"); !html && got && !prefers(accept, more) {
			t.Errorf("%q takes JSON from %q", more, accept)
		}
	})
}

// capitals writes ASCII letters as capitals.
func capitals(s string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, s)
}
