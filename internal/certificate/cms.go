package certificate

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"github.com/digitorus/pkcs7"
)

// signingCertificateV2 is the attribute that ties a signature to one certificate (RFC 5035); CAdES demands it.
var signingCertificateV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}

// essCert and signingCertificate are the parts of that attribute; SHA-256 is its default algorithm and is left out.
type essCert struct{ Hash []byte }

type signingCertificate struct{ Certs []essCert }

// sign makes a detached CMS signature over a text as PAdES wants it (ETSI EN 319 142-1, level B-B): ECDSA over SHA-256, with
// the signer's certificate and its root.
func sign(text []byte, k *Key) ([]byte, error) {
	signed, err := pkcs7.NewSignedData(text)
	if err != nil {
		return nil, err
	}
	signed.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	hash := sha256.Sum256(k.Certificate.Raw)
	err = signed.AddSigner(k.Certificate, k.private, pkcs7.SignerInfoConfig{
		ExtraSignedAttributes: []pkcs7.Attribute{{Type: signingCertificateV2, Value: signingCertificate{[]essCert{{hash[:]}}}}},
	})
	if err != nil {
		return nil, err
	}
	signed.AddCertificate(k.root.Certificate)
	// The library always adds the time of its own clock. PAdES forbids that attribute; the time stands in the PDF, as M.
	info := &signed.GetSignedData().SignerInfos[0]
	info.AuthenticatedAttributes = without(info.AuthenticatedAttributes, func(i int) bool {
		return info.AuthenticatedAttributes[i].Type.Equal(pkcs7.OIDAttributeSigningTime)
	})
	attributes, err := attributeSet(info.AuthenticatedAttributes)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(attributes)
	if info.EncryptedDigest, err = k.private.Sign(rand.Reader, digest[:], crypto.SHA256); err != nil {
		return nil, err
	}
	signed.Detach()
	return signed.Finish()
}

// without gives a copy that lacks some elements.
func without[T any](all []T, drop func(i int) bool) []T {
	var kept []T
	for i, one := range all {
		if !drop(i) {
			kept = append(kept, one)
		}
	}
	return kept
}

// attributeSet encodes attributes as they are signed (RFC 5652, 5.4). T is the library's own type.
func attributeSet[T any](attributes []T) ([]byte, error) {
	der, err := asn1.Marshal(struct {
		A []T `asn1:"set"`
	}{attributes})
	if err != nil {
		return nil, err
	}
	var outer asn1.RawValue
	_, err = asn1.Unmarshal(der, &outer)
	return outer.Bytes, err
}

// cms is a signature that names a key of ours. It says nothing yet about what is signed.
type cms struct {
	p7  *pkcs7.PKCS7
	key *Key
}

// open reads a signature, which may fill less than its place. It is refused unless it names one key of the ring.
func (r *Ring) open(signature []byte) (*cms, error) {
	der, err := unpadded(signature)
	if err != nil {
		return nil, err
	}
	p, err := pkcs7.Parse(der)
	if err != nil {
		return nil, fmt.Errorf("not a CMS signature: %w", err)
	}
	signer := p.GetOnlySigner()
	if signer == nil {
		return nil, errors.New("not one signer with its certificate")
	}
	k := r.known(signer)
	if k == nil {
		return nil, errors.New("the signer is not known")
	}
	return &cms{p, k}, nil
}

// verify holds the signature to be detached, as PAdES wants it, over a text, and by a key that was good at a time.
func (c *cms) verify(r *Ring, text []byte, at time.Time) error {
	if len(c.p7.Content) != 0 {
		return errors.New("the signature is not detached")
	}
	if !c.p7.Signers[0].DigestAlgorithm.Algorithm.Equal(pkcs7.OIDDigestAlgorithmSHA256) {
		return errors.New("another digest than SHA-256")
	}
	var content asn1.ObjectIdentifier
	if err := c.p7.UnmarshalSignedAttribute(pkcs7.OIDAttributeContentType, &content); err != nil || !content.Equal(pkcs7.OIDData) {
		return errors.New("the signature is of another kind of content")
	}
	var ess signingCertificate
	hash := sha256.Sum256(c.key.Certificate.Raw)
	if err := c.p7.UnmarshalSignedAttribute(signingCertificateV2, &ess); err != nil || len(ess.Certs) != 1 || !bytes.Equal(ess.Certs[0].Hash, hash[:]) {
		return errors.New("the signature does not name its certificate")
	}
	p := *c.p7
	p.Content = text
	return p.VerifyWithOpts(x509.VerifyOptions{
		Roots: r.roots(), Intermediates: x509.NewCertPool(), CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
}

// unpadded takes the zeros off that fill the place for a signature. Nothing else may stand behind it.
func unpadded(raw []byte) ([]byte, error) {
	var value asn1.RawValue
	rest, err := asn1.Unmarshal(raw, &value)
	if err != nil {
		return nil, fmt.Errorf("not a CMS signature: %w", err)
	}
	if len(bytes.Trim(rest, "\x00")) > 0 {
		return nil, errors.New("something stands behind the signature")
	}
	return value.FullBytes, nil
}
