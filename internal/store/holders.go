package store

import (
	"context"
	"errors"
	"strconv"

	"gorm.io/gorm"

	"yanzheng/models"
)

// Person gives a person with the ID number opened.
func (s *Store) Person(ctx context.Context, id int64) (models.Person, error) {
	var p models.Person
	if err := s.db.WithContext(ctx).Where("id = ?", id).Take(&p).Error; err != nil {
		return p, wrap(err)
	}
	var err error
	p.IDNumber, err = s.sealer.open(purposeIDNumber, p.IDNumberSealed)
	return p, err
}

// RegistrationsOf gives a person's registrations with person and blocks, in the order in which they came into the register.
func (s *Store) RegistrationsOf(ctx context.Context, personID int64) ([]models.Registration, error) {
	return s.registrations(ctx, "person_id = ?", personID)
}

// lookRow is one scan as a look.
type lookRow struct {
	models.Scan
	Inspector bool
}

// Looks gives scans of a person's certificates before one (empty: from the newest on), newest first. Who looked is told by kind
// alone, as the roles are today.
func (s *Store) Looks(ctx context.Context, personID int64, userID, before string, limit int) ([]models.Look, error) {
	db := s.db.WithContext(ctx)
	own := db.Table("certificates AS c").Select("c.id").Joins("JOIN registrations AS r ON r.id = c.registration_id").Where("r.person_id = ?", personID)
	q := db.Table("scans AS s").
		Select("s.id, s.at, s.channel, s.user_id, s.lat_centi, s.lng_centi, s.document_status, s.certificate_id, "+
			"EXISTS (SELECT 1 FROM grants AS g WHERE g.user_id = s.user_id AND g.role = ?) AS inspector", models.RoleInspector).
		Where("s.certificate_id IN (?) AND s.registration_id IS NOT NULL", own)
	if before != "" {
		var at []models.Instant
		if err := db.Model(&models.Scan{}).Where("id = ? AND certificate_id IN (?)", before, own).Pluck("at", &at).Error; err != nil {
			return nil, wrap(err)
		}
		if len(at) == 0 {
			return nil, models.ErrNotFound
		}
		q = q.Where("s.at < ? OR s.at = ? AND s.id < ?", at[0], at[0], before)
	}
	var rows []lookRow
	if err := q.Order("s.at DESC, s.id DESC").Limit(limit).Find(&rows).Error; err != nil {
		return nil, wrap(err)
	}
	looks := make([]models.Look, len(rows))
	for i, r := range rows {
		looks[i] = models.Look{ScanID: r.ID, At: r.At, Viewer: viewer(r, userID), DocumentStatus: r.DocumentStatus, CertificateID: *r.CertificateID}
		if r.LatCenti != nil && r.LngCenti != nil {
			rough := models.Place{LatCenti: *r.LatCenti, LngCenti: *r.LngCenti}.Rough()
			looks[i].Place = &rough
		}
	}
	return looks, nil
}

func viewer(r lookRow, userID string) models.Viewer {
	switch {
	case r.UserID == nil:
		return models.ViewerPublic
	case *r.UserID == userID:
		return models.ViewerSelf
	case r.Inspector:
		return models.ViewerInspector
	}
	return models.ViewerUser
}

// CheckSignature lets judge say what becomes of a finding on a scan, given the findings so far, and writes what it returns as
// the next one (nil: nothing). Two at once stand in line.
func (s *Store) CheckSignature(ctx context.Context, scanID string,
	judge func(scan models.Scan, before []models.SignatureCheck) (*models.SignatureCheck, error),
) error {
	return s.transact(ctx, func(tx *gorm.DB) error {
		var scan models.Scan
		if err := tx.Clauses(forUpdate).Where("id = ?", scanID).Take(&scan).Error; err != nil {
			return err
		}
		var before []models.SignatureCheck
		if err := locking(tx).Where("scan_id = ?", scanID).Order("number").Find(&before).Error; err != nil {
			return err
		}
		next, err := judge(scan, before)
		if err != nil || next == nil {
			return err
		}
		next.ScanID, next.Number = scanID, int64(len(before)+1)
		return tx.Create(next).Error
	})
}

