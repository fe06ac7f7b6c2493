package store

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"

	"gorm.io/gorm/clause"

	"yanzheng/models"
)

// KeyFingerprint remembers which key this database was used with, so that another one is refused before
// it does harm. It tells nothing of the key.
type KeyFingerprint struct {
	Name        string `gorm:"primaryKey"`
	Fingerprint []byte
}

// CheckSealingKeys is ErrKeyDiffers unless the keys for sealing and for the index are those that the
// database was first used with: others would seal what nobody can open, and find nobody who is there.
func (s *Store) CheckSealingKeys(ctx context.Context) error {
	return s.CheckKeys(ctx, s.sealer.named)
}

// CheckKeys remembers keys by name at their first use, and is ErrKeyDiffers when a name comes with
// another key.
func (s *Store) CheckKeys(ctx context.Context, keys map[string][]byte) error {
	db := s.db.WithContext(ctx)
	for name, key := range keys {
		mine := KeyFingerprint{name, fingerprint(key)}
		var known KeyFingerprint
		found := db.Where("name = ?", name).Limit(1).Find(&known)
		if found.Error == nil && found.RowsAffected == 0 {
			if err := db.Clauses(clause.OnConflict{DoNothing: true}).Create(&mine).Error; err != nil {
				return wrap(err)
			}
			found = db.Where("name = ?", name).Take(&known)
		}
		if found.Error != nil {
			return wrap(found.Error)
		}
		if !bytes.Equal(known.Fingerprint, mine.Fingerprint) {
			return ErrKeyDiffers.On(name)
		}
	}
	return nil
}

// fingerprint gives what is remembered of a key.
func fingerprint(key []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("yanzheng/key-fingerprint"))
	return mac.Sum(nil)
}

// ErrKeyDiffers answers a key that is not the one of this database; Field names it.
var ErrKeyDiffers = models.NewError(models.KindInternal, "key_differs",
	"密钥与此数据库首次使用时不同，请恢复原来的密钥文件", "This key is not the one that the database was first used with: bring the old key file back")
