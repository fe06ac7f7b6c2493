package verify_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"yanzheng/internal/testkit"
	"yanzheng/internal/testkit/storekit"
	"yanzheng/internal/verify"
	"yanzheng/models"
)

func TestLookUp(t *testing.T) {
	for name := range storekit.Databases {
		t.Run(name, func(t *testing.T) {
			c := counterOn(t, name)
			r := c.admit(func(r *models.Registration) { r.Person.Name = "买买提·艾力" })
			last := c.admit(func(other *models.Registration) {
				other.Category, other.CertificateNumber, other.Person, other.ValidUntil = models.CategoryConstructor1, r.CertificateNumber, r.Person, r.ValidUntil.AddDays(9)
			})
			got, err := c.LookUp(t.Context(), verify.LookUpRequest{Name: " 买买提•艾力 ", CertificateNumber: " " + r.CertificateNumber, Category: r.Category})
			testkit.Must(t, err)
			f := got.Verdict.Registration
			if f == nil || f.Facts.RegistrationID != r.ID || f.Status != models.RegistrationInForce || f.Facts.Name != "买买提·艾力" || f.Facts.Employer != r.Employer {
				t.Errorf("%+v", got)
			}
			if f.Facts.IDNumberMasked != "" || got.ScanID != "" || got.Source != models.SourceDatabase || !got.AsOf.Equal(now) || !got.At.Equal(now) {
				t.Errorf("%+v", got.Answer)
			}
			if got.Paper == nil || got.Paper.Status != models.PaperVoid || got.Paper.From != models.MustDate("2022-07-01") || got.Comparison != nil {
				t.Errorf("paper %+v, comparison %+v", got.Paper, got.Comparison)
			}
			// Without a category it is the one that ends last, and nothing is known of its paper.
			got, err = c.LookUp(t.Context(), verify.LookUpRequest{Name: r.Person.Name, CertificateNumber: r.CertificateNumber})
			if err != nil || got.Verdict.Registration.Facts.RegistrationID != last.ID || got.Paper != nil {
				t.Errorf("%+v, %v", got, err)
			}
			if kept := c.log.kept(); len(kept) != 0 {
				t.Errorf("a look-up is no scan: %+v", kept)
			}
		})
	}
}

// "No such number" and "another name" must not be told apart by anybody.
func TestLookUpWithoutMatch(t *testing.T) {
	c := newCounter(t)
	r := c.admit(nil)
	other := c.admit(nil)
	var first error
	for _, q := range []verify.LookUpRequest{
		{Name: r.Person.Name, CertificateNumber: "000000"},
		{Name: other.Person.Name + "甲", CertificateNumber: r.CertificateNumber},
		{Name: other.Person.Name + "甲", CertificateNumber: "000000"},
		{Name: r.Person.Name, CertificateNumber: r.CertificateNumber, Category: models.CategoryArchitect2},
		{Name: r.Person.Name, CertificateNumber: r.CertificateNumber, Category: "no such category"},
		{Name: "", CertificateNumber: r.CertificateNumber},
		{Name: r.Person.Name, CertificateNumber: ""},
		{Name: "%", CertificateNumber: "%"},
		{Name: r.Person.Name, CertificateNumber: "000000", Paper: map[models.Field]string{models.FieldIDNumber: "x"}}, // nor by what else is wrong
	} {
		got, err := c.LookUp(t.Context(), q)
		if !errors.Is(err, verify.ErrNoMatch) || !reflect.DeepEqual(got, verify.LookUp{}) {
			t.Errorf("%+v: %+v, %v", q, got, err)
		}
		if first == nil {
			first = err
		}
		if !reflect.DeepEqual(err, first) || err.Error() != first.Error() {
			t.Errorf("%+v: %#v differs from %#v", q, err, first)
		}
	}
}

// R4: field by field, in the order of the form, and only what is public.
func TestLookUpComparesPaper(t *testing.T) {
	c := newCounter(t)
	r := c.admit(nil)
	ask := func(paper map[models.Field]string) (verify.LookUp, error) {
		return c.LookUp(t.Context(), verify.LookUpRequest{Name: r.Person.Name, CertificateNumber: r.CertificateNumber, Paper: paper})
	}
	got, err := ask(map[models.Field]string{
		models.FieldEmployer: "旧单位", models.FieldSealNumber: " " + r.SealNumber, models.FieldCategory: "一级注册建筑师", models.FieldValidUntil: r.ValidUntil.String(),
	})
	testkit.Must(t, err)
	want := []models.Comparison{
		{Field: models.FieldCategory, Same: true, RegisterSays: "一级注册建筑师"},
		{Field: models.FieldSealNumber, Same: true, RegisterSays: r.SealNumber},
		{Field: models.FieldEmployer, Same: false, RegisterSays: r.Employer},
		{Field: models.FieldValidUntil, Same: true, RegisterSays: r.ValidUntil.String()},
	}
	if !reflect.DeepEqual(got.Comparison, want) {
		t.Errorf("comparison %+v", got.Comparison)
	}
	for _, f := range []models.Field{models.FieldIDNumber, models.FieldBirthDate, models.FieldSex, "state"} {
		got, err := ask(map[models.Field]string{f: "x"})
		testkit.WantErr(t, err, models.ErrPaperField)
		if !reflect.DeepEqual(got, verify.LookUp{}) {
			t.Errorf("%s: %+v", f, got)
		}
	}
}

// A look-up sees the register itself: a change shows without any cache being told, a day without any change.
func TestLookUpIsOfTheMoment(t *testing.T) {
	c := newCounter(t)
	r := c.admit(func(r *models.Registration) { r.ValidUntil = today.AddDays(1) })
	status := func() models.RegistrationStatus {
		got, err := c.LookUp(t.Context(), verify.LookUpRequest{Name: r.Person.Name, CertificateNumber: r.CertificateNumber})
		testkit.Must(t, err)
		return got.Verdict.Registration.Status
	}
	c.clock.Set(today.AddDays(2).Start().Add(-time.Millisecond))
	before := status()
	c.clock.Advance(time.Millisecond)
	if after := status(); before != models.RegistrationInForce || after != models.RegistrationExpired {
		t.Errorf("%s, then %s", before, after)
	}
	c.change(r, func(r *models.Registration) { r.State = models.StateRevoked })
	if got := status(); got != models.RegistrationRevoked {
		t.Errorf("revoked, and %s", got)
	}
}

// A register that is away is not "no match".
func TestLookUpWithoutTheRegister(t *testing.T) {
	c := newCounter(t)
	r := c.admit(nil)
	q := verify.LookUpRequest{Name: r.Person.Name, CertificateNumber: r.CertificateNumber}
	ctx, cancel := context.WithTimeout(t.Context(), -time.Second)
	defer cancel()
	_, err := c.LookUp(ctx, q)
	testkit.WantErr(t, err, models.ErrUnavailable)
	testkit.Must(t, c.store.Close())
	_, err = c.LookUp(t.Context(), q)
	testkit.WantErr(t, err, models.ErrUnavailable)
	if errors.Is(err, verify.ErrNoMatch) {
		t.Error("away, and it says that there is none")
	}
}
