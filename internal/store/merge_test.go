package store_test

import (
	"context"
	"reflect"
	"testing"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

func testMerge(t *testing.T, d dialect) {
	p := d.migrated(t)
	t.Run("new, changed, unchanged, refused", p.testMergeOutcomes)
	t.Run("twice", p.testMergeTwice)
	t.Run("somebody else's number", p.testMergeHolder)
	t.Run("another name", p.testMergeName)
	t.Run("a birth date", p.testMergeBirthDate)
	t.Run("would restore", p.testMergeState)
	t.Run("one person in two categories", p.testMergeTwoCategories)
	t.Run("nothing at all on an error", p.testMergeRollsBack)
}

// one merges a single row and gives what became of it.
func (p *place) one(r models.Registration) models.MergeOutcome {
	p.t.Helper()
	outcomes, events := p.merge(r)
	if want := map[models.MergeKind]int{models.MergeChanged: 1}[outcomes[0].Kind]; len(events) != want {
		p.t.Errorf("outcome %+v with %d events, want %d", outcomes[0], len(events), want)
	}
	return outcomes[0]
}

func (p *place) wantRefused(r models.Registration, fault *models.Error) {
	p.t.Helper()
	before := p.dump("registrations") + p.dump("persons") + p.dump("events")
	if got := p.one(r); got.Kind != models.MergeRefused || got.Fault == nil || got.Fault.Code != fault.Code {
		p.t.Errorf("outcome %+v, want refused as %s", got, fault.Code)
	}
	if before != p.dump("registrations")+p.dump("persons")+p.dump("events") {
		p.t.Error("a refused row left something behind")
	}
}

func (p *place) testMergeOutcomes(t *testing.T) {
	p = p.within(t)
	changed, same, revoked := p.admit(p.maker.Registration()), p.admit(p.maker.Registration()), p.maker.Registration()
	revoked.State = models.StateRevoked
	p.admit(revoked)
	lifted := revoked
	lifted.State = models.StateInForce
	fresh := p.maker.Registration()
	to := withEmployer(changed, "导入的新单位")
	to.State, to.ValidUntil, to.Specialty = models.StateCancelled, to.ValidUntil.AddDays(365), "建筑"

	outcomes, events := p.merge(fresh, to, same, lifted)
	want := []models.MergeOutcome{
		{Kind: models.MergeImported}, {Kind: models.MergeChanged}, {Kind: models.MergeUnchanged},
		{Kind: models.MergeRefused, Fault: models.ErrWouldRestore},
	}
	if !reflect.DeepEqual(outcomes, want) {
		t.Errorf("outcomes %+v", outcomes)
	}
	e := models.Event{
		ID: events[0].ID, Subject: models.SubjectRegistration, SubjectID: subject(changed), Version: 2,
		Kind: models.EventImported, Actor: "importer", At: at,
	}
	if len(events) != 1 || events[0] != e || e.ID == 0 {
		t.Errorf("events %+v, want %+v", events, e)
	}
	if pending := p.pending(); pending[len(pending)-1] != e {
		t.Errorf("outbox ends with %+v", pending[len(pending)-1])
	}
	got := p.registration(changed.Category, changed.CertificateNumber)
	if got.Version != 2 || got.Employer != to.Employer || got.State != models.StateCancelled || got.StateSince != today ||
		got.ValidUntil != to.ValidUntil || got.Specialty != "建筑" || got.ID != changed.ID || got.CreatedAt != changed.CreatedAt {
		t.Errorf("changed into %+v", got)
	}
	came := p.registration(fresh.Category, fresh.CertificateNumber)
	if came.Version != 1 || came.Person.IDNumber != fresh.Person.IDNumber {
		t.Errorf("imported %+v", came)
	}
	// How it came is on record, and no news for a cache, as none can hold anything of it.
	if h := p.history(subject(came)); len(h) != 1 || h[0].Kind != models.EventRegistered || h[0].Version != 1 || h[0].Actor != "importer" || h[0].PropagatedAt != at {
		t.Errorf("history of what was imported %+v", h)
	}
	if got := p.registration(revoked.Category, revoked.CertificateNumber); got.State != models.StateRevoked || got.Version != 1 {
		t.Errorf("refused, and now %+v", got)
	}
	if outcomes, events := p.merge(); len(outcomes) != 0 || len(events) != 0 {
		t.Errorf("of nothing: %+v, %+v", outcomes, events)
	}
}

// The same file comes every night: it must cost the caches nothing.
func (p *place) testMergeTwice(t *testing.T) {
	p = p.within(t)
	var rows []models.Registration
	for range 20 {
		r := p.maker.Registration()
		r.Specialty = "建筑"
		rows = append(rows, r, second(r))
	}
	rows[3].State = models.StateSuspended
	p.merge(rows...)
	before := p.dump("registrations") + p.dump("persons") + p.dump("events")
	outcomes, events, err := p.Merge(t.Context(), rows, models.Merge, models.Event{Kind: models.EventImported}, later)
	testkit.Must(t, err)
	for i, o := range outcomes {
		if o.Kind != models.MergeUnchanged {
			t.Errorf("row %d: %+v", i, o)
		}
	}
	if len(events) != 0 || before != p.dump("registrations")+p.dump("persons")+p.dump("events") {
		t.Errorf("the second time left a trace: %+v", events)
	}
}

func (p *place) testMergeHolder(t *testing.T) {
	p = p.within(t)
	r, known, unknown := p.admit(p.maker.Registration()), p.admit(p.maker.Registration()), p.maker.Registration()
	other := r
	other.Person = known.Person
	p.wantRefused(other, models.ErrHolderDiffers) // somebody the register knows
	other.Person = unknown.Person
	p.wantRefused(other, models.ErrHolderDiffers) // somebody it does not
	// Somebody who comes in with the same batch.
	outcomes, _ := p.merge(unknown, other)
	if outcomes[0].Kind != models.MergeImported || outcomes[1].Kind != models.MergeRefused {
		t.Errorf("together with the other's own row: %+v", outcomes)
	}
	// Two people, one number, both new in this batch: the second row is a faulty one, never an overwrite.
	if got := p.registration(r.Category, r.CertificateNumber); got.PersonID != r.PersonID || got.Version != 1 {
		t.Errorf("the registration went to another: %+v", got)
	}
}

func (p *place) testMergeName(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	c := p.issue(r)
	renamed := r
	renamed.Person.Name = "李新名"
	if got := p.one(renamed); got.Kind != models.MergeChanged {
		t.Fatalf("the only registration of a person: %+v", got)
	}
	if f := p.facts(c.ID); f.Name != "李新名" || f.Version != 2 || !reflect.DeepEqual(f.Changed, []models.Field{models.FieldName}) {
		t.Errorf("facts after it: %+v", f)
	}
	// A new row of a known person must agree with what is known of the person.
	other := second(r)
	p.wantRefused(other, models.ErrPersonDiffers)
	other.Person.Name = "李新名"
	other.Person.Sex = map[models.Sex]models.Sex{models.Male: models.Female, models.Female: models.Male}[r.Person.Sex]
	p.wantRefused(other, models.ErrPersonDiffers)
	other.Person.Sex = r.Person.Sex
	other = p.admit(other)
	// With two registrations neither row alone may change the person both print.
	again := renamed
	again.Person.Name = "李又新"
	p.wantRefused(again, models.ErrPersonDiffers)
	again = other
	again.Person.Name = "李又新"
	p.wantRefused(again, models.ErrPersonDiffers)
	// The same holds when the other registration comes in with this very batch, in either order.
	for _, newFirst := range []bool{true, false} {
		alone := p.admit(p.maker.Registration())
		beside := second(alone)
		alone.Person.Name = "改名了"
		rows := []models.Registration{beside, alone}
		if !newFirst {
			rows = []models.Registration{alone, beside}
		}
		outcomes, _ := p.merge(rows...)
		if outcomes[0].Kind == models.MergeRefused || outcomes[1].Kind != models.MergeRefused || outcomes[1].Fault.Code != models.ErrPersonDiffers.Code {
			t.Errorf("two rows that contradict each other: %+v, want the second refused", outcomes)
		}
	}
}

// A passport holds no birth date, so a file has to give it, and may correct it; a file without the column
// takes nothing away.
func (p *place) testMergeBirthDate(t *testing.T) {
	p = p.within(t)
	r := p.maker.Registration()
	r.Person.IDType, r.Person.IDNumber, r.Person.BirthDate = models.IDPassport, "E12345678", 0
	r = p.admit(r)
	c := p.issue(r)
	born := models.MustDate("1970-05-20")
	r.Person.BirthDate = born
	if got := p.one(r); got.Kind != models.MergeChanged {
		t.Errorf("given for the first time: %+v", got)
	}
	if f := p.facts(c.ID); f.Version != 2 || !reflect.DeepEqual(f.Changed, []models.Field{models.FieldBirthDate}) {
		t.Errorf("facts after it: %+v", f)
	}
	if got := p.one(r); got.Kind != models.MergeUnchanged {
		t.Errorf("given again: %+v", got)
	}
	r.Person.BirthDate = 0
	if got := p.one(r); got.Kind != models.MergeUnchanged || p.registration(r.Category, r.CertificateNumber).Person.BirthDate != born {
		t.Errorf("not given: %+v", got)
	}
	other := second(r)
	other.Person.BirthDate = born.AddDays(1)
	p.wantRefused(other, models.ErrPersonDiffers) // a new row must agree with what is known
}

func (p *place) testMergeState(t *testing.T) {
	p = p.within(t)
	r := p.maker.Registration()
	r.State = models.StateSuspended
	r = p.admit(r)
	better := r
	better.State = models.StateInForce
	p.wantRefused(better, models.ErrWouldRestore)
	worse := r
	worse.State = models.StateRevoked
	if got := p.one(worse); got.Kind != models.MergeChanged {
		t.Errorf("made worse: %+v", got)
	}
	outcomes, events, err := p.Merge(t.Context(), []models.Registration{better}, models.MergeLifting, models.Event{Kind: models.EventImported}, at)
	if err != nil || outcomes[0].Kind != models.MergeChanged || len(events) != 1 {
		t.Errorf("told to lift: %+v, %v", outcomes, err)
	}
	if got := p.registration(r.Category, r.CertificateNumber); got.State != models.StateInForce || got.Version != 3 {
		t.Errorf("lifted to %+v", got)
	}
}

func (p *place) testMergeTwoCategories(t *testing.T) {
	p = p.within(t)
	r := p.maker.Registration()
	same := second(r)
	same.CertificateNumber = r.CertificateNumber // the key is number and category together
	stray := second(r)
	stray.CertificateNumber += "C"
	stray.Person.Name = "另有其名"
	outcomes, events := p.merge(r, same, stray)
	if outcomes[0].Kind != models.MergeImported || outcomes[1].Kind != models.MergeImported || outcomes[2].Kind != models.MergeRefused || len(events) != 0 {
		t.Fatalf("outcomes %+v, events %+v", outcomes, events)
	}
	first, other := p.registration(r.Category, r.CertificateNumber), p.registration(same.Category, r.CertificateNumber)
	for _, r := range []models.Registration{first, other} {
		if h := p.history(subject(r)); len(h) != 1 || h[0].Version != 1 {
			t.Errorf("history of %s: %+v", r.Category, h)
		}
	}
	if first.PersonID != other.PersonID || first.ID == other.ID {
		t.Errorf("persons %d and %d", first.PersonID, other.PersonID)
	}
	outcomes, _ = p.merge(withEmployer(r, "换了单位"), same)
	if outcomes[0].Kind != models.MergeChanged || outcomes[1].Kind != models.MergeUnchanged {
		t.Errorf("one of them changed: %+v", outcomes)
	}
}

// The caller goes away in the middle of a batch: no row of it may stay.
func (p *place) testMergeRollsBack(t *testing.T) {
	p = p.within(t)
	first, last := p.admit(p.maker.Registration()), p.admit(p.maker.Registration())
	before := p.dump("registrations") + p.dump("persons") + p.dump("events")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	rule := func(old, in *models.Registration, today models.Date) (bool, *models.Error) {
		if old.ID == last.ID {
			cancel()
		}
		return models.Merge(old, in, today)
	}
	outcomes, events, err := p.Merge(ctx, []models.Registration{
		p.maker.Registration(), withEmployer(first, "不应保存"), withEmployer(last, "不应保存"), p.maker.Registration(),
	}, rule, models.Event{Kind: models.EventImported}, at)
	testkit.WantErr(t, err, context.Canceled)
	if len(outcomes) != 0 || len(events) != 0 {
		t.Errorf("outcomes %+v, events %+v", outcomes, events)
	}
	if before != p.dump("registrations")+p.dump("persons")+p.dump("events") {
		t.Error("half a batch is in")
	}
}
