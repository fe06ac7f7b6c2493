package factcache

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/models"
)

// identityLife is how long an identity is kept. Like facts, it is true for as long as no fence says otherwise.
const identityLife = time.Hour

// IdentitySource is the authority behind the cache of identities.
type IdentitySource interface {
	Identity(ctx context.Context, tokenHash []byte) (models.Identity, error)
}

// Identities is the cache in front of an IdentitySource. What it keeps is found by the hash of a token,
// never by the token. A token that stands for nothing is not kept.
type Identities struct {
	line   *Line
	cells  cells
	source IdentitySource
	guard  *Guard
	now    func() time.Time
}

// NewIdentities puts a cache at the end of a line in front of source, which is asked through guard.
func NewIdentities(line *Line, source IdentitySource, guard *Guard, now func() time.Time) *Identities {
	return &Identities{line: line, cells: cells{line.rdb}, source: source, guard: guard, now: now}
}

func identityKey(tokenHash []byte) string {
	return "yz:{s:" + base64.RawURLEncoding.EncodeToString(tokenHash) + "}"
}

// cachedIdentity is models.Identity as the cell holds it.
type cachedIdentity struct {
	User    string        `json:"u"`
	Roles   []models.Role `json:"r,omitempty"`
	Version int64         `json:"v"`
	Expires int64         `json:"e"`
}

// Identity gives what a token stands for; ErrNotFound when nothing.
func (i *Identities) Identity(ctx context.Context, tokenHash []byte) (models.Identity, error) {
	look := i.line.Look(ctx)
	read := i.Queue(ctx, look, tokenHash)
	look.Exec(ctx)
	return read.Get(ctx)
}

// IdentityRead is a question for an identity that shares a round trip.
type IdentityRead struct {
	identities *Identities
	hash       []byte
	look       *Look
	cell       *redis.StringCmd
}

// Queue asks what a token stands for in a round trip. Get gives it once it was made.
func (i *Identities) Queue(ctx context.Context, look *Look, tokenHash []byte) *IdentityRead {
	return &IdentityRead{i, tokenHash, look, look.Pipe.Get(ctx, identityKey(tokenHash))}
}

// Get gives what the token stands for, from the cache or else from the source; ErrNotFound when nothing.
func (r *IdentityRead) Get(ctx context.Context) (models.Identity, error) {
	i := r.identities
	b, beats := r.look.heartbeat()
	if e, ok := parseCell(r.cell.Val()); ok && beats && e.epoch == b.epoch {
		var c cachedIdentity
		if json.Unmarshal([]byte(e.payload), &c) == nil && c.User != "" {
			return models.Identity{UserID: c.User, Roles: c.Roles, Version: c.Version, ExpiresAt: models.Instant(c.Expires)}, nil
		}
	}
	asOf := i.now()
	var id models.Identity
	err := i.guard.Ask(ctx, func(ctx context.Context) (err error) {
		id, err = i.source.Identity(ctx, r.hash)
		return err
	})
	if err != nil || !beats || i.line.full.Load() {
		return id, err
	}
	payload, err := json.Marshal(cachedIdentity{id.UserID, id.Roles, id.Version, int64(id.ExpiresAt)})
	if err != nil {
		return models.Identity{}, err
	}
	e := entry{version: id.Version, asOf: asOf, payload: string(payload)}
	i.cells.fill(ctx, identityKey(r.hash), e, b, jitter(identityLife))
	return id, nil
}
