package miniprogram

import (
	"bytes"
	"context"
	"encoding/hex"
	"net/http"

	"github.com/gin-gonic/gin"

	"yanzheng/internal/endorse"
	"yanzheng/internal/httpx"
	"yanzheng/models"
)

// Shelf shows holders what is theirs.
type Shelf interface {
	Registrations(ctx context.Context, who endorse.Who) ([]endorse.Preview, error)
	Certificates(ctx context.Context, who endorse.Who) ([]endorse.Own, error)
	Certificate(ctx context.Context, who endorse.Who, id models.CertificateID) (endorse.Own, error)
}

// Counter makes certificates and hands their files out.
type Counter interface {
	Confirm(ctx context.Context, wish endorse.Wish) (own endorse.Own, made bool, err error)
	PDF(ctx context.Context, who endorse.Who, id models.CertificateID) (endorse.Copy, error)
	Album(ctx context.Context, who endorse.Who, id models.CertificateID) (endorse.Copy, error)
}

// Withdrawer ends certificates before their time.
type Withdrawer interface {
	Withdraw(ctx context.Context, who endorse.Who, id models.CertificateID, reason string) (propagated bool, err error)
	WithdrawAll(ctx context.Context, who endorse.Who, reason string) (withdrawn int64, propagated bool, err error)
}

// Wallet is all that a holder can do with their certificates.
type Wallet interface {
	Shelf
	Counter
	Withdrawer
}

// Own is the holders' part of the surface.
type Own struct{ wallet Wallet }

// NewOwn makes the holders' part.
func NewOwn(w Wallet) *Own { return &Own{w} }

// Register adds the part's addresses: quick is answered at once, at patient one may have to wait for one's turn.
func (o *Own) Register(quick, patient gin.IRouter) {
	at := quick.Group("/api/v1/me", httpx.Limit(maxBody))
	at.GET("/registrations", o.registrations)
	at.GET("/certificates", o.certificates)
	at.GET("/certificates/:id", o.certificate)
	at.POST("/certificates/withdraw-all", o.withdrawAll)
	at.POST("/certificates/:id/withdraw", o.withdraw)
	slow := patient.Group("/api/v1/me", httpx.Limit(maxBody))
	slow.POST("/certificates", o.confirm)
	slow.GET("/certificates/:id/file.pdf", o.pdf)
	slow.GET("/certificates/:id/album.png", o.album)
}

// who takes the token and the address of a request.
func who(c *gin.Context) (endorse.Who, error) {
	token, err := bearer(c)
	return endorse.Who{Token: token, Address: httpx.Address(c)}, err
}

// named is who for a request that names a certificate. A name that cannot be one is that of nothing.
func named(c *gin.Context) (endorse.Who, models.CertificateID, error) {
	var id models.CertificateID
	w, err := who(c)
	if err != nil {
		return w, id, err
	}
	raw, err := hex.DecodeString(c.Param("id"))
	if err != nil || len(raw) != len(id) {
		return w, id, endorse.ErrNoCertificate
	}
	copy(id[:], raw)
	return w, id, nil
}

type ownRegistrations struct {
	Registrations []preview `json:"registrations"`
}

type preview struct {
	Registration *registration `json:"registration"`
	Window       *window       `json:"window,omitempty"`
	Bars         []bar         `json:"bars"`
}

type window struct {
	UseFrom   string          `json:"use_from"`
	UseUntil  string          `json:"use_until"`
	LimitedBy models.UseLimit `json:"limited_by"`
	Message   text            `json:"message"`
}

type bar struct {
	Reason  models.BarReason `json:"reason"`
	Since   string           `json:"since,omitempty"`
	Until   string           `json:"until,omitempty"`
	Message text             `json:"message"`
}

func (o *Own) registrations(c *gin.Context) {
	w, err := who(c)
	var previews []endorse.Preview
	if err == nil {
		previews, err = o.wallet.Registrations(c.Request.Context(), w)
	}
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	httpx.WriteJSON(c, newOwnRegistrations(previews))
}

func newOwnRegistrations(previews []endorse.Preview) ownRegistrations {
	out := ownRegistrations{Registrations: []preview{}}
	for _, p := range previews {
		one := preview{Registration: newRegistration(&p.Finding, forUser), Bars: []bar{}}
		one.Registration.IDNumber = p.IDNumber // their own, whole
		for _, b := range p.Bars {
			one.Bars = append(one.Bars, bar{b.Reason, b.Since.String(), b.Until.String(), text(b.Message())})
		}
		if len(p.Bars) == 0 {
			one.Window = &window{p.Window.From.String(), p.Window.Until.String(), p.Window.LimitedBy, text(p.Window.LimitedBy.Message())}
		}
		out.Registrations = append(out.Registrations, one)
	}
	return out
}

type ownCertificates struct {
	Certificates []ownCertificate `json:"certificates"`
}

type ownCertificate struct {
	CertificateID string        `json:"certificate_id"`
	Code          string        `json:"code,omitempty"`
	IssuedAt      string        `json:"issued_at"`
	Usable        bool          `json:"usable"`
	Document      document      `json:"document"`
	Registration  *registration `json:"registration,omitempty"`
	File          *ownFile      `json:"file,omitempty"`
}

type ownFile struct {
	Digest string `json:"sha256"`
	Size   int64  `json:"size"`
	MadeAt string `json:"made_at"`
}

