package models

import (
	"slices"
	"testing"
	"time"
)

// printedFields is what the rules say a certificate prints, in its order (R3, R1b).
func printedFields(c Category) []Field {
	fields := []Field{
		FieldCategory, FieldName, FieldSex, FieldBirthDate, FieldCertificateNumber, FieldSealNumber, FieldEmployer,
		FieldValidFrom, FieldValidUntil,
	}
	if c == CategoryConstructor1 {
		fields = append(fields, FieldSpecialty)
	}
	return fields
}

// FuzzPrinted: a certificate is out of date where a field that it prints differs from the register, and nowhere else.
// Each bit of what changes one thing; the first thirteen are the fields.
func FuzzPrinted(f *testing.F) {
	categories := []Category{CategoryArchitect1, CategoryArchitect2, CategoryConstructor1, CategoryStructural1}
	f.Fuzz(func(t *testing.T, category uint8, what uint32, text string, days int16) {
		w := newWorld()
		printed(func(r *Registration) {
			r.Category = categories[int(category)%len(categories)]
			r.Specialty = "建筑工程"
		})(w)
		before := w.reg
		w.alter(what, text, days, categories)
		differs := map[Field]bool{
			FieldName: w.reg.Person.Name != before.Person.Name, FieldSex: w.reg.Person.Sex != before.Person.Sex,
			FieldBirthDate: w.reg.Person.BirthDate != before.Person.BirthDate, FieldCategory: w.reg.Category != before.Category,
			FieldCertificateNumber: w.reg.CertificateNumber != before.CertificateNumber,
			FieldSealNumber:        w.reg.SealNumber != before.SealNumber, FieldEmployer: w.reg.Employer != before.Employer,
			FieldSpecialty: w.reg.Specialty != before.Specialty, FieldValidFrom: w.reg.ValidFrom != before.ValidFrom,
			FieldValidUntil: w.reg.ValidUntil != before.ValidUntil,
		}
		var want []Field
		for _, field := range printedFields(w.reg.Category) {
			if differs[field] {
				want = append(want, field)
			}
		}
		facts := FactsOf(&w.cert, &w.reg)
		if !slices.Equal(facts.Changed, want) {
			t.Errorf("changed %v, want %v", facts.Changed, want)
		}
		v := Decide(w.read, &facts, w.cert.UseFrom.Start())
		if outdated := v.Document.Status == DocumentOutdated; outdated != (want != nil) || v.Document.Status != DocumentOutdated && v.Document.Status != DocumentValid {
			t.Errorf("%s where %v changed", v.Document.Status, want)
		}
		if facts.Name != w.reg.Person.Name || facts.Employer != w.reg.Employer || facts.IDNumberMasked != MaskIDNumber(w.reg.Person.IDNumber) {
			t.Errorf("today's register is not shown: %+v", facts)
		}
		w.reg = before
		if back := FactsOf(&w.cert, &w.reg); back.Changed != nil {
			t.Errorf("put back as it was, and changed: %v", back.Changed)
		}
	})
}

// alter changes what the bits say, in the register alone.
func (w *world) alter(what uint32, text string, days int16, categories []Category) {
	r := &w.reg
	for bit, change := range []func(){
		func() { r.Person.Name = text },
		func() { r.Person.Sex = Sex(text) },
		func() { r.Person.BirthDate = r.Person.BirthDate.AddDays(int(days)) },
		func() { r.Category = categories[len(text)%len(categories)] },
		func() { r.CertificateNumber = text },
		func() { r.SealNumber = text },
		func() { r.Employer = text },
		func() { r.EmployerCode = text },
		func() { r.Specialty = text },
		func() { r.ValidFrom = r.ValidFrom.AddDays(int(days)) },
		func() { r.ValidUntil = r.ValidUntil.AddDays(int(days)) },
		func() { r.Person.IDNumber = text },
		func() { r.Person.IDType = IDType(text) },
		func() { r.State, r.StateSince = StateSuspended, firstDay },
		func() { r.Blocks = append(r.Blocks, Block{Kind: BlockPenalty, From: firstDay}) },
		func() { r.Version, r.ID, r.PersonID, r.Person.ID = 99, 98, 97, 96 },
		func() { r.CreatedAt, r.UpdatedAt, r.Person.UpdatedAt = 1, 2, 3 },
	} {
		if what>>bit&1 != 0 {
			change()
		}
	}
}

