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
	}
}

// KnownFacts are facts with what is known of their age. Facts is nil when there is no such certificate.
type KnownFacts struct {
	Facts  *Facts
	AsOf   time.Time // the facts were the database's at this instant
	Source Source
}
