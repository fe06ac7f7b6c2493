package main

import (
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/testkit"
)

// limited is an installation whose limits are soon met.
func limited(t *testing.T, limits environment) *world {
	t.Helper()
	w := realEnvironment(t)
	maps.Copy(w.env, limits)
	w.process = serve(t, w.env)
	return w
}

// refusedOften asks until it is told to wait, which must be neither before nor after so many answers.
func refusedOften(t *testing.T, what string, after int, ask func() answer) answer {
	t.Helper()
	for n := 0; ; n++ {
		a := ask()
		if a.status == http.StatusTooManyRequests {
			if n != after {
				t.Errorf("%s: told to wait after %d answers, want %d", what, n, after)
			}
			later(t, what, a)
			return a
		}
		if n > after {
			t.Fatalf("%s: %d answers, and nobody said stop", what, n)
		}
	}
}

// Who asks too much is told when to come back, each limit for itself, and what the limit keeps out leaves no scan.
func TestLimits(t *testing.T) {
	w := limited(t, environment{
		"LIMITS_USER": "12/1h", "LIMITS_MISSES": "5/1h", "LIMITS_LOOKUPS": "4/1h", "LIMITS_LOGIN": "6/1h", "LIMITS_ADDRESS": "40/1h",
	})
	r, code := w.certified(t, "LIMIT")
	c := newClient(t, w.process)
	user := c.as(c.logIn(w.code()).Token)

	refusedOften(t, "codes that are not genuine", 5, func() answer { return user.scanned("https://example.com/v/1") }).
		refused(t, http.StatusTooManyRequests, "rate_limited")
	// Those took their share of the user's own limit too; so does each that was refused.
	refusedOften(t, "scans of one user", 6, func() answer { return user.scanned(code.Code) })
	other := c.as(c.logIn(w.code()).Token)
	other.scanned(code.Code).refused(t, http.StatusTooManyRequests, "rate_limited") // another session of the same user
	refusedOften(t, "look-ups of one address", 4, func() answer {
		return c.lookUp("name", r.Person.Name, "certificate_number", r.CertificateNumber)
	}).refused(t, http.StatusTooManyRequests, "rate_limited")
	refusedOften(t, "log-ins of one address", 4, func() answer { return c.entering(w.code()) }).
		refused(t, http.StatusTooManyRequests, "rate_limited")
	// Nobody is refused because others behind the address mistype: what is not genuine is answered as often as the address
	// may ask at all, and takes nothing from those who ask for what is.
	forged := strings.Repeat("0", 184)
	refusedOften(t, "codes in public that are not genuine", 40, func() answer { return c.ask("GET", "/v/"+forged, "", "Accept", "application/json") }).
		refused(t, http.StatusTooManyRequests, "rate_limited")
	if v := c.public(code.digits()); v.is() != "valid/in_force" {
		t.Errorf("beside them a genuine code is %s", v.is())
	}
	for n := 0; ; n++ { // the address has a limit for all that it asks of the register
		a := c.ask("GET", "/v/"+code.digits(), "", "Accept", "application/json")
		if a.status == http.StatusTooManyRequests {
			break
		}
		if n > 40 {
			t.Fatal("nobody stopped the address")
		}
	}
	page := c.ask("GET", "/v/"+code.digits(), "", "Accept", "text/html")
	if page.status != http.StatusTooManyRequests || !strings.Contains(string(page.body), "操作过于频繁") {
		t.Errorf("the page is %d", page.status)
	}
	if a := c.ask("HEAD", "/v/"+code.digits(), "", "Accept", "text/html"); a.status != http.StatusTooManyRequests {
		t.Errorf("HEAD is %d", a.status)
	}
	if a := c.ask("GET", "/healthz", ""); a.status != http.StatusOK {
		t.Errorf("/healthz is %d", a.status)
	}
	if n := w.count(t, "SELECT COUNT(*) FROM scans WHERE channel = 'api'"); n != 5+6 {
		t.Errorf("%d scans are kept, want those 11 that were answered", n)
	}
	within(t, 5*time.Second, "the counts of refused codes are written down when the process ends", func() bool {
		w.stop(t)
		return w.count(t, "SELECT COALESCE(SUM(n), 0) FROM code_misses WHERE reason = 'unknown_key' OR reason = 'unreadable' OR reason = 'bad_signature'") == 40 &&
			w.count(t, "SELECT COALESCE(SUM(n), 0) FROM code_misses WHERE reason = 'rate_limited'") == 1
	})
}

