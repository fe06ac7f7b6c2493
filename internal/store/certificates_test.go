package store_test

import (
	"reflect"
	"sync"
	"testing"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

func testCertificates(t *testing.T, d dialect) {
	p := d.migrated(t)
	t.Run("issued", p.testIssued)
	t.Run("not issued", p.testNotIssued)
	t.Run("issued while the registration changes", p.testIssuedCoherently)
	t.Run("changed", p.testCertificateChanged)
	t.Run("withdrawn twice at once", p.testWithdrawnAtOnce)
}

func (p *place) testIssued(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	c := p.issue(r)
	var stored models.Certificate
	_, _, err := p.ChangeCertificate(t.Context(), c.ID, later, func(c *models.Certificate) (models.Event, error) {
		stored = *c
		return models.Event{}, errOnPurpose
	})
	testkit.WantErr(t, err, errOnPurpose)
	if !reflect.DeepEqual(stored, c) || stored.Printed != models.PrintOf(&r) {
		t.Errorf("stored %+v\nissued %+v", stored, c)
	}
	events := p.history(subject(r))
	e := events[len(events)-1]
	want := models.Event{
		ID: e.ID, Subject: models.SubjectRegistration, SubjectID: subject(r), Version: 1, Kind: models.EventIssued, Actor: "issuer", At: at,
		PropagatedAt: at, // no cache can hold what did not exist
	}
	if len(events) != 2 || e != want {
		t.Errorf("events %+v, want the last to be %+v", events, want)
	}
	again := p.issue(r)
	all, err := p.CertificateIDs(t.Context(), subject(r))
	ids := all[subject(r)]
	if err != nil || len(ids) != 2 || again.ID == c.ID {
		t.Errorf("certificates of the registration: %v, %v", ids, err)
	}
}

func (p *place) testNotIssued(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	events := len(p.history(subject(r)))
	_, err := p.IssueCertificate(t.Context(), r.ID, "x", at, func(r *models.Registration) (models.Certificate, error) {
		return drawn(r, 100), errOnPurpose
	})
	testkit.WantErr(t, err, errOnPurpose)
	_, err = p.IssueCertificate(t.Context(), 1<<40, "x", at, func(*models.Registration) (models.Certificate, error) {
		t.Error("asked to draw one of nothing")
		return models.Certificate{}, nil
	})
	testkit.WantErr(t, err, models.ErrNotFound)
	taken := p.issue(r)
	_, err = p.IssueCertificate(t.Context(), r.ID, "x", at, func(*models.Registration) (models.Certificate, error) { return taken, nil })
	testkit.WantErr(t, err, models.ErrConflict) // an id that another certificate has
	all, err := p.CertificateIDs(t.Context(), subject(r))
	ids := all[subject(r)]
	if err != nil || len(ids) != 1 || len(p.history(subject(r))) != events+1 {
		t.Errorf("certificates %v (%v), %d events", ids, err, len(p.history(subject(r)))-events)
	}
}

// What is printed must be one state of the register, never half of one and half of the next: here the
// employer's name and the seal number always change together, and with them the person's name.
func (p *place) testIssuedCoherently(t *testing.T) {
	p = p.within(t)
	first := p.admit(p.maker.Registration())
	r := p.admit(second(first))
	words := []string{"甲甲", "乙乙", "丙丙"}
	write := func(r *models.Registration, word string) {
		r.Employer, r.SealNumber, r.Person.Name = word, word, word
	}
	_, _, err := p.ChangeRegistration(t.Context(), r.ID, later, func(r *models.Registration) (models.Event, error) {
		write(r, words[0])
		return models.Event{}, nil
	})
	testkit.Must(t, err)
	stop := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			_, _, err := p.ChangeRegistration(t.Context(), r.ID, later, func(r *models.Registration) (models.Event, error) {
				write(r, words[i%len(words)])
				return models.Event{}, nil
			})
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	var issued []models.Certificate
	for range 30 {
		c := p.issue(r)
		if c.Printed.Employer != c.Printed.SealNumber || c.Printed.Employer != c.Printed.Name {
			t.Errorf("printed of two states: %+v", c.Printed)
		}
		issued = append(issued, c)
	}
	close(stop)
	all.Wait()
	// What is read afterwards agrees with what was printed, field by field.
	now := p.registration(r.Category, r.CertificateNumber)
	for _, c := range issued {
		if f := p.facts(c.ID); !reflect.DeepEqual(f.Changed, c.Printed.Changed(&now)) || f.Version != now.Version {
			t.Errorf("printed %+v, changed %v", c.Printed, f.Changed)
		}
	}
}

func (p *place) testCertificateChanged(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	c, beside := p.issue(r), p.issue(r)
	got, events, err := p.ChangeCertificate(t.Context(), c.ID, later, func(c *models.Certificate) (models.Event, error) {
		c.WithdrawnAt, c.WithdrawnReason = later, "手机遗失"
		return models.Event{Kind: models.EventCertificateWithdrawn, Actor: "holder", Reason: "手机遗失"}, nil
	})
	testkit.Must(t, err)
	if got.WithdrawnAt != later || len(events) != 1 || events[0].SubjectID != subject(r) || events[0].Version != 2 || events[0].ID == 0 {
		t.Errorf("%+v, events %+v", got, events)
	}
	if f := p.facts(c.ID); f.WithdrawnOn != today || f.Version != 2 {
		t.Errorf("facts %+v", f)
	}
	// Same registration, so the same version; but only one of them is withdrawn.
	if f := p.facts(beside.ID); f.WithdrawnOn != 0 || f.Version != 2 {
		t.Errorf("facts of the other certificate %+v", f)
	}
	want := r
	want.Version, want.UpdatedAt = 2, later
	if stored := p.registration(r.Category, r.CertificateNumber); !reflect.DeepEqual(stored, want) {
		t.Errorf("registration %+v", stored)
	}
	_, _, err = p.ChangeCertificate(t.Context(), models.CertificateID{0xee}, later, func(*models.Certificate) (models.Event, error) {
		t.Error("asked to change what is not there")
		return models.Event{}, nil
	})
	testkit.WantErr(t, err, models.ErrNotFound)
}

// The second of two must see what the first did.
func (p *place) testWithdrawnAtOnce(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	for range 5 {
		c := p.issue(r)
		errs := make([]error, 4)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				_, _, errs[i] = p.ChangeCertificate(t.Context(), c.ID, later, func(c *models.Certificate) (models.Event, error) {
					if c.WithdrawnAt != 0 {
						return models.Event{}, errOnPurpose
					}
					c.WithdrawnAt = later
					return models.Event{Kind: models.EventCertificateWithdrawn}, nil
				})
			})
		}
		all.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else {
				testkit.WantErr(t, err, errOnPurpose)
			}
		}
		if done != 1 {
			t.Errorf("withdrawn %d times", done)
		}
	}
}
