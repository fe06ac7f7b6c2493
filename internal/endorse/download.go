package endorse

import (
	"context"
	"crypto/sha256"
	"errors"

	"yanzheng/models"
)

// Copy is a certificate's file as it is handed out.
type Copy struct {
	Content []byte
	Digest  models.FileDigest // of Content
	Made    models.Instant
}

// PDF gives the file of one of the holder's certificates: the same bytes each time, held against their digest.
func (w *Wallet) PDF(ctx context.Context, userID string, id models.CertificateID) (out Copy, err error) {
	err = w.Turns.Entrance.Do(ctx, func(ctx context.Context) error {
		_, out, err = w.fetch(ctx, userID, id)
		return err
	})
	return out, err
}

// Album gives the same page as a picture for a phone's album.
func (w *Wallet) Album(ctx context.Context, userID string, id models.CertificateID) (Copy, error) {
	var h models.Held
	var pdf Copy
	err := w.Turns.Entrance.Do(ctx, func(ctx context.Context) (err error) {
		h, pdf, err = w.fetch(ctx, userID, id)
		return err
	})
	if err != nil {
		return Copy{}, err
	}
	d := w.document(&h.Certificate, h.File.MadeAt.Time()) // the code is the file's own
	out := Copy{Made: pdf.Made}
	err = w.Turns.Album.Do(ctx, func(context.Context) (err error) {
		out.Content, err = w.Printer.Album(d, pdf.Content)
		return err
	})
	out.Digest = sha256.Sum256(out.Content)
	return out, err
}

func (w *Wallet) fetch(ctx context.Context, userID string, id models.CertificateID) (models.Held, Copy, error) {
	by, err := w.Holders.BindingOf(ctx, userID)
	if err != nil {
		return models.Held{}, Copy{}, err
	}
	h, err := w.held(ctx, by.PersonID, id)
	if err != nil {
		return h, Copy{}, err
	}
	if h.File == nil {
		return h, Copy{}, ErrNoFile
	}
	content, err := w.Files.Get(ctx, fileName(id))
	if errors.Is(err, models.ErrNotFound) {
		err = models.ErrInternal.Because(errors.New("the file of certificate " + id.String() + " is gone"))
	}
	if err == nil && sha256.Sum256(content) != [32]byte(h.File.Digest) {
		err = models.ErrInternal.Because(errors.New("the file of certificate " + id.String() + " is not the one that was issued"))
	}
	if err != nil {
		return h, Copy{}, err
	}
	return h, Copy{content, h.File.Digest, h.File.MadeAt}, nil
}