func newOwnCertificate(o endorse.Own) ownCertificate {
	out := ownCertificate{
		CertificateID: o.Held.Certificate.ID.String(), Code: o.Code, IssuedAt: instant(o.Held.Certificate.IssuedAt.Time()),
		Usable: o.Verdict.Usable(), Document: newDocument(o.Verdict.Document), Registration: newRegistration(o.Verdict.Registration, forUser),
	}
	if f := o.File; f != nil {
		out.File = &ownFile{f.Digest.String(), f.Size, instant(f.MadeAt.Time())}
	}
	return out
}

func (o *Own) certificates(c *gin.Context) {
	w, err := who(c)
	var owned []endorse.Own
	if err == nil {
		owned, err = o.wallet.Certificates(c.Request.Context(), w)
	}
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	httpx.WriteJSON(c, newOwnCertificates(owned))
}

func newOwnCertificates(owned []endorse.Own) ownCertificates {
	out := ownCertificates{Certificates: []ownCertificate{}}
	for _, one := range owned {
		out.Certificates = append(out.Certificates, newOwnCertificate(one))
	}
	return out
}

func (o *Own) certificate(c *gin.Context) {
	w, id, err := named(c)
	var own endorse.Own
	if err == nil {
		own, err = o.wallet.Certificate(c.Request.Context(), w, id)
	}
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	httpx.WriteJSON(c, newOwnCertificate(own))
}

type confirmRequest struct {
	Category          *string `json:"category"`
	CertificateNumber *string `json:"certificate_number"`
	UseUntil          *string `json:"use_until"`
	Key               string  `json:"idempotency_key"`
}

// read gives the wish of a request; its key is the header's, or the body's for clients that cannot set headers.
func (r *confirmRequest) read(c *gin.Context, w endorse.Who) (endorse.Wish, error) {
	wish := endorse.Wish{Who: w, Name: r.Key}
	if header := c.GetHeader("Idempotency-Key"); header != "" {
		wish.Name = header
	}
	for _, one := range []struct {
		name  string
		value *string
	}{{"category", r.Category}, {"certificate_number", r.CertificateNumber}, {"use_until", r.UseUntil}} {
		if one.value == nil || *one.value == "" {
			return wish, errMissing.On(one.name)
		}
	}
	wish.CertificateNumber = *r.CertificateNumber
	var err error
	if wish.Category, err = models.ParseCategory(*r.Category); err != nil {
		return wish, err
	}
	if wish.UseUntil, err = models.ParseDate(*r.UseUntil); err != nil {
		return wish, models.ErrDate.On("use_until")
	}
	return wish, nil
}

// confirm answers 201 with a certificate that is new, 200 with one that came of the same confirmation before.
func (o *Own) confirm(c *gin.Context) {
	w, err := who(c)
	var r confirmRequest
	if err == nil {
		err = httpx.ReadJSON(c, &r)
	}
	var wish endorse.Wish
	if err == nil {
		wish, err = r.read(c, w)
	}
	var own endorse.Own
	made := false
	if err == nil {
		own, made, err = o.wallet.Confirm(c.Request.Context(), wish)
	}
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	if made {
		c.Status(http.StatusCreated)
	}
	httpx.WriteJSON(c, newOwnCertificate(own))
}

func (o *Own) pdf(c *gin.Context) {
	o.handOut(c, o.wallet.PDF, "application/pdf", "certificate.pdf")
}

func (o *Own) album(c *gin.Context) { o.handOut(c, o.wallet.Album, "image/png", "certificate.png") }

// handOut gives a copy as it is, or the parts of it that are asked for; a client that has it already hears so.
func (o *Own) handOut(c *gin.Context, fetch func(context.Context, endorse.Who, models.CertificateID) (endorse.Copy, error), media, name string) {
	w, id, err := named(c)
	var copied endorse.Copy
	if err == nil {
		copied, err = fetch(c.Request.Context(), w, id)
	}
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.Header("Content-Type", media)
	c.Header("Content-Disposition", `attachment; filename="`+name+`"`)
	c.Header("ETag", `"`+copied.Digest.String()+`"`)
	c.Header("Cache-Control", "private, no-cache")
	http.ServeContent(c.Writer, c.Request, "", copied.Made.Time(), bytes.NewReader(copied.Content))
}

type withdrawRequest struct {
	Reason string `json:"reason"`
}

func (o *Own) withdraw(c *gin.Context) {
	w, id, err := named(c)
	var r withdrawRequest
	if err == nil {
		err = httpx.ReadJSON(c, &r)
	}
	propagated := false
	if err == nil {
		propagated, err = o.wallet.Withdraw(c.Request.Context(), w, id, models.NormalizeText(r.Reason))
	}
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	httpx.WriteJSON(c, map[string]any{"propagated": told(propagated)})
}

func (o *Own) withdrawAll(c *gin.Context) {
	w, err := who(c)
	var r withdrawRequest
	if err == nil {
		err = httpx.ReadJSON(c, &r)
	}
	propagated, n := false, int64(0)
	if err == nil {
		n, propagated, err = o.wallet.WithdrawAll(c.Request.Context(), w, models.NormalizeText(r.Reason))
	}
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	httpx.WriteJSON(c, map[string]any{"withdrawn": n, "propagated": told(propagated)})
}

// told writes the contract's words: true, or "pending" while the relay has it to do.
func told(propagated bool) any {
	if propagated {
		return true
	}
	return "pending"
}
