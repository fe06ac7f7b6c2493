package models

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// The whole matrix by hand: rows are from, columns to.
func TestCanBecome(t *testing.T) {
	states := []State{StateInForce, StateSuspended, StateCancelled, StateWithdrawn, StateRevoked, "frozen", ""}
	for i, want := range []string{
		".yyyy..", // in force: to anything worse
		"y.yyy..", // suspended: lifted, or worse
		"y..yy..", // cancelled: restored, or worse; never merely suspended
		"y...y..",
		"y......", // revoked: only overturned
		".......", // unknown states decide nothing
		".......",
	} {
		for j, next := range states {
			if got := states[i].CanBecome(next); got != (want[j] == 'y') {
				t.Errorf("%q to %q: %v", states[i], next, got)
			}
		}
	}
}

func TestWorseThanOrdersTheStates(t *testing.T) {
	order := []State{StateInForce, StateSuspended, StateCancelled, StateWithdrawn, StateRevoked}
	for i, a := range order {
		if !a.Valid() {
			t.Errorf("%s is not valid", a)
		}
		for j, b := range order {
			if a.WorseThan(b) != (i > j) {
				t.Errorf("%s worse than %s: %v", a, b, a.WorseThan(b))
			}
		}
	}
	if State("frozen").Valid() || State("").Valid() {
		t.Error("a state outside the set is valid")
	}
}

func TestCheckTakesAGoodRegistration(t *testing.T) {
	for _, change := range []func(r *Registration){
		func(*Registration) {},
		func(r *Registration) { r.Category, r.Specialty = CategoryConstructor1, "建筑工程" },
		func(r *Registration) { r.CertificateNumber, r.SealNumber = "192231410", "湘〔2021〕-007" },
		func(r *Registration) {
			r.CertificateNumber, r.SealNumber = "AZaz09-(1)[2](三)", strings.Repeat("9", 40)
		},
		func(r *Registration) { r.ValidUntil = r.ValidFrom }, // one day
		func(r *Registration) { r.State = StateRevoked },
		func(r *Registration) {
			r.Person.IDType, r.Person.IDNumber = IDPassport, "e12345678"
			r.Person.BirthDate = MustDate("1980-05-20")
		},
		func(r *Registration) { r.Employer = strings.Repeat("院", 100) },
	} {
		r := newWorld().reg
		change(&r)
		if faults := r.Check(today); len(faults) > 0 {
			t.Errorf("%+v: %v", r, faults)
		}
	}
}

// An importer corrects a file once, so it has to hear of every fault at once.
func TestCheckReportsEveryFault(t *testing.T) {
	r := Registration{
		Category: "astronaut", CertificateNumber: "12 15", SealNumber: "", Employer: "", EmployerCode: "1",
		Specialty: strings.Repeat("建", 51), ValidFrom: MustDate("2024-01-02"), ValidUntil: MustDate("2024-01-01"),
		State:  "frozen",
		Person: Person{Name: "明", Sex: "F", IDType: IDResident, IDNumber: "1"},
	}
	faults := r.Check(today)
	want := []*Error{
		ErrCategory, ErrCertificateNumber, ErrSealNumber, ErrName, ErrSex, ErrIDNumber, ErrEmployer, ErrEmployerCode,
		ErrSpecialty, ErrValidity, ErrState,
	}
	if len(faults) != len(want) {
		t.Fatalf("%d faults, want %d: %v", len(faults), len(want), faults)
	}
	for i, e := range want {
		if !errors.Is(faults[i], e) || faults[i].Field == "" {
			t.Errorf("fault %d is %v on %q, want %v", i, faults[i], faults[i].Field, e)
		}
	}
}

