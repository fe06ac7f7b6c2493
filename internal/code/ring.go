package code

import (
	"cmp"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"slices"
	"time"

	"yanzheng/models"
)

// Algorithm names a signature algorithm with signatures of 64 bytes; the key number decides which.
type Algorithm string

// Ed25519 is RFC 8032. SM2 (GB/T 32918, r‖s) has its place in the format and joins this list with the
// library that speaks it.
const Ed25519 Algorithm = "Ed25519"

// Key is one key of the ring. It signs from NotBefore to NotAfter and verifies as long as it is in the
// ring, because an honest certificate that it signed must read as expired, not as unknown.
type Key struct {
	Number    uint8
	Algorithm Algorithm
	Public    []byte
	NotBefore models.Date
	NotAfter  models.Date
	RevokedAt time.Time // zero unless declared leaked

	// nil where this machine may only verify; a pointer, because fmt would print the bytes of a slice
	private *ed25519.PrivateKey
}

// Revoked tells whether the key was declared leaked: all that it signed is withdrawn.
func (k *Key) Revoked() bool { return !k.RevokedAt.IsZero() }

// CanSign tells whether the key may sign on a day, here.
func (k *Key) CanSign(day models.Date) bool {
	return k.private != nil && !k.Revoked() && k.NotBefore <= day && day <= k.NotAfter
}

func (k *Key) verify(message, signature []byte) bool {
	return k.Algorithm == Ed25519 && ed25519.Verify(k.Public, message, signature)
}

// Ring is a set of at most 32 keys by number. It never changes once made.
type Ring struct {
	keys [MaxKeys]*Key
}

func (r *Ring) key(number uint8) *Key {
	if number >= MaxKeys {
		return nil
	}
	return r.keys[number]
}

// Keys lists the ring's keys by number; what it gives is the caller's to change.
func (r *Ring) Keys() []Key {
	var keys []Key
	for _, k := range r.keys {
		if k != nil {
			c := *k
			c.Public = slices.Clone(k.Public)
			keys = append(keys, c)
		}
	}
	return keys
}

// SigningKey gives the number of the key that signs on a day: of those that can, the newest. Of two
// that begin on one day the later made is the newer, and has the higher number.
func (r *Ring) SigningKey(day models.Date) (uint8, error) {
	can := slices.DeleteFunc(r.Keys(), func(k Key) bool { return !k.CanSign(day) })
	if len(can) == 0 {
		return 0, ErrNoSigningKey
	}
	newest := slices.MaxFunc(can, func(a, b Key) int {
		return cmp.Or(cmp.Compare(a.NotBefore, b.NotBefore), cmp.Compare(a.Number, b.Number))
	})
	return newest.Number, nil
}

// Sign gives the digits of a certificate's code, signed by the key the certificate names. The same
// certificate always gets the same digits.
func (r *Ring) Sign(c *models.Certificate) (string, error) {
	k := r.key(c.KeyNumber)
	if k == nil || k.private == nil || k.Revoked() { // revoked since the number was chosen
		return "", ErrNoSigningKey
	}
	p, err := newPayload(k.Number, c.ID, c.UseUntil, c.Kind)
	if err != nil {
		return "", err
	}
	return encode(p, ed25519.Sign(*k.private, p.message())), nil
}

// PublicKey is one key as /keys.json publishes it.
type PublicKey struct {
	Number    uint8     `json:"number"`
	Algorithm Algorithm `json:"algorithm"`
	PublicKey string    `json:"public_key"` // base64url of the raw key, no padding
	NotBefore string    `json:"not_before"`
	NotAfter  string    `json:"not_after"`
	Revoked   bool      `json:"revoked"`
	RevokedAt string    `json:"revoked_at,omitempty"` // RFC 3339
}

// Published is the document /keys.json: all that an offline checker needs.
type Published struct {
	Domain string      `json:"domain"`
	Prefix string      `json:"prefix"`
	Keys   []PublicKey `json:"keys"`
}

// Publish gives the public half of the ring in use.
func (r *Reader) Publish() Published {
	out := Published{Domain: Domain, Prefix: r.prefix, Keys: []PublicKey{}}
	for _, k := range r.Ring().Keys() {
		out.Keys = append(out.Keys, publicKey(k))
	}
	return out
}

// Document is Publish as JSON.
func (r *Reader) Document() []byte {
	raw, err := json.Marshal(r.Publish())
	if err != nil { // strings, numbers and booleans
		panic(err)
	}
	return append(raw, '\n')
}

func publicKey(k Key) PublicKey {
	p := PublicKey{
		Number: k.Number, Algorithm: k.Algorithm, PublicKey: base64.RawURLEncoding.EncodeToString(k.Public),
		NotBefore: k.NotBefore.String(), NotAfter: k.NotAfter.String(), Revoked: k.Revoked(),
	}
	if k.Revoked() {
		p.RevokedAt = k.RevokedAt.UTC().Format(time.RFC3339)
	}
	return p
}

// ErrNoSigningKey answers a wish to issue where no private key may sign today.
var ErrNoSigningKey = models.NewError(models.KindUnavailable, "no_signing_key",
	"当前没有可用的签发密钥", "No key may sign today").RetryIn(time.Hour)

// SigningKey gives the number of the key that signs on a day.
func (r *Reader) SigningKey(day models.Date) (uint8, error) { return r.Ring().SigningKey(day) }

// URL gives the text of a certificate's code: the prefix and its signed digits.
func (r *Reader) URL(c *models.Certificate) (string, error) {
	digits, err := r.Ring().Sign(c)
	if err != nil {
		return "", err
	}
	return r.prefix + digits, nil
}
