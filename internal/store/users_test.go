package store_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

func testUsers(t *testing.T, d dialect) {
	p := d.migrated(t)
	t.Run("made once", p.testEnsureUser)
	t.Run("made once by many at once", p.testEnsureUserAtOnce)
	t.Run("roles", p.testRoles)
	t.Run("sessions", p.testSessions)
	t.Run("identity is of one moment", p.testIdentityIsOfOneMoment)
	t.Run("sessions are ended", p.testSessionsEnded)
	t.Run("sessions are cleared away", p.testSessionsCleared)
}

func (p *place) user(openID string) models.User {
	p.t.Helper()
	u, err := p.EnsureUser(p.t.Context(), openID, hex.EncodeToString([]byte(openID)), at)
	testkit.Must(p.t, err)
	return u
}

func (p *place) testEnsureUser(t *testing.T) {
	p = p.within(t)
	const openID = "oABC-def_01"
	u := p.user(openID)
	if u.ID != hex.EncodeToString([]byte(openID)) || u.Version != 1 || u.CreatedAt != at || u.OpenID != openID {
		t.Errorf("made %+v", u)
	}
	again, err := p.EnsureUser(t.Context(), openID, "another-id", later)
	if err != nil || again.ID != u.ID || again.CreatedAt != at || again.OpenID != openID {
		t.Errorf("found %+v, %v", again, err)
	}
	for _, other := range []string{strings.ToLower(openID), openID + " ", openID[:9]} {
		if v := p.user(other); v.ID == u.ID {
			t.Errorf("%q is taken for %q", other, openID)
		}
	}
	var sealed []byte
	testkit.Must(t, p.raw.QueryRowContext(t.Context(), "SELECT openid_sealed FROM users WHERE id = ?", u.ID).Scan(&sealed))
	if bytes.Contains(sealed, []byte(openID)) {
		t.Error("the openid is in the database as it is")
	}
}

func (p *place) testEnsureUserAtOnce(t *testing.T) {
	p = p.within(t)
	const n = 10
	users := make([]models.User, n)
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { users[i], errs[i] = p.EnsureUser(t.Context(), "everybody", fmt.Sprintf("u%d", i), at) })
	}
	all.Wait()
	testkit.Must(t, errors.Join(errs...))
	for _, u := range users {
		if u.ID == "" || u.ID != users[0].ID {
			t.Errorf("user %q beside %q", u.ID, users[0].ID)
		}
	}
}

func session(u models.User, tag byte) models.Session {
	return models.Session{TokenHash: bytes.Repeat([]byte{tag}, 32), UserID: u.ID, CreatedAt: at, ExpiresAt: at + 1000}
}

func (p *place) identity(s models.Session) models.Identity {
	p.t.Helper()
	id, err := p.Identity(p.t.Context(), s.TokenHash)
	testkit.Must(p.t, err)
	return id
}