// DeleteSignatureChecksBefore ends the retention of findings older than an instant, at most limit at once.
func (s *Store) DeleteSignatureChecksBefore(ctx context.Context, before models.Instant, limit int) (int64, error) {
	db := s.db.WithContext(ctx)
	var ids []string
	err := db.Model(&models.SignatureCheck{}).Where("at < ?", before).Order("at").Limit(limit).Pluck("scan_id", &ids).Error
	if err != nil || len(ids) == 0 {
		return 0, wrap(err)
	}
	done := db.Where("scan_id IN ? AND at < ?", ids, before).Delete(&models.SignatureCheck{})
	return done.RowsAffected, wrap(done.Error)
}

// Admit writes an application for an initial registration, and the person where they are new. An application of the person in
// that category that is there already is given instead; a person who is known by other words is models.ErrPersonDiffers.
func (s *Store) Admit(ctx context.Context, p models.Person, a models.Application) (models.Application, error) {
	var out models.Application
	err := s.transact(ctx, func(tx *gorm.DB) error {
		out = a
		var known models.Person
		err := tx.Clauses(forUpdate).Where("id_number_index = ?", s.personIndex(&p)).Take(&known).Error
		switch {
		case errors.Is(err, gorm.ErrRecordNotFound):
			fresh := p
			fresh.CreatedAt, fresh.UpdatedAt = a.AdmittedAt, a.AdmittedAt
			s.sealPerson(&fresh)
			if err := tx.Create(&fresh).Error; err != nil {
				return err
			}
			known = fresh
		case err != nil:
			return err
		case !samePerson(&known, &p):
			return models.ErrPersonDiffers
		}
		var there []models.Application
		if err := locking(tx).Where("person_id = ? AND category = ?", known.ID, a.Category).Limit(1).Find(&there).Error; err != nil {
			return err
		}
		if len(there) > 0 {
			out = there[0]
			return nil
		}
		out.PersonID = known.ID
		return tx.Create(&out).Error
	})
	return out, err
}

// Register makes the registration that an application is for, drawn up from the person as they are at that moment; refused
// until both images are accepted (R6).
func (s *Store) Register(ctx context.Context, application string, event models.Event, at models.Instant,
	draw func(p models.Person, a models.Application) (models.Registration, error),
) (r models.Registration, err error) {
	err = s.transact(ctx, func(tx *gorm.DB) error {
		r = models.Registration{}
		var a models.Application
		if err := tx.Clauses(forUpdate).Where("number = ?", application).Take(&a).Error; err != nil {
			return err
		}
		if a.RegistrationID != nil {
			return models.ErrDecided
		}
		var p models.Person
		if err := tx.Clauses(forUpdate).Where("id = ?", a.PersonID).Take(&p).Error; err != nil {
			return err
		}
		var err error
		if p.IDNumber, err = s.sealer.open(purposeIDNumber, p.IDNumberSealed); err != nil {
			return err
		}
		switch {
		case p.PhotoDigest == "":
			return models.ErrImagesMissing.On(string(models.ImagePhoto))
		case p.SignatureDigest == "":
			return models.ErrImagesMissing.On(string(models.ImageSignature))
		}
		if r, err = draw(p, a); err != nil {
			return err
		}
		r.PersonID, r.Version, r.CreatedAt, r.UpdatedAt = p.ID, 1, at, at
		var taken int64
		err = tx.Model(&models.Registration{}).Where("certificate_number = ? AND category = ?", r.CertificateNumber, r.Category).Count(&taken).Error
		if err != nil {
			return err
		}
		if taken > 0 {
			return models.ErrNumberTaken
		}
		if err := tx.Create(&r).Error; err != nil {
			return err
		}
		err = tx.Model(&models.Application{}).Where("id = ?", a.ID).Updates(map[string]any{"registered_at": at, "registration_id": r.ID}).Error
		if err != nil {
			return err
		}
		event.PropagatedAt = at // no cache can hold anything of it
		_, err = record(tx, models.SubjectRegistration, strconv.FormatInt(r.ID, 10), 1, event, at)
		return err
	})
	return r, err
}
