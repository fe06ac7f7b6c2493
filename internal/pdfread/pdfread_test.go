package pdfread

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	qr "github.com/piglig/go-qr"

	"yanzheng/internal/testkit"
)

func open(t testing.TB, body string) *File {
	t.Helper()
	f, err := Open([]byte("%PDF-1.7\n" + body))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func packed(raw []byte) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write(raw)
	_ = w.Close()
	return b.String()
}

func TestValues(t *testing.T) {
	for text, want := range map[string]any{
		"null": nil, "true": true, "false": false, "12": 12.0, "-.5": -.5, "+3": 3.0, "1 0 R": Ref{1, 0}, "1 0 obj": 1.0, "12 0": 12.0,
		"/Name": Name("Name"), "/A#42C": Name("ABC"), "/A#4": Name("A#4"), "/": Name(""),
		"(a(b)c)": String("a(b)c"), `(\n\(\\\101\7\
x)`: String("\n(\\A\ax"), "()": String(""), "<4a4B4>": String("JK@"), "<>": String(""), "< 4 a >": String("J"),
		"[1 [2]/A(x)]": Array{1.0, Array{2.0}, Name("A"), String("x")}, "[]": Array{},
		"<</A 1/B<</C 2 0 R>>>>": Dict{"A": 1.0, "B": Dict{"C": Ref{2, 0}}}, "<</A 1/A 2>>": Dict{"A": 2.0},
		"% a comment\n7": 7.0, "--5": 0.0, "[1 0 R 2 0 R 3]": Array{Ref{1, 0}, Ref{2, 0}, 3.0}, "99999999 0 R": 99999999.0,
	} {
		f := open(t, "1 0 obj "+text+" endobj")
		if len(f.all) != 1 || !reflect.DeepEqual(f.all[0].Value, want) {
			t.Errorf("%s: %#v, want %#v", text, f.all, want)
		}
	}
	for _, text := range []string{"(", "<", "[", "<<", "<</A", "<</A>>", "<<1 2>>", "[endobj", "<4x>", ")", ">", "<</A 1 endobj", strings.Repeat("[", 30)} {
		if f := open(t, "1 0 obj "+text); len(f.all) != 0 || f.Whole {
			t.Errorf("%s: %#v, whole %t", text, f.all, f.Whole)
		}
	}
}

func TestObjects(t *testing.T) {
	f := open(t, "1 0 obj(old)endobj xobj 2 0 obj<</Length 3>>stream\nabcendstream endobj 3 0 obj<</Length 4 0 R>>stream\r\n1 0 obj(in a stream)\nendstream endobj "+
		"4 0 obj 99 endobj 1 0 obj(new)endobj 0 0 obj 5 endobj 5 0 obj<</Length 2147483648>>stream\nx y\nendstream endobj")
	if f.Resolve(Ref{1, 0}) != String("new") || len(f.all) != 6 || !f.Whole {
		t.Fatalf("%d objects, %v", len(f.all), f.Resolve(Ref{1, 0}))
	}
	for number, want := range map[int]string{2: "abc", 3: "1 0 obj(in a stream)", 5: "x y"} {
		if got, ok := f.Stream(f.objects[number]); !ok || string(got) != want {
			t.Errorf("stream %d: %q %t", number, got, ok)
		}
	}
	if got, ok := f.Stream(f.objects[1]); ok || got != nil {
		t.Errorf("a string is a stream: %q", got)
	}
	for _, o := range f.all {
		if o.Start < 0 || o.End <= o.Start {
			t.Errorf("object %d from %d to %d", o.Number, o.Start, o.End)
		}
	}
	if _, err := Open([]byte("no PDF")); !errors.Is(err, ErrNotPDF) {
		t.Error(err)
	}
}

