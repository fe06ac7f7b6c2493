package code

import (
	"encoding/binary"
	"math/big"

	"yanzheng/models"
)

// The format, fixed for ever as version 1 (docs/code-format.md).
const (
	// Domain is what stands before the payload in the signed message, so that the key can never be
	// made to sign something else that means a certificate.
	Domain = "yanzheng/certificate-code/v1:"
	// Digits is the length of a code: one big-endian number of 76 bytes, in decimal, zeros in front.
	Digits = 184
	// MaxKeys is how many key numbers the format holds.
	MaxKeys = 32

	formatVersion = 1
	payloadSize   = 12
	signatureSize = 64
	size          = payloadSize + signatureSize
)

// dayZero is day 0 of the code's two-byte last day of use.
var dayZero = models.MustDate("2020-01-01")

// payload is what the signature covers.
type payload [payloadSize]byte

func newPayload(key uint8, id models.CertificateID, useUntil models.Date, kind uint8) (p payload, err error) {
	day := int64(useUntil) - int64(dayZero)
	if key >= MaxKeys || day < 0 || day > 0xffff {
		return p, errUnencodable
	}
	p[0] = formatVersion<<5 | key
	copy(p[1:9], id[:])
	binary.BigEndian.PutUint16(p[9:11], uint16(day))
	p[11] = kind
	return p, nil
}

func (p *payload) version() uint8   { return p[0] >> 5 }
func (p *payload) keyNumber() uint8 { return p[0] & (MaxKeys - 1) }
func (p *payload) kind() uint8      { return p[11] }

func (p *payload) id() models.CertificateID { return models.CertificateID(p[1:9]) }

func (p *payload) useUntil() models.Date {
	return dayZero.AddDays(int(binary.BigEndian.Uint16(p[9:11])))
}

// message is the bytes that are signed.
func (p *payload) message() []byte { return append([]byte(Domain), p[:]...) }

// encode writes payload and signature as decimal digits.
func encode(p payload, signature []byte) string {
	var b [size]byte
	copy(b[:], p[:])
	copy(b[payloadSize:], signature)
	digits := new(big.Int).SetBytes(b[:]).String()
	const zeros = "0000000000000000000000000000000000000000"
	for len(digits) < Digits {
		digits = zeros[:min(len(zeros), Digits-len(digits))] + digits
	}
	return digits
}

// decode is the only inverse of encode: exactly 184 ASCII digits, below 2^608.
func decode(digits string) (p payload, signature [signatureSize]byte, ok bool) {
	if len(digits) != Digits || !allDigits(digits) {
		return p, signature, false
	}
	n, _ := new(big.Int).SetString(digits, 10)
	if n.BitLen() > size*8 {
		return p, signature, false
	}
	var b [size]byte
	n.FillBytes(b[:])
	copy(p[:], b[:])
	copy(signature[:], b[payloadSize:])
	return p, signature, true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

var errUnencodable = models.NewError(models.KindInternal, "code_unencodable",
	"证书无法编码为二维码", "The certificate does not fit the code's format")
