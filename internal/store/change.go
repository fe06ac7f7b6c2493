package store

import (
	"context"
	"strconv"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"yanzheng/models"
)

var forUpdate = clause.Locking{Strength: "UPDATE"}

// locking makes every read of tx take the row, and see its latest state: a plain read would be of the
// snapshot from the transaction's first one.
func locking(tx *gorm.DB) *gorm.DB { return tx.Clauses(forUpdate).Session(&gorm.Session{}) }

// ChangeRegistration gives one registration, locked, to change, and writes what change made of it
// together with its event. A change of the person is a change of all the person's registrations,
// each with its own event. The events come back with their numbers.
func (s *Store) ChangeRegistration(ctx context.Context, id int64, at models.Instant,
	change func(r *models.Registration) (models.Event, error),
) (models.Registration, []models.Event, error) {
	var r models.Registration
	var events []models.Event
	err := s.transact(ctx, func(tx *gorm.DB) error {
		r, events = models.Registration{}, nil
		if err := tx.Clauses(forUpdate).Where("id = ?", id).Take(&r).Error; err != nil {
			return err
		}
		if err := s.complete(locking(tx), &r); err != nil {
			return err
		}
		before := r
		event, err := change(&r)
		if err != nil {
			return err
		}
		if !r.Person.SameAs(&before.Person) {
			others, err := s.updatePerson(tx, &r.Person, r.ID, event, at)
			if err != nil {
				return err
			}
			events = others
		}
		if err := s.syncBlocks(tx, before.Blocks, r.Blocks); err != nil {
			return err
		}
		own, err := s.updateRegistration(tx, &r, event, at)
		events = append(events, own)
		return err
	})
	return r, events, err
}

// updateRegistration writes a changed registration with the next version and its event.
func (s *Store) updateRegistration(tx *gorm.DB, r *models.Registration, event models.Event, at models.Instant) (models.Event, error) {
	r.Version++
	r.UpdatedAt = at
	done := tx.Model(&models.Registration{}).Where("id = ? AND version = ?", r.ID, r.Version-1).
		Select("*").Omit("id", "created_at").Updates(r)
	if done.Error != nil {
		return models.Event{}, done.Error
	}
	if done.RowsAffected != 1 {
		return models.Event{}, models.ErrConflict
	}
	return record(tx, models.SubjectRegistration, strconv.FormatInt(r.ID, 10), r.Version, event, at)
}

// updatePerson writes a changed person and carries the change to the person's other registrations.
func (s *Store) updatePerson(tx *gorm.DB, p *models.Person, except int64, event models.Event, at models.Instant) ([]models.Event, error) {
	s.sealPerson(p)
	p.UpdatedAt = at
	var others int64
	if err := tx.Model(&models.Person{}).Where("id_number_index = ? AND id <> ?", p.IDNumberIndex, p.ID).Count(&others).Error; err != nil {
		return nil, err
	}
	if others > 0 {
		return nil, models.ErrIDNumberTaken
	}
	if err := tx.Model(&models.Person{}).Where("id = ?", p.ID).Select("*").Omit("id", "created_at").Updates(p).Error; err != nil {
		return nil, err
	}
	var registrations []models.Registration
	err := tx.Clauses(forUpdate).Where("person_id = ? AND id <> ?", p.ID, except).Order("id").Find(&registrations).Error
	if err != nil {
		return nil, err
	}
	var events []models.Event
	for i := range registrations {
		e, err := s.updateRegistration(tx, &registrations[i], event, at)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

func (s *Store) sealPerson(p *models.Person) {
	p.IDNumberSealed = s.sealer.seal(purposeIDNumber, p.IDNumber)
	p.IDNumberIndex = s.personIndex(p)
}

func (s *Store) personIndex(p *models.Person) []byte {
	return s.sealer.index(purposeIDNumber, string(p.IDType), p.IDNumber)
}

// syncBlocks adds blocks without an id and ends or takes away those that changed or are gone.
func (s *Store) syncBlocks(tx *gorm.DB, before, after []models.Block) error {
	kept := map[int64]bool{}
	for i := range after {
		b := &after[i]
		kept[b.ID] = true
		if b.ID == 0 {
			if err := tx.Create(b).Error; err != nil {
				return err
			}
			continue
		}
		if err := tx.Model(&models.Block{}).Where("id = ?", b.ID).Select("*").Omit("id").Updates(b).Error; err != nil {
			return err
		}
	}
	for _, b := range before {
		if !kept[b.ID] {
			if err := tx.Where("id = ?", b.ID).Delete(&models.Block{}).Error; err != nil {
				return err
			}
		}
	}
	return nil
}

// record writes an event about a subject at its new version.
func record(tx *gorm.DB, subject models.Subject, id string, version int64, e models.Event, at models.Instant) (models.Event, error) {
	e.ID, e.Subject, e.SubjectID, e.Version, e.At = 0, subject, id, version, at
	return e, tx.Create(&e).Error
}
