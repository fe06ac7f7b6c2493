package endorse_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"image/jpeg"
	"testing"

	"yanzheng/internal/endorse"
	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// moved are images that something happens to while they are read.
type moved struct {
	endorse.Images
	reads int
	read  func(reads int, photo []byte) []byte
}

func (m *moved) AcceptedImages(ctx context.Context, person int64) (photo, signature []byte, err error) {
	photo, signature, err = m.Images.AcceptedImages(ctx, person)
	m.reads++
	return m.read(m.reads, photo), signature, err
}

// TestPrintsTheImagesThatItNames: a certificate names the digests of the very images on its page. Where another photo was accepted
// after the registration was read, all is drawn anew; a photo that is not the one that counts is never drawn.
func TestPrintsTheImagesThatItNames(t *testing.T) {
	h := newHall(t, "SQLite")
	r := h.move("u1", nil)
	other := anotherPhoto(t)
	images := &moved{Images: h, read: func(reads int, photo []byte) []byte {
		if reads == 1 {
			h.accept(r.PersonID, models.ImagePhoto, other)
			return photo
		}
		return other
	}}
	w := h.wallet(func(p *endorse.WalletParts) { p.Images = images })
	own, made, err := w.Confirm(t.Context(), wish("u1", r, "while-it-moved"))
	testkit.Must(t, err)
	sum, ink := sha256.Sum256(other), sha256.Sum256(someInk())
	if p := own.Certificate.Printed; !made || images.reads != 2 || p.PhotoDigest != hex.EncodeToString(sum[:]) || p.SignatureDigest != hex.EncodeToString(ink[:]) {
		t.Errorf("made %t after %d reads, photo %s, signature %s", made, images.reads, p.PhotoDigest, p.SignatureDigest)
	}
	pdf, err := w.PDF(t.Context(), "u1", own.Certificate.ID)
	testkit.Must(t, err)
	if !bytes.Contains(pdf.Content, other) || bytes.Contains(pdf.Content, somePhoto()) {
		t.Error("the page does not show the photo that the certificate names")
	}

	images.read = func(int, []byte) []byte { return somePhoto() } // which counts no more
	_, made, err = w.Confirm(t.Context(), wish("u1", r, "never-the-one"))
	testkit.WantErr(t, err, models.ErrUnavailable)
	if made || len(h.kept()) != 1 || h.made(r) != 1 {
		t.Errorf("made %t, %d certificates, files %q", made, h.made(r), h.kept())
	}
}

func anotherPhoto(t *testing.T) []byte {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(somePhoto()))
	testkit.Must(t, err)
	var b bytes.Buffer
	testkit.Must(t, jpeg.Encode(&b, img, &jpeg.Options{Quality: 40}))
	return b.Bytes()
}
