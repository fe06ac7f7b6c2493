package store

import (
	"context"
	"strconv"

	"gorm.io/gorm"

	"yanzheng/models"
)

// IssueCertificate lets make draw up a certificate from a registration that nobody can change
// meanwhile, and writes it with its event.
func (s *Store) IssueCertificate(ctx context.Context, registrationID int64, actor string, at models.Instant,
	draw func(r *models.Registration) (models.Certificate, error),
) (models.Certificate, error) {
	var c models.Certificate
	err := s.transact(ctx, func(tx *gorm.DB) error {
		var r models.Registration
		if err := tx.Clauses(forUpdate).Where("id = ?", registrationID).Take(&r).Error; err != nil {
			return err
		}
		if err := s.complete(locking(tx), &r); err != nil {
			return err
		}
		var err error
		if c, err = draw(&r); err != nil {
			return err
		}
		if err := tx.Create(&c).Error; err != nil {
			return err
		}
		_, err = record(tx, models.SubjectRegistration, strconv.FormatInt(r.ID, 10), r.Version,
			models.Event{Kind: models.EventIssued, Actor: actor, PropagatedAt: at}, at) // no cache can hold a new certificate
		return err
	})
	return c, err
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
