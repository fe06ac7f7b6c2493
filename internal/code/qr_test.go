package code_test

import (
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	qr "github.com/piglig/go-qr"
)

// symbol encodes prefix and digits as the certificate prints them: each in the segment that fits it.
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

// TestQRReadsBack goes the whole way: sign, encode, draw, find, decode, read.
func TestQRReadsBack(t *testing.T) {
	r := testReader(t)
	for _, host := range []string{"check.example.org", "check2.example.org"} { // versions 6 and 7
		prefix := "https://" + host + "/v/"
		for name, d := range genuine {
			text := prefix + d.digits()
			img, err := symbol(t, prefix, d.digits()).ToImage(qr.NewQrCodeImgConfig(4, 4))
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
