package session

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"net/netip"
	"sync"
	"time"

	"yanzheng/models"
)

// Own keeps a user's sessions and log-ins.
type Own interface {
	SessionsOf(ctx context.Context, userID string, now models.Instant, limit int) ([]models.Session, error)
	EndSessions(ctx context.Context, userID string, hashes [][]byte, actor string, at models.Instant) (int64, []models.Event, error)
	Logins(ctx context.Context, userID string, before int64, limit int) ([]models.Login, error)
}

// Account is the use case of users who look after their own account (R12).
type Account struct {
	own        Own
	propagator Propagator
	now        func() time.Time
}

// NewAccount puts the use case together.
func NewAccount(own Own, p Propagator, now func() time.Time) *Account { return &Account{own, p, now} }

// maxSessions bounds how many sessions are listed.
const maxSessions = 200

// Session is one session as its user sees it.
type Session struct {
	ID string
	models.Session
	Present bool // the one that asks
}

// Sessions gives a user's sessions that go on, the newest first; token is that of the one that asks.
func (a *Account) Sessions(ctx context.Context, userID, token string) ([]Session, error) {
	own, err := a.own.SessionsOf(ctx, userID, models.InstantOf(a.now()), maxSessions)
	if err != nil {
		return nil, err
	}
	hash, err := Hash(token)
	if err != nil {
		return nil, err
	}
	all := make([]Session, len(own))
	for i, s := range own {
		all[i] = Session{sessionID(s.TokenHash), s, bytes.Equal(hash, s.TokenHash)}
	}
	return all, nil
}

// sessionID names a session for its user: the beginning of its token's hash, from which nobody comes to the token.
func sessionID(hash []byte) string { return base64.RawURLEncoding.EncodeToString(hash[:12]) }

// End ends one session of a user; ErrNoSession when it is none of theirs that goes on. propagated as for every change.
func (a *Account) End(ctx context.Context, userID, id string) (propagated bool, err error) {
	own, err := a.own.SessionsOf(ctx, userID, models.InstantOf(a.now()), maxSessions)
	if err != nil {
		return false, err
	}
	for _, s := range own {
		if sessionID(s.TokenHash) == id {
			_, propagated, err := a.end(ctx, userID, [][]byte{s.TokenHash})
			return propagated, err
		}
	}
	return false, ErrNoSession
}

// EndAll ends every session of a user, the present one too, and tells how many there were.
func (a *Account) EndAll(ctx context.Context, userID string) (ended int64, propagated bool, err error) {
	return a.end(ctx, userID, nil)
}

func (a *Account) end(ctx context.Context, userID string, hashes [][]byte) (int64, bool, error) {
	n, events, err := a.own.EndSessions(ctx, userID, hashes, userID, models.InstantOf(a.now()))
	if errors.Is(err, models.ErrConflict) { // met others, again and again
		err = models.ErrUnavailable.Because(err)
	}
	if err != nil {
		return 0, false, err
	}
	return n, len(events) == 0 || a.propagator.Propagate(ctx, events), nil
}

// Logins gives a user's log-ins before one (0: from the newest on), the newest first.
func (a *Account) Logins(ctx context.Context, userID string, before int64, limit int) ([]models.Login, error) {
	return a.own.Logins(ctx, userID, before, limit)
}

// network gives an address without its last part: enough to see that a log-in came from elsewhere, not whose line it was.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	bits := 48
	if ip.Is4() {
		bits = 24
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// Uses remembers when sessions were last used, until somebody writes it down: a scan must not wait for that.
type Uses struct {
	mu   sync.Mutex
	used map[[32]byte]models.Instant
}

// maxUses bounds what is remembered, some 4 MB; of what is beyond it the next use is told.
const maxUses = 1 << 16

// Note remembers that a session is used now.
func (u *Uses) Note(hash []byte, at models.Instant) {
	key := [32]byte(hash)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.used == nil {
		u.used = map[[32]byte]models.Instant{}
	}
	if _, known := u.used[key]; known || len(u.used) < maxUses {
		u.used[key] = at
	}
}

// Drain gives what was noted since the last time.
func (u *Uses) Drain() map[[32]byte]models.Instant {
	u.mu.Lock()
	defer u.mu.Unlock()
	used := u.used
	u.used = nil
	return used
}

// ErrNoSession answers the end of a session that is none.
var ErrNoSession = models.NewError(models.KindNotFound, "no_such_session", "没有此登录会话", "You have no such session")
