package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"

	"yanzheng/internal/sealing"
)

// What is sealed; the purpose is bound to the sealed text, so that one cannot stand in for another.
const (
	purposeIDNumber = "person.id_number"
	purposeOpenID   = "user.openid"
)

type sealer struct {
	box      *sealing.Box
	indexKey []byte
	named    map[string][]byte // both keys, for CheckSealingKeys
}

func newSealer(k Keys) (*sealer, error) {
	if k.Seal == k.Index {
		return nil, errors.New("store: the keys for sealing and for the index must differ")
	}
	box, err := sealing.New(k.Seal)
	if err != nil {
		return nil, err
	}
	return &sealer{box: box, indexKey: k.Index[:], named: map[string][]byte{"id_number": k.Seal[:], "id_index": k.Index[:]}}, nil
}

func (s *sealer) seal(purpose, plain string) []byte { return s.box.Seal(purpose, []byte(plain)) }

func (s *sealer) open(purpose string, sealed []byte) (string, error) {
	plain, err := s.box.Open(purpose, sealed)
	return string(plain), err
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
