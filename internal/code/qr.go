package code

import (
	"strings"

	qr "github.com/piglig/go-qr"
)

// Symbol draws a code's text as the certificate prints it: error correction M, the prefix as bytes and
// the digits as numbers, which makes a prefix of up to 28 characters fit version 6 (41 modules).
func Symbol(text string) (*qr.QrCode, error) {
	head := strings.TrimRight(text, "0123456789")
	var segments []*qr.QrSegment
	for _, part := range []struct {
		text string
		make func(string) (*qr.QrSegment, error)
	}{
		{head, func(s string) (*qr.QrSegment, error) { return qr.MakeBytes([]byte(s)) }},
		{text[len(head):], qr.MakeNumeric},
	} {
		if part.text == "" {
			continue
		}
		segment, err := part.make(part.text)
		if err != nil {
			return nil, err
		}
		segments = append(segments, segment)
	}
	return qr.EncodeStandardSegments(segments, qr.Medium)
}
