package store_test

import (
	"reflect"
	"testing"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

func equalRegistrations(a, b models.Registration) bool { return reflect.DeepEqual(a, b) }

func testFacts(t *testing.T, d dialect) {
	p := d.migrated(t)
	t.Run("of everything", p.testFactsWhole)
	t.Run("of nothing", p.testFactsNone)
	t.Run("changed fields", p.testFactsChanged)
	t.Run("blocks and withdrawal", p.testFactsBlocked)
}

func (p *place) facts(id models.CertificateID) models.Facts {
	p.t.Helper()
	facts, err := p.Facts(p.t.Context(), id)
	testkit.Must(p.t, err)
	if facts == nil {
		p.t.Fatalf("no facts of %s", id)
	}
	return *facts
}

func (p *place) testFactsWhole(t *testing.T) {
	p = p.within(t)
	in := p.maker.Registration()
	in.Category, in.Specialty = models.CategoryConstructor1, "机电工程"
	r := p.admit(in)
	c := p.issue(r)
	want := models.Facts{
		CertificateID: c.ID, RegistrationID: r.ID, PersonID: r.PersonID, Version: 1,
		Kind: 1, KeyNumber: 31, UseFrom: today, UseUntil: today.AddDays(180),
		Name: in.Person.Name, Category: in.Category, CertificateNumber: in.CertificateNumber, SealNumber: in.SealNumber,
		Employer: in.Employer, EmployerCode: in.EmployerCode, Specialty: "机电工程",
		ValidFrom: in.ValidFrom, ValidUntil: in.ValidUntil, State: models.StateInForce,
		IDNumberMasked: "**************" + in.Person.IDNumber[14:],
	}
	if got := p.facts(c.ID); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// An id that nobody has is an answer, and none that is like another's.
func (p *place) testFactsNone(t *testing.T) {
	p = p.within(t)
	c := p.issue(p.admit(p.maker.Registration()))
	for _, id := range []models.CertificateID{{}, {9}, {2, 0, 0xff, 7: 2}, {2, 0, 0xfe, 7: 1}} {
		if facts, err := p.Facts(t.Context(), id); facts != nil || err != nil {
			t.Errorf("%s beside %s: %+v, %v", id, c.ID, facts, err)
		}
	}
}

func (p *place) testFactsChanged(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	c := p.issue(r)
	for i, step := range []struct {
		change func(r *models.Registration)
		want   []models.Field
	}{
		{func(r *models.Registration) { r.State = models.StateSuspended }, nil}, // not printed (R3)
		{func(r *models.Registration) { r.Employer = "新的设计院" }, []models.Field{models.FieldEmployer}},
		{func(r *models.Registration) { r.Person.Name = "王新名" }, []models.Field{models.FieldName, models.FieldEmployer}},
		{func(r *models.Registration) { r.EmployerCode, r.Specialty = demoCode, "建筑" }, []models.Field{models.FieldName, models.FieldEmployer}},
	} {
		_, _, err := p.ChangeRegistration(t.Context(), r.ID, later, func(r *models.Registration) (models.Event, error) {
			step.change(r)
			return models.Event{Kind: models.EventChanged}, nil
		})
		testkit.Must(t, err)
		got := p.facts(c.ID)
		if !reflect.DeepEqual(got.Changed, step.want) || got.Version != int64(i+2) {
			t.Errorf("step %d: changed %v at version %d, want %v", i, got.Changed, got.Version, step.want)
		}
	}
	if fresh := p.facts(p.issue(r).ID); len(fresh.Changed) != 0 || fresh.Name != "王新名" {
		t.Errorf("a certificate made after the changes: %+v", fresh)
	}
}

const demoCode = "91999999MA0000001X"

func (p *place) testFactsBlocked(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	other := p.admit(p.maker.Registration())
	c, beside := p.issue(r), p.issue(other)
	_, _, err := p.ChangeRegistration(t.Context(), r.ID, later, func(r *models.Registration) (models.Event, error) {
		r.Blocks = append(r.Blocks,
			models.Block{RegistrationID: r.ID, Kind: models.BlockPenalty, From: today, Until: today.AddDays(9)},
			models.Block{RegistrationID: r.ID, Kind: "inquiry", From: today.AddDays(3)})
		return models.Event{Kind: models.EventBlocked}, nil
	})
	testkit.Must(t, err)
	_, _, err = p.ChangeCertificate(t.Context(), c.ID, later, func(c *models.Certificate) (models.Event, error) {
		c.WithdrawnAt, c.WithdrawnReason = later, "遗失"
		return models.Event{Kind: models.EventCertificateWithdrawn}, nil
	})
	testkit.Must(t, err)
	got := p.facts(c.ID)
	if len(got.Blocks) != 2 || got.Blocks[0].Kind != models.BlockPenalty || got.Blocks[0].From != today ||
		got.Blocks[0].Until != today.AddDays(9) || got.Blocks[1].Kind != "inquiry" || got.Blocks[1].Until != 0 {
		t.Errorf("blocks %+v", got.Blocks)
	}
	if got.WithdrawnOn != today || got.Version != 3 {
		t.Errorf("withdrawn on %v at version %d", got.WithdrawnOn, got.Version)
	}
	if got := p.facts(beside.ID); len(got.Blocks) != 0 || got.WithdrawnOn != 0 || got.Version != 1 {
		t.Errorf("another registration's certificate: %+v", got)
	}
}

func testLookUp(t *testing.T, d dialect) {
	p := d.migrated(t)
	in := p.maker.Registration()
	in.CertificateNumber, in.Person.Name = "AbC-001", "欧阳·明"
	first := p.admit(in)
	in = second(in)
	in.CertificateNumber, in.ValidUntil = "AbC-001", first.ValidUntil.AddDays(1)
	last := p.admit(in)
	alone := p.maker.Registration()
	alone.Person.Name = "欧阳·明"
	p.admit(alone)

	t.Run("by number and name", func(t *testing.T) {
		for _, c := range []struct {
			number, name string
			category     models.Category
			want         int64
		}{
			{"AbC-001", "欧阳·明", "", last.ID}, // of several the one that ends last
			{"AbC-001", "欧阳·明", first.Category, first.ID},
			{"AbC-001", "欧阳·明", last.Category, last.ID},
			{"AbC-001", "欧阳·明", models.CategoryArchitect2, 0},
			{"AbC-001", "欧阳明", "", 0},
			{"AbC-001", "欧阳•明", "", 0}, // the use case normalizes, the database compares
			{"abc-001", "欧阳·明", "", 0},
			{"ABC-001", "欧阳·明", "", 0},
			{"AbC-00", "欧阳·明", "", 0},
			{"AbC-001%", "欧阳·明", "", 0},
			{"AbC-00_", "欧阳·明", "", 0},
			{"AbC-001", "", "", 0},
			{"", "欧阳·明", "", 0},
			{"x' OR '1'='1", "x' OR '1'='1", "", 0},
			{`\' OR 1=1 -- `, "欧阳·明", "", 0},
		} {
			got, err := p.FindRegistration(t.Context(), c.number, c.name, c.category)
			if c.want == 0 {
				if got != nil || err == nil || err.Error() != models.ErrNotFound.Error() {
					t.Errorf("%q %q %s: %+v, %v: every miss must be the same", c.number, c.name, c.category, got, err)
				}
				continue
			}
			if err != nil || got.ID != c.want || got.Person.Name != "欧阳·明" || got.Person.IDNumber != "" {
				t.Errorf("%q %q %s: %+v, %v", c.number, c.name, c.category, got, err)
			}
		}
	})
	t.Run("by number", func(t *testing.T) {
		for _, c := range []struct {
			category models.Category
			number   string
			want     int64
			err      error
		}{
			{"", alone.CertificateNumber, p.registration(alone.Category, alone.CertificateNumber).ID, nil},
			{first.Category, "AbC-001", first.ID, nil},
			{last.Category, "AbC-001", last.ID, nil},
			{"", "AbC-001", 0, models.ErrAmbiguous},
			{models.CategoryArchitect2, "AbC-001", 0, models.ErrNotFound},
			{"", "abc-001", 0, models.ErrNotFound},
			{"", "", 0, models.ErrNotFound},
		} {
			got, err := p.RegistrationID(t.Context(), c.category, c.number)
			if got != c.want {
				t.Errorf("%s %q: %d, want %d", c.category, c.number, got, c.want)
			}
			testkit.WantErr(t, err, c.err)
		}
		found, err := p.Registrations(t.Context(), "AbC-001")
		if err != nil || len(found) != 2 || found[0].ID != first.ID || found[0].Person.IDNumber != first.Person.IDNumber {
			t.Errorf("all of one number: %+v, %v", found, err)
		}
		if found, err = p.Registrations(t.Context(), "none"); err != nil || len(found) != 0 {
			t.Errorf("of no number: %+v, %v", found, err)
		}
	})
	t.Run("with blocks", func(t *testing.T) {
		_, _, err := p.ChangeRegistration(t.Context(), first.ID, later, func(r *models.Registration) (models.Event, error) {
			r.Blocks = []models.Block{{RegistrationID: r.ID, Kind: models.BlockPenalty, From: today}}
			return models.Event{}, nil
		})
		testkit.Must(t, err)
		got, err := p.FindRegistration(t.Context(), "AbC-001", "欧阳·明", first.Category)
		if err != nil || len(got.Blocks) != 1 || got.Blocks[0].Kind != models.BlockPenalty {
			t.Errorf("%+v, %v", got, err)
		}
	})
}