func TestCheckNamesTheFault(t *testing.T) {
	for _, c := range []struct {
		change func(r *Registration)
		want   *Error
		field  string
	}{
		{func(r *Registration) { r.ValidFrom = 0 }, ErrDate, "valid_from"},
		{func(r *Registration) { r.ValidUntil = 0 }, ErrDate, "valid_until"},
		{func(r *Registration) { r.ValidUntil = r.ValidFrom - 1 }, ErrValidity, "valid_until"},
		{func(r *Registration) { r.Person.IDType = "" }, ErrIDType, "id_type"},
		{func(r *Registration) { r.Person.IDNumber = "43010219640230031X" }, ErrIDBirth, "id_number"},
		{func(r *Registration) { r.Employer = "设计院\x00" }, ErrEmployer, "employer"},
		{func(r *Registration) { r.Employer = "设计\xff院" }, ErrEmployer, "employer"},
		{func(r *Registration) { r.Employer = "设计\uFFFD院" }, ErrEmployer, "employer"},
		{func(r *Registration) { r.Employer = strings.Repeat("院", 101) }, ErrEmployer, "employer"},
		{func(r *Registration) { r.Specialty = "建\n筑" }, ErrSpecialty, "specialty"},
		{func(r *Registration) { r.CertificateNumber = strings.Repeat("1", 41) }, ErrCertificateNumber, "certificate_number"},
		{func(r *Registration) { r.SealNumber = "28/7" }, ErrSealNumber, "seal_number"},
		{func(r *Registration) { r.SealNumber = "28\xff7" }, ErrSealNumber, "seal_number"},
		{func(r *Registration) { r.State = "" }, ErrState, "status"},
	} {
		r := newWorld().reg
		c.change(&r)
		faults := r.Check(today)
		if len(faults) != 1 || !errors.Is(faults[0], c.want) || faults[0].Field != c.field {
			t.Errorf("want %v on %s alone, got %v", c.want, c.field, faults)
		}
	}
}

func TestCheckTakesTheBirthDateFromTheNumber(t *testing.T) {
	r := newWorld().reg
	r.Person.IDNumber, r.Person.BirthDate = "11010519491231002x", 0
	if faults := r.Check(today); len(faults) > 0 {
		t.Fatal(faults)
	}
	if r.Person.IDNumber != "11010519491231002X" || r.Person.BirthDate.String() != "1949-12-31" {
		t.Errorf("%s, born %s", r.Person.IDNumber, r.Person.BirthDate)
	}
}

func TestNormalizeReachesEveryText(t *testing.T) {
	r := Registration{
		Person: Person{Name: " 古丽•买买提 "}, CertificateNumber: " 1 ", SealNumber: "\t2", Employer: "设计  院\u3000",
		EmployerCode: " 3", Specialty: "4\n",
	}
	r.Normalize()
	got := []string{r.Person.Name, r.CertificateNumber, r.SealNumber, r.Employer, r.EmployerCode, r.Specialty}
	if want := []string{"古丽·买买提", "1", "2", "设计 院", "3", "4"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestRegistrationSaysSinceWhenAndWhy(t *testing.T) {
	for _, c := range []struct {
		state     State
		day, want string
		reason    RegistrationReason
	}{
		{StateInForce, "2021-10-01", "2020-01-01", "registered"},      // its first day
		{StateInForce, "2019-10-01", "2020-01-01", "begins_later"},    // begins on
		{StateInForce, "2025-10-01", "2025-01-01", "validity_passed"}, // the day after its last
		{StateSuspended, "2021-10-01", "2021-09-09", "suspended"},
		{StateCancelled, "2021-10-01", "2021-09-09", "cancelled"},
		{StateWithdrawn, "2025-10-01", "2021-09-09", "withdrawn"},
		{StateRevoked, "2019-10-01", "2021-09-09", "revoked"},
	} {
		r := newWorld().reg
		r.State = c.state
		if c.state != StateInForce {
			r.StateSince = MustDate("2021-09-09")
		}
		f := DecideRegistration(RegistrationFacts(&r), MustDate(c.day))
		if f.Since.String() != c.want || f.Reason() != c.reason {
			t.Errorf("%s on %s: %s since %s, want %s since %s", c.state, c.day, f.Reason(), f.Since, c.reason, c.want)
		}
	}
}

// TestCheckNeedsABirthDate: without one the age cap (R1b) would be skipped.
func TestCheckNeedsABirthDate(t *testing.T) {
	r := newWorld().reg
	r.Category = CategoryConstructor1
	r.Person.IDType, r.Person.IDNumber, r.Person.BirthDate = IDPassport, "E12345678", 0
	if len(r.Check(today)) == 0 {
		t.Error("a constructor without a birth date was taken")
	}
}
