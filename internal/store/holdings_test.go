package store_test

import (
	"reflect"
	"testing"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

func testHoldings(t *testing.T, d dialect) {
	p := d.migrated(t)
	t.Run("what a person holds", p.testHeld)
	t.Run("all are withdrawn", p.testWithdrawAll)
}

func (p *place) testHeld(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	both := p.admit(second(r))
	stranger := p.admit(p.maker.Registration())
	theirs := p.issue(stranger)
	plain := p.issue(r)
	kept, _, err := p.confirm(p.Store, wish(both, "held-wish"), 150)
	testkit.Must(t, err)

	registrations, err := p.RegistrationsOf(t.Context(), r.PersonID)
	if err != nil || len(registrations) != 2 || !reflect.DeepEqual(registrations[0], r) || !reflect.DeepEqual(registrations[1], both) {
		t.Errorf("registrations %+v, %v", registrations, err)
	}
	held, err := p.Held(t.Context(), r.PersonID, 10)
	testkit.Must(t, err)
	byID := map[models.CertificateID]models.Held{}
	for _, h := range held {
		byID[h.Certificate.ID] = h
	}
	want := &models.CertificateFile{CertificateID: kept.CertificateID, Digest: models.FileDigest{150, 31: 7}, Size: 1000, MadeAt: at}
	if len(held) != 2 || byID[plain.ID].File != nil || byID[plain.ID].Registration.ID != r.ID ||
		!reflect.DeepEqual(byID[kept.CertificateID].File, want) || byID[kept.CertificateID].Registration.ID != both.ID {
		t.Errorf("held %+v", held)
	}
	if few, err := p.Held(t.Context(), r.PersonID, 1); err != nil || len(few) != 1 {
		t.Errorf("one of them: %d, %v", len(few), err)
	}
	for _, h := range held {
		one, err := p.HeldCertificate(t.Context(), r.PersonID, h.Certificate.ID)
		if err != nil || !reflect.DeepEqual(one, h) {
			t.Errorf("one %+v, %v\nof the list %+v", one, err, h)
		}
	}
	for _, id := range []models.CertificateID{theirs.ID, {0xee}} {
		_, err := p.HeldCertificate(t.Context(), r.PersonID, id)
		testkit.WantErr(t, err, models.ErrNotFound)
	}
	if held, err := p.Held(t.Context(), 1<<40, 10); err != nil || len(held) != 0 {
		t.Errorf("nobody holds %d, %v", len(held), err)
	}
}

func (p *place) testWithdrawAll(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	both, none := p.admit(second(r)), p.admit(p.maker.Registration())
	one, two, three, theirs := p.issue(r), p.issue(r), p.issue(both), p.issue(none)
	event := models.Event{Kind: models.EventCertificateWithdrawn, Actor: "holder", Reason: "手机遗失"}
	n, events, err := p.WithdrawAll(t.Context(), p.holderOf(r.PersonID), today, event, later)
	if err != nil || n != 3 || len(events) != 2 || events[0].SubjectID != subject(r) || events[1].SubjectID != subject(both) || events[0].Version != 2 || events[0].ID == 0 {
		t.Errorf("%d withdrawn, %v, events %+v", n, err, events)
	}
	for _, c := range []models.Certificate{one, two, three} {
		if f := p.facts(c.ID); f.WithdrawnOn != today || f.Version != 2 {
			t.Errorf("facts %+v", f)
		}
	}
	if f := p.facts(theirs.ID); f.WithdrawnOn != 0 || f.Version != 1 {
		t.Errorf("another person's %+v", f)
	}
	if held, err := p.HeldCertificate(t.Context(), r.PersonID, one.ID); err != nil || held.Certificate.WithdrawnReason != "手机遗失" || held.Certificate.WithdrawnAt != later {
		t.Errorf("%+v, %v", held, err)
	}
	if n, events, err := p.WithdrawAll(t.Context(), p.holderOf(r.PersonID), today, event, later); err != nil || n != 0 || len(events) != 0 {
		t.Errorf("again: %d, %+v, %v", n, events, err)
	}
	// What can no longer be used is left as it is.
	old := p.issue(none)
	if n, _, err := p.WithdrawAll(t.Context(), p.holderOf(none.PersonID), old.UseUntil.AddDays(1), event, later); err != nil || n != 0 {
		t.Errorf("past its use limit: %d, %v", n, err)
	}
}
