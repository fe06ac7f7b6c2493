package store

import (
	"context"
	"strconv"

	"gorm.io/gorm"

	"yanzheng/models"
)

// IssueCertificate writes a new certificate that draw makes of a registration as it stands, with its event, in one
// transaction; ErrNotFound when there is no such registration.
func (s *Store) IssueCertificate(ctx context.Context, registrationID int64, actor string, at models.Instant,
	draw func(r *models.Registration) (models.Certificate, error),
) (models.Certificate, error) {
	var drawn models.Certificate
	err := s.IssueCertificates(ctx, []int64{registrationID}, actor, at, func(_ int, r *models.Registration) (_ *models.Certificate, err error) {
		drawn, err = draw(r)
		return &drawn, err
	})
	if err != nil {
		return models.Certificate{}, err
	}
	return drawn, nil
}

// IssueCertificates writes a new certificate for each of some registrations, with their events, in one transaction: all of
// them or none. draw makes that of the i-th from the registration as it stands, or nil where there shall be none; it may be
// called again from the first one on. ErrNotFound when one of them does not exist.
func (s *Store) IssueCertificates(ctx context.Context, ids []int64, actor string, at models.Instant,
	draw func(i int, r *models.Registration) (*models.Certificate, error),
) error {
	return s.transact(ctx, func(tx *gorm.DB) error {
		found, err := s.lockedRegistrations(tx, ids)
		if err != nil {
			return err
		}
		certificates, events := make([]models.Certificate, 0, len(ids)), make([]models.Event, 0, len(ids))
		for i, id := range ids {
			r, ok := found[id]
			if !ok {
				return gorm.ErrRecordNotFound
			}
			c, err := draw(i, r)
			if err != nil {
				return err
			}
			if c == nil {
				continue
			}
			certificates = append(certificates, *c)
			events = append(events, models.Event{
				Subject: models.SubjectRegistration, SubjectID: strconv.FormatInt(id, 10), Version: r.Version, Kind: models.EventIssued,
				Actor: actor, At: at, PropagatedAt: at, // no cache can hold a new certificate
			})
		}
		if len(certificates) == 0 {
			return nil
		}
		if err := tx.Create(&certificates).Error; err != nil {
			return err
		}
		return tx.Create(&events).Error
	})
}

// lockedRegistrations reads registrations with their persons and blocks, and keeps them as they are until the transaction
// ends.
func (s *Store) lockedRegistrations(tx *gorm.DB, ids []int64) (map[int64]*models.Registration, error) {
	var registrations []models.Registration
	if err := tx.Clauses(forUpdate).Where("id IN ?", ids).Order("id").Find(&registrations).Error; err != nil {
		return nil, err
	}
	found, all := make(map[int64]*models.Registration, len(registrations)), make([]*models.Registration, len(registrations))
	for i := range registrations {
		all[i] = &registrations[i]
		found[registrations[i].ID] = all[i]
	}
	return found, s.complete(locking(tx), all...)
}

// ChangeCertificate changes one certificate, for instance withdraws it, as a change of its registration.
func (s *Store) ChangeCertificate(ctx context.Context, id models.CertificateID, at models.Instant,
	change func(c *models.Certificate) (models.Event, error),
) (models.Certificate, []models.Event, error) {
	var c models.Certificate
	var events []models.Event
	err := s.transact(ctx, func(tx *gorm.DB) error {
		c, events = models.Certificate{}, nil
		if err := tx.Where("id = ?", id).Take(&c).Error; err != nil {
			return err
		}
		var r models.Registration
		if err := tx.Clauses(forUpdate).Where("id = ?", c.RegistrationID).Take(&r).Error; err != nil {
			return err
		}
		// Again, now that nobody else can change it, and locked: a plain read is of the snapshot from before.
		if err := tx.Clauses(forUpdate).Where("id = ?", id).Take(&c).Error; err != nil {
			return err
		}
		event, err := change(&c)
		if err != nil {
			return err
		}
		if err := tx.Model(&models.Certificate{}).Where("id = ?", c.ID).Select("*").Omit("id").Updates(&c).Error; err != nil {
			return err
		}
		e, err := s.updateRegistration(tx, &r, event, at)
		events = []models.Event{e}
		return err
	})
	return c, events, err
}
