package session_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yanzheng/internal/session"
	"yanzheng/internal/testkit"
	"yanzheng/models"
)

func TestLogIn(t *testing.T) {
	for name := range databases {
		t.Run(name, func(t *testing.T) {
			g := gatehouseOn(t, name)
			first, again, other := g.logIn("ming"), g.logIn("ming"), g.logIn("hong")
			if first.Identity.UserID != again.Identity.UserID || first.Identity.UserID == other.Identity.UserID || first.Token == again.Token {
				t.Errorf("%+v, %+v, %+v", first, again, other)
			}
			if raw, err := base64.RawURLEncoding.DecodeString(first.Token); err != nil || len(raw) != 32 {
				t.Errorf("a token of %d bytes, %v", len(raw), err)
			}
			if strings.Contains(first.Identity.UserID, "ming") || len(first.Identity.UserID) != 21 {
				t.Errorf("the user's id %q tells of WeChat's", first.Identity.UserID)
			}
			if !first.ExpiresAt.Equal(now.Add(life)) || first.Identity.ExpiresAt != models.InstantOf(first.ExpiresAt) || len(first.Identity.Roles) != 0 {
				t.Errorf("%+v", first)
			}
			for range 2 { // from the store, then from the cache
				id, err := g.Authenticate(t.Context(), first.Token)
				if err != nil || id.UserID != first.Identity.UserID || id.ExpiresAt != first.Identity.ExpiresAt {
					t.Errorf("%+v, %v", id, err)
				}
			}
		})
	}
}

func TestLogInRefusedByWeChat(t *testing.T) {
	g := newGatehouse(t)
	in, err := g.LogIn(t.Context(), address, "stale", "")
	testkit.WantErr(t, err, errWeChat)
	if in.Token != "" || g.count("SELECT COUNT(*) FROM users")+g.count("SELECT COUNT(*) FROM sessions") != 0 {
		t.Errorf("%+v, and something is left", in)
	}
}

// Somebody taps twice: one user, two sessions.
func TestFirstLogInTwiceAtOnce(t *testing.T) {
	g := newGatehouse(t)
	ins := make([]session.LogIn, 6)
	errs := make([]error, len(ins))
	var all sync.WaitGroup
	for i := range ins {
		all.Go(func() { ins[i], errs[i] = g.LogIn(t.Context(), address, "code-ming", "") })
	}
	all.Wait()
	testkit.Must(t, errors.Join(errs...))
	for _, in := range ins {
		if in.Identity.UserID != ins[0].Identity.UserID {
			t.Errorf("users %q and %q", in.Identity.UserID, ins[0].Identity.UserID)
		}
	}
	if u, s := g.count("SELECT COUNT(*) FROM users"), g.count("SELECT COUNT(*) FROM sessions"); u != 1 || s != len(ins) {
		t.Errorf("%d users, %d sessions", u, s)
	}
}

// Whoever reads the database or Redis gets nothing to log in with.
func TestTokenIsHashedAtRest(t *testing.T) {
	g := newGatehouse(t)
	in := g.logIn("ming")
	_, err := g.Authenticate(t.Context(), in.Token)
	testkit.Must(t, err)
	raw, err := base64.RawURLEncoding.DecodeString(in.Token)
	testkit.Must(t, err)
	sum := sha256.Sum256([]byte(in.Token))
	if g.count("SELECT COUNT(*) FROM sessions WHERE token_hash = ?", sum[:]) != 1 {
		t.Error("the hash is not there")
	}
	var held bytes.Buffer
	var hash []byte
	var user string
	testkit.Must(t, g.raw.QueryRowContext(t.Context(), "SELECT token_hash, user_id FROM sessions").Scan(&hash, &user))
	held.Write(hash)
	held.WriteString(user)
	for _, key := range g.redis.Keys() {
		value, err := g.redis.Get(key)
		testkit.Must(t, err)
		held.WriteString(key + " " + value)
	}
	if !strings.Contains(held.String(), in.Identity.UserID) || len(g.redis.Keys()) == 0 {
		t.Fatal("nothing is held: this test tests nothing")
	}
	if bytes.Contains(held.Bytes(), raw) || strings.Contains(held.String(), in.Token) || strings.Contains(held.String(), "openid") {
		t.Error("the token or the openid is held as it is")
	}
}

// A session ends to the millisecond, also when the cache still has it.
func TestExpiry(t *testing.T) {
	g := newGatehouse(t)
	for _, cached := range []bool{true, false} {
		g.clock.Set(now)
		in := g.logIn("ming")
		g.clock.Set(in.ExpiresAt.Add(-time.Millisecond))
		_, err := g.Authenticate(t.Context(), in.Token)
		testkit.Must(t, err)
		if !cached {
			g.redis.FlushAll()
		}
		g.clock.Set(in.ExpiresAt)
		_, err = g.Authenticate(t.Context(), in.Token)
		testkit.WantErr(t, err, session.ErrSession)
		g.clock.Advance(-time.Millisecond)
		_, err = g.Authenticate(t.Context(), in.Token)
		testkit.Must(t, err)
	}
}

