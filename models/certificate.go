package models

import (
	"database/sql/driver"
	"encoding/hex"
	"fmt"
)

// CertificateID is the random name of one certificate on its code: 64 bits, so ids cannot be walked.
type CertificateID [8]byte

// String is the id in hexadecimal.
func (id CertificateID) String() string { return hex.EncodeToString(id[:]) }

// Value stores the id as its eight bytes.
func (id CertificateID) Value() (driver.Value, error) { return id[:], nil }

// Scan reads what Value stored.
func (id *CertificateID) Scan(src any) error {
	b, ok := src.([]byte)
	if !ok || len(b) != len(id) {
		return fmt.Errorf("models: a %T of %d bytes is not a certificate id", src, len(b))
	}
	copy(id[:], b)
	return nil
}

// KindRegistrationCertificate is the kind number on the code; more follow when other documents get codes.
const KindRegistrationCertificate uint8 = 1

// Certificate (电子证书) is ONE downloaded electronic certificate: one code, one use limit. A person
// has many over time; each stays what it was, so it keeps what was printed on it.
type Certificate struct {
	ID              CertificateID `gorm:"primaryKey"`
	RegistrationID  int64
	Kind            uint8
	KeyNumber       uint8 // of the key that signed its code
	UseFrom         Date
	UseUntil        Date
	Printed         Printed `gorm:"embedded;embeddedPrefix:printed_"`
	WithdrawnAt     Instant
	WithdrawnReason string
	IssuedAt        Instant
}

// Printed is the registration information as it stood on the certificate when it was made.
type Printed struct {
	Name              string
	Sex               Sex
	BirthDate         Date
	Category          Category
	CertificateNumber string
	SealNumber        string
	Employer          string
	Specialty         string
	ValidFrom         Date
	ValidUntil        Date
	PhotoDigest       string // SHA-256 of the photo; empty: it prints none
	SignatureDigest   string // SHA-256 of the signature image; empty: it prints none
}

// PrintOf takes what a certificate made now would print.
func PrintOf(r *Registration) Printed {
	return Printed{
		Name: r.Person.Name, Sex: r.Person.Sex, BirthDate: r.Person.BirthDate, Category: r.Category,
		CertificateNumber: r.CertificateNumber, SealNumber: r.SealNumber, Employer: r.Employer,
		Specialty: r.Specialty, ValidFrom: r.ValidFrom, ValidUntil: r.ValidUntil,
		PhotoDigest: r.Person.PhotoDigest, SignatureDigest: r.Person.SignatureDigest,
	}
}

// value gives a printed field in the same form as Registration.Value.
func (p *Printed) value(f Field) string {
	r := Registration{
		Person: Person{
			Name: p.Name, Sex: p.Sex, BirthDate: p.BirthDate, PhotoDigest: p.PhotoDigest, SignatureDigest: p.SignatureDigest,
		}, Category: p.Category,
		CertificateNumber: p.CertificateNumber, SealNumber: p.SealNumber, Employer: p.Employer,
		Specialty: p.Specialty, ValidFrom: p.ValidFrom, ValidUntil: p.ValidUntil,
	}
	return r.Value(f)
}

// Changed lists the printed fields that differ from the registration today, in the order of the
// certificate (二(三), R3). What is not printed, such as a suspension, is never in it.
func (p *Printed) Changed(r *Registration) []Field {
	policy := r.Category.policy()
	if policy == nil {
		return []Field{FieldCategory} // no rule says what such a certificate prints: bar, never allow
	}
	var changed []Field
	for _, f := range policy.Prints {
		if (f == FieldPhoto || f == FieldSignatureImage) && p.value(f) == "" {
			continue // issued before there was one: nothing is printed that could be out of date
		}
		if p.value(f) != r.Value(f) {
			changed = append(changed, f)
		}
	}
	return changed
}

// UseLimit says what set the end of a use window.
type UseLimit string

// The closed set of what can end a use window first.
const (
	LimitDays         UseLimit = "use_days"
	LimitRegistration UseLimit = "registration_end"
	LimitAge          UseLimit = "age"
)

// UseWindow is the time in which one certificate may be used, both days included.
type UseWindow struct {
	From, Until Date
	LimitedBy   UseLimit
}

// WindowFrom gives the use window of a certificate that its holder confirms on a day: 180 days, never
// past the registration's end (二(二), R1), nor past the birthday at which the category's age cap
// is reached (R1b).
func (p Policy) WindowFrom(day, validUntil, birth Date) UseWindow {
	w := UseWindow{From: day, Until: day.AddDays(p.UseDays), LimitedBy: LimitDays}
	if validUntil < w.Until {
		w.Until, w.LimitedBy = validUntil, LimitRegistration
	}
	if p.MaxAge > 0 && birth != 0 {
		if last := birth.Anniversary(p.MaxAge); last < w.Until {
			w.Until, w.LimitedBy = last, LimitAge
		}
	}
	return w
}

// EndorseWindow gives the window that the holder of a registration confirms on a day, or why no
// certificate may be made: every state but in force, and every block, bars it (R11).
func EndorseWindow(r *Registration, day Date) (UseWindow, error) {
	if s := r.StatusOn(day); s != RegistrationInForce {
		return UseWindow{}, ErrEndorseBarred.Because(fmt.Errorf("registration is %s", s))
	}
	if kinds := blocksOn(r.Blocks, day); len(kinds) > 0 {
		return UseWindow{}, ErrEndorseBarred.Because(fmt.Errorf("registration is blocked: %v", kinds))
	}
	policy, ok := r.Category.Policy()
	if !ok {
		return UseWindow{}, ErrCategory
	}
	w := policy.WindowFrom(day, r.ValidUntil, r.Person.BirthDate)
	if w.Until < w.From {
		return UseWindow{}, ErrEndorseBarred.Because(fmt.Errorf("age cap passed on %s", w.Until))
	}
	return w, nil
}

// ErrEndorseBarred answers an endorsement that the registration's state does not allow (R11).
var ErrEndorseBarred = NewError(KindConflict, "endorse_barred", "该注册当前不能确认使用时限（未生效、已失效、被暂停或处罚期内）", "This registration cannot be endorsed now (not in force, or under a penalty)")
