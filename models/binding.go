package models

import "time"

// Binding says which user is the holder (持证人) of a person's certificates. One person, one user.
type Binding struct {
	PersonID int64 `gorm:"primaryKey;autoIncrement:false"`
	UserID   string
	Way      string // how the user was identified: "form", or the name of a portal
	BoundAt  Instant
	// Generation grows when the holder withdraws everything or ends sessions: what began before comes to nothing.
	Generation int64
}

// TryOutcome is what became of a try to be identified.
type TryOutcome string

// The outcomes of a try.
const (
	TryMatched TryOutcome = "matched"
	TryWrong   TryOutcome = "wrong"
	TryLocked  TryOutcome = "locked" // not looked at: there were too many wrong ones
	// TryReleased is no try: a registrar forgot the wrong ones against a number.
	TryReleased TryOutcome = "released"
)

// BindingTry is the record of one try. Target is a keyed digest of the ID number that was given; the number itself is
// nowhere in it.
type BindingTry struct {
	ID       int64 `gorm:"primaryKey"`
	At       Instant
	UserID   string
	Way      string
	Outcome  TryOutcome
	Target   []byte
	PersonID *int64 // of a match
}

// BindingLock counts wrong tries against a user, an ID number or a certificate number, each known by a keyed digest.
type BindingLock struct {
	Target      []byte `gorm:"primaryKey"`
	Wrong       int64
	Since       Instant // the first of them
	LockedUntil Instant
}

// BindingRule says when wrong tries lock.
type BindingRule struct {
	Tries  int           // so many
	Window time.Duration // within this
	Lock   time.Duration // lock for so long, and each further one for twice as long as the one before, a Window at most
}

// OfNumber is the rule for a certificate's number. Numbers are public: whoever wants to keep a holder out by wrong tries needs
// several users for it, each of whom is locked before.
func (r BindingRule) OfNumber() BindingRule {
	r.Tries *= 3
	return r
}

// Count counts one more wrong try at an instant.
func (l *BindingLock) Count(rule BindingRule, at Instant) {
	if l.Wrong == 0 || at-l.Since >= Instant(rule.Window.Milliseconds()) {
		l.Wrong, l.Since = 0, at
	}
	l.Wrong++
	lock := rule.Lock
	for n := int64(rule.Tries); n < l.Wrong && lock < rule.Window; n++ {
		lock *= 2
	}
	if l.Wrong >= int64(rule.Tries) {
		l.LockedUntil = at + Instant(max(rule.Lock, min(lock, rule.Window)).Milliseconds())
	}
}

// Identification is what somebody says of themself in the form. Number is that of a certificate, or of an application
// for an initial registration.
type Identification struct {
	Name     string
	IDType   IDType
	IDNumber string
	Number   string
}

// ClaimState is what became of a claim.
type ClaimState string

// The states of a claim.
const (
	ClaimOpen     ClaimState = "open"
	ClaimAccepted ClaimState = "accepted"
	ClaimRefused  ClaimState = "refused"
)

// BindingClaim is a user who was identified as a person whom another user is bound to. A registrar decides.
type BindingClaim struct {
	ID        int64 `gorm:"primaryKey"`
	PersonID  int64
	UserID    string
	Way       string
	State     ClaimState
	At        Instant
	DecidedAt Instant
	DecidedBy string
	Reason    string
}

// ClaimRuling is how a registrar decides a claim.
type ClaimRuling struct {
	Accept bool
	// Keep leaves what the user before collected and confirmed as it is: both accounts are the same person's. Otherwise their
	// images count no more and their certificates are withdrawn.
	Keep   bool
	Actor  string
	Reason string
}

// Look is one scan of a holder's certificate as the holder may know of it (R13): never who it was.
type Look struct {
	ScanID         string
	At             Instant
	Viewer         Viewer
	Place          *RoughPlace
	DocumentStatus DocumentStatus
	CertificateID  CertificateID
}

// Viewer is the kind of user who looked.
type Viewer string

// The kinds of viewer.
const (
	ViewerPublic    Viewer = "public"
	ViewerUser      Viewer = "user"
	ViewerInspector Viewer = "inspector"
	ViewerSelf      Viewer = "self" // the holder
)

// RoughPlace is a place in tenths of a degree, some ten kilometres: where a look came from tells nobody's way to work.
type RoughPlace struct{ LatDeci, LngDeci int32 }

// Rough makes a place rougher.
func (p Place) Rough() RoughPlace { return RoughPlace{tenths(p.LatCenti), tenths(p.LngCenti)} }

func tenths(centi int32) int32 {
	if centi < 0 {
		return -tenths(-centi)
	}
	return (centi + 5) / 10
}

// Degrees gives the place.
func (p RoughPlace) Degrees() (lat, lng float64) {
	return float64(p.LatDeci) / 10, float64(p.LngDeci) / 10
}

// SignatureCheck is what an inspector found on a print they scanned (R8). A correction is another row with the next number;
// the last one counts.
type SignatureCheck struct {
	ScanID  string `gorm:"primaryKey"`
	Number  int64  `gorm:"primaryKey;autoIncrement:false"`
	UserID  string
	Finding SignatureFinding
	Remark  string
	At      Instant
}

// TableName says what was found.
func (SignatureCheck) TableName() string { return "signature_findings" }

// Application (初始注册申请) is a person who may exist before any registration: the number lets them be identified, so that
// photo and signature image can be collected and accepted first (R6).
type Application struct {
	ID             int64 `gorm:"primaryKey"`
	Number         string
	PersonID       int64
	Category       Category
	AdmittedAt     Instant
	AdmittedBy     string
	RegisteredAt   Instant // zero: not yet
	RegistrationID *int64
}

// The answers that several packages share.
var (
	ErrNotHolder   = NewError(KindForbidden, "not_a_holder", "请先完成持证人本人认证", "Identify yourself as the holder of a certificate first")
	ErrBound       = NewError(KindConflict, "already_bound", "您的账号已绑定另一位持证人", "Your account is bound to another person already")
	ErrOvertaken   = NewError(KindConflict, "overtaken", "您已撤回证书或结束登录，此前的操作不再生效，请重新操作", "You withdrew certificates or ended sessions meanwhile: what began before has no effect, please begin again")
	ErrClaimPause  = NewError(KindConflict, "claim_refused", "您的申请已被驳回，暂不能再次提出；如有异议请联系注册管理机构", "Your claim was refused and cannot be made again yet: turn to the registrar")
	ErrNumberTaken = NewError(KindConflict, "certificate_number_taken", "该证书编号已被使用", "This certificate number is taken").On(string(FieldCertificateNumber))
	ErrDecided     = NewError(KindConflict, "already_decided", "该事项已处理", "This was decided before")
)
