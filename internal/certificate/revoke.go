package certificate

import (
	"path/filepath"
	"time"

	"yanzheng/internal/durable"
	"yanzheng/models"
)

// Revoke declares a key of the ring in a folder leaked: it seals nothing more, and a seal of it proves nothing by itself. Files
// that were issued stay what they are, as their digests say. A root takes the keys that it signed with it. A key is revoked once:
// the first time counts.
func Revoke(dir string, number int, at time.Time) error {
	unlock, err := durable.Lock(filepath.Join(dir, ".lock"))
	if err != nil {
		return err
	}
	defer unlock()
	ring, err := Load(dir)
	if err != nil {
		return err
	}
	if number < 0 || number >= len(ring.keys) {
		return ErrNoSuchSealKey
	}
	if k := ring.keys[number]; k.RevokedAt.IsZero() {
		k.RevokedAt = at
	}
	return ring.save(dir)
}

// ErrNoSuchSealKey answers a number that no key of the ring has.
var ErrNoSuchSealKey = models.NewError(models.KindNotFound, "no_such_seal_key", "没有该编号的电子签章密钥", "No key for seals has that number")
