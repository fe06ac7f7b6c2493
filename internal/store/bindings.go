package store

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"yanzheng/models"
)

// Purposes of the digests by which wrong tries are counted.
const (
	purposeLockUser   = "lock.user"
	purposeLockID     = "lock.id_number"
	purposeLockNumber = "lock.number"
)

// TryIdentify looks for the one person of whom all that was said is true, and records the try. Wrong tries are counted against
// the user, the ID number and the certificate's number, each for itself and whether or not there is anybody of that number, so
// that neither many users nor many numbers help; a number, which is public, bears more of them (models.BindingRule.OfNumber). Two tries at once of the same user or target stand in line.
// The answer to a try that is not matched has no person; lockedUntil is set where the try was not looked at.
func (s *Store) TryIdentify(ctx context.Context, userID, way string, said models.Identification, rule models.BindingRule, at models.Instant,
) (person int64, lockedUntil models.Instant, err error) {
	targets := [][]byte{
		s.sealer.index(purposeLockUser, userID), s.sealer.index(purposeLockID, string(said.IDType), said.IDNumber),
		s.sealer.index(purposeLockNumber, said.Number),
	}
	target, number := targets[1], targets[2]
	slices.SortFunc(targets, bytes.Compare) // one order for all, or two tries would wait for each other
	err = s.transact(ctx, func(tx *gorm.DB) error {
		person, lockedUntil = 0, 0
		locks, err := takeLocks(tx, targets)
		if err != nil {
			return err
		}
		try := models.BindingTry{At: at, UserID: userID, Way: way, Target: target, Outcome: models.TryMatched}
		for _, l := range locks {
			lockedUntil = max(lockedUntil, l.LockedUntil)
		}
		if lockedUntil > at {
			try.Outcome = models.TryLocked
			return tx.Create(&try).Error
		}
		lockedUntil = 0
		if person, err = s.personSaid(tx, said); err != nil {
			return err
		}
		if person != 0 {
			try.PersonID = &person
			return tx.Create(&try).Error
		}
		try.Outcome = models.TryWrong
		for i := range locks {
			of := rule
			if bytes.Equal(locks[i].Target, number) {
				of = rule.OfNumber()
			}
			locks[i].Count(of, at)
			if err := tx.Model(&models.BindingLock{}).Where("target = ?", locks[i].Target).Select("*").Omit("target").Updates(&locks[i]).Error; err != nil {
				return err
			}
		}
		return tx.Create(&try).Error
	})
	return person, lockedUntil, err
}

func takeLocks(tx *gorm.DB, targets [][]byte) ([]models.BindingLock, error) {
	locks := make([]models.BindingLock, len(targets))
	for i, t := range targets {
		fresh := models.BindingLock{Target: t}
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&fresh).Error; err != nil {
			return nil, err
		}
		if err := tx.Clauses(forUpdate).Where("target = ?", t).Take(&locks[i]).Error; err != nil {
			return nil, err
		}
	}
	return locks, nil
}

// personSaid asks both for a registration and for an application, whatever was found, so that the time tells nothing; 0 for
// nobody.
func (s *Store) personSaid(tx *gorm.DB, said models.Identification) (int64, error) {
	index := s.sealer.index(purposeIDNumber, string(said.IDType), said.IDNumber)
	var found [2][]int64
	for i, table := range []string{"registrations AS n", "applications AS n"} {
		number := []string{"n.certificate_number", "n.number"}[i]
		err := tx.Table(table).Joins("JOIN persons AS p ON p.id = n.person_id").
			Where(number+" = ? AND p.name = ? AND p.id_number_index = ?", said.Number, said.Name, index).Limit(1).Pluck("n.person_id", &found[i]).Error
		if err != nil {
			return 0, err
		}
	}
	for _, ids := range found {
		if len(ids) > 0 {
			return ids[0], nil
		}
	}
	return 0, nil
}

// Bind makes an identified user the holder, or, where another user is, opens a claim (claimed true); it never takes over.
// models.ErrBound answers a user who is another person. Asking again changes nothing.
func (s *Store) Bind(ctx context.Context, personID int64, userID, way string, at models.Instant) (claimed bool, events []models.Event, err error) {
	err = s.transact(ctx, func(tx *gorm.DB) error {
		claimed, events = false, nil
		u, mine, err := lockHolder(tx, personID, userID)
		if err != nil {
			return err
		}
		if mine != nil {
			if mine.PersonID != personID {
				return models.ErrBound
			}
			return nil
		}
		var held models.Binding
		err = tx.Clauses(forUpdate).Where("person_id = ?", personID).Take(&held).Error
		if err == nil {
			claimed = true
			return openClaim(tx, personID, userID, way, at)
		}
		if !errors.Is(err, gorm.ErrRecordNotFound) {
			return err
		}
		if err := tx.Create(&models.Binding{PersonID: personID, UserID: userID, Way: way, BoundAt: at}).Error; err != nil {
			return err
		}
		e, err := nextUser(tx, u, models.Event{Kind: models.EventBound, Actor: userID, Reason: way}, at)
		events = []models.Event{e}
		return err
	})
	return claimed, events, err
}

