package store

import (
	"context"
	"errors"
	"strconv"

	"gorm.io/gorm"

	"yanzheng/models"
)

// Confirmation finds what became of a person's confirmation; models.ErrNotFound for one that nothing came of yet.
func (s *Store) Confirmation(ctx context.Context, personID int64, name string) (models.Confirmation, error) {
	var c models.Confirmation
	err := s.db.WithContext(ctx).Where("person_id = ? AND name = ?", personID, name).Take(&c).Error
	return c, wrap(err)
}

// IssueConfirmed makes the one certificate of a confirmation, as IssueCertificate does, together with what is known of its
// file. Where another transaction was first, draw is not asked, and made is false: the confirmation as it was kept says which
// certificate came of it. by is the binding as it was when the wish was made: see stillHolds.
func (s *Store) IssueConfirmed(ctx context.Context, by models.Binding, wish models.Confirmation, at models.Instant,
	draw func(r *models.Registration) (models.Certificate, models.CertificateFile, error),
) (kept models.Confirmation, made bool, err error) {
	err = s.transact(ctx, func(tx *gorm.DB) error {
		kept, made = wish, false
		kept.ConfirmedAt = at
		if err := stillHolds(tx, by); err != nil {
			return err
		}
		var r models.Registration
		if err := tx.Clauses(forUpdate).Where("id = ? AND person_id = ?", wish.RegistrationID, wish.PersonID).Take(&r).Error; err != nil {
			return err
		}
		// Those who confirm the same registration wait for its row; with the same name for another one they meet at the key.
		// Not locking: that would lock the gap in which the confirmations of others want to go. As the transaction's first
		// plain read it sees what the holder of the row has committed.
		var first models.Confirmation
		err := tx.Where("person_id = ? AND name = ?", wish.PersonID, wish.Name).Take(&first).Error
		if err == nil {
			kept = first
			return nil
		}
		if !errors.Is(err, gorm.ErrRecordNotFound) {
			return err
		}
		if err := s.complete(locking(tx), &r); err != nil {
			return err
		}
		c, file, err := draw(&r)
		if err != nil {
			return err
		}
		kept.CertificateID = c.ID
		for _, row := range []any{&c, &kept, &file} {
			if err := tx.Create(row).Error; err != nil {
				return err
			}
		}
		made = true
		_, err = record(tx, models.SubjectRegistration, strconv.FormatInt(r.ID, 10), r.Version,
			models.Event{Kind: models.EventIssued, Actor: by.UserID, PropagatedAt: at}, at) // no cache can hold a new certificate
		return err
	})
	return kept, made && err == nil, err
}

// FileIssued tells whether a file with that digest was made for a certificate.
func (s *Store) FileIssued(ctx context.Context, digest models.FileDigest) (bool, error) {
	var n int64
	err := s.hot.WithContext(ctx).Model(&models.CertificateFile{}).Where("digest = ?", digest).Count(&n).Error
	return n > 0, wrap(err)
}
