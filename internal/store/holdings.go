package store

import (
	"context"

	"gorm.io/gorm"

	"yanzheng/models"
)

// Held gives a person's newest certificates, at most limit of them.
func (s *Store) Held(ctx context.Context, personID int64, limit int) ([]models.Held, error) {
	registrations, err := s.RegistrationsOf(ctx, personID)
	if err != nil || len(registrations) == 0 {
		return nil, err
	}
	byID := map[int64]*models.Registration{}
	var ids []int64
	for i := range registrations {
		byID[registrations[i].ID] = &registrations[i]
		ids = append(ids, registrations[i].ID)
	}
	db := s.db.WithContext(ctx)
	var certificates []models.Certificate
	if err := db.Where("registration_id IN ?", ids).Order("issued_at DESC, id").Limit(limit).Find(&certificates).Error; err != nil {
		return nil, wrap(err)
	}
	var held []models.Held
	var names []models.CertificateID
	for _, c := range certificates {
		held = append(held, models.Held{Certificate: c, Registration: *byID[c.RegistrationID]})
		names = append(names, c.ID)
	}
	var files []models.CertificateFile
	if len(names) > 0 {
		err = db.Where("certificate_id IN ?", names).Find(&files).Error
	}
	for i := range held {
		for j := range files {
			if files[j].CertificateID == held[i].Certificate.ID {
				held[i].File = &files[j]
			}
		}
	}
	return held, wrap(err)
}

// HeldCertificate gives one of a person's certificates; models.ErrNotFound for one that is not theirs, as for none.
func (s *Store) HeldCertificate(ctx context.Context, personID int64, id models.CertificateID) (models.Held, error) {
	var h models.Held
	db := s.db.WithContext(ctx)
	if err := db.Where("id = ?", id).Take(&h.Certificate).Error; err != nil {
		return models.Held{}, wrap(err)
	}
	if err := db.Where("id = ? AND person_id = ?", h.Certificate.RegistrationID, personID).Take(&h.Registration).Error; err != nil {
		return models.Held{}, wrap(err)
	}
	if err := s.complete(db, &h.Registration); err != nil {
		return models.Held{}, err
	}
	var files []models.CertificateFile
	if err := db.Where("certificate_id = ?", id).Find(&files).Error; err != nil {
		return models.Held{}, wrap(err)
	}
	if len(files) > 0 {
		h.File = &files[0]
	}
	return h, nil
}

// WithdrawAll withdraws every certificate of a person that could still be used on a day, each registration with its own event,
// and tells how many those were. What their holder began before comes to nothing: by is their binding.
func (s *Store) WithdrawAll(ctx context.Context, by models.Binding, usable models.Date, event models.Event, at models.Instant) (withdrawn int64, events []models.Event, err error) {
	err = s.transact(ctx, func(tx *gorm.DB) error {
		withdrawn, events = 0, nil
		if _, err := lockBinding(tx, by); err != nil {
			return err
		}
		if err := nextGeneration(tx, "person_id = ?", by.PersonID); err != nil {
			return err
		}
		var registrations []models.Registration
		if err := tx.Clauses(forUpdate).Where("person_id = ?", by.PersonID).Order("id").Find(&registrations).Error; err != nil {
			return err
		}
		for i := range registrations {
			done := tx.Model(&models.Certificate{}).
				Where("registration_id = ? AND withdrawn_at = 0 AND use_until >= ?", registrations[i].ID, usable).
				Updates(map[string]any{"withdrawn_at": at, "withdrawn_reason": event.Reason})
			if done.Error != nil {
				return done.Error
			}
			if done.RowsAffected == 0 {
				continue
			}
			withdrawn += done.RowsAffected
			e, err := s.updateRegistration(tx, &registrations[i], event, at)
			if err != nil {
				return err
			}
			events = append(events, e)
		}
		return nil
	})
	return withdrawn, events, err
}
