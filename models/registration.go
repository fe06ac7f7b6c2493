package models

// State is what the register decided about a registration. Dates are apart from it: whether it has
// begun or ended is computed (see RegistrationStatus).
type State string

// The states of a registration's life.
const (
	StateInForce   State = "in_force"
	StateSuspended State = "suspended" // 暂停
	StateCancelled State = "cancelled" // 注销
	StateWithdrawn State = "withdrawn" // 撤销
	StateRevoked   State = "revoked"   // 吊销
)

// severity orders the states: an import may make a registration worse, never better.
var severity = map[State]int{StateInForce: 0, StateSuspended: 1, StateCancelled: 2, StateWithdrawn: 3, StateRevoked: 4}

// Valid tells whether s is one of the states.
func (s State) Valid() bool { _, ok := severity[s]; return ok }

// WorseThan tells whether s bars its holder more than other does.
func (s State) WorseThan(other State) bool { return severity[s] > severity[other] }

// CanBecome tells whether a registrar's decision may move a registration from s to next. Restoring
// is possible from everywhere, because decisions are overturned and numbers mistyped; otherwise a
// state only gets worse, and a state is not decided twice.
func (s State) CanBecome(next State) bool {
	if !s.Valid() || !next.Valid() || s == next {
		return false
	}
	return next == StateInForce || next.WorseThan(s)
}

// Registration (注册信息) is the register's record of one person in one category: the truth that every
// certificate is held against. Version grows by one with every change of anything that a scan shows.
type Registration struct {
	ID                int64 `gorm:"primaryKey"`
	PersonID          int64
	Person            Person `gorm:"-"`
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
	Blocks            []Block `gorm:"-"`
	Version           int64
	CreatedAt         Instant `gorm:"autoCreateTime:false"`
	UpdatedAt         Instant `gorm:"autoUpdateTime:false"`
}

// BlockKind names something beside the registration's state that bars its use (R11).
type BlockKind string

// BlockPenalty is an administrative penalty that runs (处罚期内).
const BlockPenalty BlockKind = "penalty"

// Block bars a registration from a day to a day, both included; Until zero is "until lifted".
type Block struct {
	ID             int64 `gorm:"primaryKey"`
	RegistrationID int64
	Kind           BlockKind
	From           Date `gorm:"column:begins_on"`
	Until          Date `gorm:"column:ends_on"`
}

// TableName keeps the table's name within the register's.
func (Block) TableName() string { return "registration_blocks" }

// On tells whether the block bars on a day.
func (b Block) On(day Date) bool {
	return b.From <= day && (b.Until == 0 || day <= b.Until)
}

// Normalize gives every text its one written form.
func (r *Registration) Normalize() {
	r.Person.Name = NormalizeText(r.Person.Name)
	for _, s := range []*string{&r.CertificateNumber, &r.SealNumber, &r.Employer, &r.EmployerCode, &r.Specialty} {
		*s = NormalizeText(*s)
	}
}

// Check gives everything that is wrong with a normalized registration and its person on a day;
// none when it may enter the register. A right ID number is put into its one written form, and the
// birth date inside a resident ID becomes the person's.
func (r *Registration) Check(today Date) []*Error {
	var faults []*Error
	note := func(err error) {
		if err != nil {
			faults = append(faults, AsError(err))
		}
	}
	policy := r.Category.policy()
	if policy == nil {
		note(ErrCategory)
	}
	note(checkNumber(r.CertificateNumber, ErrCertificateNumber))
	note(checkNumber(r.SealNumber, ErrSealNumber))
	note(CheckName(r.Person.Name))
	if _, err := ParseSex(string(r.Person.Sex)); err != nil {
		note(err)
	}
	number, birth, err := CheckIDNumber(r.Person.IDType, r.Person.IDNumber, today)
	note(err)
	if err == nil {
		r.Person.IDNumber = number
		if birth != 0 {
			r.Person.BirthDate = birth
		}
		if policy != nil && policy.MaxAge > 0 && r.Person.BirthDate == 0 {
			note(ErrBirthDate) // without it the age cap (R1b) could not be kept
		}
	}
	if r.Person.BirthDate > today {
		note(ErrBirthDate)
	}
	note(checkPlain(r.Employer, maxEmployerLength, ErrEmployer))
	note(CheckEmployerCode(r.EmployerCode))
	if r.Specialty != "" {
		note(checkPlain(r.Specialty, maxSpecialtyLength, ErrSpecialty))
	}
	if r.ValidFrom == 0 {
		note(ErrDate.On(string(FieldValidFrom)))
	}
	if r.ValidUntil == 0 {
		note(ErrDate.On(string(FieldValidUntil)))
	} else if r.ValidUntil < r.ValidFrom {
		note(ErrValidity)
	}
	if !r.State.Valid() {
		note(ErrState)
	}
	return faults
}

// Value gives a field as the register would print it.
func (r *Registration) Value(f Field) string {
	switch f {
	case FieldName:
		return r.Person.Name
	case FieldSex:
		return string(r.Person.Sex)
	case FieldBirthDate:
		return r.Person.BirthDate.String()
	case FieldCategory:
		return r.Category.Title().ZH
	case FieldCertificateNumber:
		return r.CertificateNumber
	case FieldSealNumber:
		return r.SealNumber
	case FieldEmployer:
		return r.Employer
	case FieldEmployerCode:
		return r.EmployerCode
	case FieldSpecialty:
		return r.Specialty
	case FieldValidFrom:
		return r.ValidFrom.String()
	case FieldValidUntil:
		return r.ValidUntil.String()
	case FieldIDNumber:
		return MaskIDNumber(r.Person.IDNumber)
	case FieldIDType:
		return string(r.Person.IDType)
	case FieldPhoto:
		return r.Person.PhotoDigest
	case FieldSignatureImage:
		return r.Person.SignatureDigest
	}
	return ""
}

// The answers to registrations that cannot be.
var (
	ErrValidity  = NewError(KindRule, "validity_reversed", "注册有效期截止日早于起始日", "The registration ends before it begins").On(string(FieldValidUntil))
	ErrBirthDate = NewError(KindRule, "birth_date_needed", "该类别的证件号码不含出生日期时，须另行提供真实的出生日期", "A real birth date is needed where the ID number holds none").On(string(FieldBirthDate))
	ErrState     = NewError(KindRule, "status_unknown", "注册状态未知", "Unknown registration status").On("status")
)
