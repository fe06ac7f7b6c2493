package verify

import (
	"context"

	"yanzheng/models"
)

// Purpose is what somebody comes for; each has limits of its own.
type Purpose uint8

// The purposes.
const (
	ForScan        Purpose = iota // a scan of a logged-in user
	ForPublic                     // a look at /v/, without an account
	ForLookUp                     // a look-up by number
	ForFile                       // a file; once when it comes, and again for its certificate when it proves to be one of ours
	ForAccount                    // what a logged-in user does beside scanning
	ForUpload                     // an image that a logged-in user sends
	ForCertificate                // a certificate that a logged-in user confirms, or a file of one that they fetch
)

// Arrival is somebody who asks.
type Arrival struct {
	Purpose     Purpose
	Token       string                // of a session, where a user is logged in
	Address     string                // where the request came from
	Certificate *models.CertificateID // whose facts are wanted; nil: the code is not genuine, or none was shown
}

// Entry is somebody who may go on, with what was looked up for them in the same round trip.
type Entry struct {
	User  models.Identity
	Facts models.KnownFacts
	// Record keeps a scan for good, and counts the person whose registration it shows (0: none). Once it returns without
	// error the scan is never lost. It also makes single-use links to images of the person; those it cannot make are left out.
	Record func(ctx context.Context, scan models.Scan, person int64, show []models.ImageKind) ([]models.ImageLink, error)
	// Shown counts the person where nothing is recorded; an error when that is one person too many.
	Shown func(ctx context.Context, person int64) error
}

// Desk is where everybody passes.
type Desk interface {
	// Admit tells who it is, holds them against their limits and looks up what they ask for, all at once. The errors:
	// whoever is not logged in (any more), asks too much, or cannot be answered now.
	Admit(ctx context.Context, a Arrival) (Entry, error)
	// Miss counts a code at /v/ that is not genuine, without asking anything beyond this process; an error when that
	// address asks more than any may.
	Miss(address string, reason models.Reason) error
}
