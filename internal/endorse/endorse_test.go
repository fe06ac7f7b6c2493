package endorse_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"yanzheng/internal/code"
	"yanzheng/internal/endorse"
	"yanzheng/internal/testkit"
	"yanzheng/internal/testkit/storekit"
	"yanzheng/models"
)

// What comes of it, on each database: a certificate that prints the register of that moment, and a code that
// reads back as that certificate.
func TestEndorse(t *testing.T) {
	for name := range storekit.Databases {
		t.Run(name, func(t *testing.T) {
			d := deskOn(t, name)
			r := d.admit(func(r *models.Registration) { r.Person.Name = "买买提·𠮷"; r.Specialty = "建筑" })
			issued, err := d.Endorse(t.Context(), "", "  "+r.CertificateNumber+" ", "holder")
			testkit.Must(t, err)
			c := issued.Certificate
			want := models.Certificate{
				ID: c.ID, RegistrationID: r.ID, Kind: models.KindRegistrationCertificate, KeyNumber: 0,
				UseFrom: today, UseUntil: today.AddDays(180), Printed: models.PrintOf(&r), IssuedAt: models.InstantOf(now),
			}
			if c != want || c.ID == (models.CertificateID{}) {
				t.Errorf("issued %+v\nwant   %+v", c, want)
			}
			read := d.codes.Read(issued.Code)
			if !strings.HasPrefix(issued.Code, prefix) || read.Outcome != models.ReadGenuine || read.ID != c.ID || read.UseUntil != c.UseUntil || read.Kind != c.Kind || read.KeyNumber != 0 {
				t.Errorf("the code %s reads as %+v", issued.Code, read)
			}
			facts := d.facts(read.ID)
			if v := models.Decide(read, &facts, now); !v.Usable() || len(facts.Changed) != 0 || facts.Name != "买买提·𠮷" {
				t.Errorf("a scan finds %+v", v)
			}
		})
	}
}

// Many at once, each for itself: what cannot be endorsed says why, and the others are made, each with its event.
func TestEndorseAll(t *testing.T) {
	for name := range storekit.Databases {
		t.Run(name, func(t *testing.T) {
			d := deskOn(t, name)
			first, second := d.admit(nil), d.admit(nil)
			barred := d.admit(func(r *models.Registration) { r.State = models.StateSuspended })
			all, err := d.EndorseAll(t.Context(), "", []string{first.CertificateNumber, "no such", barred.CertificateNumber, " " + second.CertificateNumber, first.CertificateNumber}, "office")
			testkit.Must(t, err)
			ids := map[models.CertificateID]bool{}
			for i, want := range []error{nil, models.ErrNotFound, models.ErrEndorseBarred, nil, nil} {
				o := all[i]
				if !errors.Is(o.Err, want) || (want == nil) != (o.Code != "") {
					t.Errorf("%d: %v, code %q; want %v", i, o.Err, o.Code, want)
				}
				if want == nil {
					ids[o.Certificate.ID] = true
					if read := d.codes.Read(o.Code); read.ID != o.Certificate.ID || d.facts(read.ID).RegistrationID != o.Certificate.RegistrationID {
						t.Errorf("%d: the code reads as %+v", i, read)
					}
				}
			}
			if len(ids) != 3 || all[3].Certificate.RegistrationID != second.ID {
				t.Errorf("%d certificates, the fourth of %d", len(ids), all[3].Certificate.RegistrationID)
			}
			if _, err := d.EndorseAll(t.Context(), "", make([]string, endorse.MaxAtOnce+1), "office"); err == nil {
				t.Error("more than a transaction holds")
			}
		})
	}
}

// What is printed stays; the register goes on; a new certificate prints the new register (二(三)).
func TestPrintedIsASnapshot(t *testing.T) {
	d := newDesk(t)
	r := d.admit(nil)
	first := d.endorse(r)
	d.change(r, func(r *models.Registration) { r.Employer, r.Person.Name = "新的设计院", "李新名" })
	if got := d.facts(first.Certificate.ID).Changed; !slices.Equal(got, []models.Field{models.FieldName, models.FieldEmployer}) {
		t.Errorf("the first one differs in %v", got)
	}
	again := d.endorse(r)
	if again.Certificate.ID == first.Certificate.ID || again.Code == first.Code || again.Certificate.Printed.Employer != "新的设计院" {
		t.Errorf("again %+v", again)
	}
	if f := d.facts(again.Certificate.ID); len(f.Changed) != 0 || f.Name != "李新名" {
		t.Errorf("the second one differs in %v", f.Changed)
	}
	d.change(r, func(r *models.Registration) {
		r.Employer, r.Person.Name = first.Certificate.Printed.Employer, first.Certificate.Printed.Name
	})
	if got := d.facts(first.Certificate.ID).Changed; len(got) != 0 {
		t.Errorf("changed back, the first one differs in %v", got)
	}
	if d.made(r) != 2 {
		t.Errorf("%d certificates", d.made(r))
	}
}