// What cannot be a token of ours costs nothing; what could, costs one look-up; both get the same answer.
func TestWrongTokens(t *testing.T) {
	g := newGatehouse(t)
	in := g.logIn("ming")
	for _, token := range []string{"", "x", in.Token[:42], in.Token + "A", " " + in.Token, strings.Repeat("A", 10_000), "Bearer " + in.Token} {
		_, err := g.Authenticate(t.Context(), token)
		testkit.WantErr(t, err, session.ErrSession)
	}
	if g.asked.n != 0 {
		t.Errorf("%d look-ups for what cannot be a token", g.asked.n)
	}
	swapped := []byte(in.Token)
	slices.Reverse(swapped)
	for _, token := range []string{string(swapped), strings.Repeat("A", 43), strings.Repeat("!", 43)} {
		_, err := g.Authenticate(t.Context(), token)
		testkit.WantErr(t, err, session.ErrSession)
	}
	if g.asked.n != 3 {
		t.Errorf("%d look-ups for three unknown tokens", g.asked.n)
	}
}

// A store that is away must not log everybody out.
func TestStoreAwayIsNotLogInAgain(t *testing.T) {
	g := newGatehouse(t)
	in := g.logIn("ming")
	g.asked.err = models.ErrUnavailable.Because(errors.New("connection refused"))
	_, err := g.Authenticate(t.Context(), in.Token)
	testkit.WantErr(t, err, models.ErrUnavailable)
	if errors.Is(err, session.ErrSession) {
		t.Error("told to log in again")
	}
}

func TestEndedSession(t *testing.T) {
	g := newGatehouse(t)
	in := g.logIn("ming")
	_, err := g.raw.ExecContext(t.Context(), "UPDATE sessions SET ended_at = 1")
	testkit.Must(t, err)
	_, err = g.Authenticate(t.Context(), in.Token)
	testkit.WantErr(t, err, session.ErrSession)
}

// A role counts from the moment its grant was acknowledged, and no longer than until its removal was, in
// every session of the user, whatever the cache holds.
func TestRolesAreSeenAtOnce(t *testing.T) {
	for name := range databases {
		t.Run(name, func(t *testing.T) {
			g := gatehouseOn(t, name)
			phone, pad, other := g.logIn("ming"), g.logIn("ming"), g.logIn("hong")
			user := phone.Identity.UserID
			roles := func(in session.LogIn) []models.Role {
				id, err := g.Authenticate(t.Context(), in.Token)
				testkit.Must(t, err)
				return id.Roles
			}
			for range 2 { // all of them are in the cache
				roles(phone)
				roles(pad)
				roles(other)
			}
			for i, step := range []struct {
				role    models.Role
				has     bool
				changed bool
				want    []models.Role
			}{
				{models.RoleInspector, true, true, []models.Role{models.RoleInspector}},
				{models.RoleInspector, true, false, []models.Role{models.RoleInspector}},
				{models.RoleRegistrar, true, true, []models.Role{models.RoleInspector, models.RoleRegistrar}},
				{models.RoleInspector, false, true, []models.Role{models.RoleRegistrar}},
				{models.RoleInspector, false, false, []models.Role{models.RoleRegistrar}},
				{models.RoleRegistrar, false, true, nil},
			} {
				changed, propagated, err := g.SetRole(t.Context(), user, step.role, step.has, "registrar")
				if err != nil || changed != step.changed || !propagated {
					t.Errorf("step %d: changed %t, propagated %t, %v", i, changed, propagated, err)
				}
				if a, b := roles(phone), roles(pad); !slices.Equal(a, step.want) || !slices.Equal(b, step.want) || len(roles(other)) != 0 {
					t.Errorf("step %d: %v and %v, want %v; the other user %v", i, a, b, step.want, roles(other))
				}
			}
			if in := g.logIn("ming"); len(in.Identity.Roles) != 0 {
				t.Errorf("logged in with %v", in.Identity.Roles)
			}
		})
	}
}

func TestSetRoleSaysWhatThePropagatorSays(t *testing.T) {
	g := newGatehouse(t)
	in := g.logIn("ming")
	_, err := g.Authenticate(t.Context(), in.Token)
	testkit.Must(t, err)
	g.relay.there = false
	changed, propagated, err := g.SetRole(t.Context(), in.Identity.UserID, models.RoleInspector, true, "registrar")
	if err != nil || !changed || propagated {
		t.Errorf("changed %t, propagated %t, %v", changed, propagated, err)
	}
	events, err := g.store.PendingEvents(t.Context(), 0, 10)
	if err != nil || len(events) != 1 || events[0].Actor != "registrar" || events[0].Kind != models.EventGranted {
		t.Fatalf("the outbox has %+v, %v", events, err)
	}
	if !g.relay.Relay.Propagate(t.Context(), events) { // what the relay does later
		t.Fatal("not propagated")
	}
	if id, err := g.Authenticate(t.Context(), in.Token); err != nil || !slices.Equal(id.Roles, []models.Role{models.RoleInspector}) {
		t.Errorf("%+v, %v", id, err)
	}
	changed, _, err = g.SetRole(t.Context(), "nobody", models.RoleInspector, true, "registrar")
	testkit.WantErr(t, err, models.ErrNotFound)
	if changed {
		t.Error("changed nobody")
	}
}
