package factcache

import (
	"bytes"
	"context"
	"encoding/base64"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// people is a source of identities that a test can change and stop in the middle of a look.
type people struct {
	mu    sync.Mutex
	known map[string]models.Identity
	asked int
	held  func()
}

func (p *people) Identity(_ context.Context, hash []byte) (models.Identity, error) {
	p.mu.Lock()
	p.asked++
	id, ok := p.known[string(hash)]
	held := p.held
	p.mu.Unlock()
	if held != nil {
		held()
	}
	if !ok {
		return models.Identity{}, models.ErrNotFound
	}
	return id, nil
}

func (p *people) set(hash []byte, id models.Identity) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[string(hash)] = id
}

func (p *people) hold(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = f
}

var tokenHash = bytes.Repeat([]byte{0xfb, 0xff}, 16)

func inspector() models.Identity {
	return models.Identity{UserID: "u1", Roles: []models.Role{models.RoleHolder, models.RoleInspector}, Version: 3, ExpiresAt: models.InstantOf(start.Add(time.Hour))}
}

func newPeople() *people {
	return &people{known: map[string]models.Identity{string(tokenHash): inspector()}}
}

func TestIdentitiesAreKept(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		source := newPeople()
		ids := NewIdentities(Over(beating(t, rdb)), source, open(), time.Now)
		for i := range 3 {
			got, err := ids.Identity(t.Context(), tokenHash)
			if err != nil || !reflect.DeepEqual(got, inspector()) {
				t.Errorf("look %d: %+v, %v", i, got, err)
			}
		}
		if source.asked != 1 {
			t.Errorf("asked %d times", source.asked)
		}
		// Nobody without roles is somebody, too.
		plain := models.Identity{UserID: "u2", Version: 1, ExpiresAt: 5}
		source.set([]byte("plain"), plain)
		for range 2 {
			if got, err := ids.Identity(t.Context(), []byte("plain")); err != nil || !reflect.DeepEqual(got, plain) {
				t.Errorf("%+v, %v", got, err)
			}
		}
		for _, key := range rdb.Keys(t.Context(), "*").Val() {
			if life := rdb.PTTL(t.Context(), key).Val(); life <= 0 && key != epochKey || life > identityLife {
				t.Errorf("%s lives %v", key, life)
			}
		}
	})
}

// A token that stands for nothing is not kept: the log-in that makes it valid would come too late.
func TestNobodyIsNotKept(t *testing.T) {
	rdb := embedded(t)
	source := newPeople()
	ids := NewIdentities(Over(beating(t, rdb)), source, open(), time.Now)
	_, err := ids.Identity(t.Context(), []byte("later"))
	testkit.WantErr(t, err, models.ErrNotFound)
	source.set([]byte("later"), inspector())
	if _, err := ids.Identity(t.Context(), []byte("later")); err != nil {
		t.Errorf("after the log-in: %v", err)
	}
}

// What the cell holds must not be usable by whoever reads Redis: a hash, never more.
func TestIdentityKeyHoldsTheHashOnly(t *testing.T) {
	key := identityKey(tokenHash)
	want := "yz:{s:" + base64.RawURLEncoding.EncodeToString(tokenHash) + "}"
	if key != want || strings.ContainsAny(base64.RawURLEncoding.EncodeToString(tokenHash), "{}") {
		t.Errorf("key %q", key)
	}
}

func TestDamagedIdentityIsAMiss(t *testing.T) {
	rdb := embedded(t)
	source := newPeople()
	ids := NewIdentities(Over(beating(t, rdb)), source, open(), time.Now)
	epoch := raw(t, rdb, epochKey)
	for i, damaged := range []string{
		"", "3|5|" + epoch + "|", "3|5|" + epoch + "|{", "3|5|" + epoch + "|{}", "3|5|" + epoch + `|{"u":""}`, "3|5|" + epoch + `|{"u":1}`,
		"3|5|" + epoch + "|null", "x|5|" + epoch + `|{"u":"root"}`, `3|5|another|{"u":"root"}`, `3|5||{"u":"root"}`, "9",
	} {
		testkit.Must(t, rdb.Set(t.Context(), identityKey(tokenHash), damaged, time.Minute).Err())
		got, err := ids.Identity(t.Context(), tokenHash)
		if err != nil || got.UserID != "u1" || source.asked != i+1 {
			t.Errorf("%q: %+v, %v after %d looks", damaged, got, err, source.asked)
		}
	}
}

// A role that was taken away is gone at once, also from a look that was under way meanwhile.
func TestRoleIsTakenAway(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		source := newPeople()
		ids := NewIdentities(Over(beating(t, rdb)), source, open(), time.Now)
		box := &outbox{sessions: map[string][][]byte{"u1": {tokenHash, []byte("another session")}}}
		relay := NewRelay(rdb, box, holderOf, time.Now, quiet)
		testkit.Must(t, relay.Turn(t.Context()))
		take := func() {
			less := inspector()
			less.Roles, less.Version = nil, 4
			source.set(tokenHash, less)
			e := box.commit(models.Event{Subject: models.SubjectUser, SubjectID: "u1", Version: 4, Kind: models.EventDenied})
			if !relay.Propagate(t.Context(), []models.Event{e}) {
				t.Fatal("not propagated")
			}
		}
		reached, open := make(chan struct{}), make(chan struct{})
		source.hold(func() { close(reached); <-open })
		slow := make(chan models.Identity, 1)
		go func() {
			got, _ := ids.Identity(t.Context(), tokenHash)
			slow <- got
		}()
		<-reached
		source.hold(nil)
		take()
		close(open)
		if got := <-slow; len(got.Roles) != 2 {
			t.Fatalf("the slow look was to see the roles: %+v", got)
		}
		for range 2 {
			if got, err := ids.Identity(t.Context(), tokenHash); err != nil || len(got.Roles) != 0 || got.Version != 4 {
				t.Errorf("after it was taken: %+v, %v", got, err)
			}
		}
	})
}

// With Redis away a session is answered by the source.
func TestIdentityWithoutRedis(t *testing.T) {
	source := newPeople()
	ids := NewIdentities(Over(connect(t, silent(t), "", short)), source, open(), time.Now)
	since := time.Now()
	got, err := ids.Identity(t.Context(), tokenHash)
	if err != nil || got.UserID != "u1" || time.Since(since) > 5*short {
		t.Errorf("%+v, %v after %v", got, err, time.Since(since))
	}
}
