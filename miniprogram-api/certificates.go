package miniprogram

import (
	"bytes"
	"context"
	"encoding/hex"
	"net/http"

	"github.com/gin-gonic/gin"

	"yanzheng/internal/endorse"
	"yanzheng/internal/httpx"
	"yanzheng/internal/verify"
	"yanzheng/models"
)

// Shelf shows holders what is theirs.
type Shelf interface {
	Registrations(ctx context.Context, userID string) ([]endorse.Preview, error)
	Certificates(ctx context.Context, userID string) ([]endorse.Own, error)
	Certificate(ctx context.Context, userID string, id models.CertificateID) (endorse.Own, error)
}

// Counter makes certificates and hands their files out.
type Counter interface {
	Confirm(ctx context.Context, wish endorse.Wish) (own endorse.Own, made bool, err error)
	PDF(ctx context.Context, userID string, id models.CertificateID) (endorse.Copy, error)
	Album(ctx context.Context, userID string, id models.CertificateID) (endorse.Copy, error)
}

// Withdrawer ends certificates before their time.
type Withdrawer interface {
	Withdraw(ctx context.Context, userID string, id models.CertificateID, reason string) (propagated bool, err error)
	WithdrawAll(ctx context.Context, userID string, reason string) (withdrawn int64, propagated bool, err error)
}

// Wallet is all that a holder can do with their certificates.
type Wallet interface {
	Shelf
	Counter
	Withdrawer
}

// registerCertificates adds the addresses that are answered at once.
func (a *API) registerCertificates(v1 gin.IRouter) {
	v1.GET("/me/registrations", a.entered(verify.ForAccount, a.registrations))
	v1.GET("/me/certificates", a.entered(verify.ForAccount, a.certificates))
	v1.GET("/me/certificates/:id", a.entered(verify.ForAccount, a.certificate))
	v1.POST("/me/certificates/withdraw-all", a.entered(verify.ForAccount, a.withdrawAll))
	v1.POST("/me/certificates/:id/withdraw", a.entered(verify.ForAccount, a.withdraw))
}

// registerPatient adds those at which one may have to wait for one's turn.
func (a *API) registerPatient(v1 gin.IRouter) {
	v1.POST("/me/certificates", a.entered(verify.ForCertificate, a.confirm))
	v1.GET("/me/certificates/:id/file.pdf", a.entered(verify.ForCertificate, a.handOut(Wallet.PDF, "application/pdf", "certificate.pdf")))
	v1.GET("/me/certificates/:id/album.png", a.entered(verify.ForCertificate, a.handOut(Wallet.Album, "image/png", "certificate.png")))
}

// named reads the name of a certificate in an address. One that cannot be a name is that of nothing.
func named(c *gin.Context) (id models.CertificateID, err error) {
	raw, err := hex.DecodeString(c.Param("id"))
	if err != nil || len(raw) != len(id) {
		return id, endorse.ErrNoCertificate
	}
	copy(id[:], raw)
	return id, nil
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

func (a *API) registrations(c *gin.Context, u models.Identity) {
	previews, err := a.own.Wallet.Registrations(c.Request.Context(), u.UserID)
	answer(c, newOwnRegistrations(previews), err)
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

func (a *API) certificates(c *gin.Context, u models.Identity) {
	owned, err := a.own.Wallet.Certificates(c.Request.Context(), u.UserID)
	answer(c, newOwnCertificates(owned), err)
}

func newOwnCertificates(owned []endorse.Own) ownCertificates {
	out := ownCertificates{Certificates: []ownCertificate{}}
	for _, one := range owned {
		out.Certificates = append(out.Certificates, newOwnCertificate(one))
	}
	return out
}

func (a *API) certificate(c *gin.Context, u models.Identity) {
	id, err := named(c)
	var own endorse.Own
	if err == nil {
		own, err = a.own.Wallet.Certificate(c.Request.Context(), u.UserID, id)
	}
	answer(c, newOwnCertificate(own), err)
}

type confirmRequest struct {
	Category          *string `json:"category"`
	CertificateNumber *string `json:"certificate_number"`
	UseUntil          *string `json:"use_until"`
	Key               string  `json:"idempotency_key"`
}

// read gives the wish of a request; its key is the header's, or the body's for clients that cannot set headers.
func (r *confirmRequest) read(c *gin.Context, userID string) (endorse.Wish, error) {
	wish := endorse.Wish{UserID: userID, Name: r.Key}
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
func (a *API) confirm(c *gin.Context, u models.Identity) {
	var r confirmRequest
	var wish endorse.Wish
	err := httpx.ReadJSON(c, &r)
	if err == nil {
		wish, err = r.read(c, u.UserID)
	}
	var own endorse.Own
	made := false
	if err == nil {
		own, made, err = a.own.Wallet.Confirm(c.Request.Context(), wish)
	}
	if err == nil && made {
		c.Status(http.StatusCreated)
	}
	answer(c, newOwnCertificate(own), err)
}

// handOut gives a copy as it is, or the parts of it that are asked for; a client that has it already hears so.
func (a *API) handOut(fetch func(Wallet, context.Context, string, models.CertificateID) (endorse.Copy, error), media, name string) func(*gin.Context, models.Identity) {
	return func(c *gin.Context, u models.Identity) {
		id, err := named(c)
		var copied endorse.Copy
		if err == nil {
			copied, err = fetch(a.own.Wallet, c.Request.Context(), u.UserID, id)
		}
		if err != nil {
			httpx.Fail(c, err)
			return
		}
		c.Header("Content-Type", media)
		c.Header("Content-Disposition", `attachment; filename="`+name+`"`)
		c.Header("ETag", `"`+copied.Digest.String()+`"`)
		c.Header("Cache-Control", "no-store")
		http.ServeContent(c.Writer, c.Request, "", copied.Made.Time(), bytes.NewReader(copied.Content))
	}
}

type withdrawRequest struct {
	Reason string `json:"reason"`
}

func (a *API) withdraw(c *gin.Context, u models.Identity) {
	id, err := named(c)
	var r withdrawRequest
	if err == nil {
		err = httpx.ReadJSON(c, &r)
	}
	done := false
	if err == nil {
		done, err = a.own.Wallet.Withdraw(c.Request.Context(), u.UserID, id, models.NormalizeText(r.Reason))
	}
	answer(c, map[string]any{"propagated": propagated(done)}, err)
}

func (a *API) withdrawAll(c *gin.Context, u models.Identity) {
	var r withdrawRequest
	err := httpx.ReadJSON(c, &r)
	done, n := false, int64(0)
	if err == nil {
		n, done, err = a.own.Wallet.WithdrawAll(c.Request.Context(), u.UserID, models.NormalizeText(r.Reason))
	}
	answer(c, map[string]any{"withdrawn": n, "propagated": propagated(done)}, err)
}
