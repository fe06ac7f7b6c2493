package store

import (
	"context"

	"gorm.io/gorm/clause"

	"yanzheng/models"
)

// AppendScans writes scans; one that is there already, by its id, is left alone, so that a replay
// changes nothing.
func (s *Store) AppendScans(ctx context.Context, scans ...models.Scan) error {
	db := s.hot
	if len(scans) > 1 { // a statement for each size of batch would drive the few others out, and is no faster
		db = s.db
	}
	return wrap(db.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&scans).Error)
}

// Scan gives one scan by its id.
func (s *Store) Scan(ctx context.Context, id string) (models.Scan, error) {
	var scan models.Scan
	err := s.db.WithContext(ctx).Where("id = ?", id).Take(&scan).Error
	return scan, wrap(err)
}

// DeleteScansBefore ends the retention of scans older than an instant, at most limit at once, and
// tells how many went.
func (s *Store) DeleteScansBefore(ctx context.Context, before models.Instant, limit int) (int64, error) {
	db := s.db.WithContext(ctx)
	var ids []string
	if err := db.Model(&models.Scan{}).Where("at < ?", before).Order("at").Limit(limit).Pluck("id", &ids).Error; err != nil || len(ids) == 0 {
		return 0, wrap(err)
	}
	done := db.Where("id IN ?", ids).Delete(&models.Scan{})
	return done.RowsAffected, wrap(done.Error)
}
