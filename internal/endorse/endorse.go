// Package endorse makes electronic certificates: the holder confirms the use limit, and a certificate
// with its own code comes of it (证照加注, 二(二)).
//
// Its promise: what a certificate prints is what the register held at that very moment. Its one rule:
// whatever is not in force, or is blocked, is not endorsed (R11).
package endorse

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"yanzheng/models"
)

// Register finds registrations and writes certificates.
type Register interface {
	RegistrationIDs(ctx context.Context, category models.Category, numbers ...string) (map[string][]int64, error)
	IssueCertificates(ctx context.Context, ids []int64, actor string, at models.Instant,
		draw func(i int, r *models.Registration) (*models.Certificate, error)) error
	ChangeCertificate(ctx context.Context, id models.CertificateID, at models.Instant,
		change func(c *models.Certificate) (models.Event, error)) (models.Certificate, []models.Event, error)
}

// Propagator carries committed changes to every cache; false: later.
type Propagator interface {
	Propagate(ctx context.Context, events []models.Event) bool
}

// Codes signs the codes on certificates.
type Codes interface {
	SigningKey(day models.Date) (uint8, error)
	URL(c *models.Certificate) (string, error)
}

// Service is the use case.
type Service struct {
	register   Register
	codes      Codes
	propagator Propagator
	now        func() time.Time
}

// New puts the use case together.
func New(register Register, codes Codes, propagator Propagator, now func() time.Time) *Service {
	return &Service{register: register, codes: codes, propagator: propagator, now: now}
}

// Issued is a new certificate and the URL of its code.
type Issued struct {
	Certificate models.Certificate
	Code        string
}

// Endorse makes a certificate of the registration with that number (category empty: any), used from
// today. Earlier certificates stay what they are.
func (s *Service) Endorse(ctx context.Context, category models.Category, number, actor string) (Issued, error) {
	all, err := s.EndorseAll(ctx, category, []string{number}, actor)
	if err != nil {
		return Issued{}, err
	}
	return all[0].Issued, all[0].Err
}

// Outcome is what became of one of several: a certificate, or why there is none.
type Outcome struct {
	Issued
	Err error
}

// EndorseAll makes certificates for up to MaxAtOnce numbers, as Endorse does for one, in a single transaction. What cannot be
// endorsed has its own error and does not keep the others from it; an error of all means that none was made,
// unless the store does not know.
func (s *Service) EndorseAll(ctx context.Context, category models.Category, numbers []string, actor string) ([]Outcome, error) {
	if len(numbers) > MaxAtOnce {
		return nil, models.ErrInternal
	}
	numbers = slices.Clone(numbers)
	for i := range numbers {
		numbers[i] = models.NormalizeText(numbers[i])
	}
	found, err := s.register.RegistrationIDs(ctx, category, numbers...)
	if err != nil {
		return nil, err
	}
	out := make([]Outcome, len(numbers))
	var ids []int64
	var place []int // of each id in out
	for i, number := range numbers {
		id, err := models.OneRegistration(found[number], number)
		if out[i].Err = err; err == nil {
			ids, place = append(ids, id), append(place, i)
		}
	}
	if len(ids) == 0 {
		return out, nil
	}
	now := s.now()
	err = s.register.IssueCertificates(ctx, ids, actor, models.InstantOf(now), func(i int, r *models.Registration) (*models.Certificate, error) {
		o := &out[place[i]]
		c, err := drawUp(s.codes, r, now)
		var own *models.Error
		if errors.As(err, &own) && own.Kind != models.KindInternal {
			*o = Outcome{Err: err}
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		url, err := s.codes.URL(&c) // before it is written: a certificate without a code is none
		*o = Outcome{Issued: Issued{c, url}}
		return &c, err
	})
	return out, err
}

// MaxAtOnce bounds a transaction of EndorseAll.
const MaxAtOnce = 200

// drawUp makes a certificate of a registration as it stands, with an id of its own.
func drawUp(codes Codes, r *models.Registration, now time.Time) (models.Certificate, error) {
	today := models.DateOf(now)
	window, err := models.EndorseWindow(r, today)
	if err != nil {
		return models.Certificate{}, barred(r, today)
	}
	key, err := codes.SigningKey(today)
	if err != nil {
		return models.Certificate{}, err
	}
	c := models.Certificate{
		RegistrationID: r.ID, Kind: models.KindRegistrationCertificate, KeyNumber: key,
		UseFrom: window.From, UseUntil: window.Until, Printed: models.PrintOf(r), IssuedAt: models.InstantOf(now),
	}
	_, err = rand.Read(c.ID[:])
	return c, err
}

// barred says what bars an endorsement on a day; a category without a rule is ErrCategory.
func barred(r *models.Registration, day models.Date) error {
	if _, ok := r.Category.Policy(); !ok {
		return models.ErrCategory
	}
	return models.Barred(models.BarsOn(r, day))
}

// maxReason bounds the reason of a withdrawal, in characters. Holders owe nobody one.
const maxReason = 200

// Withdraw ends one certificate before its time, at its holder's wish (R12).
func (s *Service) Withdraw(ctx context.Context, id models.CertificateID, reason, actor string) (propagated bool, err error) {
	return withdraw(ctx, s.register, s.propagator, models.InstantOf(s.now()), id, reason, actor)
}

// changer changes one certificate.
type changer interface {
	ChangeCertificate(ctx context.Context, id models.CertificateID, at models.Instant,
		change func(c *models.Certificate) (models.Event, error)) (models.Certificate, []models.Event, error)
}

func withdraw(ctx context.Context, register changer, p Propagator, now models.Instant, id models.CertificateID, reason, actor string) (propagated bool, err error) {
	if utf8.RuneCountInString(reason) > maxReason {
		return false, ErrReason
	}
	if models.CheckWritten(reason) != nil {
		return false, models.ErrHidden.On("reason")
	}
	_, events, err := register.ChangeCertificate(ctx, id, now, func(c *models.Certificate) (models.Event, error) {
		if c.WithdrawnAt != 0 {
			return models.Event{}, ErrWithdrawn
		}
		c.WithdrawnAt, c.WithdrawnReason = now, reason
		return models.Event{Kind: models.EventCertificateWithdrawn, Actor: actor, Reason: reason}, nil
	})
	if err != nil {
		return false, err
	}
	return p.Propagate(ctx, events), nil
}

// The answers to withdrawals that cannot be carried out.
var (
	ErrWithdrawn = models.NewError(models.KindConflict, "already_withdrawn", "该证书已作废", "The certificate was withdrawn before")
	ErrReason    = models.NewError(models.KindRule, "reason_too_long", "理由不超过 200 字", "A reason has at most 200 characters").On("reason")
)
