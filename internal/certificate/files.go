package certificate

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"yanzheng/internal/durable"
	"yanzheng/models"
)

// A ring on disk is a folder: seals.json lists the keys with their certificates, NN.key holds the private key of that
// number (PKCS #8, PEM), where this machine may seal.
const (
	ringFile    = "seals.json"
	maxRingFile = 1 << 20
	certBlock   = "CERTIFICATE"
)

// listedKey is one key as seals.json lists it.
type listedKey struct {
	Number      int    `json:"number"`
	Role        Role   `json:"role"`
	NotBefore   string `json:"not_before"`
	NotAfter    string `json:"not_after"`
	Certificate string `json:"certificate"` // PEM
	RevokedAt   string `json:"revoked_at,omitempty"`
}

// Load reads the ring in a folder. A folder without seals.json is fs.ErrNotExist.
func Load(dir string) (*Ring, error) {
	raw, err := durable.Read(filepath.Join(dir, ringFile), maxRingFile)
	if err != nil {
		return nil, fmt.Errorf("keys for seals: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	var listed []listedKey
	if err := d.Decode(&listed); err != nil {
		return nil, fmt.Errorf("keys for seals: %s is not a list of keys: %w", ringFile, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("keys for seals: there is more behind the list in %s", ringFile)
	}
	ring := &Ring{}
	for n, l := range listed {
		k, err := parseKey(l)
		if err == nil && k.Number != n {
			err = fmt.Errorf("it stands in the place of key %d", n)
		}
		if err == nil {
			k.private, err = loadPrivate(keyFile(dir, k.Number), k.Certificate)
		}
		if err != nil {
			return nil, fmt.Errorf("keys for seals: key %d: %w", l.Number, err)
		}
		ring.keys = append(ring.keys, k)
	}
	for _, k := range ring.keys {
		if k.root = ring.issuer(k); k.root == nil {
			return nil, fmt.Errorf("keys for seals: key %d: no root of the list signed its certificate", k.Number)
		}
	}
	return ring, nil
}

func parseKey(l listedKey) (*Key, error) {
	k := &Key{Number: l.Number, Role: l.Role}
	if _, ok := subjects[l.Role]; !ok {
		return nil, errors.New("its role is not known")
	}
	block, rest := pem.Decode([]byte(l.Certificate))
	if block == nil || block.Type != certBlock || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("its certificate is not one PEM block CERTIFICATE")
	}
	var err error
	if k.Certificate, err = x509.ParseCertificate(block.Bytes); err != nil {
		return nil, fmt.Errorf("its certificate: %w", err)
	}
	if k.Certificate.IsCA != (k.Role == RoleRoot) {
		return nil, errors.New("its certificate is not for its role")
	}
	if k.NotBefore, err = models.ParseDate(l.NotBefore); err != nil {
		return nil, errors.New("not_before is not a day")
	}
	if k.NotAfter, err = models.ParseDate(l.NotAfter); err != nil {
		return nil, errors.New("not_after is not a day")
	}
	if l.RevokedAt != "" {
		if k.RevokedAt, err = time.Parse(time.RFC3339, l.RevokedAt); err != nil {
			return nil, errors.New("revoked_at is not an instant")
		}
	}
	if k.NotAfter < k.NotBefore || models.DateOf(k.Certificate.NotBefore) > k.NotBefore || models.DateOf(k.Certificate.NotAfter) < k.NotAfter {
		return nil, errors.New("its days and those of its certificate do not fit")
	}
	return k, nil
}

// noKeysLeft holds that a folder without a list has no private keys: with them it is a ring that lost its list.
func noKeysLeft(dir string) error {
	if left, err := filepath.Glob(filepath.Join(dir, "*.key")); err != nil || len(left) > 0 {
		return fmt.Errorf("keys for seals: %d private key files, but no %s: bring it back, or take another folder", len(left), ringFile)
	}
	return nil
}

func (r *Ring) save(dir string) error {
	listed := []listedKey{}
	for _, k := range r.keys {
		one := listedKey{k.Number, k.Role, k.NotBefore.String(), k.NotAfter.String(),
			string(pem.EncodeToMemory(&pem.Block{Type: certBlock, Bytes: k.Certificate.Raw})), ""}
		if !k.RevokedAt.IsZero() {
			one.RevokedAt = k.RevokedAt.UTC().Format(time.RFC3339)
		}
		listed = append(listed, one)
	}
	raw, err := json.MarshalIndent(listed, "", "  ")
	if err != nil {
		return err
	}
	return durable.WriteFile(filepath.Join(dir, ringFile), append(raw, '\n'), 0o644) // certificates only
}

// loadPrivate reads a private key file; none is no fault, one that does not fit its certificate is.
func loadPrivate(path string, certificate *x509.Certificate) (*ecdsa.PrivateKey, error) {
	parsed, err := durable.PrivateKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || !private.PublicKey.Equal(certificate.PublicKey) {
		return nil, errors.New("the private key file does not belong to the certificate")
	}
	return private, nil
}

func keyFile(dir string, number int) string {
	return filepath.Join(dir, fmt.Sprintf("%02d.key", number))
}