func TestObjectStreams(t *testing.T) {
	body := "7 0 8 6 (sev) <</Type/Page>>"
	f := open(t, fmt.Sprintf("1 0 obj<</Type/ObjStm/N 2/First 8/Filter/FlateDecode/Length %d>>stream\n%s\nendstream endobj", len(packed([]byte(body))), packed([]byte(body))))
	if f.Resolve(Ref{7, 0}) != String("sev") || f.Dict(Ref{8, 0})["Type"] != Name("Page") || f.page() == nil {
		t.Errorf("%#v", f.objects)
	}
	for _, bad := range []string{"/N 2/First 900", "/N -1/First 0", "/N 1/First 0", "/N 99999999/First 8"} {
		if f := open(t, "1 0 obj<</Type/ObjStm"+bad+">>stream\n"+body+"\nendstream endobj"); f.Whole {
			t.Errorf("%s: whole", bad)
		}
	}
}

func TestPredictors(t *testing.T) {
	rows := []byte{0, 1, 2, 3, 1, 1, 1, 1, 2, 1, 1, 1, 3, 2, 2, 2, 4, 1, 1, 1}
	want := []byte{1, 2, 3, 1, 2, 3, 2, 3, 4, 3, 5, 6, 4, 6, 7}
	f := open(t, fmt.Sprintf("1 0 obj<</Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 3>>/Length %d>>stream\n%s\nendstream endobj", len(packed(rows)), packed(rows)))
	if got, ok := f.Stream(f.objects[1]); !ok || !bytes.Equal(got, want) {
		t.Errorf("%v %t, want %v", got, ok, want)
	}
}

func TestBudgets(t *testing.T) {
	bomb := testkit.Bomb(maxInflated>>20 + 1)
	f := open(t, fmt.Sprintf("1 0 obj<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream endobj", len(bomb), bomb))
	if got, ok := f.Stream(f.objects[1]); ok || len(got) != 0 || f.Whole {
		t.Errorf("a bomb gives %d bytes", len(got))
	}
	half := testkit.Bomb(maxInflated>>21 + 1) // two of them are too much for one file
	f = open(t, fmt.Sprintf("1 0 obj<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream endobj", len(half), half))
	if _, ok := f.Stream(f.objects[1]); !ok {
		t.Error("the first does not fit")
	}
	if _, ok := f.Stream(f.objects[1]); ok {
		t.Error("the second fits")
	}
	if f := open(t, strings.Repeat("1 0 obj 1 endobj ", maxObjects+5)); f.Whole || len(f.all) > maxObjects {
		t.Errorf("%d objects", len(f.all))
	}
	if f := open(t, "1 0 obj["+strings.Repeat("1 ", maxValues+5)+"]endobj"); f.Whole {
		t.Error("more values than allowed, and whole")
	}
	if f := open(t, strings.Repeat("1 0 obj(", 1<<17)); f.Whole || f.work >= 0 {
		t.Errorf("reading in vain was not noticed, %d bytes of work left", f.work)
	}
}

// drawn is a QR code of eight pixels a module.
func drawn(t testing.TB, text string) *image.Gray {
	t.Helper()
	q, err := qr.EncodeText(text, qr.Medium)
	if err != nil {
		t.Fatal(err)
	}
	const module, zone = 8, 4
	n := q.GetSize() + 2*zone
	img := image.NewGray(image.Rect(0, 0, n*module, n*module))
	for y := range n * module {
		for x := range n * module {
			img.SetGray(x, y, color.Gray{255})
			if mx, my := x/module-zone, y/module-zone; mx >= 0 && my >= 0 && mx < q.GetSize() && my < q.GetSize() && q.GetModule(mx, my) {
				img.SetGray(x, y, color.Gray{0})
			}
		}
	}
	return img
}

func onPage(content, image string) string {
	return fmt.Sprintf("1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Kids[3 0 R]/MediaBox[0 0 595 842]/Resources<</XObject<</I 5 0 R>>>>>>endobj "+
		"3 0 obj<</Type/Page/Contents[4 0 R]>>endobj 4 0 obj<</Length %d>>stream\n%s\nendstream endobj %s", len(content), content, image)
}

