package factcache

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/models"
)

// IdentitySource is the authority behind the cache of identities.
type IdentitySource interface {
	Identity(ctx context.Context, tokenHash []byte) (models.Identity, error)
}

// Identities is the cache in front of an IdentitySource. What it keeps is found by the hash of a token,
// never by the token. A token that stands for nothing is not kept.
type Identities struct {
	cells  cells
	source IdentitySource
	now    func() time.Time
}

// NewIdentities puts a cache in rdb in front of source.
func NewIdentities(rdb redis.UniversalClient, source IdentitySource, now func() time.Time) *Identities {
	return &Identities{cells: cells{rdb}, source: source, now: now}
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
	key := identityKey(tokenHash)
	e, ok := i.cells.get(ctx, key)
	if ok {
		var c cachedIdentity
		if json.Unmarshal([]byte(e.payload), &c) == nil && c.User != "" {
			return models.Identity{UserID: c.User, Roles: c.Roles, Version: c.Version, ExpiresAt: models.Instant(c.Expires)}, nil
		}
	}
	asOf := i.now()
	id, err := i.source.Identity(ctx, tokenHash)
	if err != nil || e.away {
		return id, err
	}
	payload, err := json.Marshal(cachedIdentity{id.UserID, id.Roles, id.Version, int64(id.ExpiresAt)})
	if err != nil {
		return models.Identity{}, err
	}
	i.cells.fill(ctx, key, id.Version, asOf, string(payload), cellLife)
	return id, nil
}
