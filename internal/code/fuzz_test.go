package code_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"yanzheng/internal/code"
	"yanzheng/models"
)

// FuzzRead: no text makes Read panic, nothing reads as genuine but what the test keys signed, and the
// package and the second checker agree on every text.
func FuzzRead(f *testing.F) {
	file := readVectors(f)
	signed := map[models.CertificateID]bool{}
	for _, v := range file.Vectors {
		f.Add(v.Text)
	}
	for _, d := range genuine {
		signed[d.id] = true
	}
	r := testReader(f)
	f.Fuzz(func(t *testing.T, text string) {
		read := r.Read(text)
		if read.Digest == ([16]byte{}) {
			t.Error("a reading without a digest")
		}
		if read.Outcome == models.ReadGenuine && !signed[read.ID] {
			t.Errorf("genuine, though nobody signed it: %q", text)
		}
		if got, want := answerOf(read), check(text, file.Keys); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %s, by the page %s", text, show(got), show(want))
		}
		digits := r.ReadDigits(text)
		if digits.Outcome == models.ReadNotOurs || digits.Outcome == models.ReadGenuine && !signed[digits.ID] {
			t.Errorf("the digits %q read as %s", text, show(answerOf(digits)))
		}
		if bare := strings.TrimSpace(text) == text && !strings.ContainsAny(text, "?#") && len(text) < 2000; bare && r.Read(prefix+text) != digits {
			t.Errorf("%q behind the prefix: %s, alone %s", text, show(answerOf(r.Read(prefix+text))), show(answerOf(digits)))
		}
	})
}

// FuzzDecode: what decodes is the one writing of its bytes.
func FuzzDecode(f *testing.F) {
	for _, v := range vectors() {
		f.Add(v.Text)
	}
	f.Add(sample.digits())
	f.Add(decimal(limit()))
	f.Fuzz(func(t *testing.T, digits string) {
		b, ok := code.Decode(digits)
		if !ok {
			if b != ([76]byte{}) {
				t.Errorf("%q: refused, but gives bytes", digits)
			}
			return
		}
		if again := code.Encode(b); again != digits {
			t.Errorf("%q decodes, but is encoded as %q", digits, again)
		}
	})
}

// FuzzEncode: all 76 bytes have a writing, and it gives them back.
func FuzzEncode(f *testing.F) {
	f.Add(append(sample.payload(), sample.signature()...))
	f.Add(make([]byte, 76))
	f.Add(bytes.Repeat([]byte{0xff}, 76))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var b [76]byte
		copy(b[76-min(len(raw), 76):], raw) // short ones are small numbers, with zeros in front
		digits := code.Encode(b)
		if len(digits) != code.Digits {
			t.Fatalf("%x: %d digits", b, len(digits))
		}
		if again, ok := code.Decode(digits); !ok || again != b {
			t.Errorf("%x is written as %s, which gives %x, %v", b, digits, again, ok)
		}
	})
}