// TestCodesOfEveryKindOfImage: as scanners and editors embed them.
func TestCodesOfEveryKindOfImage(t *testing.T) {
	const text = "https://example.org/v/12345"
	img := drawn(t, text)
	w := img.Rect.Dx()
	var rgb, cmyk, bits, inverse []byte
	for y := range w {
		line := make([]byte, (w+7)/8)
		for x := range w {
			v := img.GrayAt(x, y).Y
			rgb = append(rgb, v, v, v)
			cmyk = append(cmyk, 0, 0, 0, 255-v)
			inverse = append(inverse, 255-v)
			if v > 0 {
				line[x/8] |= 0x80 >> (x % 8)
			}
		}
		bits = append(bits, line...)
	}
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, img, nil); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		dict string
		body []byte
	}{
		"grey":    {"/ColorSpace/DeviceGray/BitsPerComponent 8", img.Pix},
		"RGB":     {"/ColorSpace/DeviceRGB/BitsPerComponent 8", rgb},
		"CMYK":    {"/ColorSpace/DeviceCMYK/BitsPerComponent 8", cmyk},
		"bits":    {"/ColorSpace/DeviceGray/BitsPerComponent 1", bits},
		"inverse": {"/ColorSpace/DeviceGray/BitsPerComponent 8/Decode[1 0]", inverse},
		"ICC":     {"/ColorSpace[/ICCBased 6 0 R]/BitsPerComponent 8", rgb},
		"indexed": {"/ColorSpace[/Indexed/DeviceRGB 1<000000FFFFFF>]/BitsPerComponent 1", bits},
		"mask":    {"/ImageMask true", bits},
		"JPEG":    {"/Filter/DCTDecode", photo.Bytes()},
	} {
		object := fmt.Sprintf("5 0 obj<</Subtype/Image/Width %d/Height %d%s/Length %d>>stream\n%s\nendstream endobj 6 0 obj<</N 3>>endobj", w, w, c.dict, len(c.body), c.body)
		for how, place := range map[string]string{
			"upright": "150 0 0 150 100 500 cm", "turned": "0 150 -150 0 300 300 cm", "a little turned": "148 20 -20 148 300 300 cm", "over the page": "595 0 0 595 0 100 cm",
		} {
			if how != "upright" && name != "grey" && name != "bits" { // how it is placed does not hang on its kind
				continue
			}
			if got := open(t, onPage("q "+place+" /I Do Q", object)).Codes(); len(got) != 1 || got[0] != text {
				t.Errorf("%s, %s: %q", name, how, got)
			}
		}
		if name != "grey" {
			continue
		}
		// What is painted over, hidden by nothing else, is not seen.
		if got := open(t, onPage("q 150 0 0 150 100 500 cm /I Do Q 1 g 0 400 595 400 re f", object)).Codes(); len(got) != 0 {
			t.Errorf("%s, painted over: %q", name, got)
		}
	}
}

func TestCodesOfSeveral(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 1200, 1700))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	put := func(text string, x, y int) {
		q := drawn(t, text)
		for dy := range q.Rect.Dy() {
			copy(img.Pix[img.PixOffset(x, y+dy):], q.Pix[dy*q.Stride:(dy+1)*q.Stride])
		}
	}
	put("first", 50, 50)
	put("second", 700, 60)
	put("third", 80, 1200)
	got := codes(img)
	if len(got) != 3 {
		t.Errorf("%q", got)
	}
}

// TestCrowdOfMarks: a picture full of what looks like the corners of codes takes no time, and a code among fewer is found.
func TestCrowdOfMarks(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 1260, 1782))
	for i := range img.Pix {
		x, y := i%1260%9, i/1260%9
		ring := max(max(x, 6-x), max(y, 6-y)) // 6 outermost, 4 and 3 the core
		if x > 6 || y > 6 || ring == 5 {
			img.Pix[i] = 255
		}
	}
	if got := codes(img); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

