package code_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io/fs"
	"maps"
	"os"
	"strings"
	"testing"

	"yanzheng/internal/code"
	"yanzheng/models"
)

// with gives key 0 as ring.json lists it, with one member changed.
func with(member string, value any) map[string]any {
	m := maps.Clone(testKeys[0].listed())
	m[member] = value
	return m
}

// without gives key 0 as ring.json lists it, with one member less.
func without(member string) map[string]any {
	m := maps.Clone(testKeys[0].listed())
	delete(m, member)
	return m
}

// revokedAt gives key 0 as ring.json lists it, revoked at a time.
func revokedAt(at string) map[string]any {
	m := with("revoked", true)
	m["revoked_at"] = at
	return m
}

// again writes members once more into the last entry of a list.
func again(list []byte, members string) []byte {
	return append(bytes.TrimSuffix(list, []byte("}]")), ","+members+"}]"...)
}

func list(t *testing.T, keys ...any) []byte {
	t.Helper()
	raw, err := json.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// quotesNothing holds an error's text against every form in which key material stands in a file.
func quotesNothing(t *testing.T, err error, raw []byte) {
	t.Helper()
	const window = 12 // characters: enough to be no accident, little enough to be of no use
	private := testKeys[0].private()
	secrets := []string{
		hex.EncodeToString(private.Seed()), base64.StdEncoding.EncodeToString(private.Seed()),
		base64.RawURLEncoding.EncodeToString(private.Seed()), string(private.Seed()),
		testKeys[0].public(), base64.StdEncoding.EncodeToString(raw),
	}
	if block, _ := pem.Decode(raw); block != nil {
		secrets = append(secrets, base64.StdEncoding.EncodeToString(block.Bytes), string(block.Bytes))
	}
	for _, s := range secrets {
		for i := 0; i+window <= len(s); i++ {
			if strings.Contains(err.Error(), s[i:i+window]) {
				t.Fatalf("the error quotes key material: %v", err)
			}
		}
	}
}

// TestLoadRefusesALooseList: a list that is not exactly what Add writes stops the start, and says why.
func TestLoadRefusesALooseList(t *testing.T) {
	good := testKeys[0].listed()
	seed := testKeys[0].private().Seed()
	for name, c := range map[string]struct {
		raw  []byte
		says string
	}{
		"garbage":               {[]byte("\x00\xffgarbage"), "ring.json is not a list of keys"},
		"empty":                 {nil, "ring.json is not a list of keys"},
		"an object":             {[]byte(`{"keys":[]}`), "ring.json is not a list of keys"},
		"a private key file":    {testKeys[0].pem(t), "ring.json is not a list of keys"},
		"half a list":           {list(t, good)[:40], "ring.json is not a list of keys"},
		"two lists":             {append(list(t, good), "[]"...), "ring.json is not a list of keys"},
		"listed twice":          {list(t, good, good), "key 0 is listed twice"},
		"number 32":             {list(t, with("number", 32)), "numbers go up to 31"},
		"number 255":            {list(t, with("number", 255)), "numbers go up to 31"},
		"number 256":            {list(t, with("number", 256)), "ring.json is not a list of keys"},
		"number -1":             {list(t, with("number", -1)), "ring.json is not a list of keys"},
		"another algorithm":     {list(t, with("algorithm", "SM2")), "is not supported"},
		"no algorithm":          {list(t, with("algorithm", "")), "is not supported"},
		"algorithm in capitals": {list(t, with("algorithm", "ED25519")), "is not supported"},
		"no public key":         {list(t, with("public_key", "")), "public_key is not"},
		"31 bytes":              {list(t, with("public_key", base64.RawURLEncoding.EncodeToString(seed[:31]))), "public_key is not"},
		"the private key":       {list(t, with("public_key", base64.RawURLEncoding.EncodeToString(testKeys[0].private()))), "public_key is not"},
		"padded":                {list(t, with("public_key", testKeys[0].public()+"=")), "public_key is not"},
		"base64, not of URLs":   {list(t, with("public_key", strings.Repeat("+", 43))), "public_key is not"},
		"a number as key":       {list(t, with("public_key", 1)), "ring.json is not a list of keys"},
		"no first day":          {list(t, with("not_before", "")), "not_before is not a day"},
		"a day that is none":    {list(t, with("not_after", "2027-02-29")), "not_after is not a day"},
		"revoked, but not when": {list(t, with("revoked", true)), "revoked_at"},
		"an empty entry":        {[]byte(`[null]`), "entry 1: it is not an object"},
		"no word of revoking":   {list(t, without("revoked")), "entry 1: it has no revoked"},
		"no number":             {list(t, without("number")), "entry 1: it has no number"},
		"revoked null":          {list(t, with("revoked", nil)), "entry 1: its revoked is null"},
		"revoked in capitals":   {list(t, with("Revoked", false)), "entry 1: it has a member that is unknown, or one twice"},
		"revoked, then not": {again(list(t, testKeys[1].listed()), `"revoked":false,"revoked_at":""`),
			"entry 1: it has a member that is unknown, or one twice"},
		"a key for a name":         {list(t, with(testKeys[0].public(), 1)), "entry 1: it has a member that is unknown, or one twice"},
		"revoked before year 1":    {list(t, revokedAt("0000-01-01T00:00:00+23:59")), "revoked_at is not"},
		"revoked after year 9999":  {list(t, revokedAt("9999-12-31T23:59:59-23:59")), "revoked_at is not"},
		"revoked half a second in": {list(t, revokedAt("0001-01-01T00:00:00.5Z")), "revoked_at is not"},
		"larger than 64 KiB":       {bytes.Repeat([]byte(" "), 64<<10+1), "ring.json is larger than 65536 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, testKeys[0])
			write(t, ringPath(dir), c.raw)
			ring, err := code.Load(dir)
			if err == nil || ring != nil {
				t.Fatalf("accepted: %v, %v", ring, err)
			}
			if !strings.HasPrefix(err.Error(), "key ring: ") || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %q, want one that says %q", err, c.says)
			}
			quotesNothing(t, err, c.raw)
			untouched(t, dir, c.raw)
		})
	}
}

