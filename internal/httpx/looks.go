package httpx

import (
	"net/http"
	"strings"
)

// purposeHeaders say in a browser's words that nobody has asked to see the page yet.
var purposeHeaders = []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"}

// previewers are parts of the User-Agent, in lower case, of programs that fetch a link to show a card or to index it.
// They are whole names: "bot" alone is also in the name of a make of phones.
var previewers = []string{
	"facebookexternalhit", "facebookcatalog", "facebot", "meta-externalfetcher", "twitterbot", "linkedinbot",
	"slackbot", "slack-imgproxy", "discordbot", "telegrambot", "skypeuripreview", "redditbot", "pinterestbot",
	"snap url preview", "mattermost-bot", "embedly", "iframely", "vkshare", "line-poker", "kakaotalk-scrap",
	"dingtalkbot", "feishubot", "larkbot",
	"googlebot", "google-pagerenderer", "googleimageproxy", "google-inspectiontool", "storebot-google", "bingbot",
	"bingpreview", "baiduspider", "360spider", "sogou web spider", "yisouspider", "bytespider", "petalbot",
	"yandexbot", "applebot", "duckduckbot",
}

// whatsApp begins the User-Agent of that program's own preview; in its users' browsers it stands elsewhere.
const whatsApp = "whatsapp/"

// Looks tells whether somebody looks at the answer. HEAD, prefetches and link previews are not scans: they are
// answered, but not recorded.
func Looks(r *http.Request) bool {
	if r.Method == http.MethodHead {
		return false
	}
	for _, name := range purposeHeaders {
		for _, value := range r.Header.Values(name) {
			if ahead(value) {
				return false
			}
		}
	}
	agent := strings.ToLower(r.UserAgent())
	for _, p := range previewers {
		if strings.Contains(agent, p) {
			return false
		}
	}
	return !strings.HasPrefix(agent, whatsApp)
}

// ahead tells whether a purpose is to have the page before, or without, anybody's wish for it.
func ahead(purpose string) bool {
	purpose = strings.ToLower(purpose)
	for _, word := range []string{"prefetch", "preview", "prerender"} {
		if strings.Contains(purpose, word) {
			return true
		}
	}
	return false
}
