package code_test

import (
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	qr "github.com/piglig/go-qr"

	"yanzheng/internal/code"
)

// symbol encodes prefix and digits as docs/code-format.md says: each in the segment that fits it.
func symbol(t *testing.T, prefix, digits string) *qr.QrCode {
	t.Helper()
	head, err := qr.MakeBytes([]byte(prefix))
	if err != nil {
		t.Fatal(err)
	}
	tail, err := qr.MakeNumeric(digits)
	if err != nil {
		t.Fatal(err)
	}
	q, err := qr.EncodeStandardSegments([]*qr.QrSegment{head, tail}, qr.Medium)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// TestQRVersion holds the limit on the host's name: the 41 modules of version 6 are what phones read best.
func TestQRVersion(t *testing.T) {
	for length, version := range map[int]int{20: 6, 27: 6, 28: 6, 29: 7, 30: 7, 44: 7, 45: 8} {
		q := symbol(t, "https://"+strings.Repeat("h", length-11)+"/v/", sample.digits())
		if want := 17 + 4*version; q.GetSize() != want {
			t.Errorf("a prefix of %d characters: %d modules, want %d (version %d)", length, q.GetSize(), want, version)
		}
	}
	if len(prefix) != 28 {
		t.Errorf("the vectors' prefix has %d characters, want the longest of version 6", len(prefix))
	}
}

// TestSymbolIsThePagesSymbol: the package splits the text where the digits begin, also for a prefix
// with digits in it, and for digits alone.
func TestSymbolIsThePagesSymbol(t *testing.T) {
	for _, prefix := range []string{prefix, "https://2.example.org:8443/v/", "http://127.0.0.1:8080/v/"} {
		got, err := code.Symbol(prefix + sample.digits())
		if err != nil {
			t.Fatal(err)
		}
		want := symbol(t, prefix, sample.digits())
		if !sameModules(got, want) {
			t.Errorf("%s: %d modules, want the %d of a byte and a numeric segment", prefix, got.GetSize(), want.GetSize())
		}
	}
	if got, err := code.Symbol(sample.digits()); err != nil || got.GetSize() != 37 {
		t.Errorf("digits alone do not give version 5 (%v)", err)
	}
	for name, text := range map[string]string{"nothing": "", "4000 bytes": strings.Repeat("x", 4000)} {
		if _, err := code.Symbol(text); err == nil {
			t.Errorf("%s gives a symbol", name)
		}
	}
}

func sameModules(a, b *qr.QrCode) bool {
	same := a.GetSize() == b.GetSize()
	for i := range a.GetSize() * a.GetSize() {
		x, y := i%a.GetSize(), i/a.GetSize()
		same = same && a.GetModule(x, y) == b.GetModule(x, y)
	}
	return same
}

// TestQRReadsBack goes the whole way: sign, encode, draw, find, decode, read.
func TestQRReadsBack(t *testing.T) {
	r := testReader(t)
	for _, host := range []string{"check.example.org", "check2.example.org"} { // versions 6 and 7
		prefix := "https://" + host + "/v/"
		for name, d := range genuine {
			text := prefix + d.digits()
			drawn, err := code.Symbol(text)
			if err != nil {
				t.Fatal(err)
			}
			img, err := drawn.ToImage(qr.NewQrCodeImgConfig(4, 4))
			if err != nil {
				t.Fatal(err)
			}
			bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
			if err != nil {
				t.Fatal(err)
			}
			got, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got.GetText() != text {
				t.Errorf("%s: decoded as %q, want %q", name, got.GetText(), text)
			}
			if level := got.GetResultMetadata()[gozxing.ResultMetadataType_ERROR_CORRECTION_LEVEL]; level != "M" {
				t.Errorf("%s: error correction level %v, want M", name, level)
			}
			if outcome := answerOf(r.Read(strings.Replace(got.GetText(), "check2", "check", 1))).Outcome; outcome != "genuine" {
				t.Errorf("%s: what was decoded reads as %s", name, outcome)
			}
		}
	}
}
