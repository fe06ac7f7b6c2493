package store

import (
	"context"
	"errors"
	"strings"
	"sync"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"yanzheng/models"
)

// factRow is one certificate with all that its verdict needs, read in one statement.
type factRow struct {
	Certificate  models.Certificate  `gorm:"embedded;embeddedPrefix:c_"`
	Registration models.Registration `gorm:"embedded;embeddedPrefix:r_"`
	Person       models.Person       `gorm:"embedded;embeddedPrefix:p_"`
	BlockCount   int64
}

// factColumns lists the columns of factRow, drawn from the models so that neither can drift.
func factColumns(db *gorm.DB) (string, error) {
	var columns []string
	for _, part := range []struct {
		alias string
		model any
	}{{"c", &models.Certificate{}}, {"r", &models.Registration{}}, {"p", &models.Person{}}} {
		parsed, err := schema.Parse(part.model, &sync.Map{}, db.NamingStrategy)
		if err != nil {
			return "", err
		}
		for _, name := range parsed.DBNames {
			columns = append(columns, part.alias+"."+name+" AS "+part.alias+"_"+name)
		}
	}
	columns = append(columns, "(SELECT COUNT(*) FROM registration_blocks b WHERE b.registration_id = r.id) AS block_count")
	return strings.Join(columns, ", "), nil
}

// Facts gives what a verdict on the certificate needs; nil when there is no such certificate.
func (s *Store) Facts(ctx context.Context, id models.CertificateID) (*models.Facts, error) {
	db := s.hot.WithContext(ctx)
	var row factRow
	err := db.Table("certificates AS c").Select(s.facts).
		Joins("JOIN registrations AS r ON r.id = c.registration_id").
		Joins("JOIN persons AS p ON p.id = r.person_id").
		Where("c.id = ?", id).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, wrap(err)
	}
	r := &row.Registration
	r.Person = row.Person
	if r.Person.IDNumber, err = s.sealer.open(purposeIDNumber, r.Person.IDNumberSealed); err != nil {
		return nil, err
	}
	if row.BlockCount > 0 {
		if err := db.Where("registration_id = ?", r.ID).Order("id").Find(&r.Blocks).Error; err != nil {
			return nil, wrap(err)
		}
	}
	facts := models.FactsOf(&row.Certificate, r)
	return &facts, nil
}

// Registrations gives the registrations with a certificate number: none, one, or one in each of
// several categories.
func (s *Store) Registrations(ctx context.Context, number string) ([]models.Registration, error) {
	return s.registrations(ctx, "certificate_number = ?", number)
}

// registrations gives those that a condition is true of, complete, in the order in which they came into the register.
func (s *Store) registrations(ctx context.Context, condition string, value any) ([]models.Registration, error) {
	var found []models.Registration
	db := s.db.WithContext(ctx)
	if err := db.Where(condition, value).Order("id").Find(&found).Error; err != nil {
		return nil, wrap(err)
	}
	all := make([]*models.Registration, len(found))
	for i := range found {
		all[i] = &found[i]
	}
	return found, s.complete(db, all...)
}

// complete loads the persons and the blocks of registrations.
func (s *Store) complete(db *gorm.DB, registrations ...*models.Registration) error {
	if len(registrations) == 0 {
		return nil
	}
	ids, persons := make([]int64, len(registrations)), make([]int64, len(registrations))
	for i, r := range registrations {
		ids[i], persons[i] = r.ID, r.PersonID
	}
	var people []models.Person
	if err := db.Where("id IN ?", persons).Order("id").Find(&people).Error; err != nil {
		return wrap(err)
	}
	var blocks []models.Block
	if err := db.Where("registration_id IN ?", ids).Order("id").Find(&blocks).Error; err != nil {
		return wrap(err)
	}
	byID := make(map[int64]*models.Person, len(people))
	for i := range people {
		p := &people[i]
		var err error
		if p.IDNumber, err = s.sealer.open(purposeIDNumber, p.IDNumberSealed); err != nil {
			return err
		}
		byID[p.ID] = p
	}
	of := make(map[int64][]models.Block, len(registrations))
	for _, id := range ids {
		of[id] = []models.Block{} // read, and none
	}
	for _, b := range blocks {
		of[b.RegistrationID] = append(of[b.RegistrationID], b)
	}
	for _, r := range registrations {
		p, ok := byID[r.PersonID]
		if !ok {
			return wrap(gorm.ErrRecordNotFound)
		}
		r.Person, r.Blocks = *p, of[r.ID]
	}
	return nil
}

// FindRegistration finds a registration by number and holder's name, in one statement whether the number
// is unknown or the name another; ErrNotFound for both. Where several categories match and none was
// named, the one that ends last. The ID number stays sealed.
func (s *Store) FindRegistration(ctx context.Context, number, name string, category models.Category) (*models.Registration, error) {
	db := s.hot.WithContext(ctx)
	q := db.Table("registrations AS r").Select("r.*").Joins("JOIN persons AS p ON p.id = r.person_id").
		Where("r.certificate_number = ? AND p.name = ?", number, name)
	if category != "" {
		q = q.Where("r.category = ?", category)
	}
	var r models.Registration
	if err := q.Order("r.valid_until DESC, r.id").Take(&r).Error; err != nil {
		return nil, wrap(err)
	}
	if err := db.Where("registration_id = ?", r.ID).Order("id").Find(&r.Blocks).Error; err != nil {
		return nil, wrap(err)
	}
	if err := db.Where("id = ?", r.PersonID).Take(&r.Person).Error; err != nil {
		return nil, wrap(err)
	}
	return &r, nil
}
