package session_test

import (
	"sync"
	"testing"
	"time"

	"yanzheng/internal/session"
	"yanzheng/internal/testkit"
	"yanzheng/models"
)

func TestAccount(t *testing.T) {
	for name := range databases {
		t.Run(name, func(t *testing.T) {
			g := gatehouseOn(t, name)
			a := session.NewAccount(g.store, g.relay, g.clock.Now)
			first := g.logIn("ming")
			g.clock.Advance(time.Minute)
			second, stranger := g.logIn("ming"), g.logIn("hua")
			user := first.Identity.UserID
			own, err := a.Sessions(t.Context(), user, first.Token)
			testkit.Must(t, err)
			if len(own) != 2 || own[0].Present || !own[1].Present || own[0].ID == own[1].ID || own[1].Device != models.DeviceIOS ||
				own[1].LastUsedAt != models.InstantOf(now) {
				t.Fatalf("own %+v", own)
			}
			for _, in := range []session.LogIn{first, second, stranger} { // so that the cache holds them
				_, err := g.Authenticate(t.Context(), in.Token)
				testkit.Must(t, err)
			}
			strangers, err := a.Sessions(t.Context(), stranger.Identity.UserID, stranger.Token)
			testkit.Must(t, err)
			for _, id := range []string{"", "x", strangers[0].ID} {
				_, err := a.End(t.Context(), user, id)
				testkit.WantErr(t, err, session.ErrNoSession)
			}
			if done, err := a.End(t.Context(), user, own[0].ID); err != nil || !done {
				t.Errorf("ended %t, %v", done, err)
			}
			_, err = g.Authenticate(t.Context(), second.Token)
			testkit.WantErr(t, err, session.ErrSession)
			_, err = g.Authenticate(t.Context(), first.Token)
			testkit.Must(t, err)
			// Without the cache it is over later, and says so.
			g.relay.there = false
			if n, done, err := a.EndAll(t.Context(), user); err != nil || n != 1 || done {
				t.Errorf("ended %d, %t, %v", n, done, err)
			}
			g.relay.there = true
			testkit.Must(t, g.relay.Turn(t.Context()))
			_, err = g.Authenticate(t.Context(), first.Token)
			testkit.WantErr(t, err, session.ErrSession)
			if n, done, err := a.EndAll(t.Context(), user); err != nil || n != 0 || !done {
				t.Errorf("none is left: %d, %t, %v", n, done, err)
			}
			_, err = g.Authenticate(t.Context(), stranger.Token)
			testkit.Must(t, err)
			logins, err := a.Logins(t.Context(), user, 0, 10)
			if err != nil || len(logins) != 2 || logins[0].Network != "192.0.2.0/24" || logins[0].At <= logins[1].At {
				t.Errorf("log-ins %+v, %v", logins, err)
			}
		})
	}
}

// What cannot be granted is not; a holder is who is bound.
func TestHolderIsNotGranted(t *testing.T) {
	g := newGatehouse(t)
	in := g.logIn("ming")
	_, _, err := g.SetRole(t.Context(), in.Identity.UserID, models.RoleHolder, true, "x")
	testkit.WantErr(t, err, models.ErrRoleFollows)
}

func TestUses(t *testing.T) {
	var u session.Uses
	if n := len(u.Drain()); n != 0 {
		t.Errorf("%d uses of nothing", n)
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			hash := [32]byte{byte(i % 2)}
			u.Note(hash[:], models.Instant(100))
		})
	}
	all.Wait()
	if used := u.Drain(); len(used) != 2 || used[[32]byte{1}] != 100 {
		t.Errorf("used %v", used)
	}
	if n := len(u.Drain()); n != 0 {
		t.Errorf("%d are told twice", n)
	}
}
