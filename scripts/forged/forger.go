package main

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"

	"yanzheng/models"
)

// The form of a code, as docs/code-format.md tells it.
const (
	digits = 184
	size   = 76
	id     = 1  // where the 8 bytes of the certificate's id begin
	nonce  = 12 // where the signature begins, with R
	last   = 75 // the most significant byte of S
)

// forger makes codes that look like a genuine one.
type forger struct {
	genuine [size]byte
}

func newForger(url string) (forger, error) {
	var f forger
	_, text, _ := strings.Cut(url, "/v/")
	n, ok := new(big.Int).SetString(text, 10)
	if !ok || len(text) != digits || n.BitLen() > size*8 {
		return f, fmt.Errorf("not a code: %q", url)
	}
	n.FillBytes(f.genuine[:])
	return f, nil
}

// forge gives the digits of the n-th code, which no other n has, and what the verdict on it must be.
func (f *forger) forge(n uint32, random *rand.Rand) (string, models.Reason) {
	b := f.genuine
	scatter(b[id:id+8], random)
	kind := n % 20
	if kind != 0 { // else the genuine signature under another id; every id is another one, by chance
		scatter(b[nonce:], random)
		b[nonce], b[nonce+1], b[nonce+2], b[nonce+3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
		b[last] &= 0x0f // S below the group's order: well-formed
	}
	switch kind {
	case 1: // a key number that is not listed
		b[0] = b[0]&0xe0 | (b[0]+1+byte(random.IntN(31)))&0x1f
		return write(b), models.ReasonUnknownKey
	case 2: // a format of the future
		b[0] ^= 0x40
		return write(b), models.ReasonUnknownKey
	case 3: // too short, too great, or not a number
		text := write(b)
		return [...]string{text[:digits-1], "9" + text[1:], "x" + text[1:]}[random.IntN(3)], models.ReasonUnreadable
	}
	return write(b), models.ReasonBadSignature
}

func scatter(b []byte, random *rand.Rand) {
	for i := range b {
		b[i] = byte(random.Uint32())
	}
}

func write(b [size]byte) string {
	text := new(big.Int).SetBytes(b[:]).String()
	return strings.Repeat("0", digits-len(text)) + text
}