// lockHolder locks the person, then the user, and gives the user's own binding, nil where there is none.
func lockHolder(tx *gorm.DB, personID int64, userID string) (*models.User, *models.Binding, error) {
	var p models.Person
	if err := tx.Clauses(forUpdate).Select("id").Where("id = ?", personID).Take(&p).Error; err != nil {
		return nil, nil, err
	}
	var u models.User
	if err := tx.Clauses(forUpdate).Where("id = ?", userID).Take(&u).Error; err != nil {
		return nil, nil, err
	}
	var mine []models.Binding
	if err := tx.Clauses(forUpdate).Where("user_id = ?", userID).Limit(1).Find(&mine).Error; err != nil || len(mine) == 0 {
		return &u, nil, err
	}
	return &u, &mine[0], nil
}

// stillHolds locks a binding and holds it against what it was when somebody began: models.ErrNotHolder where another user is
// the holder by now, models.ErrOvertaken where they withdrew everything or ended sessions since.
func stillHolds(tx *gorm.DB, by models.Binding) error {
	now, err := lockBinding(tx, by)
	if err == nil && now.Generation != by.Generation {
		err = models.ErrOvertaken
	}
	return err
}

// lockBinding gives a binding as it is now; models.ErrNotHolder where it is another user's.
func lockBinding(tx *gorm.DB, by models.Binding) (models.Binding, error) {
	var now []models.Binding
	if err := tx.Clauses(forUpdate).Where("person_id = ?", by.PersonID).Limit(1).Find(&now).Error; err != nil {
		return models.Binding{}, err
	}
	if len(now) == 0 || now[0].UserID != by.UserID {
		return models.Binding{}, models.ErrNotHolder
	}
	return now[0], nil
}

// nextGeneration ends what a holder began.
func nextGeneration(tx *gorm.DB, where string, who any) error {
	return tx.Model(&models.Binding{}).Where(where, who).Update("generation", gorm.Expr("generation + 1")).Error
}

// nextUser gives a locked user the next version, with its event.
func nextUser(tx *gorm.DB, u *models.User, e models.Event, at models.Instant) (models.Event, error) {
	u.Version++
	if err := tx.Model(&models.User{}).Where("id = ?", u.ID).Update("version", u.Version).Error; err != nil {
		return models.Event{}, err
	}
	return record(tx, models.SubjectUser, u.ID, u.Version, e, at)
}

// BindingOf gives a user's binding; models.ErrNotHolder when there is none.
func (s *Store) BindingOf(ctx context.Context, userID string) (models.Binding, error) {
	var b models.Binding
	err := wrap(s.db.WithContext(ctx).Where("user_id = ?", userID).Take(&b).Error)
	if errors.Is(err, models.ErrNotFound) {
		err = models.ErrNotHolder.Because(err)
	}
	return b, err
}

// DeleteTriesBefore ends the retention of tries older than an instant, and of counts that lock nobody any more.
func (s *Store) DeleteTriesBefore(ctx context.Context, before models.Instant, limit int) (int64, error) {
	db := s.db.WithContext(ctx)
	var ids []int64
	if err := db.Model(&models.BindingTry{}).Where("at < ?", before).Order("at").Limit(limit).Pluck("id", &ids).Error; err != nil || len(ids) == 0 {
		return 0, wrap(err)
	}
	done := db.Where("id IN ?", ids).Delete(&models.BindingTry{})
	return done.RowsAffected, wrap(done.Error)
}

// DeleteLocksBefore forgets counts that began before an instant and lock nobody at another.
func (s *Store) DeleteLocksBefore(ctx context.Context, since, now models.Instant, limit int) (int64, error) {
	db := s.db.WithContext(ctx)
	var targets [][]byte
	err := db.Model(&models.BindingLock{}).Where("since < ? AND locked_until < ?", since, now).Limit(limit).Pluck("target", &targets).Error
	if err != nil || len(targets) == 0 {
		return 0, wrap(err)
	}
	done := db.Where("target IN ? AND since < ? AND locked_until < ?", targets, since, now).Delete(&models.BindingLock{})
	return done.RowsAffected, wrap(done.Error)
}

// ReleaseLocks forgets wrong tries against a certificate's number and, where it is not empty, an ID number, and tells how many
// counts those were. It stands among the tries, with who did it.
func (s *Store) ReleaseLocks(ctx context.Context, said models.Identification, actor, way string, at models.Instant) (released int64, err error) {
	targets := [][]byte{s.sealer.index(purposeLockNumber, said.Number)}
	if said.IDNumber != "" {
		targets = append(targets, s.sealer.index(purposeLockID, string(said.IDType), said.IDNumber))
	}
	err = s.transact(ctx, func(tx *gorm.DB) error {
		done := tx.Where("target IN ? AND wrong > 0", targets).Delete(&models.BindingLock{})
		if released = done.RowsAffected; done.Error != nil || released == 0 {
			return done.Error
		}
		return tx.Create(&models.BindingTry{At: at, UserID: actor, Way: way, Target: targets[len(targets)-1], Outcome: models.TryReleased}).Error
	})
	return released, err
}
