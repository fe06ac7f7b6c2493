package register_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"yanzheng/internal/register"
	"yanzheng/internal/testkit"
	"yanzheng/internal/testkit/storekit"
	"yanzheng/models"
)

var states = []models.State{models.StateInForce, models.StateSuspended, models.StateCancelled, models.StateWithdrawn, models.StateRevoked}

// The whole matrix, on each database: what is allowed happens with its event, what is not leaves no trace.
func TestMove(t *testing.T) {
	worse := map[models.State]int{models.StateInForce: 0, models.StateSuspended: 1, models.StateCancelled: 2, models.StateWithdrawn: 3, models.StateRevoked: 4}
	kinds := map[models.State]models.EventKind{
		models.StateInForce: models.EventRestored, models.StateSuspended: models.EventSuspended, models.StateCancelled: models.EventCancelled,
		models.StateWithdrawn: models.EventWithdrawn, models.StateRevoked: models.EventRevoked,
	}
	for name := range storekit.Databases {
		t.Run(name, func(t *testing.T) {
			o := officeOn(t, name)
			for _, from := range states {
				for _, next := range append(states, "frozen", "") {
					r := o.maker.Registration()
					r.State = from
					o.admit(r)
					out, err := o.Move(t.Context(), decision(r), next)
					got, heard := o.get(r), o.caches.take()
					_, known := worse[next]
					if allowed := known && from != next && (next == models.StateInForce || worse[next] > worse[from]); !allowed {
						testkit.WantErr(t, err, register.ErrMove)
						if got.State != from || got.Version != 1 || len(heard) != 0 {
							t.Errorf("%s to %s is refused, and yet %+v, %+v", from, next, got, heard)
						}
						continue
					}
					testkit.Must(t, err)
					if got.State != next || got.StateSince != today || got.Version != 2 || !out.Propagated || out.Registration.State != next || out.Registration.Version != 2 {
						t.Errorf("%s to %s: %+v, %+v", from, next, got, out)
					}
					if len(heard) != 1 || heard[0].Kind != kinds[next] || heard[0].Reason != "群众举报,查证属实" || heard[0].Actor != "cli:registrar" || heard[0].At != models.InstantOf(now) {
						t.Errorf("%s to %s: heard %+v", from, next, heard)
					}
				}
			}
		})
	}
}

// Every decision says why, and by whom.
func TestReasonIsRequired(t *testing.T) {
	o := newOffice(t)
	r := o.maker.Registration()
	o.admit(r)
	decide := map[string]func(d register.Decision) error{
		"Move": func(d register.Decision) error { _, err := o.Move(t.Context(), d, models.StateSuspended); return err },
		"Change": func(d register.Decision) error {
			_, err := o.Change(t.Context(), d, map[models.Field]string{models.FieldEmployer: "换了单位"})
			return err
		},
		"Block": func(d register.Decision) error {
			_, err := o.Block(t.Context(), d, models.BlockPenalty, 0, 0)
			return err
		},
		"Unblock": func(d register.Decision) error { _, err := o.Unblock(t.Context(), d, models.BlockPenalty); return err },
	}
	for name, f := range decide {
		hidden := decision(r)
		hidden.Reason = "理由\u202e"
		if err := f(hidden); !errors.Is(err, models.ErrHidden) || models.AsError(err).Field != "reason" {
			t.Errorf("%s with a reason that turns the direction: %v", name, err)
		}
		for _, reason := range []string{"", "   ", "\t\n", strings.Repeat("理", 501)} {
			d := decision(r)
			d.Reason = reason
			if err := f(d); err == nil || models.AsError(err).Code != register.ErrReason.Code || models.AsError(err).Field != "reason" {
				t.Errorf("%s with the reason %.10q: %v", name, reason, err)
			}
		}
	}
	if got := o.get(r); got.Version != 1 || len(o.caches.take()) != 0 {
		t.Errorf("changed without a reason: %+v", got)
	}
	d := decision(r)
	d.Reason = "  " + strings.Repeat("𠮷", 500) + " "
	_, err := o.Move(t.Context(), d, models.StateSuspended)
	testkit.Must(t, err)
	if heard := o.caches.take(); heard[0].Reason != strings.Repeat("𠮷", 500) {
		t.Errorf("kept as %.20q", heard[0].Reason)
	}
}

