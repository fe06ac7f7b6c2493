package models

import "time"

// Facts are all that a verdict needs to know of one certificate, as the database held it at one
// moment. Facts may be cached; a verdict never, because it is a function of the day as well.
// Nothing secret is in them: the ID number is masked.
type Facts struct {
	CertificateID  CertificateID
	RegistrationID int64
	PersonID       int64
	Version        int64 // of the registration; a higher one replaces a lower one

	// The certificate.
	Kind        uint8
	KeyNumber   uint8
	UseFrom     Date
	UseUntil    Date
	WithdrawnOn Date
	Changed     []Field // printed fields that differ from the registration (R3)

	// The registration today.
	Name              string
	Category          Category
	CertificateNumber string
	SealNumber        string
	Employer          string
	EmployerCode      string
	Specialty         string
	ValidFrom         Date
	ValidUntil        Date
	State             State
	StateSince        Date
	Blocks            []Block
	IDNumberMasked    string
	HasPhoto          bool // of the person, accepted
	HasSignature      bool // signature image of the person, accepted
}

// FactsOf draws the facts of a certificate from its rows. The registration must carry its person
// (with the ID number opened) and its blocks.
func FactsOf(c *Certificate, r *Registration) Facts {
	f := RegistrationFacts(r)
	f.CertificateID = c.ID
	f.Kind, f.KeyNumber = c.Kind, c.KeyNumber
	f.UseFrom, f.UseUntil = c.UseFrom, c.UseUntil
	if c.WithdrawnAt != 0 {
		f.WithdrawnOn = DateOf(c.WithdrawnAt.Time())
	}
	f.Changed = c.Printed.Changed(r)
	return f
}

// RegistrationFacts draws the facts of a registration alone, as a look-up by number needs them.
func RegistrationFacts(r *Registration) Facts {
	return Facts{
		RegistrationID: r.ID, PersonID: r.PersonID, Version: r.Version,
		Name: r.Person.Name, Category: r.Category, CertificateNumber: r.CertificateNumber,
		SealNumber: r.SealNumber, Employer: r.Employer, EmployerCode: r.EmployerCode,
		Specialty: r.Specialty, ValidFrom: r.ValidFrom, ValidUntil: r.ValidUntil,
		State: r.State, StateSince: r.StateSince, Blocks: r.Blocks,
		IDNumberMasked: MaskIDNumber(r.Person.IDNumber),
		HasPhoto:       r.Person.PhotoDigest != "", HasSignature: r.Person.SignatureDigest != "",
	}
}

// KnownFacts are facts with what is known of their age. Facts is nil when there is no such certificate.
type KnownFacts struct {
	Facts  *Facts
	AsOf   time.Time // the facts were the database's at this instant
	Source Source
}

// NextTurn is the next instant after now at which the verdict drawn from these facts changes although
// nobody changes the register: a window or a registration begins or ends, a penalty runs out. Zero: never.
func (f *Facts) NextTurn(now time.Time) time.Time {
	today := DateOf(now)
	var next Date
	turns := func(d Date) {
		if d > today && (next == 0 || d < next) {
			next = d
		}
	}
	turns(f.UseUntil.AddDays(1))
	turns(f.ValidFrom)
	turns(f.ValidUntil.AddDays(1))
	for _, b := range f.Blocks {
		turns(b.From)
		if b.Until != 0 {
			turns(b.Until.AddDays(1))
		}
	}
	if next == 0 {
		return time.Time{}
	}
	return next.Start()
}

// Final tells whether the verdict from these facts is settled for good on a day: the document can never be
// used again (withdrawn, or past its limit, 二(二)), and the registration was ended by a decision. Only another
// decision could change it, so final facts may be shown while the register cannot be asked.
func (f *Facts) Final(day Date) bool {
	ended := f.State == StateCancelled || f.State == StateWithdrawn || f.State == StateRevoked
	return ended && (f.WithdrawnOn != 0 || day > f.UseUntil)
}
