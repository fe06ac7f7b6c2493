package certificate

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"time"

	"yanzheng/models"
)

// Role says what a key of the ring is for.
type Role string

// The roles: the root signs the certificates of the other two, and they sign files.
const (
	RoleRoot     Role = "root"
	RoleBoard    Role = "board"
	RoleDirector Role = "director"
)

// Key is one key of the ring with its X.509 certificate. It seals from NotBefore to NotAfter, and a seal it made then is
// recognised as long as the key is in the ring.
type Key struct {
	Number      int
	Role        Role
	NotBefore   models.Date
	NotAfter    models.Date
	Certificate *x509.Certificate

	RevokedAt time.Time // zero while the key is good: a leaked key's seals are worth no more than the record of the file

	root *Key // whose key signed the certificate; a root's is itself

	// nil where this machine may only check; a pointer, so that nothing prints it
	private *ecdsa.PrivateKey
}

func (k *Key) on(day models.Date) bool { return k.NotBefore <= day && day <= k.NotAfter }

// Revoked tells whether the key, or the root that signed its certificate, was declared leaked.
func (k *Key) Revoked() bool {
	return !k.RevokedAt.IsZero() || (k.root != nil && !k.root.RevokedAt.IsZero())
}

// Ring is the keys for seals. It never changes once read.
type Ring struct {
	keys []*Key // by number
}

// Keys lists the ring's keys by number.
func (r *Ring) Keys() []Key {
	var keys []Key
	for _, k := range r.keys {
		keys = append(keys, *k)
	}
	return keys
}

// signer gives the newest key of a role that may seal on a day, here.
func (r *Ring) signer(role Role, day models.Date) (*Key, error) {
	var best *Key
	for _, k := range r.keys {
		if k.Role == role && k.private != nil && k.on(day) && !k.Revoked() && (best == nil || k.NotBefore >= best.NotBefore) {
			best = k
		}
	}
	if best == nil {
		return nil, ErrNoSealKey
	}
	return best, nil
}

// known gives the ring's key that a certificate is of, or nil. The whole certificate counts, not what it says of itself.
func (r *Ring) known(c *x509.Certificate) *Key {
	for _, k := range r.keys {
		if k.Role != RoleRoot && bytes.Equal(k.Certificate.Raw, c.Raw) {
			return k
		}
	}
	return nil
}

// issuer gives the root that signed a key's certificate.
func (r *Ring) issuer(k *Key) *Key {
	for _, root := range r.keys {
		if root.Role == RoleRoot && k.Certificate.CheckSignatureFrom(root.Certificate) == nil {
			return root
		}
	}
	return nil
}

// CanSeal is an error unless both seals can be made on a day, here.
func (r *Ring) CanSeal(day models.Date) error {
	for _, role := range []Role{RoleBoard, RoleDirector} {
		if _, err := r.signer(role, day); err != nil {
			return err
		}
	}
	return nil
}

func (r *Ring) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	for _, k := range r.keys {
		if k.Role == RoleRoot {
			pool.AddCert(k.Certificate)
		}
	}
	return pool
}

// ErrNoSealKey answers a wish to seal where no key of the role may today.
var ErrNoSealKey = models.NewError(models.KindUnavailable, "no_seal_key", "当前没有可用的电子签章密钥", "No key for seals may be used today").RetryIn(time.Hour)
