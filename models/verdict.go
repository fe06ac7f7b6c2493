package models

import (
	"slices"
	"time"
)

// DocumentStatus is the first half of a verdict: what the document is worth.
type DocumentStatus string

// The document statuses, the first that applies from the top wins.
const (
	DocumentForged    DocumentStatus = "forged"
	DocumentUnknown   DocumentStatus = "unknown"
	DocumentWithdrawn DocumentStatus = "withdrawn"
	DocumentExpired   DocumentStatus = "expired"
	DocumentOutdated  DocumentStatus = "outdated"
	DocumentValid     DocumentStatus = "valid"
)

// Reason is why a document has its status; the set is closed and part of the contract.
type Reason string

// The reasons, in the order of the statuses they lead to.
const (
	ReasonBadSignature Reason = "bad_signature"       // forged: the signature does not verify
	ReasonNotOurs      Reason = "not_ours"            // unknown: another site's, or no code of ours at all
	ReasonUnreadable   Reason = "unreadable"          // unknown: ours by its prefix, but not of the format
	ReasonUnknownKey   Reason = "unknown_key"         // unknown: a key number or format version we do not know
	ReasonNoRecord     Reason = "no_record"           // unknown: genuine signature, no such certificate
	ReasonKeyRevoked   Reason = "key_revoked"         // withdrawn: signed by a key later declared leaked
	ReasonWithdrawn    Reason = "withdrawn_by_holder" // withdrawn
	ReasonUsePassed    Reason = "use_limit_passed"    // expired (二(二))
	ReasonChanged      Reason = "information_changed" // outdated (二(三))
	ReasonGenuine      Reason = "genuine"             // valid
)

// RegistrationStatus is the second half of a verdict: what the registration is on that day.
type RegistrationStatus string

// The registration statuses.
const (
	RegistrationInForce   RegistrationStatus = "in_force"
	RegistrationNotYet    RegistrationStatus = "not_yet"
	RegistrationExpired   RegistrationStatus = "expired"
	RegistrationSuspended RegistrationStatus = "suspended"
	RegistrationCancelled RegistrationStatus = "cancelled"
	RegistrationWithdrawn RegistrationStatus = "withdrawn"
	RegistrationRevoked   RegistrationStatus = "revoked"
)

// ReadOutcome is what reading a code without any record told.
type ReadOutcome uint8

// The outcomes of reading a code.
const (
	ReadNotOurs ReadOutcome = iota
	ReadUnreadable
	ReadUnknownKey
	ReadForged
	ReadGenuine
)

// Reading is a code as it was read: its outcome, and for a genuine one what its signature covers.
type Reading struct {
	Outcome    ReadOutcome
	ID         CertificateID
	UseUntil   Date
	Kind       uint8
	KeyNumber  uint8
	KeyRevoked bool     // the key that signed it was later declared leaked
	Digest     [16]byte // names the code in the scan log without holding it
}

// DocumentFinding is the first half of a verdict. Reasons holds the other reasons that apply too.
type DocumentFinding struct {
	Status      DocumentStatus
	Reason      Reason
	Reasons     []Reason
	Changed     []Field
	UseFrom     Date
	UseUntil    Date
	WithdrawnOn Date
}

// RegistrationFinding is the second half of a verdict, beside the facts it was drawn from.
type RegistrationFinding struct {
	Status RegistrationStatus
	Since  Date // first day of that status, zero where it is not known
	Blocks []BlockKind
	Facts  Facts
}

// Usable tells whether the registration is in force with nothing against it.
func (f *RegistrationFinding) Usable() bool {
	return f != nil && f.Status == RegistrationInForce && len(f.Blocks) == 0
}

// Verdict (查验结论) is what a scan answers. Registration is nil for forged and unknown documents.
type Verdict struct {
	Document     DocumentFinding
	Registration *RegistrationFinding
}

// Usable is true only when the document is valid and the registration in force with no block.
func (v Verdict) Usable() bool {
	return v.Document.Status == DocumentValid && v.Registration.Usable()
}

// Decide gives the verdict on a code that was read, from the facts of its certificate (nil when there
// is none) on the day in China on which now falls.
func Decide(read Reading, facts *Facts, now time.Time) Verdict {
	switch read.Outcome {
	case ReadForged:
		return bare(DocumentForged, ReasonBadSignature)
	case ReadNotOurs:
		return bare(DocumentUnknown, ReasonNotOurs)
	case ReadUnreadable:
		return bare(DocumentUnknown, ReasonUnreadable)
	case ReadUnknownKey:
		return bare(DocumentUnknown, ReasonUnknownKey)
	case ReadGenuine:
	default: // an outcome no rule knows bars, never allows
		return bare(DocumentUnknown, ReasonUnreadable)
	}
	// A record that does not say what the signature covers is not the record of this code: only a
	// leaked key can sign such a code.
	if facts == nil || facts.CertificateID != read.ID || facts.UseUntil != read.UseUntil ||
		facts.Kind != read.Kind || facts.KeyNumber != read.KeyNumber {
		return bare(DocumentUnknown, ReasonNoRecord)
	}
	today := DateOf(now)
	finding := DecideRegistration(*facts, today)
	return Verdict{Document: decideDocument(read, facts, today), Registration: &finding}
}

