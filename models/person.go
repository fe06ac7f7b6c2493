package models

// Sex as the register writes it.
type Sex string

// The register's two values.
const (
	Male   Sex = "男"
	Female Sex = "女"
)

// ParseSex reads 男 or 女.
func ParseSex(s string) (Sex, error) {
	if s == string(Male) || s == string(Female) {
		return Sex(s), nil
	}
	return "", ErrSex
}

// Person (人员) is a human being, who may exist before any registration (R6).
// The ID number is kept only sealed; IDNumber is filled when the store has opened it.
type Person struct {
	ID             int64 `gorm:"primaryKey"`
	Name           string
	Sex            Sex
	IDType         IDType
	IDNumber       string `gorm:"-"`
	IDNumberSealed []byte
	IDNumberIndex  []byte
	BirthDate      Date
	// What lies in the vault and was accepted by a registrar: SHA-256 in hexadecimal; empty: none (R6).
	PhotoDigest     string
	SignatureDigest string
	CreatedAt       Instant `gorm:"autoCreateTime:false"`
	UpdatedAt       Instant `gorm:"autoUpdateTime:false"`
}

// ErrSex answers a sex that is neither 男 nor 女.
var ErrSex = NewError(KindRule, "sex_invalid", "性别应为“男”或“女”", "Sex must be 男 or 女").On(string(FieldSex))

// SameAs tells whether both say the same of the same human being.
func (p *Person) SameAs(other *Person) bool {
	return p.Name == other.Name && p.Sex == other.Sex && p.IDType == other.IDType &&
		p.IDNumber == other.IDNumber && p.BirthDate == other.BirthDate
}

// TableName keeps to the register's word.
func (Person) TableName() string { return "persons" }
