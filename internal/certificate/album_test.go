package certificate

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"yanzheng/models"
)

// TestAlbumShowsWhatTheFileShows compares the picture with what poppler makes of the file, for every kind of document.
func TestAlbumShowsWhatTheFileShows(t *testing.T) {
	r := ring(t)
	all := documents()
	names := []string{"short"}
	if *long {
		names = append(names, "rare", "everything at once")
	}
	for _, name := range names {
		d := all[name]
		pdf := issue(t, d, r).PDF
		raw := album(t, d, pdf)
		if path := os.Getenv("ALBUM_PICTURE"); path != "" && name == "short" {
			if err := os.WriteFile(path, raw, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		img, err := png.Decode(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		theirs := render(t, pdf, "200")
		base := difference(softened(img), softened(theirs))
		if base > 2.5 { // poppler draws thin lines thicker than they are
			t.Errorf("%s: the picture differs from the file by %.2f of 255 on average", name, base)
		}
		if name == "short" { // a test that cannot fail is none: without its seals, or with the photo elsewhere, it would not pass
			for what, a := range map[string]area{"the Board's seal": boardSeal, "the photo": photoArea, "the code": codeArea} {
				less := image.NewRGBA(img.Bounds())
				draw.Draw(less, less.Rect, img, image.Point{}, draw.Src)
				draw.Draw(less, pixels(a), image.White, image.Point{}, draw.Src)
				if diff := difference(softened(less), softened(theirs)); diff < base+0.2 {
					t.Errorf("without %s it differs by %.2f, with it by %.2f", what, diff, base)
				}
			}
		}
		if len(raw) > 3<<20 {
			t.Errorf("%s: %d bytes", name, len(raw))
		}
	}
}

// softened takes the mean of six by six pixels: programs differ at the edges of thin lines, not in what they draw.
func softened(img image.Image) image.Image {
	const n = 6
	b := img.Bounds()
	out := image.NewGray(image.Rect(0, 0, b.Dx()/n, b.Dy()/n))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			sum := 0
			for i := range n * n {
				sum += int(color.GrayModel.Convert(img.At(b.Min.X+x*n+i%n, b.Min.Y+y*n+i/n)).(color.Gray).Y)
			}
			out.Pix[y*out.Stride+x] = uint8(sum / (n * n))
		}
	}
	return out
}

// cropped gives a part of a picture.
func cropped(img image.Image, b image.Rectangle) image.Image {
	return img.(interface {
		SubImage(r image.Rectangle) image.Image
	}).SubImage(b)
}

func album(t testing.TB, d *models.Document, pdf []byte) []byte {
	t.Helper()
	raw, err := press(t).Album(d, pdf)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestAlbumCodeReads: the picture on a phone's screen is scanned as the print is.
func TestAlbumCodeReads(t *testing.T) {
	c := newCodes(t)
	text := c.next(t)
	d := document(func(d *models.Document) { d.Code = text })
	img, err := png.Decode(bytes.NewReader(album(t, d, issue(t, d, ring(t)).PDF)))
	if err != nil {
		t.Fatal(err)
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(cropped(img, pixels(codeArea)))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := qrcode.NewQRCodeReader().Decode(bitmap, nil); err != nil || got.GetText() != text {
		t.Errorf("%v, %v", got, err)
	}
}

// TestAlbumTakesImagesFromTheFile: the photo that was replaced since is not on it.
func TestAlbumTakesImagesFromTheFile(t *testing.T) {
	d := document(nil)
	pdf := issue(t, d, ring(t)).PDF
	want := album(t, d, pdf)
	later := document(func(d *models.Document) { d.Code, d.Photo, d.Signature = "", nil, nil })
	if !bytes.Equal(album(t, later, pdf), want) {
		t.Error("another code and other images make another picture")
	}
	for name, other := range map[string][]byte{"nothing": nil, "a file without images": []byte("%PDF-1.7\n")} {
		if _, err := press(t).Album(d, other); err == nil {
			t.Errorf("%s: a picture all the same", name)
		}
	}
}

// BenchmarkAlbum draws the picture; its background is there.
func BenchmarkAlbum(b *testing.B) {
	d := document(nil)
	pdf := issue(b, d, ring(b)).PDF
	album(b, d, pdf)
	b.ReportAllocs()
	since := cpu(b)
	for b.Loop() {
		album(b, d, pdf)
	}
	b.ReportMetric(float64(cpu(b)-since)/float64(b.N)/1e6, "cpu-ms/op")
}
