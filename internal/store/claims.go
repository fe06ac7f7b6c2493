package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"yanzheng/models"
)

// claimPause is how long, in milliseconds, a user whose claim was refused cannot make it again.
const claimPause = models.Instant(30 * 24 * time.Hour / time.Millisecond)

func openClaim(tx *gorm.DB, personID int64, userID, way string, at models.Instant) error {
	var last []models.BindingClaim
	err := tx.Where("user_id = ? AND person_id = ?", userID, personID).Order("id DESC").Limit(1).Find(&last).Error
	if err != nil {
		return err
	}
	if len(last) > 0 && last[0].State == models.ClaimOpen {
		return nil
	}
	if len(last) > 0 && last[0].State == models.ClaimRefused && at < last[0].DecidedAt+claimPause {
		return models.ErrClaimPause
	}
	return tx.Create(&models.BindingClaim{PersonID: personID, UserID: userID, Way: way, State: models.ClaimOpen, At: at}).Error
}

// Claims gives open claims after one, oldest first.
func (s *Store) Claims(ctx context.Context, after int64, limit int) ([]models.BindingClaim, error) {
	var claims []models.BindingClaim
	err := s.db.WithContext(ctx).Where("state = ? AND id > ?", models.ClaimOpen, after).Order("id").Limit(limit).Find(&claims).Error
	return claims, wrap(err)
}

// ClaimOf gives a user's newest claim; models.ErrNotFound when there is none.
func (s *Store) ClaimOf(ctx context.Context, userID string) (models.BindingClaim, error) {
	var c models.BindingClaim
	err := s.db.WithContext(ctx).Where("user_id = ?", userID).Order("id DESC").Take(&c).Error
	return c, wrap(err)
}

// ClaimsOn gives the newest claims on a person, decided ones too.
func (s *Store) ClaimsOn(ctx context.Context, personID int64, limit int) ([]models.BindingClaim, error) {
	var claims []models.BindingClaim
	err := s.db.WithContext(ctx).Where("person_id = ?", personID).Order("id DESC").Limit(limit).Find(&claims).Error
	return claims, wrap(err)
}

// HolderOf gives the binding of a person; nil where nobody is bound.
func (s *Store) HolderOf(ctx context.Context, personID int64) (*models.Binding, error) {
	var held []models.Binding
	err := s.db.WithContext(ctx).Where("person_id = ?", personID).Limit(1).Find(&held).Error
	if err != nil || len(held) == 0 {
		return nil, wrap(err)
	}
	return &held[0], nil
}

// DecideClaim accepts or refuses an open claim. Accepting moves the binding, ends every session of the user who had it, and,
// unless the ruling keeps it, what that user collected and confirmed: endOf. Nobody decides what concerns themself.
func (s *Store) DecideClaim(ctx context.Context, id int64, ruling models.ClaimRuling, at models.Instant) (claim models.BindingClaim, events []models.Event, err error) {
	err = s.transact(ctx, func(tx *gorm.DB) error {
		claim, events = models.BindingClaim{}, nil
		if err := tx.Clauses(forUpdate).Where("id = ?", id).Take(&claim).Error; err != nil {
			return err
		}
		if claim.State != models.ClaimOpen {
			return models.ErrDecided
		}
		own, err := isHolder(tx, claim.PersonID, ruling.Actor)
		if err != nil {
			return err
		}
		if own || claim.UserID == ruling.Actor {
			return models.ErrForbidden
		}
		claim.State, claim.DecidedAt, claim.DecidedBy, claim.Reason = models.ClaimRefused, at, ruling.Actor, ruling.Reason
		if ruling.Accept {
			claim.State = models.ClaimAccepted
			if events, err = s.moveBinding(tx, claim, ruling, at); err != nil {
				return err
			}
		}
		return tx.Model(&models.BindingClaim{}).Where("id = ?", id).Select("*").Omit("id").Updates(&claim).Error
	})
	return claim, events, err
}

func (s *Store) moveBinding(tx *gorm.DB, c models.BindingClaim, ruling models.ClaimRuling, at models.Instant) ([]models.Event, error) {
	u, mine, err := lockHolder(tx, c.PersonID, c.UserID)
	if err != nil {
		return nil, err
	}
	if mine != nil {
		return nil, models.ErrBound
	}
	var held []models.Binding
	if err := tx.Clauses(forUpdate).Where("person_id = ?", c.PersonID).Limit(1).Find(&held).Error; err != nil {
		return nil, err
	}
	var events []models.Event
	for _, b := range held {
		if events, err = s.endBinding(tx, b, ruling, at); err != nil {
			return nil, err
		}
	}
	if err := tx.Create(&models.Binding{PersonID: c.PersonID, UserID: c.UserID, Way: c.Way, BoundAt: at}).Error; err != nil {
		return nil, err
	}
	e, err := nextUser(tx, u, models.Event{Kind: models.EventBound, Actor: ruling.Actor, Reason: ruling.Reason}, at)
	return append(events, e), err
}

