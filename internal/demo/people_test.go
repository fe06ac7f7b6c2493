package demo

import (
	"reflect"
	"strings"
	"testing"

	"yanzheng/models"
)

var day = models.MustDate("2026-08-05")

// TestPeoplePassEveryCheck: an import file of made-up people has no row that is rejected, however long it is.
func TestPeoplePassEveryCheck(t *testing.T) {
	const n = 30_000 // so many that birthdays and serials meet
	m := NewMaker(1, "9", day)
	ids, numbers := map[string]bool{}, map[string]bool{}
	sexes, lengths := map[models.Sex]int{}, map[int]int{}
	for range n {
		r := m.Registration()
		person := r.Person
		if faults := r.Check(day); len(faults) > 0 {
			t.Fatalf("%+v: %v", r, faults)
		}
		if r.Person.BirthDate != person.BirthDate {
			t.Fatalf("the ID number says %v, the person %v", r.Person.BirthDate, person.BirthDate)
		}
		if odd := (person.IDNumber[16]-'0')%2 == 1; odd != (person.Sex == models.Male) {
			t.Fatalf("the ID number %s is of the other sex", person.IDNumber)
		}
		if s := r.StatusOn(day); s != models.RegistrationInForce {
			t.Fatalf("made up as %s", s)
		}
		// The promise: nobody real. No place has a region that begins so.
		if !strings.HasPrefix(person.IDNumber, "99") || !strings.HasPrefix(r.EmployerCode[2:], "99") {
			t.Fatalf("might be somebody: %s, %s", person.IDNumber, r.EmployerCode)
		}
		if ids[person.IDNumber] || numbers[r.CertificateNumber] {
			t.Fatalf("%s or %s was made up before", person.IDNumber, r.CertificateNumber)
		}
		ids[person.IDNumber], numbers[r.CertificateNumber] = true, true
		sexes[person.Sex]++
		lengths[len([]rune(person.Name))]++
	}
	if sexes[models.Male] < n/3 || sexes[models.Female] < n/3 || lengths[2] < n/3 || lengths[3] < n/3 || len(lengths) != 2 {
		t.Errorf("of one kind: %v, %v", sexes, lengths)
	}
}

func TestSameSeedSamePeople(t *testing.T) {
	a, b, c := NewMaker(7, "A", day), NewMaker(7, "A", day), NewMaker(8, "A", day)
	for range 100 {
		x, y, z := a.Registration(), b.Registration(), c.Registration()
		if !reflect.DeepEqual(x, y) {
			t.Fatalf("%+v and %+v", x, y)
		}
		if x.Person.IDNumber == z.Person.IDNumber {
			t.Fatalf("another seed makes the same people: %s", x.Person.Name)
		}
	}
}

func TestEmployerCode(t *testing.T) {
	seen := map[string]bool{}
	for _, n := range []int{0, 1, 42, 9_999_999} {
		code := EmployerCode(n)
		if err := models.CheckEmployerCode(code); err != nil || seen[code] {
			t.Errorf("%d: %s, %v", n, code, err)
		}
		seen[code] = true
	}
}

func TestForgeChangesOneDigit(t *testing.T) {
	for last := range 10 {
		code := "https://x/v/777" + string(rune('0'+last))
		forged := forge(code)
		if len(forged) != len(code) || forged == code || forged[:len(code)-1] != code[:len(code)-1] || forged[len(code)-1] < '0' || forged[len(code)-1] > '9' {
			t.Errorf("%s becomes %s", code, forged)
		}
	}
}

// TestScenesCoverEverything: a status that the domain has and no scene shows would be missing from the demonstration. The
// three documents without a registration come from elsewhere.
func TestScenesCoverEverything(t *testing.T) {
	documents, registrations := map[models.DocumentStatus]bool{}, map[models.RegistrationStatus]bool{}
	for _, s := range scenes {
		documents[s.document], registrations[s.registration] = true, true
		if s.note.ZH == "" || s.note.EN == "" {
			t.Errorf("a scene without words: %+v", s.note)
		}
	}
	for _, d := range []models.DocumentStatus{models.DocumentWithdrawn, models.DocumentExpired, models.DocumentOutdated, models.DocumentValid} {
		if !documents[d] {
			t.Errorf("no scene shows the document status %s", d)
		}
	}
	for _, r := range []models.RegistrationStatus{
		models.RegistrationInForce, models.RegistrationNotYet, models.RegistrationExpired, models.RegistrationSuspended,
		models.RegistrationCancelled, models.RegistrationWithdrawn, models.RegistrationRevoked,
	} {
		if !registrations[r] {
			t.Errorf("no scene shows the registration status %s", r)
		}
	}
	if s := scenes[0]; s.document != models.DocumentValid || s.registration != models.RegistrationInForce || s.then != nil {
		t.Error("the first scene, which greets newcomers, is not the usable one")
	}
}
