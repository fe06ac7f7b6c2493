package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"

	"yanzheng/models"
)

// What is sealed; the purpose is bound to the sealed text, so that one cannot stand in for another.
const (
	purposeIDNumber = "person.id_number"
	purposeOpenID   = "user.openid"
)

// sealVersion is the first byte of everything sealed, so that keys and algorithms can change.
const sealVersion = 1

type sealer struct {
	aead     cipher.AEAD
	indexKey []byte
	named    map[string][]byte // both keys, for CheckSealingKeys
}

func newSealer(k Keys) (*sealer, error) {
	if k.Seal == k.Index {
		return nil, errors.New("store: the keys for sealing and for the index must differ")
	}
	block, err := aes.NewCipher(k.Seal[:])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &sealer{aead: aead, indexKey: k.Index[:], named: map[string][]byte{"id_number": k.Seal[:], "id_index": k.Index[:]}}, nil
}

// seal encrypts: version, nonce, AES-256-GCM with the purpose as associated data.
func (s *sealer) seal(purpose, plain string) []byte {
	n := s.aead.NonceSize()
	out := make([]byte, 1+n, 1+n+len(plain)+s.aead.Overhead())
	out[0] = sealVersion
	rand.Read(out[1:]) //nolint:errcheck,gosec // never fails (crypto/rand)
	return s.aead.Seal(out, out[1:], []byte(plain), []byte(purpose))
}

// open decrypts what seal made; anything else is an internal fault that tells nothing.
func (s *sealer) open(purpose string, sealed []byte) (string, error) {
	n := s.aead.NonceSize()
	if len(sealed) < 1+n || sealed[0] != sealVersion {
		return "", models.ErrInternal.Because(errSealed)
	}
	plain, err := s.aead.Open(nil, sealed[1:1+n], sealed[1+n:], []byte(purpose))
	if err != nil {
		return "", models.ErrInternal.Because(errSealed)
	}
	return string(plain), nil
}

// index gives what a sealed text is found by: a keyed digest, useless without the key.
func (s *sealer) index(purpose string, parts ...string) []byte {
	mac := hmac.New(sha256.New, s.indexKey)
	mac.Write([]byte(purpose))
	for _, p := range parts {
		mac.Write([]byte{0})
		mac.Write([]byte(p))
	}
	return mac.Sum(nil)
}

var errSealed = errors.New("store: sealed data cannot be opened with this key")
