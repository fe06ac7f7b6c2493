package store

import (
	"context"
	"strconv"

	"gorm.io/gorm"

	"yanzheng/models"
)

// Merge brings a batch of checked registrations in, in one transaction: new ones are added, known ones
// (by category and certificate number) changed where the rule says so, each change with its event. A
// row for a registration of somebody else, or one that would rename a person who has other
// registrations, is refused and touches nothing. No two rows may have the same key.
func (s *Store) Merge(ctx context.Context, rows []models.Registration, rule models.MergeRule, event models.Event, at models.Instant) ([]models.MergeOutcome, []models.Event, error) {
	var outcomes []models.MergeOutcome
	var events []models.Event
	err := s.transact(ctx, func(tx *gorm.DB) error {
		m := merge{store: s, tx: tx, rows: rows, event: event, at: at, outcomes: make([]models.MergeOutcome, len(rows))}
		if err := m.load(); err != nil {
			return err
		}
		for i := range rows {
			if err := m.row(i, rule); err != nil {
				return err
			}
		}
		if err := m.insert(); err != nil {
			return err
		}
		outcomes, events = m.outcomes, m.events
		return nil
	})
	return outcomes, events, err
}

type registrationKey struct {
	category models.Category
	number   string
}

// merge is one batch on its way in.
type merge struct {
	store    *Store
	tx       *gorm.DB
	rows     []models.Registration
	event    models.Event
	at       models.Instant
	outcomes []models.MergeOutcome
	events   []models.Event

	indexes [][]byte
	persons map[string]*models.Person // by index
	known   map[registrationKey]*models.Registration
	fresh   []*models.Person
	added   []int // rows to insert
}

func (m *merge) load() error {
	numbers := make([]string, len(m.rows))
	m.indexes = make([][]byte, len(m.rows))
	for i := range m.rows {
		numbers[i] = m.rows[i].CertificateNumber
		m.indexes[i] = m.store.personIndex(&m.rows[i].Person)
	}
	var persons []models.Person
	if err := m.tx.Where("id_number_index IN ?", m.indexes).Find(&persons).Error; err != nil {
		return err
	}
	m.persons = make(map[string]*models.Person, len(m.rows))
	for i := range persons {
		m.persons[string(persons[i].IDNumberIndex)] = &persons[i]
	}
	var known []models.Registration
	if err := m.tx.Where("certificate_number IN ?", numbers).Find(&known).Error; err != nil {
		return err
	}
	m.known = make(map[registrationKey]*models.Registration, len(known))
	for i := range known {
		m.known[registrationKey{known[i].Category, known[i].CertificateNumber}] = &known[i]
	}
	return nil
}

func (m *merge) row(i int, rule models.MergeRule) error {
	in := &m.rows[i]
	old := m.known[registrationKey{in.Category, in.CertificateNumber}]
	person := m.persons[string(m.indexes[i])]
	if old == nil {
		return m.add(i, person)
	}
	if person == nil || person.ID != old.PersonID {
		return m.refuse(i, models.ErrHolderDiffers)
	}
	changed, fault := rule(old, in, models.DateOf(m.at.Time()))
	if fault != nil {
		return m.refuse(i, fault)
	}
	if !samePerson(person, &in.Person) {
		if fault, err := m.rename(person, old.ID, &in.Person); fault != nil || err != nil {
			if err != nil {
				return err
			}
			return m.refuse(i, fault)
		}
		changed = true
	}
	if !changed {
		return nil
	}
	m.outcomes[i].Kind = models.MergeChanged
	e, err := m.store.updateRegistration(m.tx, old, m.event, m.at)
	m.events = append(m.events, e)
	return err
}

// add notes a new registration, and a new person where there is none; they are inserted together.
func (m *merge) add(i int, person *models.Person) error {
	in := &m.rows[i]
	if person == nil {
		in.Person.ID = 0 // an attempt before this one may have numbered it
		in.Person.CreatedAt, in.Person.UpdatedAt = m.at, m.at
		in.Person.IDNumberSealed = m.store.sealer.seal(purposeIDNumber, in.Person.IDNumber)
		in.Person.IDNumberIndex = m.indexes[i]
		m.persons[string(m.indexes[i])] = &in.Person
		m.fresh = append(m.fresh, &in.Person)
	} else if !samePerson(person, &in.Person) {
		return m.refuse(i, models.ErrPersonDiffers)
	}
	m.added = append(m.added, i)
	m.outcomes[i].Kind = models.MergeImported
	return nil
}