func TestUseWindow(t *testing.T) {
	d := newDesk(t)
	for name, c := range map[string]struct {
		change func(r *models.Registration)
		until  models.Date
	}{
		"180 days":                      {nil, today.AddDays(180)},
		"the registration ends earlier": {func(r *models.Registration) { r.ValidUntil = today.AddDays(179) }, today.AddDays(179)},
		"it ends today":                 {func(r *models.Registration) { r.ValidUntil = today }, today},
		"it began today":                {func(r *models.Registration) { r.ValidFrom = today }, today.AddDays(180)},
		"a constructor turns 65": {func(r *models.Registration) {
			r.Category, r.Person.BirthDate = models.CategoryConstructor1, today.AddDays(20).Anniversary(-65)
		}, today.AddDays(20)},
		"an architect turns 65": {func(r *models.Registration) { r.Person.BirthDate = today.AddDays(20).Anniversary(-65) }, today.AddDays(180)},
	} {
		issued := d.endorse(d.admit(c.change))
		if got := issued.Certificate; got.UseFrom != today || got.UseUntil != c.until || d.codes.Read(issued.Code).UseUntil != c.until {
			t.Errorf("%s: %v to %v, want %v", name, got.UseFrom, got.UseUntil, c.until)
		}
	}
}

// R11: whatever is not in force, or is blocked, bars; and nothing is left of the attempt.
func TestBarred(t *testing.T) {
	d := newDesk(t)
	block := func(from, until models.Date) func(r *models.Registration) {
		return func(r *models.Registration) {
			r.Blocks = append(r.Blocks, models.Block{RegistrationID: r.ID, Kind: models.BlockPenalty, From: from, Until: until})
		}
	}
	state := func(s models.State) func(r *models.Registration) {
		return func(r *models.Registration) { r.State = s }
	}
	for name, c := range map[string]struct {
		change func(r *models.Registration)
		barred bool
	}{
		"suspended":             {state(models.StateSuspended), true},
		"cancelled":             {state(models.StateCancelled), true},
		"withdrawn":             {state(models.StateWithdrawn), true},
		"revoked":               {state(models.StateRevoked), true},
		"expired":               {func(r *models.Registration) { r.ValidUntil = today.AddDays(-1) }, true},
		"not yet":               {func(r *models.Registration) { r.ValidFrom = today.AddDays(1) }, true},
		"under a penalty":       {block(today.AddDays(-1), 0), true},
		"its last day":          {block(today.AddDays(-9), today), true},
		"its first day":         {block(today, today.AddDays(9)), true},
		"past the age":          {func(r *models.Registration) { r.Person.BirthDate = today.AddDays(-1).Anniversary(-65) }, true},
		"the penalty is over":   {block(today.AddDays(-9), today.AddDays(-1)), false},
		"the penalty is ahead":  {block(today.AddDays(1), 0), false},
		"nothing is against it": {func(*models.Registration) {}, false},
	} {
		r := d.admit(func(r *models.Registration) { r.Category = models.CategoryConstructor1 })
		d.change(r, c.change)
		issued, err := d.Endorse(t.Context(), r.Category, r.CertificateNumber, "holder")
		if !c.barred {
			if err != nil || d.made(r) != 1 {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if !errors.Is(err, models.ErrEndorseBarred) || issued.Code != "" || d.made(r) != 0 {
			t.Errorf("%s: %v, code %q, %d certificates", name, err, issued.Code, d.made(r))
		}
	}
}

// The bar falls and rises with the day in China.
func TestBarredUntilMidnight(t *testing.T) {
	d := newDesk(t)
	r := d.admit(func(r *models.Registration) { r.ValidFrom = today.AddDays(1) })
	d.clock.Set(today.AddDays(1).Start().Add(-time.Millisecond))
	_, err := d.Endorse(t.Context(), "", r.CertificateNumber, "holder")
	testkit.WantErr(t, err, models.ErrEndorseBarred)
	d.clock.Advance(time.Millisecond)
	if got := d.endorse(r).Certificate; got.UseFrom != today.AddDays(1) {
		t.Errorf("used from %v", got.UseFrom)
	}
}

func TestEndorseOfNoOrSeveralRegistrations(t *testing.T) {
	d := newDesk(t)
	one := d.admit(nil)
	d.admit(func(r *models.Registration) {
		r.Category, r.CertificateNumber = models.CategoryStructural1, one.CertificateNumber
	})
	_, err := d.Endorse(t.Context(), "", one.CertificateNumber, "holder")
	testkit.WantErr(t, err, models.ErrAmbiguous)
	_, err = d.Endorse(t.Context(), "", "none", "holder")
	testkit.WantErr(t, err, models.ErrNotFound)
	if d.made(one) != 0 {
		t.Error("a certificate all the same")
	}
	if got := d.endorse(one).Certificate.Printed.Category; got != models.CategoryArchitect1 {
		t.Errorf("printed %s", got)
	}
}

// brokenKeys fail where a real ring may: it has no key for the day, or cannot sign with it.
type brokenKeys struct {
	endorse.Codes
	key, sign error
}

func (b brokenKeys) SigningKey(day models.Date) (uint8, error) {
	if b.key != nil {
		return 0, b.key
	}
	return b.Codes.SigningKey(day)
}

func (b brokenKeys) URL(*models.Certificate) (string, error) { return "", b.sign }

// A certificate without a code is none: nothing is stored.
func TestNoKeyNoCertificate(t *testing.T) {
	d := newDesk(t)
	r := d.admit(nil)
	for _, keys := range []brokenKeys{{d.codes, code.ErrNoSigningKey, nil}, {d.codes, nil, code.ErrNoSigningKey}} {
		issued, err := endorse.New(d.store, keys, d, d.clock.Now).Endorse(t.Context(), "", r.CertificateNumber, "holder")
		testkit.WantErr(t, err, code.ErrNoSigningKey)
		if issued.Code != "" || d.made(r) != 0 {
			t.Errorf("issued %+v", issued)
		}
	}
	d.clock.Set(today.AddDays(-1).Start()) // before the ring's first key
	_, err := d.Endorse(t.Context(), "", r.CertificateNumber, "holder")
	testkit.WantErr(t, err, code.ErrNoSigningKey)
}

func TestWithdraw(t *testing.T) {
	d := newDesk(t)
	r := d.admit(nil)
	lost, kept := d.endorse(r).Certificate, d.endorse(r).Certificate
	d.caches = false
	if propagated, err := d.Withdraw(t.Context(), lost.ID, "手机遗失", "holder"); err != nil || propagated {
		t.Errorf("with the caches away: %t, %v", propagated, err)
	}
	if len(d.heard) != 1 || d.heard[0].Kind != models.EventCertificateWithdrawn || d.heard[0].Reason != "手机遗失" || d.heard[0].Actor != "holder" || d.heard[0].Version != 2 {
		t.Errorf("heard %+v", d.heard)
	}
	if f := d.facts(lost.ID); f.WithdrawnOn != today {
		t.Errorf("facts %+v", f)
	}
	if f := d.facts(kept.ID); f.WithdrawnOn != 0 {
		t.Errorf("the other one: %+v", f)
	}
	d.caches, d.heard = true, nil
	_, err := d.Withdraw(t.Context(), lost.ID, "再次", "holder")
	testkit.WantErr(t, err, endorse.ErrWithdrawn)
	_, err = d.Withdraw(t.Context(), models.CertificateID{1}, "", "holder")
	testkit.WantErr(t, err, models.ErrNotFound)
	_, err = d.Withdraw(t.Context(), kept.ID, strings.Repeat("理", 201), "holder")
	testkit.WantErr(t, err, endorse.ErrReason)
	_, err = d.Withdraw(t.Context(), kept.ID, "丢失\u202e", "holder")
	testkit.WantErr(t, err, models.ErrHidden)
	if len(d.heard) != 0 || d.facts(kept.ID).WithdrawnOn != 0 {
		t.Errorf("heard %+v", d.heard)
	}
	if propagated, err := d.Withdraw(t.Context(), kept.ID, strings.Repeat("理", 200), "holder"); err != nil || !propagated {
		t.Errorf("%t, %v", propagated, err)
	}
}

// Ids are what keeps certificates from being walked: no two alike, none that follows from another.
func TestIDsAreRandom(t *testing.T) {
	d := newDesk(t)
	r := d.admit(nil)
	seen := map[models.CertificateID]bool{}
	heads := map[[2]byte]bool{}
	for range 50 {
		id := d.endorse(r).Certificate.ID
		seen[id], heads[[2]byte{id[0], id[1]}] = true, true
	}
	if len(seen) != 50 || len(heads) < 45 {
		t.Errorf("%d ids with %d beginnings out of 50", len(seen), len(heads))
	}
	if got := reflect.TypeFor[models.CertificateID]().Len(); got != 8 {
		t.Errorf("%d bytes", got)
	}
}
