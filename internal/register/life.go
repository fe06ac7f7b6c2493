package register

import (
	"context"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"yanzheng/models"
)

// Store keeps the register.
type Store interface {
	RegistrationID(ctx context.Context, category models.Category, number string) (int64, error)
	ChangeRegistration(ctx context.Context, id int64, at models.Instant,
		change func(r *models.Registration) (models.Event, error)) (models.Registration, []models.Event, error)
	Merge(ctx context.Context, rows []models.Registration, rule models.MergeRule, event models.Event, at models.Instant) ([]models.MergeOutcome, []models.Event, error)
}

// Propagator carries committed changes to every cache; false: later.
type Propagator interface {
	Propagate(ctx context.Context, events []models.Event) bool
}

// Service is the use case.
type Service struct {
	store      Store
	propagator Propagator
	now        func() time.Time
}

// New puts the use case together.
func New(store Store, propagator Propagator, now func() time.Time) *Service {
	return &Service{store: store, propagator: propagator, now: now}
}

// Decision names a registration and why and by whom it is changed. Category may be empty where the
// number stands in one category only.
type Decision struct {
	Category          models.Category
	CertificateNumber string
	Reason            string // required, at most 500 characters; kept in the history, never shown to the public
	Actor             string
}

// Outcome is a committed change. Propagated false means that the caches will follow within seconds.
type Outcome struct {
	Registration models.Registration
	Propagated   bool
}

const maxReason = 500

// Move carries out a decision about the registration's state, effective today: suspend, cancel,
// withdraw, revoke, or restore (next = in force).
func (s *Service) Move(ctx context.Context, d Decision, next models.State) (Outcome, error) {
	return s.change(ctx, d, func(r *models.Registration, today models.Date) (models.EventKind, error) {
		if !r.State.CanBecome(next) {
			return "", ErrMove
		}
		r.State, r.StateSince = next, today
		return models.EventFor(next), nil
	})
}

// Change writes new registration information (变更注册). Fields are in the API's words, values as people
// write them; every fault of the result is an error and nothing is changed. A change to what is
// there already is ErrNoChange.
func (s *Service) Change(ctx context.Context, d Decision, fields map[models.Field]string) (Outcome, error) {
	return s.change(ctx, d, func(r *models.Registration, today models.Date) (models.EventKind, error) {
		before := *r
		for _, f := range slices.Sorted(maps.Keys(fields)) { // of two faults it is always the same that is told
			if err := set(r, f, fields[f]); err != nil {
				return "", err
			}
		}
		r.Normalize()
		if faults := r.Check(today); len(faults) > 0 {
			return "", faults[0]
		}
		if r.Person.SameAs(&before.Person) && sameRegistration(r, &before) {
			return "", ErrNoChange
		}
		return models.EventChanged, nil
	})
}

// Block puts a bar on a registration from a day to a day (until zero: until lifted), for instance while a
// penalty runs.
func (s *Service) Block(ctx context.Context, d Decision, kind models.BlockKind, from, until models.Date) (Outcome, error) {
	return s.change(ctx, d, func(r *models.Registration, today models.Date) (models.EventKind, error) {
		if from == 0 {
			from = today
		}
		if until != 0 && until < from {
			return "", models.ErrValidity.On("until")
		}
		same := func(b models.Block) bool { return b.Kind == kind && b.From == from && b.Until == until }
		if slices.ContainsFunc(r.Blocks, same) { // the command was run again
			return "", ErrNoChange
		}
		r.Blocks = append(r.Blocks, models.Block{RegistrationID: r.ID, Kind: kind, From: from, Until: until})
		return models.EventBlocked, nil
	})
}

// Unblock lifts every bar of a kind that runs or lies ahead.
func (s *Service) Unblock(ctx context.Context, d Decision, kind models.BlockKind) (Outcome, error) {
	return s.change(ctx, d, func(r *models.Registration, today models.Date) (models.EventKind, error) {
		kept := slices.DeleteFunc(slices.Clone(r.Blocks), func(b models.Block) bool {
			return b.Kind == kind && (b.Until == 0 || b.Until >= today)
		})
		if len(kept) == len(r.Blocks) {
			return "", ErrNoChange
		}
		r.Blocks = kept
		return models.EventUnblocked, nil
	})
}

func (s *Service) change(ctx context.Context, d Decision, f func(r *models.Registration, today models.Date) (models.EventKind, error)) (Outcome, error) {
	reason := models.NormalizeText(d.Reason)
	if reason == "" || utf8.RuneCountInString(reason) > maxReason {
		return Outcome{}, ErrReason
	}
	if models.CheckWritten(reason) != nil {
		return Outcome{}, models.ErrHidden.On("reason")
	}
	id, err := s.store.RegistrationID(ctx, d.Category, models.NormalizeText(d.CertificateNumber))
	if err != nil {
		return Outcome{}, err
	}
	now := s.now()
	r, events, err := s.store.ChangeRegistration(ctx, id, models.InstantOf(now), func(r *models.Registration) (models.Event, error) {
		kind, err := f(r, models.DateOf(now))
		return models.Event{Kind: kind, Actor: d.Actor, Reason: reason}, err
	})
	if err != nil {
		return Outcome{}, err
	}
	return Outcome{r, s.propagator.Propagate(ctx, events)}, nil
}

// set writes one field of a registration from its text.
func set(r *models.Registration, f models.Field, v string) (err error) {
	switch f {
	case models.FieldName:
		r.Person.Name = v
	case models.FieldSex:
		r.Person.Sex, err = models.ParseSex(v)
	case models.FieldIDNumber:
		r.Person.IDNumber = v
	case models.FieldIDType:
		r.Person.IDType, err = models.ParseIDType(v)
	case models.FieldBirthDate:
		r.Person.BirthDate, err = models.ParseDate(v)
	case models.FieldSealNumber:
		r.SealNumber = v
	case models.FieldEmployer:
		r.Employer = v
	case models.FieldEmployerCode:
		r.EmployerCode = v
	case models.FieldSpecialty:
		r.Specialty = v
	case models.FieldValidFrom:
		r.ValidFrom, err = models.ParseDate(v)
	case models.FieldValidUntil:
		r.ValidUntil, err = models.ParseDate(v)
	default:
		return ErrField.On(string(f))
	}
	if err != nil { // a date does not know of which field it is
		return models.AsError(err).On(string(f))
	}
	return nil
}

func sameRegistration(a, b *models.Registration) bool {
	return a.SealNumber == b.SealNumber && a.Employer == b.Employer && a.EmployerCode == b.EmployerCode &&
		a.Specialty == b.Specialty && a.ValidFrom == b.ValidFrom && a.ValidUntil == b.ValidUntil
}

// The answers to decisions that cannot be carried out.
var (
	ErrMove     = models.NewError(models.KindConflict, "state_conflict", "登记的当前状态不允许此项操作", "The registration's present state does not allow this")
	ErrNoChange = models.NewError(models.KindConflict, "nothing_to_change", "登记信息已是如此，无需变更", "The register says so already")
	ErrReason   = models.NewError(models.KindRule, "reason_required", "必须说明理由，且不超过 500 字", "A reason is required, at most 500 characters").On("reason")
	ErrField    = models.NewError(models.KindRule, "field_fixed", "该字段不能变更", "This field cannot be changed")
)
