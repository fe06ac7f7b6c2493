package models

import "math"

// Channel is the way in which a scan came.
type Channel string

// The channels.
const (
	ChannelPublic Channel = "public" // /v/{code}, without an account
	ChannelAPI    Channel = "api"    // the mini-program or an HR system, logged in
	ChannelFile   Channel = "file"   // a file that somebody sent, without an account
)

// Place is a rough position: hundredths of a degree, about one kilometre. Nothing finer is kept.
type Place struct {
	LatCenti int32 `gorm:"column:lat_centi"`
	LngCenti int32 `gorm:"column:lng_centi"`
}

// NewPlace rounds a position in degrees to 0.01°; ErrPlace when it is not on the globe.
func NewPlace(lat, lng float64) (Place, error) {
	if !(math.Abs(lat) <= 90 && math.Abs(lng) <= 180) { // the form refuses NaN too
		return Place{}, ErrPlace
	}
	return Place{int32(math.Round(lat * 100)), int32(math.Round(lng * 100))}, nil
}

// Degrees gives the rounded position.
func (p Place) Degrees() (lat, lng float64) {
	return float64(p.LatCenti) / 100, float64(p.LngCenti) / 100
}

// Scan is one scan as it is kept: who, what, when, what was answered, and where if that was given.
// It is written before the answer leaves.
type Scan struct {
	ID                 string `gorm:"primaryKey"`
	At                 Instant
	Channel            Channel
	UserID             *string
	CodeDigest         []byte
	CertificateID      *CertificateID
	RegistrationID     *int64
	DocumentStatus     DocumentStatus
	DocumentReason     Reason
	RegistrationStatus RegistrationStatus
	Usable             bool
	FactsAsOf          Instant
	FactsSource        Source
	LatCenti           *int32
	LngCenti           *int32
	Note               string
}

// Miss counts, for one day, codes at the public address that came to nothing. They are no scans, and nothing else is kept
// of them.
type Miss struct {
	Day     Date    `gorm:"primaryKey"`
	Channel Channel `gorm:"primaryKey"`
	Reason  Reason  `gorm:"primaryKey"`
	N       int64
}

// TableName says what was missed.
func (Miss) TableName() string { return "code_misses" }

// Source is where the facts behind an answer came from.
type Source string

// The sources. SourceNone: the code alone decided.
const (
	SourceNone     Source = "none"
	SourceCache    Source = "cache"
	SourceDatabase Source = "database"
)

// MaxNoteLength bounds the note on a scan, in characters.
const MaxNoteLength = 200

// ErrPlace answers a position that is not on the globe.
var ErrPlace = NewError(KindRule, "place_invalid", "位置无效：纬度应在 ±90 度、经度应在 ±180 度以内", "Not a place: latitude within ±90, longitude within ±180 degrees").On("place")
