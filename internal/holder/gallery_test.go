package holder_test

import (
	"bytes"
	"errors"
	"image/jpeg"
	"strings"
	"sync"
	"testing"
	"time"

	"yanzheng/internal/holder"
	"yanzheng/internal/picture"
	"yanzheng/internal/testkit"
	"yanzheng/internal/turns"
	"yanzheng/models"
)

func TestGallery(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		u, r := h.bound()
		_, err := h.gallery.Upload(t.Context(), h.user(), models.ImagePhoto, h.photo)
		testkit.WantErr(t, err, models.ErrNotHolder)
		_, err = h.gallery.Upload(t.Context(), u, models.ImagePhoto, []byte("no picture"))
		testkit.WantErr(t, err, picture.ErrFormat)
		_, err = h.gallery.OwnPicture(t.Context(), u, models.ImagePhoto)
		testkit.WantErr(t, err, holder.ErrNoImage)
		first := h.upload(u, models.ImagePhoto, h.photo)
		if again := h.upload(u, models.ImagePhoto, h.photo); again.ID != first.ID || h.vault.kept != 1 {
			t.Errorf("the same again is %+v, %d are kept", again, h.vault.kept)
		}
		own, err := h.gallery.OwnPicture(t.Context(), u, models.ImagePhoto)
		if err != nil || int64(len(own)) != first.Size {
			t.Errorf("own picture of %d bytes, %v", len(own), err)
		}
		_, _, err = h.gallery.AcceptedImages(t.Context(), r.PersonID)
		testkit.WantErr(t, err, models.ErrImagesMissing)
		testkit.WantErr(t, err, models.ErrNotFound) // for those who ask only whether there are any
		if f := models.AsError(err).Field; f != "photo" {
			t.Errorf("missing is %q", f)
		}
		waiting, err := h.gallery.Pending(t.Context(), 0, 10)
		if err != nil || len(waiting) != 1 || waiting[0].Person.Name != r.Person.Name {
			t.Errorf("waiting %+v, %v", waiting, err)
		}
		if _, content, err := h.gallery.Look(t.Context(), first.ID); err != nil || !bytes.Equal(content, own) {
			t.Error("the registrar sees something else", err)
		}
		_, _, err = h.gallery.Decide(t.Context(), first.ID, false, "registrar", " ")
		testkit.WantErr(t, err, holder.ErrReason)
		h.accept(first)
		_, _, err = h.gallery.Look(t.Context(), first.ID)
		testkit.WantErr(t, err, holder.ErrNoSuchCase)
		_, _, err = h.gallery.Decide(t.Context(), first.ID, true, "registrar", "")
		testkit.WantErr(t, err, models.ErrDecided)
		_, _, err = h.gallery.Decide(t.Context(), 999, true, "registrar", "")
		testkit.WantErr(t, err, holder.ErrNoSuchCase)
		_, _, err = h.gallery.AcceptedImages(t.Context(), r.PersonID)
		if f := models.AsError(err).Field; !errors.Is(err, models.ErrImagesMissing) || f != "signature" {
			t.Errorf("missing is %q, %v", f, err)
		}
		h.accept(h.upload(u, models.ImageSignature, h.signature))
		photo, signature, err := h.gallery.AcceptedImages(t.Context(), r.PersonID)
		if err != nil || !bytes.HasPrefix(photo, []byte("\xff\xd8")) || !bytes.HasPrefix(signature, []byte("\x89PNG")) {
			t.Errorf("accepted %.4q, %.4q, %v", photo, signature, err)
		}

		// What is refused or replaced goes when its days are over; what counts stays.
		other := h.upload(u, models.ImageSignature, turnedPNG(t, h.signature))
		_, _, err = h.gallery.Decide(t.Context(), other.ID, false, "registrar", "不清晰")
		testkit.Must(t, err)
		h.clock.Advance(time.Hour)
		h.vault.err = models.ErrUnavailable
		_, err = h.gallery.Prune(t.Context(), models.InstantOf(h.clock.Now()), 10)
		testkit.WantErr(t, err, models.ErrUnavailable)
		h.vault.err = nil
		if n, err := h.gallery.Prune(t.Context(), models.InstantOf(h.clock.Now()), 10); err != nil || n != 1 || h.vault.kept != 2 {
			t.Errorf("%d went, %d are kept, %v", n, h.vault.kept, err)
		}
		// A bucket that is away is no missing photo; content that was changed is a fault of ours.
		h.vault.err = models.ErrUnavailable
		_, _, err = h.gallery.AcceptedImages(t.Context(), r.PersonID)
		testkit.WantErr(t, err, models.ErrUnavailable)
		_, err = h.gallery.Upload(t.Context(), u, models.ImagePhoto, h.photo)
		testkit.WantErr(t, err, models.ErrUnavailable)
		h.vault.err = nil
		testkit.Must(t, h.vault.Put(t.Context(), first.Name, []byte("another")))
		_, _, err = h.gallery.AcceptedImages(t.Context(), r.PersonID)
		testkit.WantErr(t, err, models.ErrInternal)
		testkit.Must(t, h.vault.Delete(t.Context(), first.Name))
		_, _, err = h.gallery.AcceptedImages(t.Context(), r.PersonID)
		testkit.WantErr(t, err, models.ErrInternal)
	})
}

