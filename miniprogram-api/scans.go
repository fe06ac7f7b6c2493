package miniprogram

import (
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"yanzheng/internal/httpx"
	"yanzheng/internal/verify"
	"yanzheng/models"
)

type scanRequest struct {
	Code  *string `json:"code"`
	Place *struct {
		Lat *float64 `json:"lat"`
		Lng *float64 `json:"lng"`
	} `json:"place"`
	Note string `json:"note"`
}

// read gives the use case's request; the body alone is read, who scans and from where comes from elsewhere.
func (r *scanRequest) read() (verify.Request, error) {
	if r.Code == nil || *r.Code == "" {
		return verify.Request{}, errMissing.On("code")
	}
	out := verify.Request{Code: *r.Code, Note: models.NormalizeText(r.Note)}
	if utf8.RuneCountInString(out.Note) > models.MaxNoteLength {
		return verify.Request{}, errNote
	}
	if models.CheckWritten(out.Note) != nil {
		return verify.Request{}, models.ErrHidden.On("note")
	}
	if r.Place != nil {
		if r.Place.Lat == nil || r.Place.Lng == nil {
			return verify.Request{}, models.ErrPlace
		}
		place, err := models.NewPlace(*r.Place.Lat, *r.Place.Lng)
		if err != nil {
			return verify.Request{}, err
		}
		out.Place = &place
	}
	return out, nil
}

func (a *API) scan(c *gin.Context) {
	token, err := bearer(c)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	var r scanRequest
	if err := httpx.ReadJSON(c, &r); err != nil {
		httpx.Fail(c, err)
		return
	}
	request, err := r.read()
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	request.Token, request.Address = token, httpx.Address(c)
	answer, err := a.verifier.Scan(c.Request.Context(), request)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	httpx.WriteJSON(c, newVerdict(answer, forUser))
}

// PublicAnswer is GET /v/{code} as JSON, with the columns that anyone may see. looks tells whether
// somebody looks, rather than a preview or prefetch.
func (a *API) PublicAnswer(c *gin.Context, looks bool) {
	answer, err := a.verifier.Public(c.Request.Context(), httpx.Address(c), c.Param("code"), looks)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	httpx.WriteJSON(c, newVerdict(answer, forPublic))
}

var errNote = models.NewError(models.KindRule, "note_too_long", "备注不超过 200 字", "A note has at most 200 characters").On("note")
