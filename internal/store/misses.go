package store

import (
	"context"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"yanzheng/models"
)

// MissFlush remembers that one lot of counts was added, so that the same lot is not added again.
type MissFlush struct {
	ID string `gorm:"primaryKey"`
	At models.Instant
}

// TableName says what was flushed.
func (MissFlush) TableName() string { return "code_miss_flushes" }

// AddMisses adds to the day's counts, once for each flush, however often it is told: flush is a name of the caller's for
// these misses and no others, 36 characters at most, which is remembered until DeleteFlushesBefore.
func (s *Store) AddMisses(ctx context.Context, flush string, at models.Instant, misses ...models.Miss) error {
	if len(misses) == 0 {
		return nil
	}
	sum := clause.Assignments(map[string]any{"n": gorm.Expr("n + VALUES(n)")})
	if s.sqlite {
		sum = clause.Assignments(map[string]any{"n": gorm.Expr("n + excluded.n")})
	}
	key := []clause.Column{{Name: "day"}, {Name: "channel"}, {Name: "reason"}}
	return s.transact(ctx, func(tx *gorm.DB) error {
		err := tx.Create(&MissFlush{flush, at}).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return nil // it was added, and only the answer was lost
		} else if err != nil {
			return err
		}
		return tx.Clauses(clause.OnConflict{Columns: key, DoUpdates: sum}).Create(&misses).Error
	})
}

// DeleteFlushesBefore forgets flushes older than an instant, at most limit at once, and tells how many went. One that is
// forgotten would be added again.
func (s *Store) DeleteFlushesBefore(ctx context.Context, before models.Instant, limit int) (int64, error) {
	db := s.db.WithContext(ctx)
	var ids []string
	if err := db.Model(&MissFlush{}).Where("at < ?", before).Order("at").Limit(limit).Pluck("id", &ids).Error; err != nil || len(ids) == 0 {
		return 0, wrap(err)
	}
	done := db.Where("id IN ?", ids).Delete(&MissFlush{})
	return done.RowsAffected, wrap(done.Error)
}
