package store

import (
	"context"
	"strconv"

	"yanzheng/models"
)

// PendingEvents gives the oldest events after an id that not every cache has confirmed, at most limit.
func (s *Store) PendingEvents(ctx context.Context, after int64, limit int) ([]models.Event, error) {
	var events []models.Event
	err := s.db.WithContext(ctx).Where("propagated_at = 0 AND id > ?", after).Order("id").Limit(limit).Find(&events).Error
	return events, wrap(err)
}

// PendingCount tells how many events not every cache has confirmed, and when the oldest of them was written.
func (s *Store) PendingCount(ctx context.Context) (n int64, oldest models.Instant, err error) {
	var found struct {
		N      int64
		Oldest models.Instant
	}
	err = s.db.WithContext(ctx).Model(&models.Event{}).Select("COUNT(*) AS n, COALESCE(MIN(at), 0) AS oldest").
		Where("propagated_at = 0").Take(&found).Error
	return found.N, found.Oldest, wrap(err)
}

// MarkPropagated notes that every cache has confirmed the events in an epoch. It does so only while that is the
// present one (false: it is not): a confirmation from an earlier epoch, or from a server that was replaced since,
// is worth nothing, because what it confirmed may be forgotten.
func (s *Store) MarkPropagated(ctx context.Context, ids []int64, epoch string, at models.Instant) (bool, error) {
	if len(ids) == 0 {
		return true, nil
	}
	done := s.db.WithContext(ctx).Model(&models.Event{}).
		Where("id IN ? AND EXISTS (SELECT 1 FROM cache_epochs WHERE name = ? AND name <> '')", ids, epoch).
		Update("propagated_at", at)
	return done.RowsAffected > 0, wrap(done.Error)
}

// Epoch gives the present epoch of the cache.
func (s *Store) Epoch(ctx context.Context) (models.Epoch, error) {
	var e models.Epoch
	err := s.db.WithContext(ctx).Where("id = ?", models.EpochID).Take(&e).Error
	return e, wrap(err)
}

// ReplaceEpoch ends the epoch of that name and begins the next; false when it was not the present one any more.
func (s *Store) ReplaceEpoch(ctx context.Context, name string, next models.Epoch) (bool, error) {
	next.ID = models.EpochID
	done := s.db.WithContext(ctx).Model(&models.Epoch{}).Where("id = ? AND name = ?", models.EpochID, name).
		Select("*").Omit("id").Updates(&next)
	return done.RowsAffected > 0, wrap(done.Error)
}

// CertificateIDs gives the certificates whose facts an event about a registration changed.
func (s *Store) CertificateIDs(ctx context.Context, registrationID string) ([]models.CertificateID, error) {
	id, err := strconv.ParseInt(registrationID, 10, 64)
	if err != nil {
		return nil, models.ErrInternal.Because(err)
	}
	var ids []models.CertificateID
	err = s.db.WithContext(ctx).Model(&models.Certificate{}).Where("registration_id = ?", id).Pluck("id", &ids).Error
	return ids, wrap(err)
}

// SessionHashes gives the sessions that an event about a user changed.
func (s *Store) SessionHashes(ctx context.Context, userID string) ([][]byte, error) {
	var hashes [][]byte
	err := s.db.WithContext(ctx).Model(&models.Session{}).Where("user_id = ?", userID).Pluck("token_hash", &hashes).Error
	return hashes, wrap(err)
}