// endBinding takes a binding from its user, whose sessions end.
func (s *Store) endBinding(tx *gorm.DB, b models.Binding, ruling models.ClaimRuling, at models.Instant) ([]models.Event, error) {
	if err := tx.Where("person_id = ?", b.PersonID).Delete(&models.Binding{}).Error; err != nil {
		return nil, err
	}
	var before models.User
	if err := tx.Clauses(forUpdate).Where("id = ?", b.UserID).Take(&before).Error; err != nil {
		return nil, err
	}
	if err := tx.Model(&models.Session{}).Where("user_id = ? AND ended_at = 0", b.UserID).Update("ended_at", at).Error; err != nil {
		return nil, err
	}
	e, err := nextUser(tx, &before, models.Event{Kind: models.EventUnbound, Actor: ruling.Actor, Reason: ruling.Reason}, at)
	if err != nil || ruling.Keep {
		return []models.Event{e}, err
	}
	events, err := s.endOf(tx, b, ruling, at)
	return append(events, e), err
}

// notTheHolder is the reason that a withdrawn certificate shows; the registrar's own words stand with the event.
const notTheHolder = "持证人账户更正"

// endOf ends what a user collected and confirmed as a person who they were not: their images count no more, which makes every
// certificate that prints one out of date (R3), and the certificates that were confirmed while they were bound are withdrawn.
func (s *Store) endOf(tx *gorm.DB, b models.Binding, ruling models.ClaimRuling, at models.Instant) ([]models.Event, error) {
	var registrations []models.Registration
	if err := tx.Clauses(forUpdate).Where("person_id = ?", b.PersonID).Order("id").Find(&registrations).Error; err != nil {
		return nil, err
	}
	var images []models.Image
	if err := locking(tx).Where("person_id = ? AND uploaded_by = ? AND state IN ?", b.PersonID, b.UserID, liveImages).Find(&images).Error; err != nil {
		return nil, err
	}
	lost := map[string]any{}
	for _, image := range images {
		if image.State == models.ImageAccepted {
			lost[digestColumns[image.Kind]] = ""
		}
		err := tx.Model(&models.Image{}).Where("id = ?", image.ID).Updates(map[string]any{"state": models.ImageReplaced, "decided_at": at}).Error
		if err != nil {
			return nil, err
		}
	}
	changed := len(lost) > 0
	if changed {
		lost["updated_at"] = at
		if err := tx.Model(&models.Person{}).Where("id = ?", b.PersonID).Updates(lost).Error; err != nil {
			return nil, err
		}
	}
	var confirmed []models.CertificateID
	err := locking(tx).Model(&models.Confirmation{}).Where("person_id = ? AND confirmed_at >= ?", b.PersonID, b.BoundAt).Pluck("certificate_id", &confirmed).Error
	if err != nil {
		return nil, err
	}
	var events []models.Event
	for i := range registrations {
		done := tx.Model(&models.Certificate{}).Where("registration_id = ? AND withdrawn_at = 0 AND id IN ?", registrations[i].ID, confirmed).
			Updates(map[string]any{"withdrawn_at": at, "withdrawn_reason": notTheHolder})
		if done.Error != nil {
			return nil, done.Error
		}
		if done.RowsAffected == 0 && !changed {
			continue
		}
		e, err := s.updateRegistration(tx, &registrations[i], models.Event{Kind: models.EventCertificateWithdrawn, Actor: ruling.Actor, Reason: ruling.Reason}, at)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

// DeleteClaimsBefore ends the retention of claims that were decided before an instant.
func (s *Store) DeleteClaimsBefore(ctx context.Context, before models.Instant, limit int) (int64, error) {
	db := s.db.WithContext(ctx)
	var ids []int64
	err := db.Model(&models.BindingClaim{}).Where("state <> ? AND decided_at < ?", models.ClaimOpen, before).Order("id").Limit(limit).Pluck("id", &ids).Error
	if err != nil || len(ids) == 0 {
		return 0, wrap(err)
	}
	done := db.Where("id IN ?", ids).Delete(&models.BindingClaim{})
	return done.RowsAffected, wrap(done.Error)
}
