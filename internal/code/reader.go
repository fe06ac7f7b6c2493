package code

import (
	"crypto/sha256"
	"strings"
	"sync/atomic"
	"unicode"

	"yanzheng/models"
)

// maxText is the longest text that is looked at; a code's URL has about 210 bytes.
const maxText = 2048

// Reader reads codes that begin with one prefix, against the ring it was last given.
type Reader struct {
	prefix string
	ring   atomic.Pointer[Ring]
}

// NewReader makes a reader for codes that begin with prefix, "https://host/v/".
func NewReader(prefix string, ring *Ring) *Reader {
	r := &Reader{prefix: prefix}
	r.ring.Store(ring)
	return r
}

// Use makes the reader go by another ring, from the next code on.
func (r *Reader) Use(ring *Ring) { r.ring.Store(ring) }

// Ring gives the ring in use.
func (r *Reader) Ring() *Ring { return r.ring.Load() }

// Prefix is what stands before the digits on every code.
func (r *Reader) Prefix() string { return r.prefix }

// Read reads what a scanner gave: the code's whole URL, or its digits alone.
func (r *Reader) Read(text string) models.Reading {
	if len(text) > maxText { // white space counts: what is refused must cost nothing
		read := models.Reading{Outcome: models.ReadNotOurs, Digest: digest(text[:maxText])}
		if _, ok := r.cutPrefix(text[:maxText]); ok {
			read.Outcome = models.ReadUnreadable
		}
		return read
	}
	text = strings.TrimSpace(text)
	if digits, ok := r.cutPrefix(text); ok {
		return r.ReadDigits(digits)
	}
	if unicodeDigits(text) { // also full-width digits: digits, but none of ours
		return r.ReadDigits(text)
	}
	return models.Reading{Outcome: models.ReadNotOurs, Digest: digest(text)}
}

// ReadDigits reads the part of a code behind its prefix.
func (r *Reader) ReadDigits(digits string) models.Reading {
	read := models.Reading{Outcome: models.ReadUnreadable, Digest: digest(digits[:min(len(digits), maxText)])}
	p, signature, ok := decode(digits)
	if !ok {
		return read
	}
	ring := r.ring.Load()
	key := ring.key(p.keyNumber())
	switch {
	case p.version() != formatVersion || key == nil:
		read.Outcome = models.ReadUnknownKey
	case !key.verify(p.message(), signature[:]):
		read.Outcome = models.ReadForged
	default:
		read.Outcome = models.ReadGenuine
		read.ID, read.UseUntil, read.Kind = p.id(), p.useUntil(), p.kind()
		read.KeyNumber, read.KeyRevoked = key.Number, key.Revoked()
	}
	return read
}

// Of gives the reading of a certificate's own code, without the code: as it would be read if it was signed when the certificate was
// made.
func (r *Reader) Of(c *models.Certificate) models.Reading {
	read := models.Reading{Outcome: models.ReadUnknownKey}
	if key := r.ring.Load().key(c.KeyNumber); key != nil {
		read = models.Reading{
			Outcome: models.ReadGenuine, ID: c.ID, UseUntil: c.UseUntil, Kind: c.Kind, KeyNumber: key.Number, KeyRevoked: key.Revoked(),
		}
	}
	return read
}

// cutPrefix takes off our prefix, whose scheme and host people's scanners may have written in capitals,
// and a query or fragment that an app may have hung on.
func (r *Reader) cutPrefix(text string) (string, bool) {
	if len(text) < len(r.prefix) || !strings.EqualFold(text[:len(r.prefix)], r.prefix) {
		return "", false
	}
	digits := text[len(r.prefix):]
	if i := strings.IndexAny(digits, "?#"); i >= 0 {
		digits = digits[:i]
	}
	return digits, true
}

func unicodeDigits(s string) bool {
	return s != "" && strings.IndexFunc(s, func(c rune) bool { return !unicode.IsDigit(c) }) < 0
}

func digest(s string) (d [16]byte) {
	sum := sha256.Sum256([]byte(s))
	copy(d[:], sum[:])
	return d
}
