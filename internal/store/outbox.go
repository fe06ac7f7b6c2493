package store

import (
	"context"
	"strconv"

	"yanzheng/models"
)

// PendingEvents gives the oldest events that not every cache has confirmed, at most limit.
func (s *Store) PendingEvents(ctx context.Context, limit int) ([]models.Event, error) {
	var events []models.Event
	err := s.db.WithContext(ctx).Where("propagated_at = 0").Order("id").Limit(limit).Find(&events).Error
	return events, wrap(err)
}

// MarkPropagated notes that every cache has confirmed the events.
func (s *Store) MarkPropagated(ctx context.Context, ids []int64, at models.Instant) error {
	if len(ids) == 0 {
		return nil
	}
	return wrap(s.db.WithContext(ctx).Model(&models.Event{}).Where("id IN ?", ids).Update("propagated_at", at).Error)
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
