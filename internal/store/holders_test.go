package store_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

var rule = models.BindingRule{Tries: 3, Window: 24 * time.Hour, Lock: 30 * time.Minute}

func said(r models.Registration) models.Identification {
	return models.Identification{Name: r.Person.Name, IDType: r.Person.IDType, IDNumber: r.Person.IDNumber, Number: r.CertificateNumber}
}

func testHolders(t *testing.T, d dialect) {
	p := d.migrated(t)
	t.Run("tries", p.testTries)
	t.Run("tries at once", p.testTriesAtOnce)
	t.Run("binding", p.testBinding)
	t.Run("binding at once", p.testBindingAtOnce)
	t.Run("what a wrong holder leaves", p.testWrongHolder)
	t.Run("locks released", p.testRelease)
	t.Run("looks", p.testLooks)
	t.Run("signature findings", p.testSignatureChecks)
	t.Run("applications", p.testApplications)
}

func (p *place) try(user string, s models.Identification, at models.Instant) (person int64, locked models.Instant) {
	p.t.Helper()
	person, locked, err := p.TryIdentify(p.t.Context(), user, "form", s, rule, at)
	testkit.Must(p.t, err)
	return person, locked
}

// All three must be those of one registration; wrong ones count against the user, the ID number and the certificate number.
func (p *place) testTries(t *testing.T) {
	p = p.within(t)
	r, other := p.admit(p.maker.Registration()), p.admit(p.maker.Registration())
	if person, locked := p.try("utry", said(r), at); person != r.PersonID || locked != 0 {
		t.Fatalf("the right one: %d, %v", person, locked)
	}
	for name, change := range map[string]func(s *models.Identification){
		"name": func(s *models.Identification) { s.Name = other.Person.Name + "某" }, "ID number": func(s *models.Identification) { s.IDNumber = "x" },
		"type": func(s *models.Identification) { s.IDType = models.IDPassport }, "number": func(s *models.Identification) { s.Number += "0" },
		"another's number": func(s *models.Identification) { s.Number = other.CertificateNumber },
	} {
		s := said(r)
		change(&s)
		p.spoil("DELETE FROM binding_locks")
		if person, locked := p.try("u"+name, s, at); person != 0 || locked != 0 {
			t.Errorf("another %s: person %d, %v", name, person, locked)
		}
	}
	p.spoil("DELETE FROM binding_locks")
	minute := models.Instant(60_000)
	wrong := said(r)
	wrong.Name = "无此人"
	for i := range models.Instant(3) { // three users, one person
		if person, locked := p.try(fmt.Sprintf("u%d", i), wrong, at+i*minute); person != 0 || locked != 0 {
			t.Fatalf("wrong try %d: %d, %v", i, person, locked)
		}
	}
	until := at + 2*minute + 30*minute
	for _, when := range []models.Instant{at + 2*minute, until - 1} {
		if person, locked := p.try("u9", said(r), when); person != 0 || locked != until {
			t.Errorf("the right one, locked: %d, %v, want %v", person, locked, until)
		}
	}
	if person, _ := p.try("u9", said(other), at+3*minute); person != other.PersonID {
		t.Error("another person is locked too")
	}
	// When the lock has passed, the right one is right, and one more wrong one locks for twice as long.
	if person, locked := p.try("u9", said(r), until); person != r.PersonID || locked != 0 {
		t.Errorf("after the lock: %d, %v", person, locked)
	}
	p.try("u8", wrong, until+minute)
	if _, locked := p.try("u9", said(r), until+2*minute); locked != until+61*minute {
		t.Errorf("one more wrong one: locked until %v", locked)
	}
	// A day later nothing of it counts.
	day := models.Instant(24 * 60 * 60_000)
	p.try("u7", wrong, at+day)
	if person, _ := p.try("u7", said(r), at+day); person != r.PersonID {
		t.Error("still locked a day later")
	}
	// A user is locked whomever they try.
	for i := range 3 {
		s := said(other)
		s.IDNumber, s.Number = fmt.Sprint("id", i), fmt.Sprint("number", i)
		p.try("ueager", s, at)
	}
	if _, locked := p.try("ueager", said(other), at); locked == 0 {
		t.Error("a user with three wrong tries goes on")
	}
	if n := p.count("SELECT COUNT(*) FROM binding_tries WHERE user_id = 'u9'"); n != 5 {
		t.Errorf("%d tries of one user are recorded", n)
	}
	if n := p.count("SELECT COUNT(*) FROM binding_tries WHERE person_id IS NOT NULL AND outcome <> 'matched' OR person_id IS NULL AND outcome = 'matched'"); n != 0 {
		t.Errorf("%d tries are recorded wrongly", n)
	}
	if n, err := p.DeleteLocksBefore(t.Context(), at+1, at+2*day, 1000); err != nil || n == 0 {
		t.Errorf("%d locks went, %v", n, err)
	}
	if n, err := p.DeleteTriesBefore(t.Context(), at+1, 1000); err != nil || n == 0 || p.count("SELECT COUNT(*) FROM binding_tries WHERE at <= ?", int64(at)) != 0 {
		t.Errorf("%d tries went, %v", n, err)
	}
}

