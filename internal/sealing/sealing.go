// Package sealing encrypts what lies at rest: numbers in the database, images in a bucket.
//
// Its promise: what was sealed opens only with the same key and as the same thing; everything else is
// one error that tells nothing. Its one rule: a purpose names exactly what is sealed, so that one
// sealed text cannot stand in for another.
package sealing

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"

	"yanzheng/models"
)

// version is the first byte of everything sealed, so that keys and algorithms can change.
const version = 1

// Overhead is how many bytes longer than the plaintext a sealed text is: version, nonce, tag.
const Overhead = 1 + 12 + 16

// Box seals and opens with one key. It is safe for many goroutines.
type Box struct{ aead cipher.AEAD }

// New makes a Box of an AES-256 key.
func New(key [32]byte) (*Box, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &Box{aead}, nil
}

// Seal encrypts: version, a fresh nonce, AES-256-GCM with the purpose as associated data.
func (b *Box) Seal(purpose string, plain []byte) []byte {
	n := b.aead.NonceSize()
	out := make([]byte, 1+n, Overhead+len(plain))
	out[0] = version
	rand.Read(out[1:]) //nolint:errcheck,gosec // never fails (crypto/rand)
	return b.aead.Seal(out, out[1:], plain, []byte(purpose))
}

// Open decrypts what Seal made for that purpose; anything else is models.ErrInternal, a fault of ours.
func (b *Box) Open(purpose string, sealed []byte) ([]byte, error) {
	n := b.aead.NonceSize()
	if len(sealed) < 1+n || sealed[0] != version {
		return nil, models.ErrInternal.Because(errSealed)
	}
	plain, err := b.aead.Open(nil, sealed[1:1+n], sealed[1+n:], []byte(purpose))
	if err != nil {
		return nil, models.ErrInternal.Because(errSealed)
	}
	return plain, nil
}

var errSealed = errors.New("sealing: this cannot be opened with this key, as this")
