package models

import (
	"database/sql/driver"
	"fmt"
	"regexp"
)

// Confirmation (确认使用时限) is one wish of a holder, under the name that their client gave it: however often it is sent, one
// certificate comes of it.
type Confirmation struct {
	PersonID       int64  `gorm:"primaryKey;autoIncrement:false"`
	Name           string `gorm:"primaryKey"`
	RegistrationID int64
	CertificateID  CertificateID
	ConfirmedAt    Instant
}

// CertificateFile is what is known of the file that was made with a certificate. The file itself lies elsewhere.
type CertificateFile struct {
	CertificateID CertificateID `gorm:"primaryKey"`
	Digest        FileDigest
	Size          int64 // bytes
	MadeAt        Instant
}

// Held is one certificate of a person, beside what the register says today. File is nil where none was made: a certificate
// that was issued without its holder.
type Held struct {
	Certificate  Certificate
	Registration Registration
	File         *CertificateFile
}

var confirmationName = regexp.MustCompile(`^[0-9A-Za-z_-]{8,64}$`)

// CheckConfirmationName holds a confirmation's name to its form: 8 to 64 of 0-9 A-Z a-z _ -.
func CheckConfirmationName(name string) error {
	if !confirmationName.MatchString(name) {
		return ErrConfirmationName
	}
	return nil
}

// Value stores the digest as its bytes.
func (d FileDigest) Value() (driver.Value, error) { return d[:], nil }

// Scan reads what Value stored.
func (d *FileDigest) Scan(src any) error {
	b, ok := src.([]byte)
	if !ok || len(b) != len(d) {
		return fmt.Errorf("models: a %T of %d bytes is not a digest", src, len(b))
	}
	copy(d[:], b)
	return nil
}

// ErrConfirmationName answers a name that cannot be one.
var ErrConfirmationName = NewError(KindMalformed, "idempotency_key_invalid", "Idempotency-Key 应为 8 至 64 位字母、数字、_ 或 -", "Idempotency-Key: 8 to 64 of 0-9 A-Z a-z _ -").On("Idempotency-Key")