// Guesses at the ID number behind one certificate's number, sent all at once by as many users, are no more than nine.
func (p *place) testTriesAtOnce(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	wrong := said(r)
	wrong.IDNumber = "guess"
	var all sync.WaitGroup
	var mu sync.Mutex
	looked, away := 0, 0
	for i := range 20 {
		all.Go(func() {
			s := wrong
			s.IDNumber = fmt.Sprint("guess", i)
			_, locked, err := p.TryIdentify(t.Context(), fmt.Sprintf("uguess%d", i), "form", s, rule, at)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, models.ErrConflict): // met too many others; nothing happened
				away++
			case err != nil:
				t.Error(err)
			case locked == 0:
				looked++
			}
		})
	}
	all.Wait()
	if looked != 9 && looked+away != 20 || looked > 9 {
		t.Errorf("%d of 20 guesses were looked at (%d met others)", looked, away)
	}
}

func (p *place) bind(person int64, user models.User) (bool, []models.Event) {
	p.t.Helper()
	claimed, events, err := p.Bind(p.t.Context(), person, user.ID, "form", at)
	testkit.Must(p.t, err)
	return claimed, events
}

func (p *place) testBinding(t *testing.T) {
	p = p.within(t)
	r, other := p.admit(p.maker.Registration()), p.admit(p.maker.Registration())
	one, two, registrar := p.user("binding-1"), p.user("binding-2"), p.user("binding-3")
	s1, s2 := session(one, 0x21), session(two, 0x22)
	for _, s := range []models.Session{s1, s2} {
		_, err := p.CreateSession(t.Context(), s, "")
		testkit.Must(t, err)
	}
	_, err := p.BindingOf(t.Context(), one.ID)
	testkit.WantErr(t, err, models.ErrNotHolder)
	testkit.WantErr(t, err, models.ErrNotFound)
	claimed, events := p.bind(r.PersonID, one)
	if claimed || len(events) != 1 || events[0].Kind != models.EventBound || events[0].Version != 2 || events[0].SubjectID != one.ID {
		t.Fatalf("bound: %t, %+v", claimed, events)
	}
	if b, err := p.BindingOf(t.Context(), one.ID); err != nil || b.PersonID != r.PersonID {
		t.Errorf("%+v, %v", b, err)
	}
	if id := p.identity(s1); !id.Has(models.RoleHolder) || id.Version != 2 {
		t.Errorf("the role does not follow: %+v", id)
	}
	if claimed, events := p.bind(r.PersonID, one); claimed || len(events) != 0 {
		t.Error("the same again is something new")
	}
	_, _, err = p.Bind(t.Context(), other.PersonID, one.ID, "form", at)
	testkit.WantErr(t, err, models.ErrBound)

	// A second user never takes over by themself.
	for range 2 {
		if claimed, events := p.bind(r.PersonID, two); !claimed || len(events) != 0 {
			t.Fatalf("a second user: claimed %t, %+v", claimed, events)
		}
	}
	if id := p.identity(s2); id.Has(models.RoleHolder) {
		t.Error("a claim is enough")
	}
	claims, err := p.Claims(t.Context(), 0, 10)
	if err != nil || len(claims) != 1 || claims[0].UserID != two.ID || claims[0].PersonID != r.PersonID {
		t.Fatalf("claims %+v, %v", claims, err)
	}
	for _, party := range []string{one.ID, two.ID} {
		_, _, err = p.DecideClaim(t.Context(), claims[0].ID, models.ClaimRuling{Accept: true, Actor: party, Reason: "我自己"}, later)
		testkit.WantErr(t, err, models.ErrForbidden)
	}
	c, events, err := p.DecideClaim(t.Context(), claims[0].ID, models.ClaimRuling{Accept: false, Actor: registrar.ID, Reason: "证据不足"}, later)
	if err != nil || c.State != models.ClaimRefused || len(events) != 0 {
		t.Errorf("refused: %+v, %+v, %v", c, events, err)
	}
	_, _, err = p.DecideClaim(t.Context(), claims[0].ID, models.ClaimRuling{Accept: true, Actor: registrar.ID, Reason: "再来"}, later)
	testkit.WantErr(t, err, models.ErrDecided)
	if mine, err := p.ClaimOf(t.Context(), two.ID); err != nil || mine.Reason != "证据不足" {
		t.Errorf("the claimant sees %+v, %v", mine, err)
	}
	_, _, err = p.Bind(t.Context(), r.PersonID, two.ID, "form", later+claimPause-1)
	testkit.WantErr(t, err, models.ErrClaimPause)
	if claimed, _, err := p.Bind(t.Context(), r.PersonID, two.ID, "form", later+claimPause); !claimed || err != nil {
		t.Fatalf("after the pause: %t, %v", claimed, err)
	}
	claims, err = p.Claims(t.Context(), claims[0].ID, 10)
	testkit.Must(t, err)
	c, events, err = p.DecideClaim(t.Context(), claims[0].ID, models.ClaimRuling{Accept: true, Actor: registrar.ID, Reason: "现场核实"}, later)
	if err != nil || c.State != models.ClaimAccepted || len(events) != 2 {
		t.Fatalf("accepted: %+v, %+v, %v", c, events, err)
	}
	if b, err := p.BindingOf(t.Context(), two.ID); err != nil || b.PersonID != r.PersonID {
		t.Errorf("%+v, %v", b, err)
	}
	_, err = p.BindingOf(t.Context(), one.ID)
	testkit.WantErr(t, err, models.ErrNotHolder)
	_, err = p.Identity(t.Context(), s1.TokenHash)
	testkit.WantErr(t, err, models.ErrNotFound)
	if id := p.identity(s2); !id.Has(models.RoleHolder) || id.Version != 2 {
		t.Errorf("the claimant is %+v", id)
	}
	if n := len(p.history(one.ID)); n != 2 {
		t.Errorf("%d events of the user before", n)
	}
	_, _, err = p.DecideClaim(t.Context(), 1<<40, models.ClaimRuling{Accept: true, Actor: registrar.ID, Reason: "x"}, later)
	testkit.WantErr(t, err, models.ErrNotFound)
}

