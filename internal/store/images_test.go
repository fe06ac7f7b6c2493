package store_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"testing"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// image is one that was just uploaded; what it shows is in its words.
func image(person int64, by models.User, kind models.ImageKind, content string) models.Image {
	sum := sha256.Sum256([]byte(content))
	return models.Image{
		PersonID: person, Kind: kind, Name: "images/" + strings.ToLower(rand.Text()), Digest: hex.EncodeToString(sum[:]), Size: int64(len(content)),
		UploadedAt: at, UploadedBy: by.ID,
	}
}

func (p *place) add(i models.Image) (models.Image, bool) {
	p.t.Helper()
	kept, added, err := p.AddImage(p.t.Context(), p.holderOf(i.PersonID), i)
	testkit.Must(p.t, err)
	return kept, added
}

// accepted adds an image and accepts it.
func (p *place) accepted(person int64, by models.User, kind models.ImageKind, content string) (models.Image, []models.Event) {
	p.t.Helper()
	i, _ := p.add(image(person, by, kind, content))
	i, events, err := p.DecideImage(p.t.Context(), i.ID, true, "registrar", "", later)
	testkit.Must(p.t, err)
	return i, events
}

func testImages(t *testing.T, d dialect) {
	p := d.migrated(t)
	r := p.admit(p.maker.Registration())
	another := p.admit(second(r))
	u := p.user("pictured")
	claimed, _ := p.bind(r.PersonID, u)
	if claimed {
		t.Fatal("not bound")
	}
	before := p.issue(r) // prints neither
	first, added := p.add(image(r.PersonID, u, models.ImagePhoto, "one"))
	if !added || first.State != models.ImagePending || first.ID == 0 {
		t.Fatalf("added %+v, %t", first, added)
	}
	same := image(r.PersonID, u, models.ImagePhoto, "one")
	same.Name = "images/elsewhere"
	if kept, added := p.add(same); added || kept.ID != first.ID || kept.Name != first.Name {
		t.Errorf("the same again: %+v, %t", kept, added)
	}
	other, _ := p.add(image(r.PersonID, u, models.ImagePhoto, "two"))
	_, _, err := p.DecideImage(t.Context(), first.ID, true, "registrar", "", later)
	testkit.WantErr(t, err, models.ErrDecided) // replaced meanwhile
	pending, err := p.PendingImages(t.Context(), 0, 10)
	if err != nil || len(pending) != 1 || pending[0].ID != other.ID {
		t.Errorf("pending %+v, %v", pending, err)
	}
	_, _, err = p.DecideImage(t.Context(), other.ID, true, u.ID, "", later)
	testkit.WantErr(t, err, models.ErrForbidden)
	if _, events, err := p.DecideImage(t.Context(), other.ID, false, "registrar", "不是本人", later); err != nil || len(events) != 0 {
		t.Errorf("refused: %+v, %v", events, err)
	}
	_, err = p.AcceptedImage(t.Context(), r.PersonID, models.ImagePhoto)
	testkit.WantErr(t, err, models.ErrNotFound)

	third, events := p.accepted(r.PersonID, u, models.ImagePhoto, "three")
	if len(events) != 2 || events[0].Kind != models.EventImageAccepted || events[0].Version != 2 {
		t.Errorf("accepting is %+v, want a change of both registrations", events)
	}
	facts, err := p.Facts(t.Context(), before.ID)
	if err != nil || !facts.HasPhoto || facts.HasSignature || len(facts.Changed) != 0 || facts.Version != 2 {
		t.Errorf("facts of a certificate without images: %+v, %v", facts, err)
	}
	p.accepted(r.PersonID, u, models.ImageSignature, "ink")
	printed := p.issue(p.registration(r.Category, r.CertificateNumber))
	if printed.Printed.PhotoDigest != third.Digest || printed.Printed.SignatureDigest == "" {
		t.Errorf("printed %+v", printed.Printed)
	}
	changed := func(want ...models.Field) {
		t.Helper()
		facts, err := p.Facts(t.Context(), printed.ID)
		testkit.Must(t, err)
		if len(facts.Changed) != len(want) || len(want) > 0 && facts.Changed[0] != want[0] || !facts.HasSignature {
			t.Errorf("changed %v, want %v", facts.Changed, want)
		}
	}
	changed()
	p.accepted(r.PersonID, u, models.ImagePhoto, "four")
	changed(models.FieldPhoto)
	if i, err := p.Image(t.Context(), third.ID); err != nil || i.State != models.ImageReplaced {
		t.Errorf("the one before is %+v, %v", i, err)
	}
	if _, _, err := p.change(another.ID, "示例新设计院"); err != nil { // a change of something else leaves them alone
		t.Error(err)
	}
	changed(models.FieldPhoto)
	p.accepted(r.PersonID, u, models.ImagePhoto, "three") // the old one again
	changed()

	images, err := p.ImagesOf(t.Context(), r.PersonID)
	if err != nil || len(images) != 3 { // refused, and one accepted of each kind
		t.Errorf("images %+v, %v", images, err)
	}
	stale, err := p.StaleImages(t.Context(), later+1, 100)
	if err != nil || len(stale) != 4 {
		t.Errorf("stale %+v, %v", stale, err)
	}
	for _, i := range append(stale, images...) {
		testkit.Must(t, p.DeleteImage(t.Context(), i.ID))
	}
	if n := p.count("SELECT COUNT(*) FROM person_images"); n != 2 {
		t.Errorf("%d images are left, want those that count", n)
	}
	p.testAcceptedAtOnce(t, r, u)
}

// Two registrars decide the same, and different ones, at once: never two that count.
func (p *place) testAcceptedAtOnce(t *testing.T, r models.Registration, u models.User) {
	t.Helper()
	i, _ := p.add(image(r.PersonID, u, models.ImagePhoto, "race"))
	errs := make([]error, 4)
	var all sync.WaitGroup
	for n := range errs {
		all.Go(func() { _, _, errs[n] = p.DecideImage(t.Context(), i.ID, n%2 == 0, "registrar", "理由", later) })
	}
	all.Wait()
	done := 0
	for _, err := range errs {
		switch {
		case err == nil:
			done++
		case !errors.Is(err, models.ErrDecided):
			t.Error(err)
		}
	}
	if n := p.count("SELECT COUNT(*) FROM person_images WHERE kind = 'photo' AND state = 'accepted'"); done != 1 || n != 1 {
		t.Errorf("%d decisions, %d photos count", done, n)
	}
}
