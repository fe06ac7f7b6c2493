package certificate

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"golang.org/x/image/draw"

	"yanzheng/internal/code"
	"yanzheng/models"
)

// TestSameDocumentSameBytes, also when many are drawn at once.
func TestSameDocumentSameBytes(t *testing.T) {
	p := press(t)
	want, err := p.Draw(document(nil))
	if err != nil {
		t.Fatal(err)
	}
	other, err := p.Draw(document(func(d *models.Document) { d.At = d.At.AddDate(0, 0, 1) }))
	if err != nil || bytes.Equal(want, other) {
		t.Fatalf("another time gives the same bytes (%v)", err)
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for name, d := range documents() {
				got, err := p.Draw(d)
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if name == "short" && !bytes.Equal(got, want) {
					t.Error("the same document gave other bytes")
				}
			}
		})
	}
	wait.Wait()
}

// TestTextIsFound: every field can be selected and searched, characters beyond U+FFFF too.
func TestTextIsFound(t *testing.T) {
	r := ring(t)
	for name, d := range documents() {
		f := issue(t, d, r)
		all := strings.Join(strings.Fields(tool(t, f.PDF, "pdftotext", "-raw", "FILE", "-")), "")
		found := func(s string) {
			if s = strings.Join(strings.Fields(composed(s)), ""); !strings.Contains(all, s) {
				t.Errorf("%s: %s is not in the text", name, s)
			}
		}
		p := d.Printed
		for _, s := range []string{
			p.Name, string(p.Sex), day(p.BirthDate), p.CertificateNumber, p.SealNumber, p.Employer, p.Specialty,
			p.Category.Title().ZH + "注册证书", period(p.ValidFrom, p.ValidUntil), period(d.UseFrom, d.UseUntil), d.Identifier.String(),
			"打印后须在横线处手写签名", "生成时间2026-07-0601:20:30", "演示样本", imprint.Board, imprint.Director, imprint.CheckAt, "2026年7月6日",
		} {
			found(s)
		}
	}
}

func TestFactsAboutTheFile(t *testing.T) {
	f := issue(t, document(nil), ring(t))
	info := tool(t, f.PDF, "pdfinfo", "FILE")
	for _, want := range []string{
		`Title: +一级注册建筑师注册证书 张三`, `Author: +演示`, `Pages: +1\n`, `Page size: +595\.28 x 841\.89 pts \(A4\)`, `CreationDate: +Sun Jul  5 17:20:30 2026 UTC`,
	} {
		if !regexp.MustCompile(want).MatchString(info) {
			t.Errorf("no %s in\n%s", want, info)
		}
	}
	fonts := tool(t, f.PDF, "pdffonts", "FILE")
	if n := strings.Count(fonts, " yes yes yes "); n != 2 {
		t.Errorf("%d fonts are embedded, cut to what is used, and can be searched; want 2\n%s", n, fonts)
	}
	if !bytes.Contains(f.PDF, []byte("/Lang(zh-CN)")) {
		t.Error("no language")
	}
	if len(f.PDF) > 160<<10 {
		t.Errorf("%d bytes", len(f.PDF))
	}
}

// TestCodeReadsFromThePicture: printed, photographed from far away, and again read.
func TestCodeReadsFromThePicture(t *testing.T) {
	c := newCodes(t)
	r := ring(t)
	for name, text := range map[string]string{"version 6": c.next(t), "version 7": strings.Replace(someCode, "check", "checking", 1)} {
		f := issue(t, document(func(d *models.Document) { d.Code = text }), r)
		resolutions := []string{"150", "300"} // 200 pixels across the code, and 400
		if !*long {
			resolutions = resolutions[:1]
		}
		for _, resolution := range resolutions {
			img := render(t, f.PDF, resolution)
			bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
			if err != nil {
				t.Fatal(err)
			}
			got, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
			if err != nil || got.GetText() != text {
				t.Errorf("%s at %s: %v, %v", name, resolution, got, err)
			}
		}
	}
}

