package verify

import (
	"context"
	"errors"
	"time"

	"yanzheng/models"
)

// LookUpRequest asks for a registration by number and name; the name is the second thing that one must
// know. Category may be empty. Paper is what a paper certificate says, field by field.
type LookUpRequest struct {
	Address           string // where the request came from
	Name              string
	CertificateNumber string
	Category          models.Category
	Paper             map[models.Field]string
}

// LookUp is the answer: the registration today, what paper is worth today (nil where the category's
// rule is not confirmed), and how the paper compares (二(三), R4, R5).
type LookUp struct {
	Answer
	Paper      *models.PaperFinding
	Comparison []models.Comparison
}

// LookUp finds a registration. "No such number" and "another name" are the same ErrNoMatch, and every
// answer waits for the next beat, so that its time does not tell them apart either.
func (s *Service) LookUp(ctx context.Context, r LookUpRequest) (LookUp, error) {
	ctx, cancel := s.patience.Begin(ctx)
	defer cancel()
	number, name := models.NormalizeText(r.CertificateNumber), models.NormalizeText(r.Name)
	entry, err := s.desk.Admit(ctx, Arrival{Purpose: ForLookUp, Address: r.Address})
	if err != nil {
		return LookUp{}, err
	}
	asOf := s.now()
	defer s.settle(ctx, asOf)
	found, err := s.register.FindRegistration(ctx, number, name, r.Category)
	if errors.Is(err, models.ErrNotFound) {
		return LookUp{}, ErrNoMatch
	}
	if err != nil {
		return LookUp{}, err
	}
	if err := entry.Shown(ctx, found.PersonID); err != nil {
		return LookUp{}, err
	}
	out := LookUp{Answer: Answer{At: s.now(), AsOf: asOf, Source: models.SourceDatabase}}
	today := models.DateOf(out.At)
	finding := models.DecideRegistration(models.RegistrationFacts(found), today)
	out.Verdict.Registration = &finding
	if paper, ok := found.Category.PaperOn(today); ok {
		out.Paper = &paper
	}
	if len(r.Paper) > 0 {
		if out.Comparison, err = models.ComparePaper(r.Paper, *found); err != nil {
			return LookUp{}, err
		}
	}
	return out, nil
}

// beat is longer than a look into a healthy database; the answer leaves at a multiple of it.
const beat = 25 * time.Millisecond

// settle waits for the end of the beat that began with the request.
func (s *Service) settle(ctx context.Context, began time.Time) {
	spent := s.now().Sub(began)
	t := time.NewTimer(beat - spent%beat)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// ErrNoMatch answers a look-up without a match, whatever did not match.
var ErrNoMatch = models.NewError(models.KindNotFound, "no_match",
	"未找到与所填姓名和证书编号一致的注册信息", "No registration matches this name and certificate number")
