package main

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"time"

	"yanzheng/config"
	"yanzheng/internal/holder"
	"yanzheng/internal/picture"
	"yanzheng/internal/vault"
	"yanzheng/miniprogram-api"
	"yanzheng/models"
)

// imageKey is the key that photos and signature images are sealed with.
func (p *parts) imageKey() [32]byte {
	if p.home != nil {
		return p.home.imageKey
	}
	return p.config.Keys.Image.Reveal()
}

// openVault opens the place of images. A folder has to be there; a bucket may be away for a while.
func (p *parts) openVault(ctx context.Context) (*vault.Vault, error) {
	f := p.config.Files
	o := vault.Options{URL: f.URL, AccessKey: f.AccessKey, SecretKey: f.SecretKey.Reveal(), Key: p.imageKey(), Timeout: f.Timeout}
	if p.home != nil {
		dir, err := filepath.Abs(p.home.files)
		if err != nil {
			return nil, err
		}
		o.URL = folderURL(dir)
	}
	return vault.Open(ctx, o)
}

// folderURL names a folder as the vault wants it.
func folderURL(dir string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(dir)}).String()
}

// triesWindow is within how long wrong tries count together.
const triesWindow = 24 * time.Hour

// pictures are the rules that images are measured by.
type pictures struct{ rules picture.Rules }

func newPictures(c config.Images) (pictures, error) {
	r := picture.DefaultRules()
	r.MaxBytes = c.UploadMaxKB << 10
	r.Photo.MaxBytes = c.PhotoMaxKB << 10
	r.Photo.MinWidth, r.Photo.MinHeight = c.PhotoMinWidth, c.PhotoMinHeight
	if wide, high := c.PhotoRatio[0], c.PhotoRatio[1]; wide*r.Photo.RatioHigh != high*r.Photo.RatioWide {
		r.Photo.RatioWide, r.Photo.RatioHigh = wide, high
		r.Photo.Height = (2*r.Photo.Width*high + wide) / (2 * wide)
	}
	return pictures{r}, r.Validate()
}

// Normalise is holder.Pictures'.
func (p pictures) Normalise(kind models.ImageKind, raw []byte) ([]byte, error) {
	switch kind {
	case models.ImagePhoto:
		return picture.Photo(raw, p.rules)
	case models.ImageSignature:
		return picture.Signature(raw, p.rules)
	}
	return nil, models.ErrInternal.Because(errors.New("no such kind of image: " + string(kind)))
}

// Mark is holder.Pictures'.
func (p pictures) Mark(kind models.ImageKind, image []byte, text string) ([]byte, error) {
	if kind == models.ImageSignature {
		return picture.WatermarkSignature(image, text)
	}
	return picture.Watermark(image, text)
}

// own puts together what is a user's own, a registrar's and an inspector's.
func (s *server) own(ctx context.Context) (miniprogram.Own, error) {
	rules, err := newPictures(s.config.Images)
	if err != nil {
		return miniprogram.Own{}, err
	}
	if s.vault, err = s.openVault(ctx); err != nil {
		return miniprogram.Own{}, err
	}
	b := s.config.Binding
	form := holder.NewForm(s.store, models.BindingRule{Tries: b.Tries, Window: triesWindow, Lock: b.Lock}, s.now)
	s.gallery = holder.NewGallery(s.store, s.vault, rules, s.desk.links, s.parts, holder.Lines{Uploads: s.lines.uploads, Shows: s.lines.shows}, s.now)
	s.holders = holder.New(form, s.store, s.parts, s.now)
	return miniprogram.Own{
		Gate: s.desk, Holder: s.holders, Gallery: s.gallery, Inspection: holder.NewInspection(s.store, s.now),
		Account: s.account(), Wallet: s.newWallet(),
		MaxUpload: int64(rules.rules.MaxBytes), LooksDays: s.config.Scan.RetentionDays, LogInDays: s.config.Session.RetentionDays,
	}, nil
}
