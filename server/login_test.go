package main

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"yanzheng/models"
)

func itoa(n int) string { return strconv.Itoa(n) }

// into reads a JSON answer of which only a part is wanted.
func into(t testing.TB, a answer, v any) {
	t.Helper()
	if err := json.Unmarshal(a.body, v); a.status != http.StatusOK || err != nil {
		t.Fatalf("answered %d, %v: %.500s", a.status, err, a.body)
	}
}

func testLogIn(t *testing.T, w *world) {
	c := newClient(t, w.process)
	code := w.code()
	in := c.logIn(code)
	if life := time.Until(in.ExpiresAt); life < 167*time.Hour || life > 168*time.Hour {
		t.Errorf("the session lasts %v", life)
	}
	sessions := w.count(t, "SELECT COUNT(*) FROM sessions")
	p := c.entering(code)
	p.refused(t, http.StatusUnauthorized, "login_code_used_or_expired")
	if n := w.count(t, "SELECT COUNT(*) FROM sessions"); n != sessions {
		t.Error("a log-in code that was used before made a session")
	}
	c.entering("neverIssued_0123456789").refused(t, http.StatusUnauthorized, "login_code_used_or_expired")
	c.entering("nobody's code").refused(t, http.StatusBadRequest, "login_code_malformed")
	c.entering(strings.Repeat("a", 129)).refused(t, http.StatusBadRequest, "login_code_malformed")
	c.entering("").refused(t, http.StatusBadRequest, "field_missing")

	second := c.logIn(w.code())
	if second.User.ID != in.User.ID || second.Token == in.Token {
		t.Errorf("the second log-in is of %s, the first of %s", second.User.ID, in.User.ID)
	}
	for _, token := range []string{in.Token, second.Token} {
		if a := c.as(token).scanned("x"); a.status != http.StatusOK {
			t.Errorf("of two sessions one is %d", a.status)
		}
	}
	// Nothing that is kept gives a token or an openid back.
	if n := w.count(t, "SELECT COUNT(*) FROM sessions WHERE token_hash = ? OR token_hash = ?", in.Token, []byte(in.Token)); n > 0 {
		t.Error("a token is kept as it is")
	}
}

func testTokensRefused(t *testing.T, w *world) {
	c := newClient(t, w.process)
	in := c.logIn(w.code())
	scans := w.count(t, "SELECT COUNT(*) FROM scans")
	const path, body = "/api/v1/scans", `{"code":"x"}`
	for name, r := range map[string]struct {
		path, header, code string
	}{
		"no header":              {path, "", "token_missing"},
		"token in the query":     {path + "?access_token=" + in.Token + "&token=" + in.Token, "", "token_missing"},
		"another scheme":         {path, "Basic " + in.Token, "token_missing"},
		"no scheme":              {path, in.Token, "token_missing"},
		"scheme alone":           {path, "Bearer", "token_missing"},
		"empty token":            {path, "Bearer ", "token_missing"},
		"garbage":                {path, "Bearer garbage", "session_invalid"},
		"of the right length":    {path, "Bearer " + strings.Repeat("A", 43), "session_invalid"},
		"one character changed":  {path, "Bearer " + in.Token[:42] + map[bool]string{true: "B", false: "A"}[in.Token[42] == 'A'], "session_invalid"},
		"two tokens":             {path, "Bearer " + in.Token + " " + in.Token, "session_invalid"},
		"ten thousand of a kind": {path, "Bearer " + strings.Repeat("A", 10_000), "session_invalid"},
	} {
		var headers []string
		if r.header != "" {
			headers = []string{"Authorization", r.header}
		}
		a := c.ask("POST", r.path, body, headers...)
		p := a.problem(t)
		if a.status != http.StatusUnauthorized || (p.Code != r.code && (name != "empty token" || p.Code != "session_invalid")) {
			t.Errorf("%s: %d %s, want 401 %s", name, a.status, p.Code, r.code)
		}
	}
	if n := w.count(t, "SELECT COUNT(*) FROM scans"); n != scans {
		t.Error("a refused scan is recorded")
	}

	// The clock of a running server cannot be set, so the end of a session is.
	short := c.logIn(w.code())
	w.exec(t, "UPDATE sessions SET expires_at = ? WHERE expires_at = ?", models.InstantOf(time.Now()), models.InstantOf(short.ExpiresAt))
	c.as(short.Token).scanned("x").refused(t, http.StatusUnauthorized, "session_invalid")
	ended := c.logIn(w.code())
	w.exec(t, "UPDATE sessions SET ended_at = ? WHERE expires_at = ?", models.InstantOf(time.Now()), models.InstantOf(ended.ExpiresAt))
	c.as(ended.Token).scanned("x").refused(t, http.StatusUnauthorized, "session_invalid")
	if a := c.ask("POST", path, body, "Authorization", "bearer "+in.Token); a.status != http.StatusOK {
		t.Errorf("the scheme in small letters is %d; RFC 9110 says it does not matter", a.status)
	}
}

func testRoles(t *testing.T, w *world) {
	c := newClient(t, w.process)
	in := c.logIn(w.code())
	has := func(role string, want bool) {
		t.Helper()
		if got := slices.Contains(c.logIn(w.code()).User.Roles, role); got != want {
			t.Errorf("after the grant: role %s is %v, want %v", role, got, want)
		}
	}
	type granted struct {
		User       string `json:"user"`
		Role       string `json:"role"`
		Has        bool   `json:"has"`
		Changed    bool   `json:"changed"`
		Propagated any    `json:"propagated"`
	}
	grant := func(changed bool, args ...string) {
		t.Helper()
		if g := must[granted](t, w.env, append([]string{"grant", in.User.ID}, args...)...); g.Changed != changed {
			t.Errorf("grant %v: %+v", args, g)
		}
	}
	const role = "registrar"
	has(role, false)
	grant(true, role)
	has(role, true)
	grant(false, role)
	grant(true, role, "--remove")
	has(role, false)
	grant(false, role, "--remove")
	for _, args := range [][]string{{"grant", in.User.ID, "emperor"}, {"grant", "unobody", role}} {
		if r := command(t, w.env, args...); r.status != exitFailed {
			t.Errorf("%q: %+v", args, r)
		}
	}
}

// TestSessionEnds waits for the end of a session, which the configuration sets as short as it may be.
func TestSessionEnds(t *testing.T) {
	p := serve(t, environment{"LISTEN": "127.0.0.1:0", "DATA_DIR": filepath.Join(t.TempDir(), "data"), "SESSION_TTL": "1s"})
	c := newClient(t, p)
	in := c.logIn(demoOf(t, p).Logins[0].Code)
	user := c.as(in.Token)
	for {
		a := user.scanned("x")
		if !time.Now().Before(in.ExpiresAt) {
			break
		}
		if a.status != http.StatusOK {
			t.Fatalf("within its life the session is %d", a.status)
		}
		time.Sleep(100 * time.Millisecond)
	}
	user.scanned("x").refused(t, http.StatusUnauthorized, "session_invalid")
}
