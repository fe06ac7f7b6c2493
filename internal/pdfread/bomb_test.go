package pdfread

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"strings"
	"testing"
)

// A row of a predictor may be far longer than what is packed for it, and a page may name the same stream again and again: two
// kilobytes must not become gigabytes.
func TestRowsAndContentsHaveABudget(t *testing.T) {
	tiny := packed([]byte{0, 0})
	const parms = "<</Predictor 12/Colors 8/BitsPerComponent 16/Columns 100000>>"
	stream := func(n int) string {
		return fmt.Sprintf("%d 0 obj<</Filter/FlateDecode/DecodeParms%s/Length %d>>stream\n%s\nendstream endobj ", n, parms, len(tiny), tiny)
	}
	f := open(t, stream(1))
	for range 100 {
		f.Stream(f.objects[1])
	}
	if f.Whole {
		t.Error("a hundred long rows of two bytes each, and whole")
	}
	var refs, streams strings.Builder
	for i := range 300 {
		fmt.Fprintf(&refs, "%d 0 R ", 10+i)
		streams.WriteString(stream(10 + i))
	}
	f = open(t, "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Kids[3 0 R]/MediaBox[0 0 595 842]>>endobj "+
		"3 0 obj<</Type/Page/Contents["+refs.String()+"]>>endobj "+streams.String())
	f.Codes()
	if f.Whole {
		t.Error("three hundred of them on a page, and whole")
	}
	plain := strings.Repeat("q Q ", 1<<18) // a megabyte
	f = open(t, fmt.Sprintf("1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Kids[3 0 R]/MediaBox[0 0 595 842]>>endobj "+
		"3 0 obj<</Type/Page/Contents[%s]>>endobj 4 0 obj<</Length %d>>stream\n%s\nendstream endobj", strings.Repeat("4 0 R ", 2000), len(plain), plain))
	if got := f.contents(f.page()["Contents"]); len(got) != 1 {
		t.Errorf("one stream, named often, is drawn %d times", len(got))
	}
}

// A progressive JPEG goes over its picture in scans of a few bytes each, as often as it likes: it is left out, and the file is not
// whole. So is one that names more scans than a picture needs.
func TestLaboriousPictures(t *testing.T) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64)), nil); err != nil {
		t.Fatal(err)
	}
	plain := b.Bytes()
	progressive := bytes.Replace(plain, []byte{0xff, 0xc0}, []byte{0xff, 0xc2}, 1)
	many := append(bytes.Clone(plain), bytes.Repeat([]byte{0xff, 0xda}, maxScans+1)...)
	thumbnail := append([]byte{0xff, 0xd8, 0xff, 0xe1, 0, 6, 0xff, 0xc2, 0, 0}, plain[2:]...) // within a segment it means nothing
	for name, c := range map[string]struct {
		body []byte
		want bool
	}{
		"plain": {plain, false}, "progressive": {progressive, true}, "many scans": {many, true}, "within a segment": {thumbnail, false},
		"nothing": {nil, false}, "cut": {[]byte{0xff, 0xd8, 0xff}, false}, "a segment longer than the file": {[]byte{0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff, 0}, false},
	} {
		if got := laborious(c.body); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	f := open(t, "1 0 obj 1 endobj")
	if img := f.photo(progressive); img != nil || f.Whole {
		t.Error("it is decoded")
	}
	f = open(t, "1 0 obj 1 endobj")
	if img := f.photo(plain); img == nil || !f.Whole {
		t.Error("a plain one is not decoded")
	}
	for range maxWork/len(plain) + 1 {
		if f.work -= len(plain); f.work < 0 {
			break
		}
	}
	if img := f.photo(plain); img != nil || f.Whole {
		t.Error("decoded beyond the work that a file is worth")
	}
}
