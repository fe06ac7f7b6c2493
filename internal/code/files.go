package code

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"yanzheng/internal/durable"
	"yanzheng/models"
)

// A ring on disk is a folder: ring.json lists the public keys in the form of /keys.json, NN.key holds
// the private key of that number (PKCS #8, PEM), where this machine may sign.
const (
	ringFile    = "ring.json"
	maxRingFile = 64 << 10
)

// signingYears is how long a new key signs.
const signingYears = 2

// Load reads the ring in a folder. A folder without ring.json is fs.ErrNotExist.
func Load(dir string) (*Ring, error) {
	raw, err := durable.Read(filepath.Join(dir, ringFile), maxRingFile)
	if err != nil {
		return nil, fmt.Errorf("key ring: %w", err)
	}
	listed, err := parseList(raw)
	if err != nil {
		return nil, fmt.Errorf("key ring: %s is not a list of keys: %w", ringFile, err)
	}
	ring := &Ring{}
	for _, p := range listed {
		k, err := parseKey(p)
		if err != nil {
			return nil, fmt.Errorf("key ring: key %d: %w", p.Number, err)
		}
		if ring.keys[k.Number] != nil {
			return nil, fmt.Errorf("key ring: key %d is listed twice", k.Number)
		}
		for _, other := range ring.keys { // to revoke one of them would leave the other
			if other != nil && bytes.Equal(other.Public, k.Public) {
				return nil, fmt.Errorf("key ring: keys %d and %d are the same key", other.Number, k.Number)
			}
		}
		if k.private, err = loadPrivate(keyFile(dir, k.Number), k.Public); err != nil {
			return nil, fmt.Errorf("key ring: key %d: %w", k.Number, err)
		}
		ring.keys[k.Number] = k
	}
	return ring, nil
}

// Add makes a new key that signs from a day on, and writes it to the folder (made if need be). It
// takes the lowest number that was never used.
func Add(dir string, from models.Date) (Key, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Key{}, err
	}
	unlock, err := durable.Lock(lockFile(dir))
	if err != nil {
		return Key{}, err
	}
	defer unlock()
	ring, err := Load(dir)
	if errors.Is(err, fs.ErrNotExist) {
		ring, err = &Ring{}, noKeysLeft(dir)
	}
	if err != nil {
		return Key{}, err
	}
	number, err := ring.freeNumber()
	if err != nil {
		return Key{}, err
	}
	k := &Key{Number: number, Algorithm: Ed25519, NotBefore: from, NotAfter: from.Anniversary(signingYears)}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Key{}, err
	}
	k.Public, k.private = public, &private
	if _, err := parseKey(publicKey(*k)); err != nil { // else the next Load would refuse the whole ring
		return Key{}, fmt.Errorf("key ring: %w", err)
	}
	// The list first: a crash in between leaves a key that signs nothing, and the next Add takes the next
	// number. A private key without a list would be taken for a ring that lost its list.
	ring.keys[number] = k
	if err := ring.save(dir); err != nil {
		return Key{}, err
	}
	return *k, durable.WritePrivateKey(keyFile(dir, number), private)
}

// noKeysLeft holds that a folder without a list has no private keys: with them it is a ring that lost
// its list, and a new one would give their numbers out again, and write over them.
func noKeysLeft(dir string) error {
	if left, err := filepath.Glob(filepath.Join(dir, "*.key")); err != nil || len(left) > 0 {
		return fmt.Errorf("key ring: %d private key files, but no %s: bring it back, or take another folder", len(left), ringFile)
	}
	return nil
}

// lockFile is held by whoever changes the ring, from reading it to having written it.
func lockFile(dir string) string { return filepath.Join(dir, ".lock") }

// Revoke declares a key leaked from an instant on: it never signs again, and all that it signed is
// withdrawn.
func Revoke(dir string, number uint8, at time.Time) error {
	unlock, err := durable.Lock(lockFile(dir))
	if err != nil {
		return fmt.Errorf("key ring: %w", err)
	}
	defer unlock()
	ring, err := Load(dir)
	if err != nil {
		return err
	}
	k := ring.key(number)
	if k == nil {
		return fmt.Errorf("key ring: no key %d", number)
	}
	if !k.Revoked() {
		k.RevokedAt = at
		p := publicKey(*k)
		if _, err := parseKey(p); err != nil || !p.Revoked { // the zero instant says "not revoked"
			return fmt.Errorf("key ring: key %d cannot be revoked at %v", number, at)
		}
	}
	return ring.save(dir)
}

// freeNumber gives the lowest number that was never used. Numbers are never used twice: a code of long
// ago must read as expired, not as forged, and 32 keys of two years outlast the format.
func (r *Ring) freeNumber() (uint8, error) {
	for n := range uint8(MaxKeys) {
		if r.keys[n] == nil {
			return n, nil
		}
	}
	return 0, errors.New("key ring: all 32 numbers are used")
}

func (r *Ring) save(dir string) error {
	listed := []PublicKey{}
	for _, k := range r.Keys() {
		listed = append(listed, publicKey(k))
	}
	raw, err := json.MarshalIndent(listed, "", "  ")
	if err != nil {
		return err
	}
	return durable.WriteFile(filepath.Join(dir, ringFile), append(raw, '\n'), 0o644) // public keys only
}

func parseKey(p PublicKey) (*Key, error) {
	if p.Number >= MaxKeys {
		return nil, fmt.Errorf("numbers go up to %d", MaxKeys-1)
	}
	if p.Algorithm != Ed25519 {
		return nil, errors.New("its algorithm is not supported") // not quoted: a key may stand in the wrong place
	}
	public, err := base64.RawURLEncoding.DecodeString(p.PublicKey)
	if err != nil || len(public) != ed25519.PublicKeySize {
		return nil, errors.New("public_key is not base64url of 32 bytes")
	}
	k := &Key{Number: p.Number, Algorithm: p.Algorithm, Public: public}
	if k.NotBefore, err = models.ParseDate(p.NotBefore); err != nil {
		return nil, errors.New("not_before is not a day")
	}
	if k.NotAfter, err = models.ParseDate(p.NotAfter); err != nil {
		return nil, errors.New("not_after is not a day")
	}
	if k.NotAfter < k.NotBefore {
		return nil, errors.New("not_after is before not_before")
	}
	if p.Revoked != (p.RevokedAt != "") {
		return nil, errors.New("revoked and revoked_at contradict each other")
	}
	if p.Revoked {
		at, err := time.Parse(time.RFC3339, p.RevokedAt)
		k.RevokedAt = at.UTC().Truncate(time.Second) // as it is written: the next Load must take it
		if year := k.RevokedAt.Year(); err != nil || k.RevokedAt.IsZero() || year < 1 || year > 9999 {
			return nil, errors.New("revoked_at is not an RFC 3339 instant")
		}
	}
	return k, nil
}

// loadPrivate reads a private key file; none is no fault, one that does not fit its public key is.
func loadPrivate(path string, public []byte) (*ed25519.PrivateKey, error) {
	parsed, err := durable.PrivateKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	private, ok := parsed.(ed25519.PrivateKey)
	if !ok || !ed25519.PublicKey(public).Equal(private.Public()) {
		return nil, errors.New("the private key file does not belong to the public key")
	}
	return &private, nil
}

func keyFile(dir string, number uint8) string {
	return filepath.Join(dir, fmt.Sprintf("%02d.key", number))
}
