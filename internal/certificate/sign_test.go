package certificate

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"

	"github.com/digitorus/pkcs7"

	"yanzheng/models"
)

// TestPdfsigFindsBothValid asks a stranger's program.
func TestPdfsigFindsBothValid(t *testing.T) {
	for name, d := range documents() {
		out := tool(t, issue(t, d, ring(t)).PDF, "pdfsig", "FILE")
		parts := strings.Split(out, "Signature #")
		if len(parts) != 3 {
			t.Fatalf("%s: %d signatures\n%s", name, len(parts)-1, out)
		}
		for i, want := range [][]string{
			{"Field Name: board", "DEMO board seal", "ETSI.CAdES.detached", "SHA-256", "Signature is Valid.", "Not total document signed", "Jul 05 2026 17:20:30"},
			{"Field Name: director", "DEMO director seal", "ETSI.CAdES.detached", "SHA-256", "Signature is Valid.", "- Total document signed", "Jul 05 2026 17:20:30"},
		} {
			for _, w := range want {
				if !strings.Contains(parts[i+1], w) {
					t.Errorf("%s: signature %d: no %q in\n%s", name, i+1, w, parts[i+1])
				}
			}
		}
	}
}

func TestPdfsigSeesAChange(t *testing.T) {
	pdf := bytes.Clone(issue(t, document(nil), ring(t)).PDF)
	pdf[len(pdf)/3] ^= 1
	if out := tool(t, pdf, "pdfsig", "FILE"); strings.Contains(out, "Signature is Valid") {
		t.Errorf("a changed byte in the first third, and still\n%s", out)
	}
}

// TestSignaturesArePAdES looks into both.
func TestSignaturesArePAdES(t *testing.T) {
	pdf := issue(t, document(nil), ring(t)).PDF
	if n := bytes.Count(pdf, []byte("/Type/TransformParams/P 2/V/1.2")); n != 1 {
		t.Errorf("%d certifications with P 2, want the Board's", n)
	}
	if n := bytes.Count(pdf, []byte("/Perms<</DocMDP ")); n != 1 {
		t.Errorf("%d catalogs name the certification", n)
	}
	found := regexp.MustCompile(`/Contents<([0-9a-f]+)>`).FindAllSubmatch(pdf, -1)
	if len(found) != 2 {
		t.Fatalf("%d signatures", len(found))
	}
	for i, m := range found {
		raw, err := hex.DecodeString(string(m[1]))
		if err != nil || len(raw) != sealSpace {
			t.Fatalf("%d bytes, %v", len(raw), err)
		}
		der, err := unpadded(raw)
		if err != nil {
			t.Fatal(err)
		}
		p, err := pkcs7.Parse(der)
		if err != nil {
			t.Fatal(err)
		}
		if len(der) > sealSpace-512 {
			t.Errorf("signature %d fills %d of %d bytes: too close", i, len(der), sealSpace)
		}
		var any asn1.RawValue
		if err := p.UnmarshalSignedAttribute(pkcs7.OIDAttributeSigningTime, &any); err == nil {
			t.Errorf("signature %d states a time of its own, which PAdES forbids", i)
		}
		if err := p.UnmarshalSignedAttribute(signingCertificateV2, &any); err != nil {
			t.Errorf("signature %d does not name its certificate: %v", i, err)
		}
		if len(p.Certificates) != 2 || len(p.Content) != 0 {
			t.Errorf("signature %d brings %d certificates and %d bytes of content", i, len(p.Certificates), len(p.Content))
		}
	}
}

// TestSealsAreDrawn: each seal shows with its signature, and only then.
func TestSealsAreDrawn(t *testing.T) {
	p, r := press(t), ring(t)
	bare, err := p.draw(document(nil))
	if err != nil {
		t.Fatal(err)
	}
	red := func(pdf []byte, a area) int {
		img, n := render(t, pdf, "72"), 0
		for y := int(a.y * mm); y < int(a.bottom()*mm); y++ {
			for x := int(a.x * mm); x < int((a.x+a.w)*mm); x++ {
				if r, g, b, _ := img.At(x, y).RGBA(); r > g+0x3000 && r > b+0x3000 {
					n++
				}
			}
		}
		return n
	}
	seen := func() (board, director bool) {
		return red(bare.pdf, boardSeal) > 500, red(bare.pdf, directorSeal) > 500
	}
	if b, d := seen(); b || d {
		t.Error("a seal on a page that nobody sealed")
	}
	for i, role := range []Role{RoleBoard, RoleDirector} {
		k, err := r.signer(role, models.DateOf(madeAt))
		if err != nil {
			t.Fatal(err)
		}
		if err := p.seal(bare, k); err != nil {
			t.Fatal(err)
		}
		if b, d := seen(); !b || d != (i == 1) {
			t.Errorf("after %s sealed: board %t, director %t", role, b, d)
		}
	}
}
