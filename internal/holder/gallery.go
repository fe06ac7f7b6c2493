package holder

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"yanzheng/models"
)

// Vault keeps content under names that are used once.
type Vault interface {
	Put(ctx context.Context, name string, content []byte) error
	Get(ctx context.Context, name string) ([]byte, error)
	Delete(ctx context.Context, name string) error
}

// Pictures checks and normalises what is uploaded, and marks what is shown.
type Pictures interface {
	// Normalise gives the image as it is kept, or why it is refused in words that say what to do.
	Normalise(kind models.ImageKind, raw []byte) ([]byte, error)
	// Mark writes a text across an image that Normalise made and gives it as a JPEG.
	Mark(kind models.ImageKind, image []byte, text string) ([]byte, error)
}

// Images keeps which images there are and what became of them.
type Images interface {
	AddImage(ctx context.Context, by models.Binding, image models.Image) (kept models.Image, added bool, err error)
	ImagesOf(ctx context.Context, personID int64) ([]models.Image, error)
	AcceptedImage(ctx context.Context, personID int64, kind models.ImageKind) (models.Image, error)
}

// Judgements keeps what registrars decide of images.
type Judgements interface {
	PendingImages(ctx context.Context, after int64, limit int) ([]models.Image, error)
	Image(ctx context.Context, id int64) (models.Image, error)
	DecideImage(ctx context.Context, id int64, accept bool, actor, reason string, at models.Instant) (models.Image, []models.Event, error)
}

// Attic lets go of images that count no more.
type Attic interface {
	StaleImages(ctx context.Context, before models.Instant, limit int) ([]models.Image, error)
	DeleteImage(ctx context.Context, id int64) error
}

// GalleryStore is the database of a Gallery.
type GalleryStore interface {
	Images
	Judgements
	Attic
	BindingOf(ctx context.Context, userID string) (models.Binding, error)
	Person(ctx context.Context, id int64) (models.Person, error)
	HolderOf(ctx context.Context, personID int64) (*models.Binding, error)
}

// Links takes links to images, each once.
type Links interface {
	// Take gives what a token is for and ends it; models.ErrNotFound for none, or one that was used or is too old.
	Take(ctx context.Context, token string) (models.ImageLink, error)
}

// Gallery is the use case of photos and signature images.
type Gallery struct {
	store      GalleryStore
	vault      Vault
	pictures   Pictures
	links      Links
	propagator Propagator
	now        func() time.Time
	lines      Lines
}

// Turn is a line for one kind of work.
type Turn interface {
	Do(ctx context.Context, work func(ctx context.Context) error) error
}

// Lines are where pictures wait. One that somebody sends takes up to 200 MB while it is decoded; one that is shown is small, and
// whoever scanned has a minute to see it, so uploads do not stand in its way.
type Lines struct{ Uploads, Shows Turn }

// NewGallery puts the use case together.
func NewGallery(s GalleryStore, v Vault, p Pictures, l Links, c Propagator, lines Lines, now func() time.Time) *Gallery {
	return &Gallery{store: s, vault: v, pictures: p, links: l, propagator: c, lines: lines, now: now}
}

// Upload checks an image of a holder and keeps it until a registrar has looked at it. The same image again is the same.
func (g *Gallery) Upload(ctx context.Context, userID string, kind models.ImageKind, raw []byte) (models.Image, error) {
	b, err := g.store.BindingOf(ctx, userID)
	if err != nil {
		return models.Image{}, err
	}
	var content []byte
	err = g.lines.Uploads.Do(ctx, func(context.Context) (err error) {
		content, err = g.pictures.Normalise(kind, raw)
		return err
	})
	if err != nil {
		return models.Image{}, err
	}
	sum := sha256.Sum256(content)
	image := models.Image{
		PersonID: b.PersonID, Kind: kind, Digest: hex.EncodeToString(sum[:]), Size: int64(len(content)),
		Name:       "images/" + strings.ToLower(rand.Text()),
		UploadedAt: models.InstantOf(g.now()), UploadedBy: userID,
	}
	// First the content: a row without it would be worse than content without a row.
	if err := g.vault.Put(ctx, image.Name, content); err != nil {
		return models.Image{}, err
	}
	kept, added, err := g.store.AddImage(ctx, b, image)
	overtaken := errors.Is(err, models.ErrOvertaken) || errors.Is(err, models.ErrNotHolder)
	if err == nil && !added || overtaken { // after any other error the row may be there all the same, so the content must stay
		_ = g.vault.Delete(ctx, image.Name) // what is left lies sealed, and under a name that nothing knows
	}
	return kept, met(err)
}

// Own gives a holder's images, the newest first.
func (g *Gallery) Own(ctx context.Context, personID int64) ([]models.Image, error) {
	return g.store.ImagesOf(ctx, personID)
}

// OwnPicture gives a holder the content of their newest image of a kind, accepted or not; ErrNoImage where there is none.
func (g *Gallery) OwnPicture(ctx context.Context, userID string, kind models.ImageKind) ([]byte, error) {
	b, err := g.store.BindingOf(ctx, userID)
	if err != nil {
		return nil, err
	}
	images, err := g.store.ImagesOf(ctx, b.PersonID)
	if err != nil {
		return nil, err
	}
	for _, image := range images {
		if image.Kind == kind {
			return g.content(ctx, image)
		}
	}
	return nil, ErrNoImage
}

