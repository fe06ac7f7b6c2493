// Package verify answers the product's question: is this document genuine and usable, and is this
// person registered today?
//
// Its promise: a scan through the API, and a genuine code looked at in public, is recorded before it is
// answered; when it cannot be recorded it is not answered. Its one rule: the verdict is decided anew,
// from facts and the present day, for every single answer.
package verify

import (
	"context"
	"time"

	"github.com/google/uuid"

	"yanzheng/models"
)

// Codes reads what a scanner gave.
type Codes interface {
	Read(text string) models.Reading
	ReadDigits(digits string) models.Reading
}

// Register finds a registration by number and name.
type Register interface {
	FindRegistration(ctx context.Context, number, name string, category models.Category) (*models.Registration, error)
}

// Service is the use case.
type Service struct {
	codes    Codes
	desk     Desk
	register Register
	patience Patience
	now      func() time.Time
}

// Patience begins an answer, and bounds how long it may take in all, whatever it has to ask; then it is models.ErrUnavailable.
type Patience interface {
	Begin(ctx context.Context) (context.Context, context.CancelFunc)
}

// New puts the use case together.
func New(codes Codes, desk Desk, register Register, patience Patience, now func() time.Time) *Service {
	return &Service{codes: codes, desk: desk, register: register, patience: patience, now: now}
}

// Request is one scan of a logged-in user.
type Request struct {
	Token   string
	Address string
	Code    string        // what the scanner gave: a URL, or digits
	Place   *models.Place // where, if that was given
	Note    string        // normalized, at most models.MaxNoteLength characters
}

// Answer is a verdict with the circumstances under which it was given.
type Answer struct {
	ScanID  string // empty where nothing was recorded
	At      time.Time
	AsOf    time.Time // the facts were the register's at this instant
	Source  models.Source
	Verdict models.Verdict
	Links   []models.ImageLink // to images that the user may see
}

// Scan gives the verdict on a code, recorded.
func (s *Service) Scan(ctx context.Context, r Request) (Answer, error) {
	ctx, cancel := s.patience.Begin(ctx)
	defer cancel()
	read := s.codes.Read(r.Code)
	arrival := Arrival{Purpose: ForScan, Token: r.Token, Address: r.Address}
	if read.Outcome == models.ReadGenuine {
		arrival.Certificate = &read.ID
	}
	entry, err := s.desk.Admit(ctx, arrival)
	if err != nil {
		return Answer{}, err
	}
	scan := models.Scan{Channel: models.ChannelAPI, UserID: &entry.User.UserID, Note: r.Note}
	if r.Place != nil {
		scan.LatCenti, scan.LngCenti = &r.Place.LatCenti, &r.Place.LngCenti
	}
	a := s.decide(read, entry.Facts)
	return s.record(ctx, read, a, entry, scan, showable(a.Verdict, entry.User))
}

// showable says which images a logged-in user may see after a genuine scan (domain: who may see what): enough to beat a genuine
// code glued on a forged print, never enough to forge one.
func showable(v models.Verdict, user models.Identity) []models.ImageKind {
	r := v.Registration
	if r == nil || !r.Facts.HasPhoto && !r.Facts.HasSignature {
		return nil
	}
	kinds := make([]models.ImageKind, 0, 2)
	if r.Facts.HasPhoto {
		kinds = append(kinds, models.ImagePhoto)
	}
	if r.Facts.HasSignature && user.Has(models.RoleInspector) {
		kinds = append(kinds, models.ImageSignature)
	}
	return kinds
}

// Public gives the verdict on the digits behind the public prefix. Only a genuine code is looked up and
// recorded, and only when someone looks: a link preview or prefetch (look false) is not a scan.
func (s *Service) Public(ctx context.Context, address, digits string, look bool) (Answer, error) {
	read := s.codes.ReadDigits(digits)
	if read.Outcome != models.ReadGenuine {
		a := s.decide(read, models.KnownFacts{})
		if err := s.desk.Miss(address, a.Verdict.Document.Reason); err != nil {
			return Answer{}, err
		}
		return a, nil
	}
	ctx, cancel := s.patience.Begin(ctx)
	defer cancel()
	entry, err := s.desk.Admit(ctx, Arrival{Purpose: ForPublic, Address: address, Certificate: &read.ID})
	if err != nil {
		return Answer{}, err
	}
	a := s.decide(read, entry.Facts)
	if !look {
		if r := a.Verdict.Registration; r != nil { // whoever calls itself a preview is shown the person all the same
			if err := entry.Shown(ctx, r.Facts.PersonID); err != nil {
				return Answer{}, err
			}
		}
		return a, nil
	}
	return s.record(ctx, read, a, entry, models.Scan{Channel: models.ChannelPublic}, nil)
}

// decide gives the verdict on a code, from the facts of its certificate where it is genuine.
func (s *Service) decide(read models.Reading, known models.KnownFacts) Answer {
	a := Answer{Source: models.SourceNone}
	if read.Outcome == models.ReadGenuine {
		a.AsOf, a.Source = known.AsOf, known.Source
	}
	a.At = s.now() // after the facts are here: an answer at midnight is of the new day
	if a.AsOf.IsZero() {
		a.AsOf = a.At
	}
	a.Verdict = models.Decide(read, known.Facts, a.At)
	return a
}

// record writes the scan and gives the answer its id.
func (s *Service) record(ctx context.Context, read models.Reading, a Answer, entry Entry, scan models.Scan, show []models.ImageKind) (Answer, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Answer{}, err
	}
	a.ScanID = id.String()
	scan.ID, scan.At, scan.CodeDigest = a.ScanID, models.InstantOf(a.At), read.Digest[:]
	scan.DocumentStatus, scan.DocumentReason = a.Verdict.Document.Status, a.Verdict.Document.Reason
	scan.Usable = a.Verdict.Usable()
	scan.FactsAsOf, scan.FactsSource = models.InstantOf(a.AsOf), a.Source
	if read.Outcome == models.ReadGenuine {
		scan.CertificateID = &read.ID
	}
	var person int64
	if r := a.Verdict.Registration; r != nil {
		scan.RegistrationStatus, scan.RegistrationID, person = r.Status, &r.Facts.RegistrationID, r.Facts.PersonID
	}
	if a.Links, err = entry.Record(ctx, scan, person, show); err != nil {
		return Answer{}, models.ErrUnavailable.Because(err)
	}
	return a, nil
}
