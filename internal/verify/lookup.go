package verify

import (
	"context"
	"errors"

	"yanzheng/models"
)

// LookUpRequest asks for a registration by number and name; the name is the second thing that one must
// know. Category may be empty. Paper is what a paper certificate says, field by field.
type LookUpRequest struct {
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

// LookUp finds a registration. "No such number" and "another name" are the same ErrNoMatch, found in the
// same way and so in the same time.
func (s *Service) LookUp(ctx context.Context, r LookUpRequest) (LookUp, error) {
	number, name := models.NormalizeText(r.CertificateNumber), models.NormalizeText(r.Name)
	asOf := s.now()
	found, err := s.register.FindRegistration(ctx, number, name, r.Category)
	if errors.Is(err, models.ErrNotFound) {
		return LookUp{}, ErrNoMatch
	}
	if err != nil {
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

// ErrNoMatch answers a look-up without a match, whatever did not match.
var ErrNoMatch = models.NewError(models.KindNotFound, "no_match",
	"未找到与所填姓名和证书编号一致的注册信息", "No registration matches this name and certificate number")
