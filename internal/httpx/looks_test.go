package httpx

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestLooks(t *testing.T) {
	const (
		weChat = "Mozilla/5.0 (Linux; Android 14; CUBOT X70) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0 Mobile Safari/537.36 MicroMessenger/8.0.50 Language/zh_CN"
		iPhone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1"
	)
	for _, c := range []struct {
		method, header, value string
		want                  bool
	}{
		{http.MethodGet, "", "", true},
		{http.MethodHead, "", "", false},
		{http.MethodGet, "Sec-Purpose", "prefetch", false},
		{http.MethodGet, "Sec-Purpose", "Prefetch;Prerender", false},
		{http.MethodGet, "Purpose", "prefetch", false},
		{http.MethodGet, "X-Purpose", "preview", false},
		{http.MethodGet, "X-Moz", "prefetch", false},
		{http.MethodGet, "Sec-Purpose", "navigate", true},
		{http.MethodGet, "User-Agent", weChat, true},
		{http.MethodGet, "User-Agent", iPhone, true},
		{http.MethodGet, "User-Agent", "curl/8.10.1", true},
		{http.MethodGet, "User-Agent", "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 SE 2.X MetaSr 1.0 SogouMobileBrowser/6.0", true},
		{http.MethodGet, "User-Agent", iPhone + " WhatsApp/2.25", true},
		{http.MethodGet, "User-Agent", "WhatsApp/2.23.20.0 A", false},
		{http.MethodGet, "User-Agent", "facebookexternalhit/1.1 Facebot Twitterbot/1.0", false},
		{http.MethodGet, "User-Agent", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", false},
		{http.MethodGet, "User-Agent", "TelegramBot (like TwitterBot)", false},
		{http.MethodGet, "User-Agent", "DingTalkBot-LinkService/1.0", false},
		{http.MethodGet, "User-Agent", "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)", false},
		{http.MethodGet, "User-Agent", "Mozilla/5.0 (Windows NT 6.1) SkypeUriPreview Preview/0.5", false},
	} {
		r := httptest.NewRequest(c.method, "/v/1", nil)
		if c.header != "" {
			r.Header.Set(c.header, c.value)
		}
		if got := Looks(r); got != c.want {
			t.Errorf("%s %s: %s = %t", c.method, c.header, c.value, got)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/v/1", nil)
	r.Header["Purpose"] = []string{"navigate", "prefetch"}
	if Looks(r) {
		t.Error("the second value of a header is not seen")
	}
}

// FuzzLooks: what is no look does not become one by saying more, nor in capitals; programs and purposes that are known are
// found wherever they stand; and no other header has a say.
func FuzzLooks(f *testing.F) {
	looks := func(method, agent string, headers ...string) bool {
		r := &http.Request{Method: method, Header: http.Header{"User-Agent": {agent}}}
		for i := 0; i < len(headers); i += 2 {
			r.Header.Add(headers[i], headers[i+1])
		}
		return Looks(r)
	}
	f.Fuzz(func(t *testing.T, method, agent, purpose, more string) {
		got := looks(method, agent, "Sec-Purpose", purpose)
		if head := looks(http.MethodHead, agent, "Sec-Purpose", purpose); head || got && method == http.MethodHead {
			t.Errorf("HEAD by %q is a look", agent)
		}
		for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
			if same := looks(method, agent, name, purpose); same != got {
				t.Errorf("Sec-Purpose %q: %v, %s: %v", purpose, got, name, same)
			}
			if looks(method, agent, name, more, name, "Prefetch;"+more) {
				t.Errorf("%s %q: a prefetch is a look", name, more)
			}
		}
		if !got && (looks(method, agent+more, "Sec-Purpose", purpose) || looks(method, agent, "Sec-Purpose", purpose, "Sec-Purpose", more)) {
			t.Errorf("%q %q is no look, and with %q it is one", agent, purpose, more)
		}
		for _, p := range previewers {
			if looks(method, more+capitals(p)+agent) {
				t.Errorf("%s in %q and %q is a look", p, more, agent)
			}
		}
		if other := looks(method, agent, "Sec-Purpose", purpose, "X-Forwarded-For", "prefetch", "Referer", more); other != got {
			t.Errorf("%q: %v, with other headers %v", agent, got, other)
		}
		if bare := looks(http.MethodGet, capitals(agent)); bare != looks(http.MethodGet, agent) {
			t.Errorf("%q: %v in capitals", agent, bare)
		}
	})
}
