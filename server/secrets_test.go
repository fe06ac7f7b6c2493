package main

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
)

// recorded is all that the program said in all tests, and all that it may never say.
var recorded struct {
	mu      sync.Mutex
	tapes   []*tape
	answers bytes.Buffer
	secrets map[string]string // secret → what it is
}

// secret notes something that no answer and no log may hold, and gives it back.
func secret(what, value string) string {
	recorded.mu.Lock()
	defer recorded.mu.Unlock()
	if recorded.secrets == nil {
		recorded.secrets = map[string]string{}
	}
	recorded.secrets[value] = what
	return value
}

var ownIDNumber = regexp.MustCompile(`"id_number":"[^"]*"`)

var freshToken = regexp.MustCompile(`"token":"([^"]+)"`)

// recordAnswer keeps an answer for the search. A log-in shows its token this once, so there it is noted and cut out.
func recordAnswer(r *http.Request, res *http.Response, body []byte) {
	if m := freshToken.FindSubmatch(body); m != nil && r.URL.Path == "/api/v1/login" && res.StatusCode == http.StatusOK {
		body = bytes.ReplaceAll(body, []byte(secret("a token", string(m[1]))), nil)
	}
	if own := r.URL.Path; (own == "/api/v1/me" || own == "/api/v1/me/registrations") && res.StatusCode == http.StatusOK { // the holder's own, and nobody else's
		body = ownIDNumber.ReplaceAll(body, nil)
	}
	recorded.mu.Lock()
	defer recorded.mu.Unlock()
	fmt.Fprintf(&recorded.answers, "%s %s → %d %v\n%s\n", r.Method, r.URL.Path, res.StatusCode, res.Header, body)
}

// madeUpID finds whole identity numbers of made-up people, those of the demonstration too, which no test can list.
var madeUpID = regexp.MustCompile(`\b99[0-9]{4}(?:19|20)[0-9]{2}[01][0-9][0-3][0-9][0-9]{3}[0-9X]\b`)

// leaks searches all that was said for all that may not be.
func leaks() (found []string) {
	recorded.mu.Lock()
	defer recorded.mu.Unlock()
	texts := []string{recorded.answers.String()}
	for _, t := range recorded.tapes {
		texts = append(texts, t.String())
	}
	for _, text := range texts {
		found = append(found, leaksIn(text, recorded.secrets)...)
	}
	return found
}

func leaksIn(text string, secrets map[string]string) (found []string) {
	for value, what := range secrets {
		if i := strings.Index(text, value); i >= 0 {
			found = append(found, what+" was told: …"+around(text, i, len(value)))
		}
	}
	if at := madeUpID.FindStringIndex(text); at != nil {
		found = append(found, "an ID number was told: …"+around(text, at[0], at[1]-at[0]))
	}
	return found
}

// around shows where something stands without showing it.
func around(text string, at, length int) string {
	return text[max(0, at-120):at] + "█" + text[at+length:min(len(text), at+length+40)]
}
