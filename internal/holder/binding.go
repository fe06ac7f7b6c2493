package holder

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"yanzheng/models"
)

// Identifier finds out which person a user is. The form is one way; the log-in of a government portal can be another.
type Identifier interface {
	// Way names it, in at most 20 characters.
	Way() string
	// Identify gives the person. Whatever was wrong with the evidence, the error is ErrIdentity, or ErrLocked after too many of
	// them.
	Identify(ctx context.Context, userID string, e Evidence) (personID int64, err error)
}

// Evidence is what a user brings. The form needs all but Ticket, which is a portal's.
type Evidence struct {
	models.Identification
	Ticket string
}

// Bindings keeps who is the holder of whose certificates.
type Bindings interface {
	Bind(ctx context.Context, personID int64, userID, way string, at models.Instant) (claimed bool, events []models.Event, err error)
	BindingOf(ctx context.Context, userID string) (models.Binding, error)
	HolderOf(ctx context.Context, personID int64) (*models.Binding, error)
}

// Claims keeps users who say that they are a person whom another user is bound to.
type Claims interface {
	Claims(ctx context.Context, after int64, limit int) ([]models.BindingClaim, error)
	ClaimOf(ctx context.Context, userID string) (models.BindingClaim, error)
	ClaimsOn(ctx context.Context, personID int64, limit int) ([]models.BindingClaim, error)
	DecideClaim(ctx context.Context, id int64, ruling models.ClaimRuling, at models.Instant) (models.BindingClaim, []models.Event, error)
}

// People gives what the register has of a person.
type People interface {
	Person(ctx context.Context, id int64) (models.Person, error)
	RegistrationsOf(ctx context.Context, personID int64) ([]models.Registration, error)
	Looks(ctx context.Context, personID int64, userID, before string, limit int) ([]models.Look, error)
}

// Propagator carries committed changes to every cache; false: later.
type Propagator interface {
	Propagate(ctx context.Context, events []models.Event) bool
}

// Store is the database.
type Store interface {
	Bindings
	Claims
	People
	Releases
}

// Service is the use case of binding.
type Service struct {
	identifier Identifier
	store      Store
	propagator Propagator
	now        func() time.Time
}

// New puts the use case together.
func New(i Identifier, s Store, p Propagator, now func() time.Time) *Service {
	return &Service{identifier: i, store: s, propagator: p, now: now}
}

// beat is longer than a try in a healthy database; the answer leaves at a multiple of it, so that its time tells nothing of what
// was wrong.
const beat = 100 * time.Millisecond

// Bind makes a user the holder of a person's certificates, or opens a claim (claimed true) where another user is.
func (s *Service) Bind(ctx context.Context, userID string, e Evidence) (claimed bool, err error) {
	began := s.now()
	defer func() { settle(ctx, s.now().Sub(began)) }()
	person, err := s.identifier.Identify(ctx, userID, e)
	if err != nil {
		return false, err
	}
	claimed, events, err := s.store.Bind(ctx, person, userID, s.identifier.Way(), models.InstantOf(s.now()))
	if err == nil && len(events) > 0 {
		s.propagator.Propagate(ctx, events)
	}
	return claimed, met(err)
}

