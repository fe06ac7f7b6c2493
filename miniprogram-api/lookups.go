package miniprogram

import (
	"github.com/gin-gonic/gin"

	"yanzheng/internal/httpx"
	"yanzheng/internal/verify"
	"yanzheng/models"
)

type lookUpRequest struct {
	Name              string                  `json:"name"`
	CertificateNumber string                  `json:"certificate_number"`
	Category          string                  `json:"category"`
	Paper             map[models.Field]string `json:"paper"`
}

type lookUpAnswer struct {
	At           string        `json:"at"`
	AsOf         string        `json:"as_of"`
	Registration *registration `json:"registration"`
	Paper        *paper        `json:"paper,omitempty"`
	Comparison   []comparison  `json:"comparison"`
}

type paper struct {
	Status  models.PaperStatus `json:"status"`
	From    *string            `json:"from"`
	Until   *string            `json:"until"`
	Message text               `json:"message"`
}

type comparison struct {
	Field        models.Field `json:"field"`
	Label        text         `json:"label"`
	Result       string       `json:"result"`
	RegisterSays string       `json:"register_says"`
}

func (a *API) lookUp(c *gin.Context) {
	var r lookUpRequest
	if err := httpx.ReadJSON(c, &r); err != nil {
		httpx.Fail(c, err)
		return
	}
	request := verify.LookUpRequest{Address: httpx.Address(c), Name: r.Name, CertificateNumber: r.CertificateNumber, Paper: r.Paper}
	var err error
	switch {
	case r.Name == "":
		err = errMissing.On(string(models.FieldName))
	case r.CertificateNumber == "":
		err = errMissing.On(string(models.FieldCertificateNumber))
	case r.Category != "":
		request.Category, err = models.ParseCategory(r.Category)
	}
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	found, err := a.verifier.LookUp(c.Request.Context(), request)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	httpx.WriteJSON(c, newLookUp(found))
}

func newLookUp(f verify.LookUp) lookUpAnswer {
	out := lookUpAnswer{
		At: instant(f.At), AsOf: instant(f.AsOf), Comparison: []comparison{},
		Registration: newRegistration(f.Verdict.Registration, forPublic),
	}
	if f.Paper != nil {
		out.Paper = &paper{f.Paper.Status, day(f.Paper.From), day(f.Paper.Until), text(f.Paper.Message)}
	}
	for _, line := range f.Comparison {
		result := "differs"
		if line.Same {
			result = "same"
		}
		out.Comparison = append(out.Comparison, comparison{line.Field, text(line.Field.Label()), result, line.RegisterSays})
	}
	return out
}

// day gives a date, or null where there is no such end.
func day(d models.Date) *string {
	if d == 0 {
		return nil
	}
	s := d.String()
	return &s
}