func TestShowOnce(t *testing.T) {
	h := newHouse(t, "SQLite")
	u, r := h.bound()
	h.accept(h.upload(u, models.ImagePhoto, h.photo))
	h.accept(h.upload(u, models.ImageSignature, h.signature))
	kinds := []models.ImageKind{models.ImagePhoto, models.ImageSignature}
	for i, link := range h.made(r.PersonID, kinds...) {
		shown, err := h.gallery.Show(t.Context(), link.Token)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jpeg.Decode(bytes.NewReader(shown)); err != nil {
			t.Error(err)
		}
		kept, err := h.gallery.OwnPicture(t.Context(), u, kinds[i])
		if err != nil || bytes.Equal(kept, shown) {
			t.Error("it is shown without a mark", err)
		}
		_, err = h.gallery.Show(t.Context(), link.Token)
		testkit.WantErr(t, err, holder.ErrLink)
	}
	_, err := h.gallery.Show(t.Context(), strings.Repeat("A", 43))
	testkit.WantErr(t, err, holder.ErrLink)
	for _, link := range h.made(h.admit().PersonID, models.ImagePhoto) { // nobody accepted one
		_, err := h.gallery.Show(t.Context(), link.Token)
		testkit.WantErr(t, err, holder.ErrLink)
	}
	late := h.made(r.PersonID, models.ImagePhoto)
	h.clock.Advance(time.Minute)
	_, err = h.gallery.Show(t.Context(), late[0].Token)
	testkit.WantErr(t, err, holder.ErrLink)
	h.redis.Close()
	_, err = h.gallery.Show(t.Context(), late[0].Token)
	testkit.WantErr(t, err, models.ErrUnavailable)
}

// At most two pictures are decoded at once; a crowd is told to come back rather than take the memory of all.
func TestPicturesAtOnce(t *testing.T) {
	h := newHouse(t, "SQLite")
	u, r := h.bound()
	h.accept(h.upload(u, models.ImageSignature, h.signature))
	slow := &slow{entered: make(chan struct{}, 100), leave: make(chan struct{})}
	g := holder.NewGallery(h.store, h.vault, slow, h.links, h.relay, lines(), h.clock.Now)
	const crowd = 40
	errs := make(chan error, crowd)
	var all sync.WaitGroup
	for range crowd {
		all.Go(func() {
			_, err := g.Upload(t.Context(), u, models.ImagePhoto, h.photo)
			errs <- err
		})
	}
	for range 2 {
		<-slow.entered
	}
	refused := 0
	for range crowd - 16 { // 16 have a place or wait for one
		err := <-errs
		testkit.WantErr(t, err, turns.ErrBusy)
		refused++
	}
	if n := len(slow.entered); n != 0 || refused != crowd-16 {
		t.Errorf("%d more are decoded, %d were refused", n, refused)
	}
	// Whoever has just scanned sees a picture all the same.
	link := h.made(r.PersonID, models.ImageSignature)[0]
	if shown, err := g.Show(t.Context(), link.Token); err != nil || string(shown) != "marked" {
		t.Errorf("shown %q, %v", shown, err)
	}
	close(slow.leave)
	all.Wait()
}
