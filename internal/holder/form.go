package holder

import (
	"context"
	"time"

	"yanzheng/models"
)

// Tries looks for the one person of whom all that was said is true, counts and records tries.
type Tries interface {
	TryIdentify(ctx context.Context, userID, way string, said models.Identification, rule models.BindingRule, at models.Instant) (
		person int64, lockedUntil models.Instant, err error)
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

// maxSaid bounds each part of what is said, in bytes; nothing in the register is longer.
const maxSaid = 200

// Identify is Identifier's. What cannot be right is a wrong try like any other.
func (f *Form) Identify(ctx context.Context, userID string, e Evidence) (int64, error) {
	said, now := e.Identification, f.now()
	said.Name, said.Number = models.NormalizeText(said.Name), models.NormalizeText(said.Number)
	if len(said.Name) > maxSaid || len(said.Number) > maxSaid || len(said.IDNumber) > maxSaid {
		return 0, ErrIdentity
	}
	if said.IDType == "" {
		said.IDType = models.IDResident
	}
	if written, _, err := models.CheckIDNumber(said.IDType, said.IDNumber, models.DateOf(now)); err == nil {
		said.IDNumber = written
	}
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