// Two users become the same person at the same moment: one does.
func (p *place) testBindingAtOnce(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	users := []models.User{p.user("once-1"), p.user("once-2"), p.user("once-3")}
	var all sync.WaitGroup
	claimed := make([]bool, len(users))
	errs := make([]error, len(users))
	for i, u := range users {
		all.Go(func() { claimed[i], _, errs[i] = p.Bind(t.Context(), r.PersonID, u.ID, "form", at) })
	}
	all.Wait()
	testkit.Must(t, errors.Join(errs...))
	bound := 0
	for _, c := range claimed {
		if !c {
			bound++
		}
	}
	if n := p.count("SELECT COUNT(*) FROM bindings WHERE person_id = ?", r.PersonID); bound != 1 || n != 1 {
		t.Errorf("%d are told that they are bound, %d are", bound, n)
	}
}

func (p *place) testLooks(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	mine, foreign := p.issue(r), p.issue(p.admit(p.maker.Registration()))
	inspector, user, holder := p.user("look-i"), p.user("look-u"), p.user("look-h")
	_, err := p.SetRole(t.Context(), inspector.ID, models.RoleInspector, true, "x", at)
	testkit.Must(t, err)
	lat, lng := int32(3991), int32(-11645)
	scan := func(n int, c models.Certificate, u *models.User, place bool) models.Scan {
		s := models.Scan{
			ID: fmt.Sprintf("0197f000-0000-7000-8000-%012d", n), At: at + models.Instant(n/2), Channel: models.ChannelPublic,
			CodeDigest: make([]byte, 16), CertificateID: &c.ID, RegistrationID: &c.RegistrationID, DocumentStatus: models.DocumentValid,
		}
		if u != nil {
			s.Channel, s.UserID = models.ChannelAPI, &u.ID
		}
		if place {
			s.LatCenti, s.LngCenti = &lat, &lng
		}
		return s
	}
	unknown := scan(7, mine, nil, false)
	unknown.RegistrationID = nil
	testkit.Must(t, p.AppendScans(t.Context(), scan(1, mine, nil, false), scan(2, mine, &user, true), scan(3, mine, &inspector, true),
		scan(4, mine, &holder, false), scan(5, foreign, &user, true), unknown))
	looks, err := p.Looks(t.Context(), r.PersonID, holder.ID, "", 10)
	testkit.Must(t, err)
	var viewers []models.Viewer
	for _, l := range looks {
		viewers = append(viewers, l.Viewer)
	}
	if want := []models.Viewer{models.ViewerSelf, models.ViewerInspector, models.ViewerUser, models.ViewerPublic}; fmt.Sprint(viewers) != fmt.Sprint(want) {
		t.Fatalf("viewers %v, want %v", viewers, want)
	}
	if l := looks[1]; l.Place == nil || *l.Place != (models.RoughPlace{LatDeci: 399, LngDeci: -1165}) || l.CertificateID != mine.ID {
		t.Errorf("look %+v", l)
	}
	// Page by page it is the same list, also where two are of one millisecond.
	var paged []models.Look
	for before := ""; ; {
		page, err := p.Looks(t.Context(), r.PersonID, holder.ID, before, 1)
		testkit.Must(t, err)
		if len(page) == 0 {
			break
		}
		paged, before = append(paged, page...), page[0].ScanID
	}
	if len(paged) != len(looks) || paged[2].ScanID != looks[2].ScanID {
		t.Errorf("paged %+v", paged)
	}
	for _, cursor := range []string{"no such scan", scan(5, foreign, nil, false).ID} { // another's tells nothing, not even its time
		_, err = p.Looks(t.Context(), r.PersonID, holder.ID, cursor, 1)
		testkit.WantErr(t, err, models.ErrNotFound)
	}
}