// settle waits for the end of the beat.
func settle(ctx context.Context, spent time.Duration) {
	t := time.NewTimer(beat - spent%beat)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// Me is what a user is to this service. Claim is the user's newest claim, nil where there is none; the rest is of a holder.
type Me struct {
	Claim         *models.BindingClaim
	Binding       *models.Binding
	Person        models.Person
	Registrations []models.RegistrationFinding // today
}

// Me tells a user who they are here.
func (s *Service) Me(ctx context.Context, userID string) (Me, error) {
	var me Me
	claim, err := s.store.ClaimOf(ctx, userID)
	switch {
	case err == nil:
		me.Claim = &claim
	case !errors.Is(err, models.ErrNotFound):
		return Me{}, err
	}
	b, err := s.store.BindingOf(ctx, userID)
	if errors.Is(err, models.ErrNotHolder) {
		return me, nil
	}
	if err != nil {
		return Me{}, err
	}
	me.Binding = &b
	if me.Person, err = s.store.Person(ctx, b.PersonID); err != nil {
		return Me{}, err
	}
	registrations, err := s.store.RegistrationsOf(ctx, b.PersonID)
	today := models.DateOf(s.now())
	for i := range registrations {
		me.Registrations = append(me.Registrations, models.DecideRegistration(models.RegistrationFacts(&registrations[i]), today))
	}
	return me, err
}

// Looks gives who looked at a holder's certificates (R13), the newest first, before one (empty: from the newest on).
func (s *Service) Looks(ctx context.Context, userID, before string, limit int) ([]models.Look, error) {
	b, err := s.store.BindingOf(ctx, userID)
	if err != nil {
		return nil, err
	}
	looks, err := s.store.Looks(ctx, b.PersonID, userID, before, limit)
	if errors.Is(err, models.ErrNotFound) {
		err = ErrCursor
	}
	return looks, err
}

// Claim is an open claim with what a registrar must know to decide it: who is the holder today (nil: nobody any more), and what
// claims on the person were decided before.
type Claim struct {
	models.BindingClaim
	Person  models.Person
	Holder  *models.Binding
	Earlier []models.BindingClaim
}

// maxEarlier is how many claims on a person a registrar is shown.
const maxEarlier = 20

// Claims gives open claims after one, oldest first.
func (s *Service) Claims(ctx context.Context, after int64, limit int) ([]Claim, error) {
	open, err := s.store.Claims(ctx, after, limit)
	if err != nil {
		return nil, err
	}
	claims := make([]Claim, len(open))
	for i, c := range open {
		claims[i].BindingClaim = c
		if claims[i].Person, err = s.store.Person(ctx, c.PersonID); err != nil {
			return nil, err
		}
		if claims[i].Holder, err = s.store.HolderOf(ctx, c.PersonID); err != nil {
			return nil, err
		}
		all, err := s.store.ClaimsOn(ctx, c.PersonID, maxEarlier)
		if err != nil {
			return nil, err
		}
		for _, other := range all {
			if other.ID != c.ID {
				claims[i].Earlier = append(claims[i].Earlier, other)
			}
		}
	}
	return claims, nil
}

// DecideClaim decides a claim. Accepted, the claimant is the holder from now on and every session of the user before them ends;
// unless the ruling says that both are the same person, so does what that user collected and confirmed.
func (s *Service) DecideClaim(ctx context.Context, id int64, ruling models.ClaimRuling) (models.BindingClaim, bool, error) {
	reason, err := checkReason(ruling.Reason, true)
	if err != nil {
		return models.BindingClaim{}, false, err
	}
	ruling.Reason = reason
	claim, events, err := s.store.DecideClaim(ctx, id, ruling, models.InstantOf(s.now()))
	if err != nil {
		return claim, false, undecided(err)
	}
	return claim, len(events) == 0 || s.propagator.Propagate(ctx, events), nil
}

// Release lets a holder try again whom wrong tries of others have locked out, and tells how many locks there were.
func (s *Service) Release(ctx context.Context, actor string, said models.Identification) (int64, error) {
	now := s.now()
	return s.store.ReleaseLocks(ctx, written(said, now), actor, "registrar", models.InstantOf(now))
}

const maxReason = 500

func checkReason(reason string, needed bool) (string, error) {
	reason = models.NormalizeText(reason)
	if needed && reason == "" || utf8.RuneCountInString(reason) > maxReason {
		return "", ErrReason
	}
	return reason, nil
}

// undecided says in the words of this package that there is nothing to decide.
func undecided(err error) error {
	if errors.Is(err, models.ErrNotFound) {
		return ErrNoSuchCase
	}
	return met(err)
}

// met says what somebody can do whose change met others of the same thing, again and again.
func met(err error) error {
	if errors.Is(err, models.ErrConflict) {
		return models.ErrUnavailable.Because(err)
	}
	return err
}

// The answers to what cannot be done.
var (
	ErrIdentity = models.NewError(models.KindRule, "identity_no_match",
		"所填信息与登记信息不一致，请核对姓名、证件号码和证书编号", "What was given does not match the register: check name, ID number and certificate number")
	ErrLocked = models.NewError(models.KindTooMany, "identity_locked",
		"错误次数过多，请稍后再试", "Too many wrong tries, please try again later")
	ErrReason = models.NewError(models.KindRule, "reason_required",
		"必须说明理由，且不超过 500 字", "A reason is required, at most 500 characters").On("reason")
	ErrNoSuchCase = models.NewError(models.KindNotFound, "no_such_case", "没有此待办事项", "There is no such case")
	ErrCursor     = models.NewError(models.KindRule, "cursor_invalid", "翻页位置无效，请从头查看", "The cursor is not valid (any more): begin again").On("cursor")
)
