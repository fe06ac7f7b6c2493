package certificate

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"testing"

	qr "github.com/piglig/go-qr"
)

// The pages of the tests are changed as an editor does it: in a revision behind the file.

// reworked appends objects, some in the place of earlier ones, with a cross-reference table.
func reworked(t testing.TB, pdf []byte, objects map[int]string) []byte {
	t.Helper()
	last := regexp.MustCompile(`startxref\n(\d+)`).FindAllSubmatch(pdf, -1)
	size := regexp.MustCompile(`/Size (\d+)`).FindAllSubmatch(pdf, -1)
	if len(last) == 0 || len(size) == 0 {
		t.Fatal("not a file of ours")
	}
	n, _ := strconv.Atoi(string(size[len(size)-1][1]))
	out := bytes.NewBuffer(bytes.Clone(pdf))
	table := ""
	for number, body := range objects {
		if number >= 900 {
			n = max(n, number+1)
		}
		table += fmt.Sprintf("%d 1\n%010d 00000 n \n", number, out.Len())
		fmt.Fprintf(out, "%d 0 obj\n%s\nendobj\n", number, body)
	}
	at := out.Len()
	fmt.Fprintf(out, "xref\n%strailer\n<</Size %d/Root 1 0 R/Prev %s>>\nstartxref\n%d\n%%%%EOF\n", table, n, last[len(last)-1][1], at)
	return out.Bytes()
}

// page gives the number and the text of the page's object.
func page(t testing.TB, pdf []byte) (int, string) {
	t.Helper()
	m := regexp.MustCompile(`(\d+) 0 obj\n(<</Type/Page/.*>>)\nendobj`).FindSubmatch(pdf)
	if m == nil {
		t.Fatal("no page")
	}
	n, _ := strconv.Atoi(string(m[1]))
	return n, string(m[2])
}

// modules gives a symbol as one byte a module, its quiet zone included, the first line on top.
func modules(t testing.TB, text string) (raw []byte, n int) {
	t.Helper()
	q, err := symbol(text)
	if err != nil {
		t.Fatal(err)
	}
	n = q.GetSize() + 2*quietZone
	for y := range n {
		for x := range n {
			shade := byte(0xff)
			if inSymbol(q, x, y) {
				shade = 0
			}
			raw = append(raw, shade)
		}
	}
	return raw, n
}

func inSymbol(q *qr.QrCode, x, y int) bool {
	x, y = x-quietZone, y-quietZone
	return x >= 0 && y >= 0 && x < q.GetSize() && y < q.GetSize() && q.GetModule(x, y)
}

// withContent puts a content stream behind those of the page.
func withContent(t testing.TB, pdf []byte, content string, more map[int]string) []byte {
	t.Helper()
	number, body := page(t, pdf)
	body = regexp.MustCompile(`/Contents\[`).ReplaceAllString(body, "/Contents[")
	body = regexp.MustCompile(`\]/Annots`).ReplaceAllString(body, " 900 0 R]/Annots")
	objects := map[int]string{number: body, 900: fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(content), content)}
	for n, o := range more {
		objects[n] = o
	}
	if _, has := more[901]; has {
		resources := regexp.MustCompile(`/Resources (\d+) 0 R`).FindStringSubmatch(body)
		n, _ := strconv.Atoi(resources[1])
		old := regexp.MustCompile(fmt.Sprintf(`(?s)\n%d 0 obj\n(.*?)\nendobj`, n)).FindSubmatch(pdf)
		objects[n] = string(bytes.Replace(old[1], []byte("/XObject <<"), []byte("/XObject <</Pasted 901 0 R"), 1))
	}
	return reworked(t, pdf, objects)
}

func place(x, y, size float64) string {
	return fmt.Sprintf("%.3f 0 0 %.3f %.3f %.3f cm", size, size, x, y)
}

// over is where our own code is.
func over() string { return place(codeArea.x*mm, (pageHeight-codeArea.bottom())*mm, codeArea.w*mm) }

func imageObject(t testing.TB, text string) string {
	raw, n := modules(t, text)
	packed := deflated(raw)
	return fmt.Sprintf("<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream", n, n, len(packed), packed)
}

func pasteImage(t testing.TB, pdf []byte, text string) []byte {
	return withContent(t, pdf, "q "+over()+" /Pasted Do Q", map[int]string{901: imageObject(t, text)})
}

func pasteAt(t testing.TB, pdf []byte, text string, x, y float64) []byte {
	return withContent(t, pdf, "q "+place(x, y, 120)+" /Pasted Do Q", map[int]string{901: imageObject(t, text)})
}

// drawing is a symbol as rectangles in a square of size 1.
func drawing(t testing.TB, text string) string {
	raw, n := modules(t, text)
	out := "1 g 0 0 1 1 re f 0 g "
	for i, shade := range raw {
		if shade == 0 {
			out += fmt.Sprintf("%.5f %.5f %.5f %.5f re ", float64(i%n)/float64(n), 1-float64(i/n+1)/float64(n), 1/float64(n), 1/float64(n))
		}
	}
	return out + "f"
}

func pasteDrawing(t testing.TB, pdf []byte, text string) []byte {
	return withContent(t, pdf, "q "+over()+" "+drawing(t, text)+" Q", nil)
}

// pasteStamp leaves the page as it is and stamps an annotation on it.
func pasteStamp(t testing.TB, pdf []byte, text string) []byte {
	number, body := page(t, pdf)
	body = regexp.MustCompile(`/Annots\[`).ReplaceAllString(body, "/Annots[")
	body = regexp.MustCompile(`(/Annots\[[^\]]*)\]`).ReplaceAllString(body, "$1 902 0 R]")
	look := drawing(t, text)
	return reworked(t, pdf, map[int]string{
		number: body,
		902:    fmt.Sprintf("<</Type/Annot/Subtype/Stamp/F 4/Rect%s/AP<</N 903 0 R>>>>", rectangle(codeArea)),
		903:    fmt.Sprintf("<</Type/XObject/Subtype/Form/BBox[0 0 1 1]/Length %d>>\nstream\n%s\nendstream", len(look), look),
	})
}

func pasteInline(t testing.TB, pdf []byte, text string) []byte {
	raw, n := modules(t, text)
	var bits []byte // one bit a module, each line filled up
	for y := range n {
		line := make([]byte, (n+7)/8)
		for x := range n {
			if raw[y*n+x] != 0 {
				line[x/8] |= 0x80 >> (x % 8)
			}
		}
		bits = append(bits, line...)
	}
	return withContent(t, pdf, fmt.Sprintf("q %s BI /W %d /H %d /BPC 1 /CS /G /F /Fl ID %s EI Q", over(), n, n, deflated(bits)), nil)
}
