package store_test

import (
	"sync"
	"testing"

	"yanzheng/internal/store"
	"yanzheng/internal/testkit"
	"yanzheng/internal/testkit/storekit"
	"yanzheng/models"
)

func testConfirmations(t *testing.T, d dialect) {
	p := d.migrated(t)
	t.Run("one certificate for one wish", p.testConfirmed)
	t.Run("sent to several servers at once", p.testConfirmedAtOnce)
	t.Run("many holders at once", p.testManyConfirm)
	t.Run("nothing is left of one that fails", p.testNotConfirmed)
	t.Run("overtaken by their holder", p.testOvertaken)
}

func wish(r models.Registration, name string) models.Confirmation {
	return models.Confirmation{PersonID: r.PersonID, Name: name, RegistrationID: r.ID}
}

func (p *place) holderOf(person int64) models.Binding {
	p.t.Helper()
	return storekit.Holder(p.t, p.Store, person)
}

// confirm makes a certificate with a file whose digest is its id's.
func (p *place) confirm(s *store.Store, w models.Confirmation, tag byte) (models.Confirmation, bool, error) {
	return s.IssueConfirmed(p.t.Context(), p.holderOf(w.PersonID), w, at, func(r *models.Registration) (models.Certificate, models.CertificateFile, error) {
		c := drawn(r, tag)
		return c, models.CertificateFile{CertificateID: c.ID, Digest: models.FileDigest{tag, 31: 7}, Size: 1000, MadeAt: at}, nil
	})
}

func (p *place) testConfirmed(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	w := wish(r, "first-wish")
	_, err := p.Confirmation(t.Context(), w.PersonID, w.Name)
	testkit.WantErr(t, err, models.ErrNotFound)
	kept, made, err := p.confirm(p.Store, w, 1)
	testkit.Must(t, err)
	w.CertificateID, w.ConfirmedAt = models.CertificateID{1, 0, 0xff, 7: 1}, at
	if !made || kept != w {
		t.Errorf("made %t: %+v, want %+v", made, kept, w)
	}
	again, made, err := p.confirm(p.Store, wish(r, "first-wish"), 2)
	if err != nil || made || again != w {
		t.Errorf("again, made %t: %+v, %v", made, again, err)
	}
	if read, err := p.Confirmation(t.Context(), w.PersonID, w.Name); err != nil || read != w {
		t.Errorf("read back %+v, %v", read, err)
	}
	for digest, want := range map[models.FileDigest]bool{{1, 31: 7}: true, {2, 31: 7}: false, {}: false} {
		if issued, err := p.FileIssued(t.Context(), digest); err != nil || issued != want {
			t.Errorf("%v issued: %t, %v", digest, issued, err)
		}
	}
	// The same name for another registration of the same person is another wish: the caller sees it by the registration.
	other := p.admit(second(r))
	if kept, made, err := p.confirm(p.Store, wish(other, "first-wish"), 3); err != nil || made || kept.RegistrationID != r.ID {
		t.Errorf("of another registration, made %t: %+v, %v", made, kept, err)
	}
	// Names differ by case and by what pads them, as far as names may.
	if _, made, err := p.confirm(p.Store, wish(r, "First-Wish"), 4); err != nil || !made {
		t.Errorf("in capitals: %t, %v", made, err)
	}
}

func (p *place) testConfirmedAtOnce(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	other := p.admit(second(r))
	p.holderOf(r.PersonID)
	servers := []*store.Store{p.Store, open(t, p.options), open(t, p.options)}
	type answer struct {
		kept models.Confirmation
		made bool
		err  error
	}
	answers := make([]answer, 12)
	var all sync.WaitGroup
	for i := range answers {
		of := r
		if i%4 == 3 { // and one that names another registration by mistake: they meet at the key, not at the row
			of = other
		}
		all.Go(func() {
			kept, made, err := p.confirm(servers[i%len(servers)], wish(of, "at-once-1"), byte(10+i))
			answers[i] = answer{kept, made, err}
		})
	}
	all.Wait()
	made := 0
	for _, a := range answers {
		if a.err != nil || a.kept.CertificateID != answers[0].kept.CertificateID {
			t.Errorf("%+v, and %+v", a, answers[0])
		}
		if a.made {
			made++
		}
	}
	n := p.count("SELECT COUNT(*) FROM certificates WHERE registration_id IN (?, ?)", r.ID, other.ID)
	files := p.count("SELECT COUNT(*) FROM certificate_files f JOIN certificates c ON c.id = f.certificate_id WHERE c.registration_id IN (?, ?)", r.ID, other.ID)
	if made != 1 || n != 1 || files != 1 {
		t.Errorf("made %d times, %d certificates, %d files", made, n, files)
	}
}

