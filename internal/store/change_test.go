package store_test

import (
	"errors"
	"reflect"
	"strconv"
	"sync"
	"testing"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

func testChange(t *testing.T, d dialect) {
	p := d.migrated(t)
	t.Run("writes a version and an event", p.testChangeWrites)
	t.Run("writes nothing on an error", p.testChangeRollsBack)
	t.Run("event or nothing", p.testChangeNeedsItsEvent)
	t.Run("of the person", p.testChangeOfPerson)
	t.Run("blocks", p.testChangeBlocks)
	t.Run("of nobody", func(t *testing.T) {
		_, events, err := p.ChangeRegistration(t.Context(), 1<<40, later, func(*models.Registration) (models.Event, error) {
			t.Error("asked to change what is not there")
			return models.Event{}, nil
		})
		testkit.WantErr(t, err, models.ErrNotFound)
		if len(events) != 0 {
			t.Errorf("events %+v", events)
		}
	})
	t.Run("all at once", p.testChangesAtOnce)
	t.Run("of one person through two registrations at once", p.testPersonChangesAtOnce)
}

func (p *place) testChangeWrites(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	got, events, err := p.ChangeRegistration(t.Context(), r.ID, later, func(r *models.Registration) (models.Event, error) {
		if r.Person.IDNumber == "" || r.Version != 1 {
			t.Errorf("given to change: %+v", r)
		}
		r.Employer, r.State, r.StateSince, r.Specialty = "新的设计院", models.StateSuspended, today, ""
		// What the store decides is not for the callback to say.
		return models.Event{ID: 77, Subject: "x", SubjectID: "y", Version: 9, At: 1, Kind: models.EventSuspended, Actor: "registrar", Reason: "暂停执业"}, nil
	})
	testkit.Must(t, err)
	want := models.Event{
		ID: events[0].ID, Subject: models.SubjectRegistration, SubjectID: subject(r), Version: 2,
		Kind: models.EventSuspended, Actor: "registrar", Reason: "暂停执业", At: later,
	}
	if len(events) != 1 || events[0] != want || want.ID == 0 || want.ID == 77 {
		t.Errorf("events %+v, want %+v", events, want)
	}
	if pending := p.pending(); len(pending) != 1 || pending[0] != want {
		t.Errorf("outbox %+v", pending)
	}
	stored := p.registration(r.Category, r.CertificateNumber)
	if got.Version != 2 || stored.Version != 2 || stored.Employer != "新的设计院" || stored.State != models.StateSuspended ||
		stored.StateSince != today || stored.CreatedAt != at || stored.UpdatedAt != later {
		t.Errorf("stored %+v", stored)
	}
	if stored.ValidUntil != r.ValidUntil || stored.Person.Name != r.Person.Name || stored.Person.UpdatedAt != at {
		t.Errorf("changed on the side: %+v", stored)
	}
	// A date may be taken back to none, a text to the empty one.
	_, _, err = p.ChangeRegistration(t.Context(), r.ID, later, func(r *models.Registration) (models.Event, error) {
		r.State, r.StateSince = models.StateInForce, 0
		return models.Event{Kind: models.EventRestored}, nil
	})
	testkit.Must(t, err)
	if stored = p.registration(r.Category, r.CertificateNumber); stored.StateSince != 0 || stored.Version != 3 {
		t.Errorf("zero values are not written: %+v", stored)
	}
}

var errOnPurpose = models.NewError(models.KindConflict, "on_purpose", "故意", "on purpose")

func (p *place) testChangeRollsBack(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	events := len(p.pending())
	calls := 0
	_, got, err := p.ChangeRegistration(t.Context(), r.ID, later, func(r *models.Registration) (models.Event, error) {
		calls++
		r.Employer, r.Person.Name = "不应保存", "不应"
		r.Blocks = append(r.Blocks, models.Block{RegistrationID: r.ID, Kind: models.BlockPenalty, From: today})
		return models.Event{Kind: models.EventChanged}, errOnPurpose
	})
	testkit.WantErr(t, err, errOnPurpose)
	if len(got) != 0 || calls != 1 {
		t.Errorf("events %+v after %d calls", got, calls)
	}
	if stored := p.registration(r.Category, r.CertificateNumber); !reflect.DeepEqual(stored, r) {
		t.Errorf("stored %+v\nbefore %+v", stored, r)
	}
	if n := len(p.pending()); n != events {
		t.Errorf("%d events, before %d", n, events)
	}
}

// When the event cannot be written, the change is not either: a cache would never hear of it.
func (p *place) testChangeNeedsItsEvent(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	p.spoil("ALTER TABLE events RENAME TO events_away")
	_, _, err := p.change(r.ID, "没有事件的变更")
	_, issueErr := p.IssueCertificate(t.Context(), r.ID, "x", at, func(r *models.Registration) (models.Certificate, error) { return drawn(r, 200), nil })
	_, _, mergeErr := p.Merge(t.Context(), []models.Registration{withEmployer(r, "没有事件的导入")}, models.Merge, models.Event{}, at)
	p.spoil("ALTER TABLE events_away RENAME TO events")
	if err == nil || mergeErr == nil || issueErr == nil {
		t.Fatalf("changed without an event: %v, %v, %v", err, mergeErr, issueErr)
	}
	if stored := p.registration(r.Category, r.CertificateNumber); !reflect.DeepEqual(stored, r) {
		t.Errorf("stored %+v", stored)
	}
	if n := p.count("SELECT COUNT(*) FROM certificates WHERE registration_id = ?", r.ID); n != 0 {
		t.Errorf("%d certificates", n)
	}
}

func withEmployer(r models.Registration, employer string) models.Registration {
	r.Employer = employer
	return r
}

// What a person's registrations print of the person changes with the person, so each gets its own event.
func (p *place) testChangeOfPerson(t *testing.T) {
	p = p.within(t)
	first := p.admit(p.maker.Registration())
	other := p.admit(second(first))
	stranger := p.admit(p.maker.Registration())
	c, beside := p.issue(other), p.issue(stranger)
	_, events, err := p.ChangeRegistration(t.Context(), first.ID, later, func(r *models.Registration) (models.Event, error) {
		r.Person.Name, r.Person.Sex = "改名后", models.Female
		return models.Event{Kind: models.EventChanged, Actor: "registrar"}, nil
	})
	testkit.Must(t, err)
	versions := map[string]int64{}
	for _, e := range events {
		versions[e.SubjectID] = e.Version
	}
	if want := map[string]int64{subject(first): 2, subject(other): 2}; len(events) != 2 || !reflect.DeepEqual(versions, want) {
		t.Errorf("events %+v", events)
	}
	if f := p.facts(c.ID); f.Name != "改名后" || f.Version != 2 || !reflect.DeepEqual(f.Changed[:1], []models.Field{models.FieldName}) {
		t.Errorf("the other registration's certificate: %+v", f)
	}
	if f := p.facts(beside.ID); f.Version != 1 {
		t.Errorf("a stranger's certificate: %+v", f)
	}
	// The number is the person's name in the index, which must follow.
	_, _, err = p.ChangeRegistration(t.Context(), other.ID, later, func(r *models.Registration) (models.Event, error) {
		r.Person.IDNumber = "99999919700101001X"
		return models.Event{Kind: models.EventChanged}, nil
	})
	testkit.Must(t, err)
	moved := p.registration(first.Category, first.CertificateNumber)
	if moved.Version != 3 || moved.Person.IDNumber != "99999919700101001X" {
		t.Errorf("after the number changed: %+v", moved)
	}
	moved.Employer = "按新号码导入"
	if outcomes, _ := p.merge(moved); outcomes[0].Kind != models.MergeChanged {
		t.Errorf("not found by the new number: %+v", outcomes[0])
	}
	// Somebody else's number cannot be taken over.
	_, _, err = p.ChangeRegistration(t.Context(), stranger.ID, later, func(r *models.Registration) (models.Event, error) {
		r.Person.IDNumber = "99999919700101001X"
		return models.Event{Kind: models.EventChanged}, nil
	})
	testkit.WantErr(t, err, models.ErrIDNumberTaken)
	if got := p.registration(stranger.Category, stranger.CertificateNumber); got.Version != 1 || got.Person.IDNumber != stranger.Person.IDNumber {
		t.Errorf("the stranger: %+v", got)
	}
}

func (p *place) testChangeBlocks(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	beside := p.admit(p.maker.Registration())
	set := func(id int64, f func(b []models.Block) []models.Block) []models.Block {
		got, _, err := p.ChangeRegistration(t.Context(), id, later, func(r *models.Registration) (models.Event, error) {
			r.Blocks = f(r.Blocks)
			return models.Event{Kind: models.EventBlocked}, nil
		})
		testkit.Must(t, err)
		return got.Blocks
	}
	penalty := func(id int64, from models.Date) models.Block {
		return models.Block{RegistrationID: id, Kind: models.BlockPenalty, From: from}
	}
	kept := set(beside.ID, func([]models.Block) []models.Block { return []models.Block{penalty(beside.ID, today)} })
	first := set(r.ID, func([]models.Block) []models.Block {
		return []models.Block{penalty(r.ID, today), penalty(r.ID, today.AddDays(1))}
	})
	if len(first) != 2 || first[0].ID == 0 || first[0].ID == first[1].ID {
		t.Fatalf("added %+v", first)
	}
	// One ends, one goes, one comes.
	set(r.ID, func(b []models.Block) []models.Block {
		b[0].Until = today.AddDays(5)
		return []models.Block{b[0], penalty(r.ID, today.AddDays(30))}
	})
	got := p.registration(r.Category, r.CertificateNumber).Blocks
	if len(got) != 2 || got[0].ID != first[0].ID || got[0].Until != today.AddDays(5) || got[1].From != today.AddDays(30) || got[1].ID == first[1].ID {
		t.Errorf("after the second change %+v", got)
	}
	if got := set(r.ID, func([]models.Block) []models.Block { return nil }); len(got) != 0 {
		t.Errorf("all taken away: %+v", got)
	}
	if got := p.registration(r.Category, r.CertificateNumber).Blocks; len(got) != 0 {
		t.Errorf("stored: %+v", got)
	}
	if got := p.registration(beside.Category, beside.CertificateNumber).Blocks; !reflect.DeepEqual(got, kept) {
		t.Errorf("another registration's blocks: %+v", got)
	}
}

// Twenty at once: whoever reads before another has written would lose that one's change.
func (p *place) testChangesAtOnce(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	const n = 20
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			_, _, errs[i] = p.ChangeRegistration(t.Context(), r.ID, later, func(r *models.Registration) (models.Event, error) {
				r.Specialty += "业"
				return models.Event{Kind: models.EventChanged, Reason: strconv.Itoa(i)}, nil
			})
		})
	}
	all.Wait()
	testkit.Must(t, errors.Join(errs...))
	got := p.registration(r.Category, r.CertificateNumber)
	if got.Version != n+1 || len([]rune(got.Specialty)) != n {
		t.Errorf("version %d, specialty of %d characters, want %d changes", got.Version, len([]rune(got.Specialty)), n)
	}
	if events := p.count("SELECT COUNT(DISTINCT version) FROM events WHERE subject_id = ? AND version > 1", subject(r)); events != n {
		t.Errorf("%d events of different versions, want %d", events, n)
	}
}

// Two decisions about one person through two registrations lock in opposite order: one must wait or try again.
func (p *place) testPersonChangesAtOnce(t *testing.T) {
	p = p.within(t)
	first := p.admit(p.maker.Registration())
	both := []models.Registration{first, p.admit(second(first))}
	const rounds = 5
	errs := make([]error, 2*rounds)
	for round := range rounds {
		var all sync.WaitGroup
		for i, r := range both {
			all.Go(func() {
				_, _, errs[2*round+i] = p.ChangeRegistration(t.Context(), r.ID, later, func(r *models.Registration) (models.Event, error) {
					r.Person.Name += strconv.Itoa(i)
					return models.Event{Kind: models.EventChanged}, nil
				})
			})
		}
		all.Wait()
	}
	testkit.Must(t, errors.Join(errs...))
	for _, r := range both {
		got := p.registration(r.Category, r.CertificateNumber)
		if got.Version != 1+2*rounds || len(got.Person.Name) != len(first.Person.Name)+2*rounds {
			t.Errorf("version %d of %q, want %d changes of the name", got.Version, got.Person.Name, 2*rounds)
		}
	}
}
