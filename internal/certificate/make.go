package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"yanzheng/internal/durable"
	"yanzheng/models"
)

// How long a key is used, in years.
const (
	rootYears = 20
	sealYears = 2
)

// documentSigning is the extended key usage of RFC 9336.
var documentSigning = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 36}

// Make makes a new key for each seal, used from a day on, and writes them to a folder (made if need be). The root that
// signs their certificates is made with the first, and again when the last would end before them; its private key is needed
// for Make alone and may be kept elsewhere in between.
func Make(dir string, from models.Date) ([]Key, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	unlock, err := durable.Lock(filepath.Join(dir, ".lock"))
	if err != nil {
		return nil, err
	}
	defer unlock()
	ring, err := Load(dir)
	if errors.Is(err, fs.ErrNotExist) {
		ring, err = &Ring{}, noKeysLeft(dir)
	}
	if err != nil {
		return nil, err
	}
	made, err := ring.grow(from)
	if err != nil {
		return nil, err
	}
	// The list first: a crash in between leaves keys that seal nothing, and the next Make takes the next numbers. A private
	// key without a list would be taken for a ring that lost its list.
	if err := ring.save(dir); err != nil {
		return nil, err
	}
	keys := make([]Key, 0, len(made))
	for _, k := range made {
		if err := durable.WritePrivateKey(keyFile(dir, k.Number), k.private); err != nil {
			return nil, err
		}
		keys = append(keys, *k)
	}
	return keys, nil
}

// grow adds a key for each seal, and a root where none can sign their certificates.
func (r *Ring) grow(from models.Date) (made []*Key, err error) {
	root, _ := r.signer(RoleRoot, from)
	if root == nil || root.NotAfter < from.Anniversary(sealYears) {
		if root == nil && r.spans(from) {
			return nil, errors.New("keys for seals: the root's private key is not in the folder: bring it back for this")
		}
		if root, err = r.add(RoleRoot, from, nil); err != nil {
			return nil, err
		}
		made = append(made, root)
	}
	for _, role := range []Role{RoleBoard, RoleDirector} {
		k, err := r.add(role, from, root)
		if err != nil {
			return nil, err
		}
		made = append(made, k)
	}
	return made, nil
}

// spans tells whether a root stands in the list for the time of new keys, wherever its private key is.
func (r *Ring) spans(from models.Date) bool {
	for _, k := range r.keys {
		if k.Role == RoleRoot && !k.Revoked() && k.NotBefore <= from && from.Anniversary(sealYears) <= k.NotAfter {
			return true
		}
	}
	return false
}

// subjects say in every certificate that nothing here is real.
var subjects = map[Role]string{
	RoleRoot:     "演示根证书 DEMO root",
	RoleBoard:    "演示发证机关电子签章 DEMO board seal",
	RoleDirector: "演示主任委员个人电子签章 DEMO director seal",
}

// add makes a key with its certificate, signed by the root, or by itself where it is one.
func (r *Ring) add(role Role, from models.Date, root *Key) (*Key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	years := sealYears
	if role == RoleRoot {
		years = rootYears
	}
	k := &Key{Number: len(r.keys), Role: role, NotBefore: from, NotAfter: from.Anniversary(years), private: private}
	template := &x509.Certificate{
		SerialNumber: serial.Add(serial, big.NewInt(1)),
		Subject:      pkix.Name{Country: []string{"CN"}, Organization: []string{"演示 DEMO"}, CommonName: subjects[role]},
		NotBefore:    k.NotBefore.Start(), NotAfter: (k.NotAfter + 1).Start().Add(-time.Second),
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
		ExtKeyUsage:        []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}, // what readers built on NSS ask for
		UnknownExtKeyUsage: []asn1.ObjectIdentifier{documentSigning},
	}
	parent, signer := template, private
	if role == RoleRoot {
		template.IsCA, template.MaxPathLenZero = true, true
		template.KeyUsage, template.ExtKeyUsage, template.UnknownExtKeyUsage = x509.KeyUsageCertSign|x509.KeyUsageCRLSign, nil, nil
	} else {
		parent, signer = root.Certificate, root.private
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &private.PublicKey, signer)
	if err != nil {
		return nil, fmt.Errorf("keys for seals: %w", err)
	}
	if k.Certificate, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("keys for seals: %w", err)
	}
	r.keys = append(r.keys, k)
	return k, nil
}