func TestDecisionNamesOneRegistration(t *testing.T) {
	o := newOffice(t)
	one := o.maker.Registration()
	other := one
	other.Category = models.CategoryStructural1
	alone := o.maker.Registration()
	o.admit(one, other, alone)
	for name, c := range map[string]struct {
		category models.Category
		number   string
		want     error
	}{
		"several categories":  {"", one.CertificateNumber, models.ErrAmbiguous},
		"one of them":         {models.CategoryStructural1, one.CertificateNumber, nil},
		"none of them":        {models.CategoryArchitect2, one.CertificateNumber, models.ErrNotFound},
		"no such number":      {"", "000000", models.ErrNotFound},
		"spaces at its ends":  {"", "  " + alone.CertificateNumber + " ", nil},
		"nothing":             {"", "", models.ErrNotFound},
		"not a number at all": {"", "' OR 1=1", models.ErrNotFound},
	} {
		d := decision(one)
		d.Category, d.CertificateNumber = c.category, c.number
		_, err := o.Move(t.Context(), d, models.StateSuspended)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if o.get(one).State != models.StateInForce || o.get(other).State != models.StateSuspended || o.get(alone).State != models.StateSuspended {
		t.Error("the decision hit another registration")
	}
}

// Committed, but the caches do not know yet: the answer must not claim more.
func TestPropagatedIsAsThePropagatorSays(t *testing.T) {
	o := newOffice(t)
	r := o.maker.Registration()
	o.admit(r)
	for i, there := range []bool{false, true} {
		o.caches.there = there
		out, err := o.Change(t.Context(), decision(r), map[models.Field]string{models.FieldSpecialty: strings.Repeat("专", i+1)})
		if err != nil || out.Propagated != there || o.get(r).Version != int64(i+2) {
			t.Errorf("with caches that answer %t: %+v, %v", there, out, err)
		}
	}
}

func TestChange(t *testing.T) {
	o := newOffice(t)
	r := o.maker.Registration()
	r.ValidFrom, r.ValidUntil, r.Person.Sex = today.AddDays(-100), today.AddDays(300), models.Male
	o.admit(r)
	version := int64(1)
	for _, c := range []struct {
		fields map[models.Field]string
		code   string // of the error, empty when it is to work
		check  func(r models.Registration) bool
	}{
		{map[models.Field]string{models.FieldEmployer: "  新的   设计院"}, "", func(r models.Registration) bool { return r.Employer == "新的 设计院" }},
		{map[models.Field]string{models.FieldEmployer: "新的 设计院"}, "nothing_to_change", nil},
		{map[models.Field]string{}, "nothing_to_change", nil},
		{map[models.Field]string{models.FieldName: "李新•名", models.FieldSex: "女"}, "", func(r models.Registration) bool {
			return r.Person.Name == "李新·名" && r.Person.Sex == models.Female
		}},
		{map[models.Field]string{models.FieldIDNumber: "11010519491231002x"}, "", func(r models.Registration) bool {
			return r.Person.IDNumber == "11010519491231002X" && r.Person.BirthDate == models.MustDate("1949-12-31")
		}},
		{map[models.Field]string{models.FieldValidFrom: "2026-01-01", models.FieldValidUntil: "2028-12-31"}, "", func(r models.Registration) bool {
			return r.ValidFrom == models.MustDate("2026-01-01") && r.ValidUntil == models.MustDate("2028-12-31")
		}},
		{map[models.Field]string{models.FieldSealNumber: "990001-999", models.FieldSpecialty: "建筑"}, "", func(r models.Registration) bool {
			return r.SealNumber == "990001-999" && r.Specialty == "建筑"
		}},
		{map[models.Field]string{models.FieldSpecialty: ""}, "", func(r models.Registration) bool { return r.Specialty == "" }},
		{map[models.Field]string{models.FieldEmployer: ""}, "employer_invalid", nil},
		{map[models.Field]string{models.FieldEmployerCode: "1"}, "employer_code_invalid", nil},
		{map[models.Field]string{models.FieldName: "李"}, "name_invalid", nil},
		{map[models.Field]string{models.FieldSex: "男女"}, "sex_invalid", nil},
		{map[models.Field]string{models.FieldIDNumber: "110105194912310021"}, "id_number_invalid", nil},
		{map[models.Field]string{models.FieldValidUntil: "2025-12-31"}, "validity_reversed", nil},
		{map[models.Field]string{models.FieldValidUntil: "2025-02-29"}, "date_invalid", nil},
		{map[models.Field]string{models.FieldSealNumber: "a b"}, "seal_number_invalid", nil},
		{map[models.Field]string{models.FieldCertificateNumber: "1"}, "field_fixed", nil},
		{map[models.Field]string{models.FieldCategory: "二级注册建筑师"}, "field_fixed", nil},
		{map[models.Field]string{models.FieldBirthDate: "1990-01-01"}, "nothing_to_change", nil}, // the ID number holds it
		{map[models.Field]string{models.FieldIDType: "学生证"}, "id_type_unknown", nil},
		{map[models.Field]string{models.FieldIDType: "passport"}, "id_number_invalid", nil},
		{map[models.Field]string{"state": "in_force"}, "field_fixed", nil},
		{map[models.Field]string{models.FieldEmployer: "好的单位", models.FieldSex: "?"}, "sex_invalid", nil}, // all or nothing
		{map[models.Field]string{models.FieldIDType: "护照", models.FieldIDNumber: "e12345678", models.FieldBirthDate: "1949-12-30"}, "", func(r models.Registration) bool {
			return r.Person.IDType == models.IDPassport && r.Person.IDNumber == "E12345678" && r.Person.BirthDate == models.MustDate("1949-12-30")
		}},
		{map[models.Field]string{models.FieldBirthDate: "2026-03-03"}, "birth_date_needed", nil}, // tomorrow
	} {
		before := o.get(r)
		out, err := o.Change(t.Context(), decision(r), c.fields)
		got, heard := o.get(r), o.caches.take()
		if c.code != "" {
			if err == nil || models.AsError(err).Code != c.code || got.Version != version || got.Employer != before.Employer || len(heard) != 0 {
				t.Errorf("%v: %v, want %s; now %+v", c.fields, err, c.code, got)
			}
			continue
		}
		version++
		if err != nil || !c.check(got) || got.Version != version || out.Registration.Version != version || len(heard) != 1 || heard[0].Kind != models.EventChanged {
			t.Errorf("%v: %v, heard %+v, now %+v", c.fields, err, heard, got)
		}
	}
}

// A person's name is on every certificate of every registration of that person.
func TestChangeOfNameReachesTheOtherRegistration(t *testing.T) {
	o := newOffice(t)
	one := o.maker.Registration()
	other := one
	other.Category = models.CategoryStructural1
	o.admit(one, other)
	_, err := o.Change(t.Context(), decision(one), map[models.Field]string{models.FieldName: "李新名"})
	testkit.Must(t, err)
	if heard := o.caches.take(); len(heard) != 2 {
		t.Errorf("heard %+v, want one event for each registration", heard)
	}
	if got := o.get(other); got.Person.Name != "李新名" || got.Version != 2 {
		t.Errorf("the other registration %+v", got)
	}
}

func TestBlockAndUnblock(t *testing.T) {
	for name := range storekit.Databases {
		t.Run(name, func(t *testing.T) { officeOn(t, name).testBlockAndUnblock(t) })
	}
}

func (o *office) testBlockAndUnblock(t *testing.T) {
	r := o.maker.Registration()
	o.admit(r)
	d := decision(r)
	bars := func() (days []string) {
		for _, b := range o.get(r).Blocks {
			days = append(days, b.From.String()+"~"+b.Until.String())
		}
		return days
	}
	wantBars := func(want ...string) {
		t.Helper()
		if got := bars(); !slices.Equal(got, want) {
			t.Errorf("blocks %q, want %q", got, want)
		}
	}
	_, err := o.Unblock(t.Context(), d, models.BlockPenalty)
	testkit.WantErr(t, err, register.ErrNoChange)
	_, err = o.Block(t.Context(), d, models.BlockPenalty, today, today.AddDays(-1))
	testkit.WantErr(t, err, models.ErrValidity)
	wantBars()

	_, err = o.Block(t.Context(), d, models.BlockPenalty, 0, today) // from today, today included
	testkit.Must(t, err)
	wantBars("2026-03-02~2026-03-02")
	out, err := o.Block(t.Context(), d, models.BlockPenalty, today.AddDays(30), 0)
	testkit.Must(t, err)
	_, err = o.Block(t.Context(), d, models.BlockPenalty, today.AddDays(30), 0) // the same command again
	testkit.WantErr(t, err, register.ErrNoChange)
	_, err = o.Block(t.Context(), d, "inquiry", today.AddDays(-5), 0)
	testkit.Must(t, err)
	wantBars("2026-03-02~2026-03-02", "2026-04-01~", "2026-02-25~")
	finding := models.DecideRegistration(models.RegistrationFacts(&out.Registration), today)
	if !slices.Equal(finding.Blocks, []models.BlockKind{models.BlockPenalty}) {
		t.Errorf("today's finding %+v", finding)
	}

	// What is over stays as history; what runs or lies ahead goes; what is of another kind is left alone.
	o.clock.Advance(24 * time.Hour)
	_, err = o.Unblock(t.Context(), d, models.BlockPenalty)
	testkit.Must(t, err)
	wantBars("2026-03-02~2026-03-02", "2026-02-25~")
	_, err = o.Unblock(t.Context(), d, models.BlockPenalty)
	testkit.WantErr(t, err, register.ErrNoChange)
	var kinds []models.EventKind
	for _, e := range o.caches.take() {
		kinds = append(kinds, e.Kind)
	}
	if !slices.Equal(kinds, []models.EventKind{models.EventBlocked, models.EventBlocked, models.EventBlocked, models.EventUnblocked}) || o.get(r).Version != 5 {
		t.Errorf("events %q, version %d", kinds, o.get(r).Version)
	}
}

// Of several faults it is always the same one that is told.
func TestChangeTellsTheSameFault(t *testing.T) {
	o := newOffice(t)
	r := o.maker.Registration()
	o.admit(r)
	for range 20 {
		_, err := o.Change(t.Context(), decision(r), map[models.Field]string{
			models.FieldValidUntil: "9999-12-31", models.FieldSex: "x", models.FieldValidFrom: "0001-01-01", models.FieldBirthDate: "1",
		})
		if got := models.AsError(err); got.Code != models.ErrDate.Code || got.Field != "birth_date" {
			t.Fatalf("%v on %q", err, got.Field)
		}
	}
}