func (p *place) testSignatureChecks(t *testing.T) {
	p = p.within(t)
	c := p.issue(p.admit(p.maker.Registration()))
	u := p.user("finder")
	const id = "0197f000-0000-7000-8000-00000000f00d"
	add := func(f models.SignatureFinding) (before int, err error) {
		err = p.CheckSignature(t.Context(), id, func(scan models.Scan, earlier []models.SignatureCheck) (*models.SignatureCheck, error) {
			before = len(earlier)
			if *scan.UserID != u.ID {
				t.Errorf("scan %+v", scan)
			}
			return &models.SignatureCheck{UserID: u.ID, Finding: f, At: at}, nil
		})
		return before, err
	}
	_, err := add(models.SignatureMatches)
	testkit.WantErr(t, err, models.ErrNotFound)
	testkit.Must(t, p.AppendScans(t.Context(), models.Scan{ID: id, At: at, Channel: models.ChannelAPI, UserID: &u.ID, CodeDigest: make([]byte, 16),
		CertificateID: &c.ID, RegistrationID: &c.RegistrationID, DocumentStatus: models.DocumentValid}))
	for i, f := range []models.SignatureFinding{models.SignatureMatches, models.SignatureDiffers} {
		if before, err := add(f); err != nil || before != i {
			t.Errorf("finding %d: %d before, %v", i, before, err)
		}
	}
	errs := make([]error, 4)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { _, errs[i] = add(models.SignatureMissing) })
	}
	all.Wait()
	testkit.Must(t, errors.Join(errs...))
	if n := p.count("SELECT COUNT(DISTINCT number) FROM signature_findings WHERE scan_id = ?", id); n != 6 {
		t.Errorf("%d findings, want 6", n)
	}
	err = p.CheckSignature(t.Context(), id, func(models.Scan, []models.SignatureCheck) (*models.SignatureCheck, error) {
		return nil, models.ErrForbidden
	})
	testkit.WantErr(t, err, models.ErrForbidden)
	if n, err := p.DeleteSignatureChecksBefore(t.Context(), at+1, 100); err != nil || n != 6 {
		t.Errorf("%d went, %v", n, err)
	}
}

const claimPause = models.Instant(30 * 24 * 60 * 60 * 1000)

