package store

import (
	"context"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"yanzheng/models"
)

// EnsureUser gives the user of an openid, made with newID when there is none yet. Two log-ins at once
// make one user. An error of the database is never taken for "no such user".
func (s *Store) EnsureUser(ctx context.Context, openID, newID string, at models.Instant) (models.User, error) {
	db := s.db.WithContext(ctx)
	index := s.sealer.index(purposeOpenID, openID)
	var u models.User
	err := db.Where("openid_index = ?", index).Take(&u).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		fresh := models.User{ID: newID, OpenIDSealed: s.sealer.seal(purposeOpenID, openID), OpenIDIndex: index, Version: 1, CreatedAt: at}
		if err := db.Clauses(clause.OnConflict{DoNothing: true}).Create(&fresh).Error; err != nil {
			return models.User{}, wrap(err)
		}
		err = db.Where("openid_index = ?", index).Take(&u).Error
	}
	u.OpenID = openID
	return u, wrap(err)
}

// CreateSession writes a new session and gives what it stands for.
func (s *Store) CreateSession(ctx context.Context, session models.Session) (models.Identity, error) {
	if err := s.db.WithContext(ctx).Create(&session).Error; err != nil {
		return models.Identity{}, wrap(err)
	}
	return s.Identity(ctx, session.TokenHash)
}

// Identity gives what a session stands for; ErrNotFound when there is none, or it was ended. Its end by
// time is for the caller to judge.
//
// It is one statement, so that session, version and roles are of one moment: an identity that is older than its version
// would pass every fence.
func (s *Store) Identity(ctx context.Context, tokenHash []byte) (models.Identity, error) {
	var rows []struct {
		UserID    string
		Version   int64
		ExpiresAt models.Instant
		Role      *models.Role
	}
	err := s.hot.WithContext(ctx).Table("sessions").
		Select("users.id AS user_id, users.version, sessions.expires_at, grants.role").
		Joins("JOIN users ON users.id = sessions.user_id").
		Joins("LEFT JOIN grants ON grants.user_id = users.id").
		Where("sessions.token_hash = ? AND sessions.ended_at = 0", tokenHash).
		Order("grants.role").Find(&rows).Error
	if err == nil && len(rows) == 0 {
		err = gorm.ErrRecordNotFound
	}
	if err != nil {
		return models.Identity{}, wrap(err)
	}
	id := models.Identity{UserID: rows[0].UserID, Version: rows[0].Version, ExpiresAt: rows[0].ExpiresAt}
	for _, r := range rows {
		if r.Role != nil {
			id.Roles = append(id.Roles, *r.Role)
		}
	}
	return id, nil
}

// SetRole gives a user a role, or takes it, with its event. Giving what is there, or taking what is not,
// changes nothing and makes no event.
func (s *Store) SetRole(ctx context.Context, userID string, role models.Role, has bool, actor string, at models.Instant) ([]models.Event, error) {
	var events []models.Event
	err := s.transact(ctx, func(tx *gorm.DB) error {
		events = nil
		var u models.User
		if err := tx.Clauses(forUpdate).Where("id = ?", userID).Take(&u).Error; err != nil {
			return err
		}
		var held int64
		if err := tx.Model(&models.Grant{}).Where("user_id = ? AND role = ?", u.ID, role).Count(&held).Error; err != nil {
			return err
		}
		if has == (held > 0) {
			return nil
		}
		kind := models.EventGranted
		var err error
		if has {
			err = tx.Create(&models.Grant{UserID: u.ID, Role: role, GrantedBy: actor, GrantedAt: at}).Error
		} else {
			kind = models.EventDenied
			err = tx.Where("user_id = ? AND role = ?", u.ID, role).Delete(&models.Grant{}).Error
		}
		if err != nil {
			return err
		}
		if err := tx.Model(&models.User{}).Where("id = ?", u.ID).Update("version", u.Version+1).Error; err != nil {
			return err
		}
		e, err := record(tx, models.SubjectUser, u.ID, u.Version+1, models.Event{Kind: kind, Actor: actor, Reason: string(role)}, at)
		events = []models.Event{e}
		return err
	})
	return events, err
}

// DeleteSessionsBefore removes sessions that ended by time before an instant, at most limit.
func (s *Store) DeleteSessionsBefore(ctx context.Context, before models.Instant, limit int) (int64, error) {
	db := s.db.WithContext(ctx)
	var hashes [][]byte
	err := db.Model(&models.Session{}).Where("expires_at < ?", before).Limit(limit).Pluck("token_hash", &hashes).Error
	if err != nil || len(hashes) == 0 {
		return 0, wrap(err)
	}
	done := db.Where("token_hash IN ?", hashes).Delete(&models.Session{})
	return done.RowsAffected, wrap(done.Error)
}