// Holders who have nothing in common do not get in each other's way.
func (p *place) testManyConfirm(t *testing.T) {
	p = p.within(t)
	var all sync.WaitGroup
	for i := range 16 {
		r := p.admit(p.maker.Registration())
		all.Go(func() {
			for n := range 4 {
				if _, made, err := p.confirm(p.Store, wish(r, "many-wishes-"+string(rune('a'+n))), byte(40+4*i+n)); err != nil || !made {
					t.Errorf("made %t, %v", made, err)
				}
			}
		})
	}
	all.Wait()
}

func (p *place) testNotConfirmed(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	events := len(p.history(subject(r)))
	_, made, err := p.IssueConfirmed(t.Context(), p.holderOf(r.PersonID), wish(r, "no-such-1"), at, func(r *models.Registration) (models.Certificate, models.CertificateFile, error) {
		return drawn(r, 200), models.CertificateFile{}, errOnPurpose
	})
	if made {
		t.Error("made")
	}
	testkit.WantErr(t, err, errOnPurpose)
	w := wish(r, "no-such-2")
	w.PersonID = p.admit(p.maker.Registration()).PersonID // another's registration
	_, _, err = p.confirm(p.Store, w, 201)
	testkit.WantErr(t, err, models.ErrNotFound)
	if n := p.count("SELECT COUNT(*) FROM confirmations WHERE name LIKE 'no-such%'"); n != 0 || len(p.history(subject(r))) != events {
		t.Errorf("%d confirmations, %d events", n, len(p.history(subject(r)))-events)
	}
}

// What a holder began before they withdrew everything, ended sessions or stopped being the holder comes to nothing.
func (p *place) testOvertaken(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	by := p.holderOf(r.PersonID)
	began := by
	refused := func(want error) {
		t.Helper()
		_, _, err := p.IssueConfirmed(t.Context(), began, wish(r, "overtaken"), at, func(*models.Registration) (models.Certificate, models.CertificateFile, error) {
			t.Error("drawn")
			return models.Certificate{}, models.CertificateFile{}, errOnPurpose
		})
		testkit.WantErr(t, err, want)
		_, _, err = p.AddImage(t.Context(), began, image(r.PersonID, models.User{ID: began.UserID}, models.ImagePhoto, "late"))
		testkit.WantErr(t, err, want)
	}
	for range 2 { // the second finds nothing to withdraw, and ends what began before it all the same
		_, _, err := p.WithdrawAll(t.Context(), by, today, models.Event{Kind: models.EventCertificateWithdrawn}, later)
		testkit.Must(t, err)
		refused(models.ErrOvertaken)
		began = p.holderOf(r.PersonID)
	}
	s := session(models.User{ID: by.UserID}, 0x61)
	_, err := p.CreateSession(t.Context(), s, "")
	testkit.Must(t, err)
	_, _, err = p.EndSessions(t.Context(), by.UserID, nil, by.UserID, later)
	testkit.Must(t, err)
	refused(models.ErrOvertaken)
	began = p.holderOf(r.PersonID)
	if _, made, err := p.confirm(p.Store, wish(r, "overtaken"), 210); err != nil || !made {
		t.Errorf("begun anew: %t, %v", made, err)
	}
	claimant := p.user("ot-claimant")
	p.bind(r.PersonID, claimant)
	claims, err := p.ClaimsOn(t.Context(), r.PersonID, 10)
	testkit.Must(t, err)
	_, _, err = p.DecideClaim(t.Context(), claims[0].ID, models.ClaimRuling{Accept: true, Actor: "registrar", Reason: "现场核实"}, later)
	testkit.Must(t, err)
	refused(models.ErrNotHolder)
	_, _, err = p.WithdrawAll(t.Context(), began, today, models.Event{Kind: models.EventCertificateWithdrawn}, later)
	testkit.WantErr(t, err, models.ErrNotHolder)
}