// TestSymbolIsTheCodesSymbol: this package and the code's own draw the same modules.
func TestSymbolIsTheCodesSymbol(t *testing.T) {
	for _, text := range []string{someCode, newCodes(t).next(t), "http://127.0.0.1:8080/v/" + strings.Repeat("7", 184), strings.Repeat("7", 184)} {
		want, err := code.Symbol(text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := symbol(text)
		if err != nil || got.GetSize() != want.GetSize() {
			t.Fatalf("%v", err)
		}
		for y := range got.GetSize() {
			for x := range got.GetSize() {
				if got.GetModule(x, y) != want.GetModule(x, y) {
					t.Fatalf("%s: another module at %d, %d", text, x, y)
				}
			}
		}
	}
}

// TestCodeIsLargeAndHasItsQuietZone measures the rendered page: 30 mm, and four modules of white around it.
func TestCodeIsLargeAndHasItsQuietZone(t *testing.T) {
	const perMM = 300 / 25.4
	img := render(t, issue(t, document(nil), ring(t)).PDF, "300")
	dark := func(x, y int) bool { return color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y < 128 }
	inside := image.Rect(int((codeArea.x+0.3)*perMM), int((codeArea.y+0.3)*perMM), int((codeArea.x+codeArea.w-0.3)*perMM), int((codeArea.bottom()-0.3)*perMM))
	box := image.Rectangle{}
	for y := inside.Min.Y; y < inside.Max.Y; y++ {
		for x := inside.Min.X; x < inside.Max.X; x++ {
			if dark(x, y) {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	width := float64(box.Dx()) / perMM
	module := width / 41
	if width < 30 || box.Dx()-box.Dy() > 2 {
		t.Errorf("the code is %.1f × %.1f mm", width, float64(box.Dy())/perMM)
	}
	for side, gap := range map[string]float64{
		"left": float64(box.Min.X)/perMM - codeArea.x, "right": codeArea.x + codeArea.w - float64(box.Max.X)/perMM,
		"above": float64(box.Min.Y)/perMM - codeArea.y, "below": codeArea.bottom() - float64(box.Max.Y)/perMM,
	} {
		if gap < 4*module-0.1 {
			t.Errorf("%.2f mm of white %s, want 4 modules of %.2f", gap, side, module)
		}
	}
	for _, a := range press(t).mustLay(t, document(nil)).areas {
		if a.name != codeArea.name && overlap(a, codeArea) {
			t.Errorf("%s stands in the quiet zone", a.name)
		}
	}
}

func (p *Press) mustLay(t *testing.T, d *models.Document) *layout {
	t.Helper()
	l, err := p.lay(d)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestPictures compares the page with the pictures in docs/certificate, which people have looked at.
//
//	UPDATE_PICTURES=1 go test ./internal/certificate -run TestPictures     makes them anew: look at them
func TestPictures(t *testing.T) {
	all := documents()
	r := ring(t)
	page := func(name string) image.Image { return render(t, issue(t, all[name], r).PDF, "80") }
	pictures := map[string]func() image.Image{
		"short-name": func() image.Image { return page("short") }, "rare-name": func() image.Image { return page("rare") },
		"longest": func() image.Image { return page("everything at once") },
		"album":   func() image.Image { return small(t, album(t, all["short"], issue(t, all["short"], r).PDF)) },
	}
	for name, draws := range pictures {
		path := "../../docs/certificate/" + name + ".png"
		got := draws()
		if os.Getenv("UPDATE_PICTURES") != "" {
			var b bytes.Buffer
			if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, fewColors(got)); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		want, _, err := image.Decode(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if d := difference(got, want); d > 1.5 {
			t.Errorf("%s differs by %.2f of 255 on average", path, d)
		}
		if name == "short-name" { // a test that cannot fail is none
			if d := difference(page("Latin name"), want); d < 0.05 {
				t.Errorf("another name makes a difference of %.3f only", d)
			}
		}
	}
}

// small is a picture for an album at the size of the other pictures.
func small(t *testing.T, raw []byte) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	out := image.NewRGBA(image.Rect(0, 0, 662, 662*img.Bounds().Dy()/img.Bounds().Dx()))
	draw.CatmullRom.Scale(out, out.Rect, img, img.Bounds(), draw.Src, nil)
	return out
}

// fewColors makes a picture small: the 256 colours that cover most of it.
func fewColors(img image.Image) *image.Paletted {
	count := map[color.RGBA]int{}
	rough := func(x, y int) color.RGBA {
		c := color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)
		near := func(v uint8) uint8 { return uint8(min(255, (int(v)+4)/8*8)) }
		return color.RGBA{near(c.R), near(c.G), near(c.B), 255}
	}
	b := img.Bounds()
	for y := range b.Dy() {
		for x := range b.Dx() {
			count[rough(x, y)]++
		}
	}
	var palette color.Palette
	for _, c := range slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int { return count[b] - count[a] }) {
		if len(palette) < 256 {
			palette = append(palette, c)
		}
	}
	out := image.NewPaletted(b, palette)
	index := map[color.RGBA]uint8{}
	for y := range b.Dy() {
		for x := range b.Dx() {
			c := rough(x, y)
			if _, ok := index[c]; !ok {
				index[c] = uint8(palette.Index(c))
			}
			out.SetColorIndex(x, y, index[c])
		}
	}
	return out
}

// difference is how far two pictures are apart: the mean over all pixels. Versions of poppler differ at the edges of letters.
func difference(a, b image.Image) float64 {
	if a.Bounds() != b.Bounds() {
		return 255
	}
	sum, n := 0, 0
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			p, q := color.GrayModel.Convert(a.At(x, y)).(color.Gray).Y, color.GrayModel.Convert(b.At(x, y)).(color.Gray).Y
			sum += max(int(p)-int(q), int(q)-int(p))
			n++
		}
	}
	return float64(sum) / float64(n)
}
