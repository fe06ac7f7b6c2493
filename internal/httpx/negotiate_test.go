package httpx

import (
	"net/http"
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
		"application/json;q=NaN":                        false,
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