func (p *place) testRoles(t *testing.T) {
	p = p.within(t)
	u := p.user("roles")
	s := session(u, 1)
	_, err := p.CreateSession(t.Context(), s, "192.0.2.0/24")
	testkit.Must(t, err)
	version, pending := int64(1), len(p.pending())
	for i, step := range []struct {
		role    models.Role
		has     bool
		happens models.EventKind
		after   []models.Role
	}{
		{models.RoleInspector, false, "", nil},
		{models.RoleInspector, true, models.EventGranted, []models.Role{models.RoleInspector}},
		{models.RoleInspector, true, "", []models.Role{models.RoleInspector}},
		{models.RoleEmployer, true, models.EventGranted, []models.Role{models.RoleEmployer, models.RoleInspector}},
		{models.RoleInspector, false, models.EventDenied, []models.Role{models.RoleEmployer}},
		{models.RoleInspector, false, "", []models.Role{models.RoleEmployer}},
		{models.RoleEmployer, false, models.EventDenied, nil},
	} {
		events, err := p.SetRole(t.Context(), u.ID, step.role, step.has, "registrar", later)
		testkit.Must(t, err)
		if step.happens == "" {
			if len(events) != 0 {
				t.Errorf("step %d: events %+v", i, events)
			}
		} else {
			version, pending = version+1, pending+1
			want := models.Event{
				ID: events[0].ID, Subject: models.SubjectUser, SubjectID: u.ID, Version: version,
				Kind: step.happens, Actor: "registrar", Reason: string(step.role), At: later,
			}
			if len(events) != 1 || events[0] != want || want.ID == 0 {
				t.Errorf("step %d: events %+v, want %+v", i, events, want)
			}
		}
		if id := p.identity(s); !slices.Equal(id.Roles, step.after) || id.Version != version || id.UserID != u.ID {
			t.Errorf("step %d: identity %+v, want %v at version %d", i, id, step.after, version)
		}
		if n := len(p.pending()); n != pending {
			t.Errorf("step %d: %d events pending, want %d", i, n, pending)
		}
	}
	_, err = p.SetRole(t.Context(), "nobody", models.RoleInspector, true, "registrar", later)
	testkit.WantErr(t, err, models.ErrNotFound)

	// Two registrars grant different roles at once: each event has a version of its own, or a cache that
	// heard of the one would take the other for known.
	errs := make([]error, 2)
	var all sync.WaitGroup
	for i, role := range []models.Role{models.RoleInspector, models.RoleRegistrar} {
		all.Go(func() { _, errs[i] = p.SetRole(t.Context(), u.ID, role, true, "registrar", later) })
	}
	all.Wait()
	testkit.Must(t, errors.Join(errs...))
	if id := p.identity(s); id.Version != version+2 || len(id.Roles) != 2 {
		t.Errorf("after two grants at once %+v, want version %d", id, version+2)
	}

	// Several grant the same at once: one event, and all are content.
	happened := make([][]models.Event, 4)
	errs = make([]error, len(happened))
	for i := range happened {
		all.Go(func() {
			happened[i], errs[i] = p.SetRole(t.Context(), u.ID, models.RoleHolder, true, "registrar", later)
		})
	}
	all.Wait()
	testkit.Must(t, errors.Join(errs...))
	if n := len(slices.Concat(happened...)); n != 1 {
		t.Errorf("%d events of one grant", n)
	}
}

func (p *place) testSessions(t *testing.T) {
	p = p.within(t)
	u := p.user("sessions")
	s, other := session(u, 2), session(u, 3)
	_, err := p.SetRole(t.Context(), u.ID, models.RoleHolder, true, "x", at)
	testkit.Must(t, err)
	id, err := p.CreateSession(t.Context(), s, "192.0.2.0/24")
	want := models.Identity{UserID: u.ID, Roles: []models.Role{models.RoleHolder}, Version: 2, ExpiresAt: at + 1000}
	if err != nil || id.UserID != want.UserID || !slices.Equal(id.Roles, want.Roles) || id.Version != 2 || id.ExpiresAt != want.ExpiresAt {
		t.Errorf("created %+v, %v", id, err)
	}
	_, err = p.CreateSession(t.Context(), other, "192.0.2.0/24")
	testkit.Must(t, err)
	if got := p.identity(s); got.UserID != want.UserID || got.ExpiresAt != want.ExpiresAt || got.Version != want.Version {
		t.Errorf("read %+v", got)
	}
	_, err = p.CreateSession(t.Context(), s, "192.0.2.0/24")
	testkit.WantErr(t, err, models.ErrConflict)
	_, err = p.CreateSession(t.Context(), session(models.User{ID: "nobody"}, 4), "")
	if err == nil || errors.Is(err, models.ErrUnavailable) {
		t.Errorf("a session of nobody: %v", err)
	}
	all, err := p.SessionHashes(t.Context(), u.ID)
	hashes := all[u.ID]
	if err != nil || len(hashes) != 2 || bytes.Equal(hashes[0], hashes[1]) {
		t.Errorf("hashes %x, %v", hashes, err)
	}
	for name, hash := range map[string][]byte{"unknown": bytes.Repeat([]byte{9}, 32), "empty": {}, "none": nil, "cut": s.TokenHash[:31]} {
		if _, err := p.Identity(t.Context(), hash); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("%s hash: %v", name, err)
		}
	}
	p.spoil("UPDATE sessions SET ended_at = ? WHERE token_hash = ?", int64(later), s.TokenHash)
	_, err = p.Identity(t.Context(), s.TokenHash)
	testkit.WantErr(t, err, models.ErrNotFound)
	p.identity(other) // the other one goes on
}

