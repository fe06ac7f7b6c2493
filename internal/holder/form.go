package holder

import (
	"context"
	"strings"
	"time"

	"yanzheng/models"
)

// Tries looks for the one person of whom all that was said is true, counts and records tries.
type Tries interface {
	TryIdentify(ctx context.Context, userID, way string, said models.Identification, rule models.BindingRule, at models.Instant) (
		person int64, lockedUntil models.Instant, err error)
}

// Releases forgets wrong tries.
type Releases interface {
	ReleaseLocks(ctx context.Context, said models.Identification, actor, way string, at models.Instant) (int64, error)
}

// Form is the Identifier that asks for name, ID number and certificate number.
type Form struct {
	tries Tries
	rule  models.BindingRule
	now   func() time.Time
}

// NewForm makes the form.
func NewForm(tries Tries, rule models.BindingRule, now func() time.Time) *Form {
	return &Form{tries, rule, now}
}

// Way is Identifier's.
func (*Form) Way() string { return "form" }

// written gives what is said as the register writes it, where it can be that.
func written(said models.Identification, at time.Time) models.Identification {
	said.Name, said.Number = models.NormalizeText(said.Name), models.NormalizeText(said.Number)
	for _, part := range []*string{&said.Name, &said.Number, &said.IDNumber} {
		*part = strings.ToValidUTF8((*part)[:min(len(*part), maxSaid)], "") // so it is a wrong try, and recorded as one
	}
	if said.IDType == "" {
		said.IDType = models.IDResident
	}
	if as, _, err := models.CheckIDNumber(said.IDType, said.IDNumber, models.DateOf(at)); err == nil {
		said.IDNumber = as
	}
	return said
}

// maxSaid bounds each part of what is said, in bytes; everything in the register is shorter.
const maxSaid = 204

// Identify is Identifier's. What cannot be right is a wrong try like any other.
func (f *Form) Identify(ctx context.Context, userID string, e Evidence) (int64, error) {
	now := f.now()
	said := written(e.Identification, now)
	person, locked, err := f.tries.TryIdentify(ctx, userID, f.Way(), said, f.rule, models.InstantOf(now))
	switch {
	case err != nil:
		return 0, met(err)
	case locked != 0:
		return 0, ErrLocked.RetryIn(locked.Time().Sub(now))
	case person == 0:
		return 0, ErrIdentity
	}
	return person, nil
}
