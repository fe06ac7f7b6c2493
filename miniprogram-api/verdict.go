package miniprogram

import (
	"time"

	"yanzheng/internal/verify"
	"yanzheng/models"
)

// audience decides which columns of a registration are shown (domain: who may see what).
type audience uint8

const (
	forPublic audience = iota // no ID number
	forUser                   // ID number masked
)

type text struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

type verdict struct {
	ScanID       string        `json:"scan_id,omitempty"`
	At           string        `json:"at"`
	AsOf         string        `json:"as_of"`
	Source       models.Source `json:"source"`
	Usable       bool          `json:"usable"`
	Document     document      `json:"document"`
	Registration *registration `json:"registration,omitempty"`
	Photo        *imageLink    `json:"photo,omitempty"`
	Signature    *imageLink    `json:"signature_image,omitempty"`
}

// imageLink is a link that works once.
type imageLink struct {
	URL       string `json:"url"` // of this surface, from the top
	ExpiresAt string `json:"expires_at"`
}

type document struct {
	Status      models.DocumentStatus `json:"status"`
	Reason      models.Reason         `json:"reason"`
	Reasons     []models.Reason       `json:"reasons"`
	Changed     []models.Field        `json:"changed"`
	Message     text                  `json:"message"`
	UseFrom     string                `json:"use_from,omitempty"`
	UseUntil    string                `json:"use_until,omitempty"`
	WithdrawnOn string                `json:"withdrawn_on,omitempty"`
}

type registration struct {
	Status            models.RegistrationStatus `json:"status"`
	Reason            models.RegistrationReason `json:"reason"`
	Since             string                    `json:"since,omitempty"`
	Blocks            []models.BlockKind        `json:"blocks"`
	Message           text                      `json:"message"`
	Name              string                    `json:"name"`
	Category          string                    `json:"category"`
	CategoryCode      models.Category           `json:"category_code"`
	CertificateNumber string                    `json:"certificate_number"`
	SealNumber        string                    `json:"seal_number"`
	Employer          string                    `json:"employer"`
	EmployerCode      string                    `json:"employer_code"`
	Specialty         string                    `json:"specialty"`
	ValidFrom         string                    `json:"valid_from"`
	ValidUntil        string                    `json:"valid_until"`
	IDNumber          string                    `json:"id_number,omitempty"`
}

func newVerdict(a verify.Answer, who audience) verdict {
	v := verdict{
		ScanID: a.ScanID, At: instant(a.At), AsOf: instant(a.AsOf), Source: a.Source, Usable: a.Verdict.Usable(),
		Document:     newDocument(a.Verdict.Document),
		Registration: newRegistration(a.Verdict.Registration, who),
	}
	for _, l := range a.Links {
		link := &imageLink{"/api/v1/photos/" + l.Token, instant(l.Until.Time())}
		switch l.Kind {
		case models.ImagePhoto:
			v.Photo = link
		case models.ImageSignature:
			v.Signature = link
		}
	}
	return v
}

func newDocument(d models.DocumentFinding) document {
	return document{
		Status: d.Status, Reason: d.Reason, Reasons: list(d.Reasons), Changed: list(d.Changed),
		Message: text(d.Message()), UseFrom: d.UseFrom.String(), UseUntil: d.UseUntil.String(),
		WithdrawnOn: d.WithdrawnOn.String(),
	}
}

func newRegistration(f *models.RegistrationFinding, who audience) *registration {
	if f == nil {
		return nil
	}
	r := &registration{
		Status: f.Status, Reason: f.Reason(), Since: f.Since.String(), Blocks: list(f.Blocks), Message: text(f.Message()),
		Name: f.Facts.Name, Category: f.Facts.Category.Title().ZH, CategoryCode: f.Facts.Category,
		CertificateNumber: f.Facts.CertificateNumber, SealNumber: f.Facts.SealNumber,
		Employer: f.Facts.Employer, EmployerCode: f.Facts.EmployerCode, Specialty: f.Facts.Specialty,
		ValidFrom: f.Facts.ValidFrom.String(), ValidUntil: f.Facts.ValidUntil.String(),
	}
	if who == forUser {
		r.IDNumber = f.Facts.IDNumberMasked
	}
	return r
}

// list gives an empty list for none, so that a client never meets null.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// instant writes an instant as RFC 3339 in China's zone.
func instant(t time.Time) string { return t.In(models.China).Format("2006-01-02T15:04:05.000Z07:00") }
