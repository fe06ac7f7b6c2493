package code_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"yanzheng/internal/code"
	"yanzheng/models"
)

// prefix has 28 characters, the most that fit beside the digits into QR version 6.
const prefix = "https://check.example.org/v/"

// domain is written out again: the tests must notice when the package's own changes.
const domain = "yanzheng/certificate-code/v1:"

// testKey is a key from a fixed seed, so that its signatures are the same bytes for ever.
type testKey struct {
	number    uint8
	from, to  string
	revokedAt string
}

// testKeys hold the lowest and the highest number, a gap (7 is no key) and a revoked key.
var testKeys = []testKey{
	{number: 0, from: "2026-01-01", to: "2028-01-01"},
	{number: 1, from: "2026-03-01", to: "2028-03-01", revokedAt: "2026-06-05T04:03:02Z"},
	{number: 5, from: "2027-07-01", to: "2029-07-01"},
	{number: 31, from: "2029-01-01", to: "2031-01-01"},
}

func (k testKey) private() ed25519.PrivateKey {
	seed := sha256.Sum256(fmt.Appendf(nil, "yanzheng test vector key %d", k.number))
	return ed25519.NewKeyFromSeed(seed[:])
}

func (k testKey) public() string {
	return base64.RawURLEncoding.EncodeToString(k.private().Public().(ed25519.PublicKey))
}

// listed is the key as ring.json and /keys.json hold it.
func (k testKey) listed() map[string]any {
	m := map[string]any{
		"number": k.number, "algorithm": "Ed25519", "public_key": k.public(),
		"not_before": k.from, "not_after": k.to, "revoked": k.revokedAt != "",
	}
	if k.revokedAt != "" {
		m["revoked_at"] = k.revokedAt
	}
	return m
}

func (k testKey) pem(t testing.TB) []byte { return pemOf(t, k.private()) }

func pemOf(t testing.TB, private any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// folder writes a ring by hand, so that what Load reads was not written by its own package.
func folder(t testing.TB, keys ...testKey) string {
	t.Helper()
	dir := t.TempDir()
	listed := []any{}
	for _, k := range keys {
		listed = append(listed, k.listed())
		write(t, keyPath(dir, k.number), k.pem(t))
	}
	raw, err := json.Marshal(listed)
	if err != nil {
		t.Fatal(err)
	}
	write(t, ringPath(dir), raw)
	return dir
}

func ringPath(dir string) string { return filepath.Join(dir, "ring.json") }

func keyPath(dir string, number uint8) string {
	return filepath.Join(dir, fmt.Sprintf("%02d.key", number))
}

func write(t testing.TB, path string, raw []byte) {
	t.Helper()
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

func load(t testing.TB, dir string) *code.Ring {
	t.Helper()
	ring, err := code.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// signers is the ring as it was before a key of it leaked: all of its keys sign.
func signers(t testing.TB) *code.Ring {
	t.Helper()
	sound := slices.Clone(testKeys)
	for i := range sound {
		sound[i].revokedAt = ""
	}
	return load(t, folder(t, sound...))
}

func testReader(t testing.TB) *code.Reader {
	t.Helper()
	return code.NewReader(prefix, load(t, folder(t, testKeys...)))
}

// draft is a code in its parts, to be spoiled at will; it knows nothing of the package under test.
type draft struct {
	version, key uint8
	id           [8]byte
	day          uint16
	kind         uint8
}

// sample is the certificate of the worked example in docs/code-format.md.
var sample = draft{version: 1, id: [8]byte{0x3f, 0x9a, 0xc1, 0x7d, 0x20, 0xb8, 0xe6, 0x54}, day: 2556, kind: 1}

func (d draft) payload() []byte {
	b := append([]byte{d.version<<5 | d.key}, d.id[:]...)
	return append(binary.BigEndian.AppendUint16(b, d.day), d.kind)
}

// signature is by the key that the draft names.
func (d draft) signature() []byte { return d.signatureOver(domain) }

func (d draft) signatureOver(domain string) []byte {
	return ed25519.Sign(testKey{number: d.key}.private(), append([]byte(domain), d.payload()...))
}

func (d draft) digits() string { return d.with(d.signature()) }

func (d draft) with(signature []byte) string {
	return decimal(new(big.Int).SetBytes(append(d.payload(), signature...)))
}

func (d draft) certificate() *models.Certificate {
	return &models.Certificate{
		ID: d.id, Kind: d.kind, KeyNumber: d.key,
		UseUntil: models.MustDate("2020-01-01").AddDays(int(d.day)),
	}
}

func decimal(n *big.Int) string { return fmt.Sprintf("%0184d", n) }