// What a session stands for is read at one moment. With the role of one and the version of another, an identity would be
// kept in the cache over the fence of the change between them.
func (p *place) testIdentityIsOfOneMoment(t *testing.T) {
	p = p.within(t)
	u := p.user("moment")
	s := session(u, 7)
	_, err := p.CreateSession(t.Context(), s, "192.0.2.0/24")
	testkit.Must(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 100 {
			if _, err := p.SetRole(t.Context(), u.ID, models.RoleInspector, i%2 == 0, "registrar", later); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for reads := 0; ; reads++ {
		id := p.identity(s)
		if has := id.Has(models.RoleInspector); has != (id.Version%2 == 0) {
			t.Fatalf("read %d: version %d, inspector %t", reads, id.Version, has)
		}
		select {
		case <-done:
			return
		default:
		}
	}
}

func (p *place) testSessionsEnded(t *testing.T) {
	p = p.within(t)
	u, stranger := p.user("ending"), p.user("stranger")
	var all []models.Session
	for i, owner := range []models.User{u, u, u, stranger} {
		s := session(owner, 0x70+byte(i))
		s.CreatedAt, s.Device = at+models.Instant(i), models.DeviceIOS
		_, err := p.CreateSession(t.Context(), s, "192.0.2.0/24")
		testkit.Must(t, err)
		all = append(all, s)
	}
	own, err := p.SessionsOf(t.Context(), u.ID, at, 10)
	if err != nil || len(own) != 3 || own[0].CreatedAt != at+2 || own[0].Device != models.DeviceIOS {
		t.Errorf("own %+v, %v", own, err)
	}
	if own, err := p.SessionsOf(t.Context(), u.ID, at+1000, 10); err != nil || len(own) != 0 {
		t.Errorf("over by time: %+v, %v", own, err)
	}
	testkit.Must(t, p.TouchSessions(t.Context(), map[[32]byte]models.Instant{[32]byte(all[0].TokenHash): later}))
	testkit.Must(t, p.TouchSessions(t.Context(), map[[32]byte]models.Instant{[32]byte(all[0].TokenHash): at}))
	if n := p.count("SELECT COUNT(*) FROM sessions WHERE last_used_at = ? AND user_id = ?", int64(later), u.ID); n != 1 {
		t.Errorf("%d sessions were used", n)
	}
	for _, step := range []struct {
		hashes [][]byte
		ended  int64
	}{{[][]byte{all[3].TokenHash}, 0}, {[][]byte{all[0].TokenHash}, 1}, {[][]byte{all[0].TokenHash}, 0}, {nil, 2}, {nil, 0}} {
		n, events, err := p.EndSessions(t.Context(), u.ID, step.hashes, u.ID, later)
		if err != nil || n != step.ended || (len(events) == 1) != (n > 0) {
			t.Errorf("ended %d, %+v, %v, want %d", n, events, err, step.ended)
		}
	}
	for _, s := range all[:3] {
		_, err := p.Identity(t.Context(), s.TokenHash)
		testkit.WantErr(t, err, models.ErrNotFound)
	}
	p.identity(all[3])
	logins, err := p.Logins(t.Context(), u.ID, 0, 2)
	if err != nil || len(logins) != 2 || logins[0].At != at+2 || logins[0].Network != "192.0.2.0/24" || logins[0].Device != models.DeviceIOS {
		t.Errorf("log-ins %+v, %v", logins, err)
	}
	if rest, err := p.Logins(t.Context(), u.ID, logins[1].ID, 2); err != nil || len(rest) != 1 || rest[0].At != at {
		t.Errorf("the rest %+v, %v", rest, err)
	}
	before := p.count("SELECT COUNT(*) FROM logins")
	if n, err := p.DeleteLoginsBefore(t.Context(), at+1, 1000); err != nil || n == 0 || p.count("SELECT COUNT(*) FROM logins") != before-int(n) {
		t.Errorf("%d went, %v", n, err)
	}
}

func (p *place) testSessionsCleared(t *testing.T) {
	p = p.within(t)
	u := p.user("cleared")
	for i := range byte(5) {
		s := session(u, 0x50+i)
		s.ExpiresAt = at + models.Instant(i)
		_, err := p.CreateSession(t.Context(), s, "192.0.2.0/24")
		testkit.Must(t, err)
	}
	for _, step := range []struct {
		before models.Instant
		limit  int
		want   int64
	}{{at, 10, 0}, {at + 3, 2, 2}, {at + 3, 2, 1}, {at + 3, 2, 0}} {
		if n, err := p.DeleteSessionsBefore(t.Context(), step.before, step.limit); err != nil || n != step.want {
			t.Errorf("before %d: %d went, %v, want %d", step.before, n, err, step.want)
		}
	}
	all, err := p.SessionHashes(t.Context(), u.ID)
	hashes := all[u.ID]
	if err != nil || len(hashes) != 2 {
		t.Errorf("left %x, %v", hashes, err)
	}
}
