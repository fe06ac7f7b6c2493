package store

import (
	"context"
	"errors"
	"slices"

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

// CreateSession writes a new session, then the record of the log-in that made it, and gives what it stands for. Where the record
// fails so does the log-in: nobody is told the token of the session that is left. It is no transaction, because a commit heeds no
// deadline, and a database that falls silent then would hold whoever logs in for as long as a read may take.
func (s *Store) CreateSession(ctx context.Context, session models.Session, network string) (models.Identity, error) {
	db := s.db.WithContext(ctx)
	err := db.Create(&session).Error
	if err == nil {
		err = db.Create(&models.Login{UserID: session.UserID, At: session.CreatedAt, Device: session.Device, Network: network}).Error
	}
	if err != nil {
		return models.Identity{}, wrap(err)
	}
	return s.Identity(ctx, session.TokenHash)
}

// Identity gives what a session stands for; ErrNotFound when there is none, or it was ended. Its end by
// time is for the caller to judge.
//
// It is one statement, so that session, version, roles and binding are of one moment: an identity that is older than its version
// would pass every fence.
func (s *Store) Identity(ctx context.Context, tokenHash []byte) (models.Identity, error) {
	var rows []struct {
		UserID    string
		Version   int64
		ExpiresAt models.Instant
		Role      *models.Role
		PersonID  *int64
	}
	err := s.hot.WithContext(ctx).Table("sessions").
		Select("users.id AS user_id, users.version, sessions.expires_at, grants.role, bindings.person_id").
		Joins("JOIN users ON users.id = sessions.user_id").
		Joins("LEFT JOIN grants ON grants.user_id = users.id").
		Joins("LEFT JOIN bindings ON bindings.user_id = users.id").
		Where("sessions.token_hash = ? AND sessions.ended_at = 0", tokenHash).
		Find(&rows).Error
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
	if rows[0].PersonID != nil {
		id.Roles = append(id.Roles, models.RoleHolder)
	}
	slices.Sort(id.Roles)
	id.Roles = slices.Compact(id.Roles)
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
		e, err := nextUser(tx, &u, models.Event{Kind: kind, Actor: actor, Reason: string(role)}, at)
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

// SessionsOf gives a user's sessions that go on at an instant, the newest first, at most limit.
func (s *Store) SessionsOf(ctx context.Context, userID string, now models.Instant, limit int) ([]models.Session, error) {
	var all []models.Session
	err := s.db.WithContext(ctx).Where("user_id = ? AND ended_at = 0 AND expires_at > ?", userID, now).
		Order("created_at DESC, token_hash").Limit(limit).Find(&all).Error
	return all, wrap(err)
}

// EndSessions ends sessions of a user: those of the hashes, or all when there are none. The event makes every cache forget them.
func (s *Store) EndSessions(ctx context.Context, userID string, hashes [][]byte, actor string, at models.Instant) (ended int64, events []models.Event, err error) {
	err = s.transact(ctx, func(tx *gorm.DB) error {
		ended, events = 0, nil
		var u models.User
		if err := tx.Clauses(forUpdate).Where("id = ?", userID).Take(&u).Error; err != nil {
			return err
		}
		q := tx.Model(&models.Session{}).Where("user_id = ? AND ended_at = 0", userID)
		if hashes != nil {
			q = q.Where("token_hash IN ?", hashes)
		}
		done := q.Update("ended_at", at)
		if ended = done.RowsAffected; done.Error != nil || ended == 0 {
			return done.Error
		}
		if err := nextGeneration(tx, "user_id = ?", userID); err != nil {
			return err
		}
		e, err := nextUser(tx, &u, models.Event{Kind: models.EventSessionsEnded, Actor: actor}, at)
		events = []models.Event{e}
		return err
	})
	return ended, events, err
}

// TouchSessions notes when sessions were last used. It needs no event: nothing that a session may do follows from it.
func (s *Store) TouchSessions(ctx context.Context, used map[[32]byte]models.Instant) error {
	db := s.db.WithContext(ctx)
	for hash, at := range used {
		err := db.Model(&models.Session{}).Where("token_hash = ? AND last_used_at < ?", hash[:], at).Update("last_used_at", at).Error
		if err != nil {
			return wrap(err)
		}
	}
	return nil
}

// Logins gives a user's log-ins before one (0: from the newest on), newest first.
func (s *Store) Logins(ctx context.Context, userID string, before int64, limit int) ([]models.Login, error) {
	q := s.db.WithContext(ctx).Where("user_id = ?", userID)
	if before > 0 {
		q = q.Where("id < ?", before)
	}
	var all []models.Login
	err := q.Order("id DESC").Limit(limit).Find(&all).Error
	return all, wrap(err)
}

// DeleteLoginsBefore ends the retention of log-ins older than an instant, at most limit at once.
func (s *Store) DeleteLoginsBefore(ctx context.Context, before models.Instant, limit int) (int64, error) {
	db := s.db.WithContext(ctx)
	var ids []int64
	if err := db.Model(&models.Login{}).Where("at < ?", before).Order("at").Limit(limit).Pluck("id", &ids).Error; err != nil || len(ids) == 0 {
		return 0, wrap(err)
	}
	done := db.Where("id IN ?", ids).Delete(&models.Login{})
	return done.RowsAffected, wrap(done.Error)
}
