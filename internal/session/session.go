// Package session logs users in and tells who a token stands for.
//
// Its promise: a token is an opaque random value of 256 bits of which only a hash is kept, in the
// database and in the cache. Its one rule: what a token may do is read anew for every request.
package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"yanzheng/models"
)

// WeChat turns a log-in code of wx.login into the openid of the user.
type WeChat interface {
	OpenID(ctx context.Context, loginCode string) (string, error)
}

// Users keeps users, sessions and roles.
type Users interface {
	EnsureUser(ctx context.Context, openID, newID string, at models.Instant) (models.User, error)
	CreateSession(ctx context.Context, s models.Session, network string) (models.Identity, error)
	SetRole(ctx context.Context, userID string, role models.Role, has bool, actor string, at models.Instant) ([]models.Event, error)
}

// Identities tells what a token's hash stands for; models.ErrNotFound for nothing.
type Identities interface {
	Identity(ctx context.Context, tokenHash []byte) (models.Identity, error)
}

// Propagator carries a committed change to every cache; false: later.
type Propagator interface {
	Propagate(ctx context.Context, events []models.Event) bool
}

// Gate holds those who log in against the limit of their address.
type Gate interface {
	AdmitLogIn(ctx context.Context, address string) error
}

// Service is the use case.
type Service struct {
	gate       Gate
	wechat     WeChat
	users      Users
	identities Identities
	propagator Propagator
	life       time.Duration
	now        func() time.Time
}

// New puts the use case together; life is how long a session lasts.
func New(g Gate, w WeChat, u Users, i Identities, p Propagator, life time.Duration, now func() time.Time) *Service {
	return &Service{gate: g, wechat: w, users: u, identities: i, propagator: p, life: life, now: now}
}

// LogIn is a fresh session. Token is shown this once.
type LogIn struct {
	Token     string
	ExpiresAt time.Time
	Identity  models.Identity
}

const tokenBytes = 32

// LogIn exchanges a log-in code for a session; the first log-in makes the user. The kind of device and the rough network are
// kept for the user to see (R12).
func (s *Service) LogIn(ctx context.Context, address, loginCode string, device models.Device) (LogIn, error) {
	if err := s.gate.AdmitLogIn(ctx, address); err != nil {
		return LogIn{}, err
	}
	openID, err := s.wechat.OpenID(ctx, loginCode)
	if err != nil {
		return LogIn{}, err
	}
	now := s.now()
	user, err := s.users.EnsureUser(ctx, openID, newUserID(), models.InstantOf(now))
	if errors.Is(err, models.ErrConflict) { // another log-in of the same user at the same moment, again and again
		err = models.ErrUnavailable.Because(err)
	}
	if err != nil {
		return LogIn{}, err
	}
	var token [tokenBytes]byte
	rand.Read(token[:]) //nolint:errcheck,gosec // never fails (crypto/rand)
	out := LogIn{Token: base64.RawURLEncoding.EncodeToString(token[:]), ExpiresAt: now.Add(s.life)}
	hash, err := Hash(out.Token)
	if err != nil {
		return LogIn{}, err
	}
	out.Identity, err = s.users.CreateSession(ctx, models.Session{
		TokenHash: hash, UserID: user.ID,
		CreatedAt: models.InstantOf(now), ExpiresAt: models.InstantOf(out.ExpiresAt), Device: device, LastUsedAt: models.InstantOf(now),
	}, network(address))
	return out, err
}

// Authenticate tells whom a token stands for; ErrSession when nobody, or no longer.
func (s *Service) Authenticate(ctx context.Context, token string) (models.Identity, error) {
	hash, err := Hash(token)
	if err != nil {
		return models.Identity{}, err
	}
	return s.Judge(s.identities.Identity(ctx, hash))
}

// Judge tells whom the identity that was found for a token, or not, stands for now; ErrSession when nobody.
func (s *Service) Judge(id models.Identity, err error) (models.Identity, error) {
	if errors.Is(err, models.ErrNotFound) {
		return models.Identity{}, ErrSession
	}
	if err != nil {
		return models.Identity{}, err
	}
	if models.InstantOf(s.now()) >= id.ExpiresAt {
		return models.Identity{}, ErrSession
	}
	return id, nil
}

// SetRole gives a user a role or takes it. changed is false when nothing had to be done; propagated as
// for every change.
func (s *Service) SetRole(ctx context.Context, userID string, role models.Role, has bool, actor string) (changed, propagated bool, err error) {
	if role == models.RoleHolder {
		return false, false, models.ErrRoleFollows
	}
	events, err := s.users.SetRole(ctx, userID, role, has, actor, models.InstantOf(s.now()))
	if err != nil || len(events) == 0 {
		return false, true, err
	}
	return true, s.propagator.Propagate(ctx, events), nil
}

// Hash gives what a token is known by; ErrSession for what cannot be one of ours, which is not worth a look-up.
func Hash(token string) ([]byte, error) {
	if len(token) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return nil, ErrSession
	}
	sum := sha256.Sum256([]byte(token))
	return sum[:], nil
}

// newUserID is an unguessable name that derives from nothing of WeChat's.
func newUserID() string { return "u" + strings.ToLower(rand.Text()[:20]) }

// ErrSession answers a token that stands for nobody, or whose session has ended.
var ErrSession = models.NewError(models.KindUnauthenticated, "session_invalid",
	"登录已失效，请重新登录", "The session is not valid (any more): log in again")