func bare(s DocumentStatus, r Reason) Verdict {
	return Verdict{Document: DocumentFinding{Status: s, Reason: r}}
}

func decideDocument(read Reading, facts *Facts, today Date) DocumentFinding {
	d := DocumentFinding{UseFrom: facts.UseFrom, UseUntil: facts.UseUntil, WithdrawnOn: facts.WithdrawnOn}
	note := func(applies bool, s DocumentStatus, r Reason) {
		switch {
		case !applies:
		case d.Status == "":
			d.Status, d.Reason = s, r
		default:
			d.Reasons = append(d.Reasons, r)
		}
	}
	note(facts.WithdrawnOn != 0, DocumentWithdrawn, ReasonWithdrawn)
	note(read.KeyRevoked, DocumentWithdrawn, ReasonKeyRevoked)
	note(today > facts.UseUntil, DocumentExpired, ReasonUsePassed)
	note(len(facts.Changed) > 0, DocumentOutdated, ReasonChanged)
	note(d.Status == "", DocumentValid, ReasonGenuine)
	d.Changed = slices.Clone(facts.Changed)
	return d
}

// DecideRegistration gives the registration's half of a verdict on a day.
func DecideRegistration(f Facts, day Date) RegistrationFinding {
	r := Registration{State: f.State, ValidFrom: f.ValidFrom, ValidUntil: f.ValidUntil}
	finding := RegistrationFinding{Status: r.StatusOn(day), Blocks: blocksOn(f.Blocks, day), Facts: f}
	switch finding.Status {
	case RegistrationInForce:
		finding.Since = max(f.ValidFrom, f.StateSince) // restored later than it began
	case RegistrationNotYet:
		finding.Since = f.ValidFrom
	case RegistrationExpired:
		finding.Since = f.ValidUntil.AddDays(1)
	case RegistrationSuspended, RegistrationCancelled, RegistrationWithdrawn, RegistrationRevoked:
		finding.Since = f.StateSince
	}
	return finding
}

// StatusOn gives the registration's status on a day: what was decided for good stands above the
// dates, the dates above a suspension that they overtook, a suspension above a beginning that lies ahead.
func (r *Registration) StatusOn(day Date) RegistrationStatus {
	switch {
	case r.State == StateRevoked:
		return RegistrationRevoked
	case r.State == StateWithdrawn:
		return RegistrationWithdrawn
	case r.State == StateCancelled:
		return RegistrationCancelled
	case day > r.ValidUntil:
		return RegistrationExpired
	case r.State == StateSuspended:
		return RegistrationSuspended
	case day < r.ValidFrom:
		return RegistrationNotYet
	case r.State == StateInForce:
		return RegistrationInForce
	}
	return RegistrationSuspended // a state no rule knows bars, never allows
}

func blocksOn(blocks []Block, day Date) []BlockKind {
	var kinds []BlockKind
	for _, b := range blocks {
		if b.On(day) && !slices.Contains(kinds, b.Kind) {
			kinds = append(kinds, b.Kind)
		}
	}
	return kinds
}

// RegistrationReason is why a registration is what it is; the set is closed and part of the contract.
type RegistrationReason string

// The reasons of a registration's status. A decided status is its own reason.
const (
	ReasonRegistered     RegistrationReason = "registered"
	ReasonUnderPenalty   RegistrationReason = "under_penalty"
	ReasonBeginsLater    RegistrationReason = "begins_later"
	ReasonValidityPassed RegistrationReason = "validity_passed"
	ReasonSuspended      RegistrationReason = "suspended"
	ReasonCancelled      RegistrationReason = "cancelled"
	ReasonRegWithdrawn   RegistrationReason = "withdrawn"
	ReasonRevoked        RegistrationReason = "revoked"
)

// Reason gives why the registration is what it is.
func (f *RegistrationFinding) Reason() RegistrationReason {
	switch f.Status {
	case RegistrationInForce:
		if len(f.Blocks) > 0 {
			return ReasonUnderPenalty
		}
		return ReasonRegistered
	case RegistrationNotYet:
		return ReasonBeginsLater
	case RegistrationExpired:
		return ReasonValidityPassed
	case RegistrationSuspended, RegistrationCancelled, RegistrationWithdrawn, RegistrationRevoked:
	}
	return RegistrationReason(f.Status)
}
