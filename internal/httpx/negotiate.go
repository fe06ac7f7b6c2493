package httpx

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// PrefersJSON tells whether a client asked for JSON rather than a page: Accept names application/json (or
// any +json) with more weight than text/html. Without a preference the answer is the page.
func PrefersJSON(r *http.Request) bool {
	var json, html float64
	for _, part := range strings.Split(strings.Join(r.Header.Values("Accept"), ","), ",") {
		mt, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil {
			continue
		}
		q := 1.0
		if v, err := strconv.ParseFloat(params["q"], 64); err == nil && v >= 0 && v <= 1 { // else no weight, as NaN
			q = v
		}
		switch {
		case mt == "application/json" || strings.HasSuffix(mt, "+json"):
			json = max(json, q)
		case mt == "text/html" || mt == "application/xhtml+xml":
			html = max(html, q)
		}
	}
	return json > html
}