// FuzzEndorse: a certificate may be made just when its registration is usable, and the window that it then gets is the
// longest that the rules allow: usable from its first instant to its last, and not a moment longer.
func FuzzEndorse(f *testing.F) {
	f.Fuzz(func(t *testing.T, category, state uint8, validFrom, validDays, blockFrom, blockDays int16, born int32, now int16) {
		day := firstDay.AddDays(int(now))
		w := newWorld()
		printed(func(r *Registration) {
			r.Category = []Category{CategoryArchitect1, CategoryConstructor1}[category%2]
			r.Person.BirthDate = firstDay.AddDays(-int(born&0x7fff) - 1) // up to ninety years ago
			r.ValidFrom = firstDay.AddDays(int(validFrom))
			r.ValidUntil = r.ValidFrom.AddDays(int(validDays) & 0x1fff)
			r.State = allStates[int(state)%len(allStates)]
		})(w)
		if blockDays >= 0 {
			from := firstDay.AddDays(int(blockFrom))
			w.reg.Blocks = []Block{{Kind: BlockPenalty, From: from, Until: from.AddDays(int(blockDays))}}
		}
		last := MustDate("9999-12-31")
		if w.reg.Category == CategoryConstructor1 {
			last = birthday(w.reg.Person.BirthDate, 65)
		}
		finding := DecideRegistration(RegistrationFacts(&w.reg), day)
		window, err := EndorseWindow(&w.reg, day)
		if may := finding.Usable() && day <= last; (err == nil) != may {
			t.Fatalf("%v on %s, where %+v is usable: %v", err, day, w.reg, finding.Usable())
		}
		if err != nil {
			if window != (UseWindow{}) {
				t.Errorf("barred, with a window: %+v", window)
			}
			return
		}
		if until := min(day.AddDays(180), w.reg.ValidUntil, last); window.From != day || window.Until != until {
			t.Errorf("%+v on %s, want until %s", window, day, until)
		}
		if end := map[UseLimit]Date{LimitDays: day.AddDays(180), LimitRegistration: w.reg.ValidUntil, LimitAge: last}[window.LimitedBy]; end != window.Until {
			t.Errorf("%+v: that limit is on %s", window, end)
		}
		w.cert.UseFrom, w.cert.UseUntil = window.From, window.Until
		w.sign()
		w.reg.Blocks = nil // one that begins later bars later
		facts := FactsOf(&w.cert, &w.reg)
		end := window.Until.AddDays(1).Start()
		for _, at := range []time.Time{day.Start(), end.Add(-time.Millisecond)} {
			if v := Decide(w.read, &facts, at); !v.Usable() {
				t.Errorf("made on %s until %s, and at %s: %+v", day, window.Until, at, v)
			}
		}
		if v := Decide(w.read, &facts, end); v.Usable() || v.Document.Status != DocumentExpired {
			t.Errorf("made on %s until %s, and at %s: %s", day, window.Until, end, v.Document.Status)
		}
		if next, err := EndorseWindow(&w.reg, day.AddDays(1)); err == nil && next.Until < window.Until {
			t.Errorf("confirmed on %s until %s, a day later until %s", day, window.Until, next.Until)
		}
	})
}

// birthday gives the day on which somebody reaches an age, by the calendar of package time.
func birthday(born Date, age int) Date {
	y, m, d := born.Start().Date()
	there := time.Date(y+age, m, d, 12, 0, 0, 0, China)
	if there.Month() != m { // 29 February came out as 1 March
		there = there.AddDate(0, 0, -1)
	}
	return DateOf(there)
}
