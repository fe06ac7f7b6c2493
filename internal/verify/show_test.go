package verify_test

import (
	"slices"
	"testing"

	"yanzheng/internal/testkit"
	"yanzheng/internal/testkit/storekit"
	"yanzheng/models"
)

// Who may see what: a scan of a genuine certificate alone, the photo for whoever is logged in, the signature image for inspectors,
// each where one is accepted; nothing at /v/.
func TestWhoMaySeeImages(t *testing.T) {
	photo, both := []models.ImageKind{models.ImagePhoto}, []models.ImageKind{models.ImagePhoto, models.ImageSignature}
	for name, w := range map[string]struct {
		photo, signature string
		roles            []models.Role
		want             []models.ImageKind
	}{
		"a user":                          {"p", "s", nil, photo},
		"an employer, who is a holder":    {"p", "s", []models.Role{models.RoleEmployer, models.RoleHolder, models.RoleRegistrar}, photo},
		"an inspector":                    {"p", "s", []models.Role{models.RoleInspector}, both},
		"an inspector, no photo":          {"", "s", []models.Role{models.RoleInspector}, []models.ImageKind{models.ImageSignature}},
		"an inspector, no signature":      {"p", "", []models.Role{models.RoleInspector}, photo},
		"a user, where there is no photo": {"", "s", nil, nil},
		"nobody was collected":            {"", "", []models.Role{models.RoleInspector}, nil},
	} {
		c := newCounter(t)
		c.roles = w.roles
		r := c.admit(nil)
		issued := c.issue(r)
		c.accept(r, models.ImagePhoto, w.photo)
		c.accept(r, models.ImageSignature, w.signature)
		for range 2 { // from the database, then from the cache
			c.scan(issued.Code)
			if got := c.log.shown; !slices.Equal(got, w.want) {
				t.Errorf("%s is shown %v, want %v", name, got, w.want)
			}
		}
		c.scan(forged(issued.Code))
		if c.log.shown != nil {
			t.Errorf("%s is shown %v for a forged code", name, c.log.shown)
		}
		_, err := c.Public(t.Context(), "a", digits(issued.Code), true)
		testkit.Must(t, err)
		if c.log.shown != nil {
			t.Errorf("at /v/ %v is shown", c.log.shown)
		}
	}
}

// accept gives the person of a registration an image that counts; empty: none.
func (c *counter) accept(r models.Registration, kind models.ImageKind, digest string) {
	c.t.Helper()
	if digest == "" {
		return
	}
	found, err := c.store.Registrations(c.t.Context(), r.CertificateNumber)
	testkit.Must(c.t, err)
	at := models.InstantOf(now)
	image, _, err := c.store.AddImage(c.t.Context(), storekit.Holder(c.t, c.store, found[0].PersonID), models.Image{PersonID: found[0].PersonID, Kind: kind, Name: digest, Digest: digest, Size: 1, UploadedAt: at})
	testkit.Must(c.t, err)
	_, events, err := c.store.DecideImage(c.t.Context(), image.ID, true, "registrar", "", at)
	testkit.Must(c.t, err)
	if !c.relay.Propagate(c.t.Context(), events) {
		c.t.Fatal("not propagated")
	}
}
