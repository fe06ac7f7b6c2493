package endorse

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"yanzheng/models"
)

// Wish is what a holder confirms.
type Wish struct {
	UserID            string
	Name              string // by which the same wish is known when it is sent again
	Category          models.Category
	CertificateNumber string
	UseUntil          models.Date // the last day of the window that they were shown
}

// Confirm makes the certificate of a wish with its file, and gives it; made is false when that was done before. A wish that is
// sent again, to whichever server, gives the same certificate; a new one gives a new one.
//
// The file is made before the certificate is written, and nothing waits for it in the database: a certificate without its file
// cannot be. A file whose certificate was not written in the end is removed.
func (w *Wallet) Confirm(ctx context.Context, wish Wish) (own Own, made bool, err error) {
	if err := models.CheckConfirmationName(wish.Name); err != nil {
		return Own{}, false, err
	}
	var by models.Binding
	err = w.Turns.Door.Do(ctx, func(ctx context.Context) (err error) { // before the long line: whoever withdraws everything meanwhile means this wish too
		by, err = w.Holders.BindingOf(ctx, wish.UserID)
		return err
	})
	if err != nil {
		return Own{}, false, err
	}
	err = w.Turns.Entrance.Do(ctx, func(ctx context.Context) error {
		var kept models.Confirmation
		if kept, made, err = w.confirm(ctx, wish, by); err != nil {
			return err
		}
		h, err := w.held(ctx, by.PersonID, kept.CertificateID)
		own = w.own(h, w.Now())
		return err
	})
	return own, made, err
}

// attempts is how often a certificate is drawn anew because the register or an image moved on meanwhile.
const attempts = 3

func (w *Wallet) confirm(ctx context.Context, wish Wish, by models.Binding) (models.Confirmation, bool, error) {
	for range attempts {
		r, err := w.registration(ctx, by.PersonID, wish)
		if err != nil {
			return models.Confirmation{}, false, err
		}
		kept, err := w.Wishes.Confirmation(ctx, by.PersonID, wish.Name)
		if err == nil {
			return kept, false, sameWish(kept, r.ID)
		}
		if !errors.Is(err, models.ErrNotFound) {
			return kept, false, err
		}
		var made bool
		if kept, made, err = w.issue(ctx, wish, by, r); err == nil {
			return kept, made, sameWish(kept, r.ID)
		}
		if !errors.Is(err, models.ErrConflict) {
			return kept, false, err
		}
	}
	return models.Confirmation{}, false, models.ErrUnavailable
}

func sameWish(kept models.Confirmation, registration int64) error {
	if kept.RegistrationID != registration {
		return ErrKeyReused
	}
	return nil
}

// registration finds the holder's registration that a wish names.
func (w *Wallet) registration(ctx context.Context, person int64, wish Wish) (models.Registration, error) {
	all, err := w.Holdings.RegistrationsOf(ctx, person)
	if err != nil {
		return models.Registration{}, err
	}
	number := models.NormalizeText(wish.CertificateNumber)
	i := slices.IndexFunc(all, func(r models.Registration) bool { return r.Category == wish.Category && r.CertificateNumber == number })
	if i < 0 {
		return models.Registration{}, ErrNoRegistration
	}
	return all[i], nil
}

// issue draws, seals and stores the file, then writes the certificate, provided that the register still says what was drawn.
func (w *Wallet) issue(ctx context.Context, wish Wish, by models.Binding, r models.Registration) (models.Confirmation, bool, error) {
	now := w.Now()
	c, err := drawUp(w.Codes, &r, now)
	if err != nil {
		return models.Confirmation{}, false, err
	}
	if c.UseUntil != wish.UseUntil {
		return models.Confirmation{}, false, ErrWindowMoved
	}
	d := w.document(&c, now)
	if d.Photo, d.Signature, err = w.images(ctx, r.PersonID, &c.Printed); err != nil {
		return models.Confirmation{}, false, err
	}
	if d.Code, err = w.Codes.URL(&c); err != nil {
		return models.Confirmation{}, false, err
	}
	var file models.File
	err = w.Turns.Press.Do(ctx, func(context.Context) (err error) {
		file, err = w.Printer.Issue(d)
		return err
	})
	if err != nil {
		return models.Confirmation{}, false, err
	}
	if err := w.Files.Put(ctx, fileName(c.ID), file.PDF); err != nil {
		return models.Confirmation{}, false, err
	}
	row := models.CertificateFile{CertificateID: c.ID, Digest: file.Digest, Size: int64(len(file.PDF)), MadeAt: models.InstantOf(now)}
	kept, made, err := w.Wishes.IssueConfirmed(ctx, by, models.Confirmation{PersonID: r.PersonID, Name: wish.Name, RegistrationID: r.ID}, models.InstantOf(now),
		func(today *models.Registration) (models.Certificate, models.CertificateFile, error) {
			window, err := models.EndorseWindow(today, c.UseFrom)
			if err != nil {
				return c, row, barred(today, c.UseFrom)
			}
			if models.PrintOf(today) != c.Printed || window.Until != c.UseUntil {
				return c, row, models.ErrConflict
			}
			return c, row, nil
		})
	// Where it is not known whether it was written, the file stays: better one too many than one too few.
	if known := err == nil || refused(err); known && !made {
		_ = w.Files.Delete(context.WithoutCancel(ctx), fileName(c.ID)) // nothing names it, so it may also stay
	}
	return kept, made, err
}

// images gives the images that a certificate says it prints, and no others: models.ErrConflict where others were accepted since
// the registration was read.
func (w *Wallet) images(ctx context.Context, person int64, says *models.Printed) (photo, signature []byte, err error) {
	if photo, signature, err = w.Images.AcceptedImages(ctx, person); err != nil {
		return nil, nil, err
	}
	if digestOf(photo) != says.PhotoDigest || digestOf(signature) != says.SignatureDigest {
		return nil, nil, models.ErrConflict
	}
	return photo, signature, nil
}

// digestOf is an image's digest as the register keeps it.
func digestOf(image []byte) string {
	sum := sha256.Sum256(image)
	return hex.EncodeToString(sum[:])
}

// refused tells whether an error says that nothing was written.
func refused(err error) bool {
	for _, said := range []error{models.ErrConflict, models.ErrEndorseBarred, models.ErrOvertaken, models.ErrNotHolder} {
		if errors.Is(err, said) {
			return true
		}
	}
	return false
}

// document is what the file of a certificate shows, but for its code and its images.
func (w *Wallet) document(c *models.Certificate, at time.Time) *models.Document {
	return &models.Document{
		Printed: c.Printed, UseFrom: c.UseFrom, UseUntil: c.UseUntil, At: at,
		Identifier: models.Identifier{Type: w.Issuer.Type, Issuer: w.Issuer.Code, Serial: strings.ToUpper(c.ID.String()), Version: "001"},
	}
}

// fileName is where the file of a certificate lies.
func fileName(id models.CertificateID) string { return "certificates/" + id.String() }
