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

// CertificateIDs gives the certificates whose facts events about registrations changed, by registration.
func (s *Store) CertificateIDs(ctx context.Context, registrationIDs ...string) (map[string][]models.CertificateID, error) {
	if len(registrationIDs) == 0 {
		return nil, nil
	}
	ids := make([]int64, len(registrationIDs))
	for i, text := range registrationIDs {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, models.ErrInternal.Because(err)
		}
		ids[i] = id
	}
	var rows []models.Certificate
	err := s.db.WithContext(ctx).Select("id", "registration_id").Where("registration_id IN ?", ids).Find(&rows).Error
	found := make(map[string][]models.CertificateID, len(ids))
	for _, c := range rows {
		id := strconv.FormatInt(c.RegistrationID, 10)
		found[id] = append(found[id], c.ID)
	}
	return found, wrap(err)
}

// SessionHashes gives the sessions that events about users changed, by user.
func (s *Store) SessionHashes(ctx context.Context, userIDs ...string) (map[string][][]byte, error) {
	if len(userIDs) == 0 {
		return nil, nil
	}
	var rows []models.Session
	err := s.db.WithContext(ctx).Select("token_hash", "user_id").Where("user_id IN ?", userIDs).Find(&rows).Error
	found := make(map[string][][]byte, len(userIDs))
	for _, session := range rows {
		found[session.UserID] = append(found[session.UserID], session.TokenHash)
	}
	return found, wrap(err)
}