// untouched: what cannot be read is not written over.
func untouched(t *testing.T, dir string, raw []byte) {
	t.Helper()
	key, err := os.ReadFile(keyPath(dir, 0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := code.Add(dir, models.MustDate("2027-01-01")); err == nil {
		t.Error("Add goes on from a ring that cannot be read")
	}
	if err := code.Revoke(dir, 0, leakedAt); err == nil {
		t.Error("Revoke goes on from a ring that cannot be read")
	}
	for path, want := range map[string][]byte{ringPath(dir): raw, keyPath(dir, 0): key} {
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("a failed Add or Revoke changed %s (%v)", path, err)
		}
	}
}

// TestLoadRefusesAWrongPrivateKey: a server that could not sign, or would sign what nobody can verify,
// must not start.
func TestLoadRefusesAWrongPrivateKey(t *testing.T) {
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := testKeys[0].pem(t)
	block, _ := pem.Decode(good)
	for name, c := range map[string]struct {
		raw  []byte
		says string
	}{
		"another key's":     {testKeys[2].pem(t), "does not belong to the public key"},
		"of another kind":   {pemOf(t, curve), "does not belong to the public key"},
		"empty":             {nil, "holds no PEM block"},
		"garbage":           {[]byte("\x00\xff"), "holds no PEM block"},
		"the bare seed":     {testKeys[0].private().Seed(), "holds no PEM block"},
		"the seed in hex":   {[]byte(hex.EncodeToString(testKeys[0].private().Seed())), "holds no PEM block"},
		"DER, not PEM":      {block.Bytes, "holds no PEM block"},
		"half a file":       {good[:len(good)/2], "holds no PEM block"},
		"another PEM block": {pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: block.Bytes}), "holds no PEM block"},
		"broken DER":        {pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: block.Bytes[:40]}), "is not PKCS #8"},
		"the seed as DER":   {pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: testKeys[0].private().Seed()}), "is not PKCS #8"},
		"larger than 4 KiB": {append(bytes.Repeat([]byte("#\n"), 2<<10), good...), "00.key is larger than 4096 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, testKeys[0], testKeys[2])
			write(t, keyPath(dir, 0), c.raw)
			ring, err := code.Load(dir)
			if err == nil || ring != nil {
				t.Fatalf("accepted: %v, %v", ring, err)
			}
			if !strings.HasPrefix(err.Error(), "key ring: key 0: ") || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %q, want one that says %q", err, c.says)
			}
			quotesNothing(t, err, c.raw)
		})
	}
}

// TestLoadOfWhatIsMissing: no ring is told apart from a broken one, so that a first start can make it.
func TestLoadOfWhatIsMissing(t *testing.T) {
	keysOnly := folder(t, testKeys[0])
	remove(t, ringPath(keysOnly))
	for name, dir := range map[string]string{
		"no folder": keysOnly + "/none", "an empty folder": t.TempDir(), "keys without a list": keysOnly,
	} {
		if ring, err := code.Load(dir); ring != nil || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, %v; want fs.ErrNotExist", name, ring, err)
		}
	}
	if _, err := code.Load(keyPath(folder(t, testKeys[0]), 0)); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file for a folder: %v, want an error other than fs.ErrNotExist", err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(ringPath(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := code.Load(dir); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder for ring.json: %v, want an error other than fs.ErrNotExist", err)
	}
}

// TestLoadReadsUpToTheBounds: the bounds are the last size that is read, not the first that is refused.
func TestLoadReadsUpToTheBounds(t *testing.T) {
	dir := folder(t, testKeys[0])
	key := testKeys[0].pem(t)
	write(t, keyPath(dir, 0), append(bytes.Repeat([]byte("\n"), 4<<10-len(key)), key...))
	raw := list(t, testKeys[0].listed())
	write(t, ringPath(dir), append(raw, bytes.Repeat([]byte(" "), 64<<10-len(raw))...))
	if _, err := load(t, dir).Sign(sample.certificate()); err != nil {
		t.Error(err)
	}
}
