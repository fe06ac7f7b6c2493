package miniprogram

import (
	"strconv"

	"github.com/gin-gonic/gin"

	"yanzheng/internal/holder"
	"yanzheng/internal/httpx"
	"yanzheng/models"
)

// personView is a person as a registrar sees them where that is enough.
type personView struct {
	Name      string        `json:"name"`
	Sex       models.Sex    `json:"sex"`
	BirthDate string        `json:"birth_date,omitempty"`
	IDType    models.IDType `json:"id_type"`
	IDNumber  string        `json:"id_number"` // masked
}

func newPersonView(p models.Person) personView {
	return personView{p.Name, p.Sex, p.BirthDate.String(), p.IDType, models.MaskIDNumber(p.IDNumber)}
}

type pendingAnswer struct {
	Images []pendingImage `json:"images"`
	Next   string         `json:"next,omitempty"`
}

type pendingImage struct {
	ID         string           `json:"id"`
	Kind       models.ImageKind `json:"kind"`
	UploadedAt string           `json:"uploaded_at"`
	Person     personView       `json:"person"`
}

func (a *API) pendingImages(c *gin.Context, _ models.Identity) {
	cursor, limit, err := numbered(c)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	found, err := a.own.Gallery.Pending(c.Request.Context(), cursor, limit+1)
	out := pendingAnswer{Images: []pendingImage{}}
	found, out.Next = cut(found, limit, func(w holder.Waiting) string { return id(w.ID) })
	for _, w := range found {
		out.Images = append(out.Images, pendingImage{id(w.ID), w.Kind, instant(w.UploadedAt.Time()), newPersonView(w.Person)})
	}
	answer(c, out, err)
}

func id(n int64) string { return strconv.FormatInt(n, 10) }

func (a *API) pendingImage(c *gin.Context, _ models.Identity) {
	n, err := number(c)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	image, content, err := a.own.Gallery.Look(c.Request.Context(), n)
	picture(c, image.Kind, content, err)
}

type decisionRequest struct {
	Decision *string `json:"decision"`
	Reason   string  `json:"reason"`
}

// decision reads which case is decided, and how.
func decision(c *gin.Context) (n int64, accept bool, reason string, err error) {
	if n, err = number(c); err != nil {
		return 0, false, "", err
	}
	var r decisionRequest
	if err = httpx.ReadJSON(c, &r); err != nil {
		return 0, false, "", err
	}
	switch {
	case r.Decision == nil || *r.Decision == "":
		return 0, false, "", errMissing.On("decision")
	case *r.Decision != "accept" && *r.Decision != "refuse":
		return 0, false, "", errDecision
	}
	return n, *r.Decision == "accept", r.Reason, nil
}

func (a *API) decideImage(c *gin.Context, u models.Identity) {
	n, accept, reason, err := decision(c)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	image, done, err := a.own.Gallery.Decide(c.Request.Context(), n, accept, u.UserID, reason)
	answer(c, map[string]any{"id": id(n), "state": image.State, "propagated": propagated(done)}, err)
}

type claimsAnswer struct {
	Claims []claimView `json:"claims"`
	Next   string      `json:"next,omitempty"`
}

type claimView struct {
	ID     string     `json:"id"`
	At     string     `json:"at"`
	Way    string     `json:"way"`
	User   string     `json:"user"`
	Person personView `json:"person"`
}

func (a *API) claims(c *gin.Context, _ models.Identity) {
	cursor, limit, err := numbered(c)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	found, err := a.own.Holder.Claims(c.Request.Context(), cursor, limit+1)
	out := claimsAnswer{Claims: []claimView{}}
	found, out.Next = cut(found, limit, func(w holder.Claim) string { return id(w.ID) })
	for _, w := range found {
		out.Claims = append(out.Claims, claimView{id(w.ID), instant(w.At.Time()), w.Way, w.UserID, newPersonView(w.Person)})
	}
	answer(c, out, err)
}

func (a *API) decideClaim(c *gin.Context, u models.Identity) {
	n, accept, reason, err := decision(c)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	claim, done, err := a.own.Holder.DecideClaim(c.Request.Context(), n, accept, u.UserID, reason)
	answer(c, map[string]any{"id": id(n), "state": claim.State, "propagated": propagated(done)}, err)
}

type findingRequest struct {
	Finding *string `json:"finding"`
	Remark  string  `json:"remark"`
}

type findingAnswer struct {
	ScanID  string                  `json:"scan_id"`
	Finding models.SignatureFinding `json:"finding"`
	Remark  string                  `json:"remark"`
	At      string                  `json:"at"`
}

// signature keeps what an inspector found on a print (R8).
func (a *API) signature(c *gin.Context, u models.Identity) {
	var r findingRequest
	if err := httpx.ReadJSON(c, &r); err != nil {
		httpx.Fail(c, err)
		return
	}
	if r.Finding == nil || *r.Finding == "" {
		httpx.Fail(c, errMissing.On("finding"))
		return
	}
	finding, err := models.ParseSignatureFinding(*r.Finding)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	kept, err := a.own.Inspection.Record(c.Request.Context(), u.UserID, c.Param("scan_id"), finding, r.Remark)
	answer(c, findingAnswer{kept.ScanID, kept.Finding, kept.Remark, instant(kept.At.Time())}, err)
}

var errDecision = models.NewError(models.KindRule, "decision_unknown", "处理结果应为 accept 或 refuse", "A decision is accept or refuse").On("decision")