// rename changes a person whose only registration is the row's own.
func (m *merge) rename(person *models.Person, registrationID int64, in *models.Person) (*models.Error, error) {
	var others int64
	err := m.tx.Model(&models.Registration{}).Where("person_id = ? AND id <> ?", person.ID, registrationID).Count(&others).Error
	if err != nil {
		return nil, err
	}
	for _, i := range m.added { // not inserted yet, so not counted
		if m.persons[string(m.indexes[i])] == person {
			others++
		}
	}
	if others > 0 {
		return models.ErrPersonDiffers, nil
	}
	person.Name, person.Sex, person.UpdatedAt = in.Name, in.Sex, m.at
	if in.BirthDate != 0 {
		person.BirthDate = in.BirthDate
	}
	return nil, m.tx.Model(&models.Person{}).Where("id = ?", person.ID).Select("name", "sex", "birth_date", "updated_at").Updates(person).Error
}

func (m *merge) refuse(i int, fault *models.Error) error {
	m.outcomes[i] = models.MergeOutcome{Kind: models.MergeRefused, Fault: fault}
	return nil
}

// insert writes the new persons and registrations. The persons' numbers are read back by their index
// rather than guessed from the first one, which a cluster need not count up by one.
func (m *merge) insert() error {
	if len(m.fresh) > 0 {
		if err := m.tx.Create(m.fresh).Error; err != nil {
			return err
		}
		indexes := make([][]byte, len(m.fresh))
		for i, p := range m.fresh {
			indexes[i] = p.IDNumberIndex
		}
		var numbered []models.Person
		if err := m.tx.Select("id", "id_number_index").Where("id_number_index IN ?", indexes).Find(&numbered).Error; err != nil {
			return err
		}
		for _, p := range numbered {
			m.persons[string(p.IDNumberIndex)].ID = p.ID
		}
	}
	if len(m.added) == 0 {
		return nil
	}
	batch := make([]models.Registration, 0, len(m.added))
	for _, i := range m.added {
		r := m.rows[i]
		r.ID, r.PersonID, r.Version = 0, m.persons[string(m.indexes[i])].ID, 1
		r.CreatedAt, r.UpdatedAt = m.at, m.at
		batch = append(batch, r)
	}
	if err := m.tx.Create(&batch).Error; err != nil {
		return err
	}
	return m.recordAdded(batch)
}

// recordAdded writes the first event of each new registration. No cache can hold anything of it yet, so
// there is nothing to propagate.
func (m *merge) recordAdded(batch []models.Registration) error {
	numbers, keys := make([]string, len(batch)), make(map[registrationKey]bool, len(batch))
	for i := range batch {
		numbers[i] = batch[i].CertificateNumber
		keys[registrationKey{batch[i].Category, batch[i].CertificateNumber}] = true
	}
	var found []models.Registration
	err := m.tx.Select("id", "category", "certificate_number").Where("certificate_number IN ?", numbers).Find(&found).Error
	if err != nil {
		return err
	}
	first := make([]models.Event, 0, len(batch))
	for _, r := range found {
		if !keys[registrationKey{r.Category, r.CertificateNumber}] {
			continue // of another category, and there before
		}
		e := m.event
		e.Kind, e.Subject, e.SubjectID = models.EventRegistered, models.SubjectRegistration, strconv.FormatInt(r.ID, 10)
		e.Version, e.At, e.PropagatedAt = 1, m.at, m.at
		first = append(first, e)
	}
	return m.tx.Create(&first).Error
}

// samePerson tells whether a row says of a person what is known. It need not give a birth date: most ID
// numbers hold it, and a file without the column knows none.
func samePerson(known, in *models.Person) bool {
	return known.Name == in.Name && known.Sex == in.Sex && (in.BirthDate == 0 || in.BirthDate == known.BirthDate)
}

// RegistrationID finds a registration by its number and, where a number stands in several categories,
// its category (empty: any). models.ErrAmbiguous tells that the category is needed.
func (s *Store) RegistrationID(ctx context.Context, category models.Category, number string) (int64, error) {
	ids, err := s.RegistrationIDs(ctx, category, number)
	if err != nil {
		return 0, err
	}
	return models.OneRegistration(ids[number], number)
}

// RegistrationIDs finds the registrations of each of some numbers, in a category (empty: any).
func (s *Store) RegistrationIDs(ctx context.Context, category models.Category, numbers ...string) (map[string][]int64, error) {
	q := s.db.WithContext(ctx).Model(&models.Registration{}).Where("certificate_number IN ?", numbers)
	if category != "" {
		q = q.Where("category = ?", category)
	}
	var rows []models.Registration
	if err := q.Select("id", "certificate_number").Order("id").Find(&rows).Error; err != nil {
		return nil, wrap(err)
	}
	ids := make(map[string][]int64, len(rows))
	for _, r := range rows {
		ids[r.CertificateNumber] = append(ids[r.CertificateNumber], r.ID)
	}
	return ids, nil
}
