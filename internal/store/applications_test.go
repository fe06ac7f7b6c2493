package store_test

import (
	"testing"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

func (p *place) testApplications(t *testing.T) {
	p = p.within(t)
	r := p.maker.Registration()
	ask := models.Application{Number: "AEARLY", Category: r.Category, AdmittedAt: at, AdmittedBy: "registrar"}
	a, err := p.Admit(t.Context(), r.Person, ask)
	if err != nil || a.PersonID == 0 || a.Number != "AEARLY" {
		t.Fatalf("admitted %+v, %v", a, err)
	}
	ask.Number = "ALATER"
	if again, err := p.Admit(t.Context(), r.Person, ask); err != nil || again.Number != "AEARLY" || again.ID != a.ID {
		t.Errorf("again %+v, %v", again, err)
	}
	other := r.Person
	other.Name = "别人"
	_, err = p.Admit(t.Context(), other, ask)
	testkit.WantErr(t, err, models.ErrPersonDiffers)
	// The application's number identifies, in the place of a certificate's.
	s := said(r)
	s.Number = "AEARLY"
	if person, _ := p.try("uearly", s, at); person != a.PersonID {
		t.Errorf("identified as %d, want %d", person, a.PersonID)
	}
	register := func() (models.Registration, error) {
		return p.Register(t.Context(), "AEARLY", models.Event{Kind: models.EventRegistered, Actor: "registrar"}, later,
			func(person models.Person, _ models.Application) (models.Registration, error) {
				out := r
				out.Person = person
				return out, nil
			})
	}
	u := p.user("applicant")
	for _, kind := range []models.ImageKind{models.ImagePhoto, models.ImageSignature} {
		_, err := register()
		testkit.WantErr(t, err, models.ErrImagesMissing)
		if models.AsError(err).Field != string(kind) {
			t.Errorf("missing is %s, want %s", models.AsError(err).Field, kind)
		}
		p.accepted(a.PersonID, u, kind, string(kind))
	}
	made, err := register()
	if err != nil || made.PersonID != a.PersonID || made.Version != 1 || made.ID == 0 {
		t.Fatalf("registered %+v, %v", made, err)
	}
	if got := p.registration(made.Category, made.CertificateNumber); got.Person.IDNumber != r.Person.IDNumber || got.Person.PhotoDigest == "" {
		t.Errorf("registered %+v", got)
	}
	_, err = register()
	testkit.WantErr(t, err, models.ErrDecided)
	if h := p.history(subject(made)); len(h) != 1 || h[0].Kind != models.EventRegistered || h[0].PropagatedAt == 0 {
		t.Errorf("history %+v", h)
	}
	// A number that is taken is taken.
	r2 := p.maker.Registration()
	b, err := p.Admit(t.Context(), r2.Person, models.Application{Number: "ASECOND", Category: r2.Category, AdmittedAt: at})
	testkit.Must(t, err)
	for _, kind := range []models.ImageKind{models.ImagePhoto, models.ImageSignature} {
		p.accepted(b.PersonID, u, kind, "second"+string(kind))
	}
	_, err = p.Register(t.Context(), "ASECOND", models.Event{}, later, func(person models.Person, _ models.Application) (models.Registration, error) { return r, nil })
	testkit.WantErr(t, err, models.ErrNumberTaken)
	_, err = p.Register(t.Context(), "NONE", models.Event{}, later, nil)
	testkit.WantErr(t, err, models.ErrNotFound)
}