// Whoever walks the register is stopped by the number of different persons, however slowly; the same person again counts
// once, and is shown beyond the limit too.
func TestDistinctPersons(t *testing.T) {
	w := limited(t, environment{
		"LIMITS_PERSONS_USER": "4", "LIMITS_PERSONS_INSPECTOR": "6", "LIMITS_PERSONS_ADDRESS": "3",
		"LIMITS_USER": "1000/1m", "LIMITS_ADDRESS": "1000/1m", "LIMITS_LOOKUPS": "1000/1m",
	})
	registrations := people("WALK", 8)
	bring(t, w.env, registrations...)
	c := newClient(t, w.process)
	in := c.logIn(w.code())
	user := c.as(in.Token)
	seen := 0
	var codes []string
	for _, r := range registrations {
		codes = append(codes, issue(t, w.env, r).Code)
	}
	walk := func() answer {
		seen++
		user.scanned(codes[0])
		return user.scanned(codes[seen%len(codes)])
	}
	refusedOften(t, "a walk by codes", 3, walk).refused(t, http.StatusTooManyRequests, "too_many_persons")
	for _, known := range codes[:4] {
		if v := user.scan(known); v.is() != "valid/in_force" {
			t.Errorf("a person seen before is %s", v.is())
		}
	}
	must[map[string]any](t, w.env, "grant", in.User.ID, "inspector")
	seen = 3
	refusedOften(t, "an inspector's", 2, walk).refused(t, http.StatusTooManyRequests, "too_many_persons")
	seen = 0
	refusedOften(t, "a walk by numbers", 3, func() answer {
		r := registrations[seen%len(registrations)]
		seen++
		c.lookUp("name", r.Person.Name, "certificate_number", fmt.Sprint(r.CertificateNumber, "x")) // nobody is shown
		return c.lookUp("name", r.Person.Name, "certificate_number", r.CertificateNumber)
	}).refused(t, http.StatusTooManyRequests, "too_many_persons")
	// Behind the same address, a crowd: those seen in this hour are shown, by number and in public; nobody else, also as a
	// preview.
	for i := range 3 {
		if a := c.lookUp("name", registrations[i].Person.Name, "certificate_number", registrations[i].CertificateNumber); a.status != http.StatusOK {
			t.Errorf("a person looked up before: %d %s", a.status, a.body)
		}
		if v := c.public(codes[i][strings.LastIndex(codes[i], "/")+1:]); v.is() != "valid/in_force" {
			t.Errorf("a person looked up before is %s in public", v.is())
		}
	}
	for _, headers := range [][]string{nil, {"Purpose", "prefetch"}} {
		a := c.ask("GET", codes[5][strings.Index(codes[5], "/v/"):], "", append(headers, "Accept", "application/json")...)
		a.refused(t, http.StatusTooManyRequests, "too_many_persons")
		if wait, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || wait < 1 || wait > 3600 {
			t.Errorf("the crowd waits %d s, want until the hour ends", wait)
		}
	}
	w.noNames(t, in.User.ID, "127.0.0.1")
}

// noNames looks for words in all keys of Redis.
func (w *world) noNames(t *testing.T, words ...string) {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: w.redis.Addr, Password: w.redis.Password})
	defer rdb.Close()
	keys, err := rdb.Keys(t.Context(), "*").Result()
	testkit.Must(t, err)
	limits := 0
	for _, key := range keys {
		if strings.HasPrefix(key, "yz:{l:") || strings.HasPrefix(key, "yz:{p:") {
			limits++
		}
		for _, word := range words {
			if strings.Contains(key, word) {
				t.Errorf("the key %s tells of %s", key, word)
			}
		}
	}
	if limits == 0 {
		t.Errorf("no limits among the keys %q", keys)
	}
}