func TestHiddenAndShownAnnotations(t *testing.T) {
	img := drawn(t, "stamped")
	w := img.Rect.Dx()
	object := fmt.Sprintf("5 0 obj<</Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8/Length %d>>stream\n%s\nendstream endobj", w, w, len(img.Pix), img.Pix)
	page := func(flags int, look string) string {
		return strings.Replace(onPage(" ", object), "/Type/Page/", fmt.Sprintf("/Type/Page/Annots[<</Rect[100 100 300 300]/F %d/AS/On/AP<</N %s>>>>]/", flags, look), 1) +
			" 8 0 obj<</Subtype/Form/BBox[0 0 10 10]/Resources<</XObject<</I 5 0 R>>>>/Length 25>>stream\nq 10 0 0 10 0 0 cm /I Do Q\nendstream endobj"
	}
	for name, c := range map[string]struct {
		page string
		want int
	}{
		"shown": {page(4, "8 0 R"), 1}, "a state": {page(4, "<</On 8 0 R/Off 9 0 R>>"), 1}, "hidden": {page(2, "8 0 R"), 0}, "no view": {page(32, "8 0 R"), 0},
		"nothing": {page(4, "9 0 R"), 0},
	} {
		if got := open(t, c.page).Codes(); len(got) != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// FuzzOpen: whatever the bytes are, reading them ends, within the limits, and all places lie within the file.
func FuzzOpen(f *testing.F) {
	for _, body := range []string{
		"", "1 0 obj", "1 0 obj<</A(x)/B<41>/C[1 0 R]/D true>>endobj", onPage("q 1 0 0 1 0 0 cm 0 0 5 5 re f BI /W 1 /H 1 /BPC 1 ID x EI Q", ""),
		"1 0 obj<</Type/ObjStm/N 1/First 4>>stream\n7 0 (x)\nendstream endobj", "1 0 obj<</FT/Sig/V 2 0 R/T(board)>>endobj 2 0 obj<</ByteRange[0 1 2 3]/Contents<30>/M(D:2026)>>endobj",
		"1 0 obj<</Type/Page/Annots[<</Rect[0 0 9 9]/AP<</N 2 0 R>>>>]>>endobj 2 0 obj<</BBox[0 0 1 1]/Length 9>>stream\n0 0 1 1 re f\nendstream",
	} {
		f.Add([]byte("%PDF-1.7\n" + body))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Open(b)
		if err != nil {
			return
		}
		if len(file.Objects()) > maxObjects {
			t.Errorf("%d objects", len(file.Objects()))
		}
		for _, o := range file.Objects() {
			if o.Start < 0 || o.Start > o.End || o.End > len(b) {
				t.Errorf("object %d from %d to %d of %d", o.Number, o.Start, o.End, len(b))
			}
		}
		for _, s := range file.Signatures() {
			if s.Start > s.End || s.End > len(b) {
				t.Errorf("%+v", s)
			}
		}
		if n := len(file.Codes()); n > maxCodes {
			t.Errorf("%d codes", n)
		}
		file.Links()
	})
}

// FuzzCodes: no picture makes the reader of codes fall over.
func FuzzCodes(f *testing.F) {
	large := drawn(f, "a") // every fourth pixel will do, and mutates faster
	n := large.Rect.Dx() / 4
	small := make([]byte, 0, n*n)
	for i := range n * n {
		small = append(small, large.GrayAt(i%n*4, i/n*4).Y)
	}
	f.Add(small, uint16(n-1))
	f.Add([]byte{0, 255, 0}, uint16(1))
	f.Fuzz(func(t *testing.T, pix []byte, width uint16) {
		w := int(width)%400 + 1
		h := min(len(pix)/w, 400)
		codes(&image.Gray{Pix: pix[: w*h : w*h], Stride: w, Rect: image.Rect(0, 0, w, h)})
	})
}

// TestEveryCodeReads: the library alone fails on the 16th of these, among others.
func TestEveryCodeReads(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const left, top = 160, 1210 // as on our page, at 150 pixels an inch
	for n := range 17 {
		text := []byte("https://check.example.org/v/")
		for range 184 {
			text = append(text, byte('0'+r.IntN(10)))
		}
		if n < 14 {
			continue
		}
		img := image.NewGray(image.Rect(0, 0, 1240, 1754))
		draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
		q := drawn(t, string(text))
		modules := float64(q.Rect.Dx()/8 - 8)
		side := 41 / 25.4 * 150 * modules / (modules + 8)
		for y := range int(side) {
			for x := range int(side) {
				at := func(v int) int { return (int(float64(v)*modules/side) + 4) * 8 }
				img.SetGray(left+x, top+y, q.GrayAt(at(x), at(y)))
			}
		}
		if got := codes(img); len(got) != 1 || got[0] != string(text) {
			t.Errorf("code %d: %d codes", n, len(got))
		}
	}
}
