package endorse

import (
	"context"
	"errors"
	"time"

	"yanzheng/models"
)

// Holders tells which person of the register a user is bound to; models.ErrNotHolder for none.
type Holders interface {
	BindingOf(ctx context.Context, userID string) (models.Binding, error)
}

// Images gives a person's photo (JPEG) and signature image (PNG), both accepted by a registrar; models.ErrImagesMissing where one
// of them is not (R6).
type Images interface {
	AcceptedImages(ctx context.Context, personID int64) (photo, signature []byte, err error)
}

// Files keeps files for good, each under a name that is used once.
type Files interface {
	Put(ctx context.Context, name string, content []byte) error
	Get(ctx context.Context, name string) ([]byte, error)
	Delete(ctx context.Context, name string) error
}

// Holdings is what the register and this service hold of a person.
type Holdings interface {
	RegistrationsOf(ctx context.Context, personID int64) ([]models.Registration, error)
	Held(ctx context.Context, personID int64, limit int) ([]models.Held, error)
	HeldCertificate(ctx context.Context, personID int64, id models.CertificateID) (models.Held, error)
}

// Wishes makes the one certificate of each confirmation.
type Wishes interface {
	Confirmation(ctx context.Context, personID int64, name string) (models.Confirmation, error)
	IssueConfirmed(ctx context.Context, by models.Binding, wish models.Confirmation, at models.Instant,
		draw func(r *models.Registration) (models.Certificate, models.CertificateFile, error)) (kept models.Confirmation, made bool, err error)
}

// Withdrawals ends certificates before their time.
type Withdrawals interface {
	ChangeCertificate(ctx context.Context, id models.CertificateID, at models.Instant,
		change func(c *models.Certificate) (models.Event, error)) (models.Certificate, []models.Event, error)
	WithdrawAll(ctx context.Context, by models.Binding, usable models.Date, event models.Event, at models.Instant) (int64, []models.Event, error)
}

// OwnCodes signs the codes on certificates, and reads them without a scanner.
type OwnCodes interface {
	Codes
	Of(c *models.Certificate) models.Reading
}

// Printer makes the files.
type Printer interface {
	Issue(d *models.Document) (models.File, error)
	Album(d *models.Document, pdf []byte) ([]byte, error)
}

// Turn is a line for one kind of work.
type Turn interface {
	Do(ctx context.Context, work func(ctx context.Context) error) error
}

// Turns are the lines in which holders wait, so that however many come at once, scans do not wait for them.
type Turns struct {
	Door     Turn // for being known as a holder, which takes one look
	Entrance Turn // for all that asks the database and the store of files
	Press    Turn // for making a file, which takes a processor
	Album    Turn // for making a picture, which takes one for longer
}

// Issuer is what a configuration says of the identifier of a certificate (GB/T 36904).
type Issuer struct {
	Type string // 证照类型代码
	Code string // 颁发机构代码
}

// Wallet is the holder's side of the use case: what they have, what they may have, and how they get it.
type Wallet struct{ WalletParts }

// WalletParts are what a Wallet is made of.
type WalletParts struct {
	Holders     Holders
	Images      Images
	Files       Files
	Holdings    Holdings
	Wishes      Wishes
	Withdrawals Withdrawals
	Codes       OwnCodes
	Printer     Printer
	Turns       Turns
	Propagator  Propagator
	Issuer      Issuer
	Now         func() time.Time
}

// NewWallet puts the use case together.
func NewWallet(p WalletParts) *Wallet { return &Wallet{p} }

// Preview is one registration of the holder's, and what confirming it today would give.
type Preview struct {
	Finding  models.RegistrationFinding
	IDNumber string           // whole: it is their own
	Window   models.UseWindow // zero where something bars
	Bars     []models.Bar
}

// Registrations gives the holder's registrations with the window that each would get today, or what bars it.
func (w *Wallet) Registrations(ctx context.Context, userID string) ([]Preview, error) {
	by, err := w.Holders.BindingOf(ctx, userID)
	if err != nil {
		return nil, err
	}
	registrations, err := w.Holdings.RegistrationsOf(ctx, by.PersonID)
	if err != nil {
		return nil, err
	}
	today := models.DateOf(w.Now())
	var previews []Preview
	for i := range registrations {
		r := &registrations[i]
		p := Preview{
			Finding:  models.DecideRegistration(models.FactsOf(&models.Certificate{Printed: models.PrintOf(r)}, r), today),
			IDNumber: r.Person.IDNumber, Bars: models.BarsOn(r, today),
		}
		if len(p.Bars) == 0 {
			if p.Window, err = models.EndorseWindow(r, today); err != nil {
				return nil, err
			}
		}
		previews = append(previews, p)
	}
	return previews, nil
}

// Own is one certificate of the holder's, with the verdict of today and the text of its code. Code is empty where its key signs
// no more.
type Own struct {
	models.Held
	Verdict models.Verdict
	Code    string
}

func (w *Wallet) own(h models.Held, now time.Time) Own {
	facts := models.FactsOf(&h.Certificate, &h.Registration)
	o := Own{Held: h, Verdict: models.Decide(w.Codes.Of(&h.Certificate), &facts, now)}
	if code, err := w.Codes.URL(&h.Certificate); err == nil {
		o.Code = code
	}
	return o
}

// maxHeld is how many certificates a list shows: the newest.
const maxHeld = 200

// Certificates gives the holder's certificates, the newest first, each with the verdict of today.
func (w *Wallet) Certificates(ctx context.Context, userID string) ([]Own, error) {
	by, err := w.Holders.BindingOf(ctx, userID)
	if err != nil {
		return nil, err
	}
	held, err := w.Holdings.Held(ctx, by.PersonID, maxHeld)
	if err != nil {
		return nil, err
	}
	now := w.Now()
	var owned []Own
	for _, h := range held {
		owned = append(owned, w.own(h, now))
	}
	return owned, nil
}

// Certificate gives one of the holder's certificates; ErrNoCertificate for one that is not theirs, as for none.
func (w *Wallet) Certificate(ctx context.Context, userID string, id models.CertificateID) (Own, error) {
	by, err := w.Holders.BindingOf(ctx, userID)
	if err != nil {
		return Own{}, err
	}
	h, err := w.held(ctx, by.PersonID, id)
	return w.own(h, w.Now()), err
}

func (w *Wallet) held(ctx context.Context, person int64, id models.CertificateID) (models.Held, error) {
	h, err := w.Holdings.HeldCertificate(ctx, person, id)
	if errors.Is(err, models.ErrNotFound) {
		err = ErrNoCertificate
	}
	return h, err
}

// The answers to holders.
var (
	ErrNoCertificate  = models.NewError(models.KindNotFound, "no_such_certificate", "没有该电子证书", "You have no such certificate")
	ErrNoRegistration = models.NewError(models.KindNotFound, "no_such_own_registration", "您名下没有该注册", "You have no such registration")
	ErrWindowMoved    = models.NewError(models.KindConflict, "window_moved", "使用时限与您确认的不同，请重新查看后再确认", "The use limit is another one than you confirmed: look again, and confirm again").On("use_until")
	ErrKeyReused      = models.NewError(models.KindConflict, "idempotency_key_reused", "此 Idempotency-Key 已用于另一注册的确认", "That Idempotency-Key was used to confirm another registration").On("Idempotency-Key")
	ErrNoFile         = models.NewError(models.KindConflict, "certificate_without_file", "该证书由登记机关签发，没有文件；请重新确认使用时限", "This certificate was issued without its holder and has no file: confirm the use limit anew")
)
