package store

import (
	"context"

	"gorm.io/gorm"

	"yanzheng/models"
)

// AddImage writes a new image that waits for a registrar. One of the same content that is pending or accepted is given instead
// (added false); an earlier one that is pending is replaced. by is the binding as it was when the upload began: see stillHolds.
func (s *Store) AddImage(ctx context.Context, by models.Binding, image models.Image) (kept models.Image, added bool, err error) {
	err = s.transact(ctx, func(tx *gorm.DB) error {
		kept, added = image, true
		var p models.Person
		if err := tx.Clauses(forUpdate).Select("id").Where("id = ?", image.PersonID).Take(&p).Error; err != nil {
			return err
		}
		if err := stillHolds(tx, by); err != nil {
			return err
		}
		var same []models.Image
		err := locking(tx).Where("person_id = ? AND kind = ? AND digest = ? AND state IN ?", image.PersonID, image.Kind, image.Digest, liveImages).
			Order("id DESC").Limit(1).Find(&same).Error
		if err != nil {
			return err
		}
		if len(same) > 0 {
			kept, added = same[0], false
			return nil
		}
		kept.State = models.ImagePending
		err = tx.Model(&models.Image{}).Where("person_id = ? AND kind = ? AND state = ?", image.PersonID, image.Kind, models.ImagePending).
			Updates(map[string]any{"state": models.ImageReplaced, "decided_at": image.UploadedAt}).Error
		if err != nil {
			return err
		}
		return tx.Create(&kept).Error
	})
	return kept, added, err
}

// liveImages are the states of what counts or may come to count.
var liveImages = []models.ImageState{models.ImagePending, models.ImageAccepted}

// ImagesOf gives a person's images, the newest first: what is pending, accepted, and was refused.
func (s *Store) ImagesOf(ctx context.Context, personID int64) ([]models.Image, error) {
	var images []models.Image
	err := s.db.WithContext(ctx).Where("person_id = ? AND state <> ?", personID, models.ImageReplaced).Order("id DESC").Limit(100).Find(&images).Error
	return images, wrap(err)
}

// Image gives one image.
func (s *Store) Image(ctx context.Context, id int64) (models.Image, error) {
	var image models.Image
	err := s.db.WithContext(ctx).Where("id = ?", id).Take(&image).Error
	return image, wrap(err)
}

// AcceptedImage gives the image of a kind that counts; models.ErrNotFound when there is none.
func (s *Store) AcceptedImage(ctx context.Context, personID int64, kind models.ImageKind) (models.Image, error) {
	var image models.Image
	err := s.db.WithContext(ctx).Where("person_id = ? AND kind = ? AND state = ?", personID, kind, models.ImageAccepted).Take(&image).Error
	return image, wrap(err)
}

// PendingImages gives those after one that wait for a registrar, oldest first.
func (s *Store) PendingImages(ctx context.Context, after int64, limit int) ([]models.Image, error) {
	var images []models.Image
	err := s.db.WithContext(ctx).Where("state = ? AND id > ?", models.ImagePending, after).Order("id").Limit(limit).Find(&images).Error
	return images, wrap(err)
}

// DecideImage accepts or refuses a pending image. An accepted one replaces the one before, and is a change of every
// registration of the person, as certificates print it (R3). Nobody decides what concerns themself.
func (s *Store) DecideImage(ctx context.Context, id int64, accept bool, actor, reason string, at models.Instant) (image models.Image, events []models.Event, err error) {
	first, err := s.Image(ctx, id) // whose it is never changes
	if err != nil {
		return models.Image{}, nil, err
	}
	err = s.transact(ctx, func(tx *gorm.DB) error {
		image, events = models.Image{}, nil
		var p models.Person
		if err := tx.Clauses(forUpdate).Where("id = ?", first.PersonID).Take(&p).Error; err != nil {
			return err
		}
		if err := tx.Clauses(forUpdate).Where("id = ?", id).Take(&image).Error; err != nil {
			return err
		}
		if image.State != models.ImagePending {
			return models.ErrDecided
		}
		if own, err := isHolder(tx, p.ID, actor); err != nil || own || image.UploadedBy == actor {
			if err == nil {
				err = models.ErrForbidden
			}
			return err
		}
		image.State, image.DecidedAt, image.DecidedBy, image.Reason = models.ImageRefused, at, actor, reason
		if accept {
			image.State = models.ImageAccepted
			var err error
			if events, err = s.acceptImage(tx, &p, image, at); err != nil {
				return err
			}
		}
		return tx.Model(&models.Image{}).Where("id = ?", id).Select("*").Omit("id").Updates(&image).Error
	})
	return image, events, err
}

func isHolder(tx *gorm.DB, personID int64, userID string) (bool, error) {
	var n int64
	err := tx.Model(&models.Binding{}).Where("person_id = ? AND user_id = ?", personID, userID).Count(&n).Error
	return n > 0, err
}

// digestColumns say which image of a person counts.
var digestColumns = map[models.ImageKind]string{models.ImagePhoto: "photo_digest", models.ImageSignature: "signature_digest"}

func (s *Store) acceptImage(tx *gorm.DB, p *models.Person, image models.Image, at models.Instant) ([]models.Event, error) {
	err := tx.Model(&models.Image{}).Where("person_id = ? AND kind = ? AND state = ?", p.ID, image.Kind, models.ImageAccepted).
		Updates(map[string]any{"state": models.ImageReplaced, "decided_at": at}).Error
	if err != nil {
		return nil, err
	}
	err = tx.Model(&models.Person{}).Where("id = ?", p.ID).Updates(map[string]any{digestColumns[image.Kind]: image.Digest, "updated_at": at}).Error
	if err != nil {
		return nil, err
	}
	var registrations []models.Registration
	if err := tx.Clauses(forUpdate).Where("person_id = ?", p.ID).Order("id").Find(&registrations).Error; err != nil {
		return nil, err
	}
	var events []models.Event
	for i := range registrations {
		e, err := s.updateRegistration(tx, &registrations[i],
			models.Event{Kind: models.EventImageAccepted, Actor: image.DecidedBy, Reason: string(image.Kind)}, at)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

// StaleImages gives images that were refused or replaced before an instant.
func (s *Store) StaleImages(ctx context.Context, before models.Instant, limit int) ([]models.Image, error) {
	var images []models.Image
	err := s.db.WithContext(ctx).Where("state IN ? AND decided_at < ?", []models.ImageState{models.ImageRefused, models.ImageReplaced}, before).
		Order("id").Limit(limit).Find(&images).Error
	return images, wrap(err)
}

// DeleteImage forgets a refused or replaced image.
func (s *Store) DeleteImage(ctx context.Context, id int64) error {
	return wrap(s.db.WithContext(ctx).Where("id = ? AND state IN ?", id, []models.ImageState{models.ImageRefused, models.ImageReplaced}).Delete(&models.Image{}).Error)
}
