package register

import (
	"context"
	"crypto/rand"
	"time"

	"yanzheng/models"
)

// Applications keeps who applies for an initial registration.
type Applications interface {
	Admit(ctx context.Context, p models.Person, a models.Application) (models.Application, error)
	Register(ctx context.Context, application string, event models.Event, at models.Instant,
		draw func(p models.Person, a models.Application) (models.Registration, error)) (models.Registration, error)
}

// Initial is the use case of initial registrations (初始注册). A person is admitted before there is any registration, so that
// photo and signature image can be collected; the registration is refused until both are accepted (R6).
type Initial struct {
	store Applications
	now   func() time.Time
}

// NewInitial puts the use case together.
func NewInitial(store Applications, now func() time.Time) *Initial { return &Initial{store, now} }

// Admit takes a person in who applies in a category, and gives the application with the number by which the person is identified
// until there is a certificate number. Admitting the same person again gives the same application.
func (i *Initial) Admit(ctx context.Context, p models.Person, category models.Category, actor string) (models.Application, error) {
	now := i.now()
	p.Name = models.NormalizeText(p.Name)
	if _, ok := category.Policy(); !ok {
		return models.Application{}, models.ErrCategory
	}
	if err := models.CheckName(p.Name); err != nil {
		return models.Application{}, err
	}
	if _, err := models.ParseSex(string(p.Sex)); err != nil {
		return models.Application{}, err
	}
	number, birth, err := models.CheckIDNumber(p.IDType, p.IDNumber, models.DateOf(now))
	if err != nil {
		return models.Application{}, err
	}
	p.IDNumber = number
	if birth != 0 {
		p.BirthDate = birth
	}
	return i.store.Admit(ctx, p, models.Application{
		Number: "A" + rand.Text()[:12], Category: category, AdmittedAt: models.InstantOf(now), AdmittedBy: actor,
	})
}

// Register makes the registration that an application is for. Person and category are the application's; models.ErrImagesMissing
// until photo and signature image are accepted.
func (i *Initial) Register(ctx context.Context, application string, r models.Registration, reason, actor string) (models.Registration, error) {
	reason = models.NormalizeText(reason)
	if reason == "" || len([]rune(reason)) > maxReason {
		return models.Registration{}, ErrReason
	}
	now := i.now()
	event := models.Event{Kind: models.EventRegistered, Actor: actor, Reason: reason}
	return i.store.Register(ctx, models.NormalizeText(application), event, models.InstantOf(now),
		func(p models.Person, a models.Application) (models.Registration, error) {
			out := r
			out.Person, out.Category, out.State = p, a.Category, models.StateInForce
			out.Normalize()
			if faults := out.Check(models.DateOf(now)); len(faults) > 0 {
				return models.Registration{}, faults[0]
			}
			return out, nil
		})
}