// Somebody who was taken for the holder and is not leaves nothing that counts, unless the registrar says that it was the same
// person with another account.
func (p *place) testWrongHolder(t *testing.T) {
	for i, keep := range []bool{false, true} {
		p := p.within(t)
		r := p.admit(p.maker.Registration())
		both := p.admit(second(r))
		wrong, right := p.user(fmt.Sprint("wrong-", keep)), p.user(fmt.Sprint("right-", keep))
		official := p.issue(both) // by a registrar, before anybody was bound
		p.bind(r.PersonID, wrong)
		p.accepted(r.PersonID, wrong, models.ImagePhoto, fmt.Sprint("wrong face", keep))
		pending, _ := p.add(image(r.PersonID, wrong, models.ImageSignature, fmt.Sprint("wrong hand", keep)))
		fresh, err := p.Registrations(t.Context(), r.CertificateNumber)
		testkit.Must(t, err)
		kept, _, err := p.confirm(p.Store, wish(fresh[0], "wrong-holder"), byte(220+i))
		testkit.Must(t, err)
		p.bind(r.PersonID, right)
		claims, err := p.ClaimsOn(t.Context(), r.PersonID, 10)
		testkit.Must(t, err)
		_, events, err := p.DecideClaim(t.Context(), claims[0].ID, models.ClaimRuling{Accept: true, Keep: keep, Actor: "registrar", Reason: strings.Repeat("核", 500)}, later)
		testkit.Must(t, err)
		person, err := p.Person(t.Context(), r.PersonID)
		testkit.Must(t, err)
		facts := p.facts(kept.CertificateID)
		now, err := p.Image(t.Context(), pending.ID)
		testkit.Must(t, err)
		if keep {
			if len(events) != 2 || facts.WithdrawnOn != 0 || person.PhotoDigest == "" || now.State != models.ImagePending {
				t.Errorf("kept: events %+v, facts %+v, person %+v, image %+v", events, facts, person, now)
			}
			continue
		}
		if len(events) != 4 || facts.WithdrawnOn != today || person.PhotoDigest != "" || now.State != models.ImageReplaced || now.DecidedAt != later {
			t.Errorf("ended: events %+v, facts %+v, person %+v, image %+v", events, facts, person, now)
		}
		if facts := p.facts(official.ID); facts.WithdrawnOn != 0 || facts.Version == 1 {
			t.Errorf("the registrar's certificate: %+v", facts)
		}
		if _, err := p.AcceptedImage(t.Context(), r.PersonID, models.ImagePhoto); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("an image counts: %v", err)
		}
	}
}

// A certificate's number bears three times the wrong tries of a user; a registrar lets its holder in again, and that is recorded.
func (p *place) testRelease(t *testing.T) {
	p = p.within(t)
	r := p.admit(p.maker.Registration())
	wrong := said(r)
	wrong.Name = "别人"
	for i := range 9 {
		wrong.IDNumber = fmt.Sprint("nobody", i)
		_, locked, err := p.TryIdentify(t.Context(), fmt.Sprint("uweapon", i/3), "form", wrong, rule, at)
		if err != nil || locked != 0 {
			t.Fatalf("try %d: locked %d, %v", i, locked, err)
		}
	}
	_, locked, err := p.TryIdentify(t.Context(), "uholder", "form", said(r), rule, at)
	if err != nil || locked == 0 {
		t.Fatalf("after nine: locked %d, %v", locked, err)
	}
	n, err := p.ReleaseLocks(t.Context(), models.Identification{Number: r.CertificateNumber}, "uregistrar", "registrar", at)
	if err != nil || n != 1 {
		t.Errorf("%d released, %v", n, err)
	}
	if person, locked, err := p.TryIdentify(t.Context(), "uholder", "form", said(r), rule, at); err != nil || locked != 0 || person != r.PersonID {
		t.Errorf("released: person %d, locked %d, %v", person, locked, err)
	}
	if _, locked, err := p.TryIdentify(t.Context(), "uweapon0", "form", said(r), rule, at); err != nil || locked == 0 {
		t.Errorf("a user's own count: locked %d, %v", locked, err)
	}
	if n := p.count("SELECT COUNT(*) FROM binding_tries WHERE outcome = 'released' AND user_id = 'uregistrar'"); n != 1 {
		t.Errorf("recorded %d times", n)
	}
}
