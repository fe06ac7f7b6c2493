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
	UploadedBy string           `json:"uploaded_by"`
	Person     personView       `json:"person"`
	Holder     *boundView       `json:"holder"`
}

// boundView is who is bound to a person today.
type boundView struct {
	User  string `json:"user"`
	Way   string `json:"way"`
	Since string `json:"since"`
}

func newBoundView(b *models.Binding) *boundView {
	if b == nil {
		return nil
	}
	return &boundView{b.UserID, b.Way, instant(b.BoundAt.Time())}
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
		out.Images = append(out.Images, pendingImage{
			id(w.ID), w.Kind, instant(w.UploadedAt.Time()), w.UploadedBy, newPersonView(w.Person), newBoundView(w.Holder),
		})
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

// accepted tells how a case is decided.
func (r decisionRequest) accepted() (bool, error) {
	switch {
	case r.Decision == nil || *r.Decision == "":
		return false, errMissing.On("decision")
	case *r.Decision != "accept" && *r.Decision != "refuse":
		return false, errDecision
	}
	return *r.Decision == "accept", nil
}

// decision reads which case is decided, and how. What is decided stands in request or in a part of it.
func decision(c *gin.Context, request any, part *decisionRequest) (n int64, accept bool, err error) {
	if n, err = number(c); err != nil {
		return 0, false, err
	}
	if err = httpx.ReadJSON(c, request); err != nil {
		return 0, false, err
	}
	accept, err = part.accepted()
	return n, accept, err
}

func (a *API) decideImage(c *gin.Context, u models.Identity) {
	var r decisionRequest
	n, accept, err := decision(c, &r, &r)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	image, done, err := a.own.Gallery.Decide(c.Request.Context(), n, accept, u.UserID, r.Reason)
	answer(c, map[string]any{"id": id(n), "state": image.State, "propagated": propagated(done)}, err)
}

type claimsAnswer struct {
	Claims []claimView `json:"claims"`
	Next   string      `json:"next,omitempty"`
}

type claimView struct {
	ID      string         `json:"id"`
	At      string         `json:"at"`
	Way     string         `json:"way"`
	User    string         `json:"user"`
	Person  personView     `json:"person"`
	Holder  *boundView     `json:"holder"`
	Earlier []earlierClaim `json:"earlier"`
}

// earlierClaim is another claim on the same person.
type earlierClaim struct {
	ID        string            `json:"id"`
	At        string            `json:"at"`
	User      string            `json:"user"`
	State     models.ClaimState `json:"state"`
	DecidedAt string            `json:"decided_at,omitempty"`
	Reason    string            `json:"reason,omitempty"`
}

func newClaimView(w holder.Claim) claimView {
	v := claimView{
		ID: id(w.ID), At: instant(w.At.Time()), Way: w.Way, User: w.UserID,
		Person: newPersonView(w.Person), Holder: newBoundView(w.Holder), Earlier: []earlierClaim{},
	}
	for _, e := range w.Earlier {
		other := earlierClaim{ID: id(e.ID), At: instant(e.At.Time()), User: e.UserID, State: e.State, Reason: e.Reason}
		if e.DecidedAt != 0 {
			other.DecidedAt = instant(e.DecidedAt.Time())
		}
		v.Earlier = append(v.Earlier, other)
	}
	return v
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
		out.Claims = append(out.Claims, newClaimView(w))
	}
	answer(c, out, err)
}

type claimRequest struct {
	decisionRequest
	KeepEarlier bool `json:"keep_earlier"`
}

func (a *API) decideClaim(c *gin.Context, u models.Identity) {
	var r claimRequest
	n, accept, err := decision(c, &r, &r.decisionRequest)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	claim, done, err := a.own.Holder.DecideClaim(c.Request.Context(), n,
		models.ClaimRuling{Accept: accept, Keep: r.KeepEarlier, Actor: u.UserID, Reason: r.Reason})
	answer(c, map[string]any{"id": id(n), "state": claim.State, "propagated": propagated(done)}, err)
}

type releaseRequest struct {
	CertificateNumber *string       `json:"certificate_number"`
	IDType            models.IDType `json:"id_type"`
	IDNumber          string        `json:"id_number"`
}

func (a *API) releaseLocks(c *gin.Context, u models.Identity) {
	var r releaseRequest
	if err := httpx.ReadJSON(c, &r); err != nil {
		httpx.Fail(c, err)
		return
	}
	if r.CertificateNumber == nil || *r.CertificateNumber == "" {
		httpx.Fail(c, errMissing.On("certificate_number"))
		return
	}
	n, err := a.own.Holder.Release(c.Request.Context(), u.UserID,
		models.Identification{IDType: r.IDType, IDNumber: r.IDNumber, Number: *r.CertificateNumber})
	answer(c, map[string]any{"released": n}, err)
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