// content gives an image out of the vault. One that is recorded and not there is a fault of ours.
func (g *Gallery) content(ctx context.Context, image models.Image) ([]byte, error) {
	content, err := g.vault.Get(ctx, image.Name)
	if errors.Is(err, models.ErrNotFound) {
		return nil, models.ErrInternal.Because(fmt.Errorf("image %d is not in the vault: %w", image.ID, err))
	}
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != image.Digest {
		return nil, models.ErrInternal.Because(fmt.Errorf("image %d is not what was uploaded", image.ID))
	}
	return content, nil
}

// AcceptedImages gives what a certificate prints: the photo (JPEG) and the signature image (PNG), both accepted. One that is
// missing is models.ErrImagesMissing with its field (R6). Their digests are those of the person in the database, unless another
// one was accepted meanwhile: hold them against what the certificate says that it prints.
func (g *Gallery) AcceptedImages(ctx context.Context, personID int64) (photo, signature []byte, err error) {
	if photo, err = g.accepted(ctx, personID, models.ImagePhoto); err != nil {
		return nil, nil, err
	}
	signature, err = g.accepted(ctx, personID, models.ImageSignature)
	return photo, signature, err
}

func (g *Gallery) accepted(ctx context.Context, personID int64, kind models.ImageKind) ([]byte, error) {
	image, err := g.store.AcceptedImage(ctx, personID, kind)
	if errors.Is(err, models.ErrNotFound) {
		return nil, models.ErrImagesMissing.On(string(kind)).Because(err)
	}
	if err != nil {
		return nil, err
	}
	return g.content(ctx, image)
}

// Show gives the image that a single-use link is for, as a JPEG with the time and the scan's id across it. The link is used by
// that, whatever comes of it, but not by waiting for it.
func (g *Gallery) Show(ctx context.Context, token string) (shown []byte, err error) {
	err = g.lines.Shows.Do(ctx, func(ctx context.Context) (err error) {
		shown, err = g.show(ctx, token)
		return err
	})
	return shown, err
}

func (g *Gallery) show(ctx context.Context, token string) ([]byte, error) {
	link, err := g.links.Take(ctx, token)
	if errors.Is(err, models.ErrNotFound) {
		return nil, ErrLink
	}
	if err != nil {
		return nil, err
	}
	content, err := g.accepted(ctx, link.PersonID, link.Kind)
	if errors.Is(err, models.ErrImagesMissing) {
		return nil, ErrLink
	}
	if err != nil {
		return nil, err
	}
	text := g.now().In(models.China).Format("2006-01-02 15:04") + "  " + link.ScanID
	return g.pictures.Mark(link.Kind, content, text)
}

// Waiting is an image that waits for a registrar, with whom it is to show. Holder is who is bound to the person today: where it
// is not who uploaded, the registrar should wonder.
type Waiting struct {
	models.Image
	Person models.Person
	Holder *models.Binding
}

// Pending gives the images after one that wait for a registrar, oldest first.
func (g *Gallery) Pending(ctx context.Context, after int64, limit int) ([]Waiting, error) {
	images, err := g.store.PendingImages(ctx, after, limit)
	if err != nil {
		return nil, err
	}
	all := make([]Waiting, len(images))
	for i, image := range images {
		p, err := g.store.Person(ctx, image.PersonID)
		if err != nil {
			return nil, err
		}
		b, err := g.store.HolderOf(ctx, image.PersonID)
		if err != nil {
			return nil, err
		}
		all[i] = Waiting{image, p, b}
	}
	return all, nil
}

// Look gives a registrar the content of an image that waits; once decided it is not theirs to see.
func (g *Gallery) Look(ctx context.Context, id int64) (models.Image, []byte, error) {
	image, err := g.store.Image(ctx, id)
	if err != nil {
		return models.Image{}, nil, undecided(err)
	}
	if image.State != models.ImagePending {
		return models.Image{}, nil, ErrNoSuchCase
	}
	content, err := g.content(ctx, image)
	return image, content, err
}

// Decide accepts an image, from when on it counts, or refuses it, for which a reason is needed.
func (g *Gallery) Decide(ctx context.Context, id int64, accept bool, actor, reason string) (models.Image, bool, error) {
	reason, err := checkReason(reason, !accept)
	if err != nil {
		return models.Image{}, false, err
	}
	image, events, err := g.store.DecideImage(ctx, id, accept, actor, reason, models.InstantOf(g.now()))
	if err != nil {
		return image, false, undecided(err)
	}
	return image, len(events) == 0 || g.propagator.Propagate(ctx, events), nil
}

// Prune lets go of images that were refused or replaced before an instant, at most limit, and tells how many went.
func (g *Gallery) Prune(ctx context.Context, before models.Instant, limit int) (int64, error) {
	stale, err := g.store.StaleImages(ctx, before, limit)
	if err != nil {
		return 0, err
	}
	var gone int64
	var errs []error
	for _, image := range stale { // one that does not go is no reason to keep the others
		err := g.vault.Delete(ctx, image.Name)
		if err == nil || errors.Is(err, models.ErrNotFound) {
			err = g.store.DeleteImage(ctx, image.ID)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("image %d: %w", image.ID, err))
			continue
		}
		gone++
	}
	return gone, errors.Join(errs...)
}

// The answers to what is not there.
var (
	ErrNoImage = models.NewError(models.KindNotFound, "no_such_image", "尚未上传此图片", "There is no such image yet")
	ErrLink    = models.NewError(models.KindNotFound, "link_used", "链接无效、已使用或已过期，请重新扫码", "The link is not valid, was used, or is too old: scan again")
)
