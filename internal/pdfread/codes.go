package pdfread

import (
	"image"
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/makiuchi-d/gozxing/qrcode/detector"
	"golang.org/x/image/draw"
)

// maxCodes is how many QR codes are read from one page.
const maxCodes = 4

// Codes gives the texts of the QR codes that a person sees on the first page: drawn as rectangles, placed as images, or
// stamped over it by an annotation; what was painted over is not seen.
func (f *File) Codes() []string {
	img := f.show()
	if img == nil {
		return nil
	}
	return codes(img)
}

func codes(img *image.Gray) []string {
	var found []string
	for range maxCodes {
		text, at := look(img)
		if at.Empty() {
			break
		}
		if !slices.Contains(found, text) {
			found = append(found, text)
		}
		for y := at.Min.Y; y < at.Max.Y; y++ { // cover it, and look again
			for x := at.Min.X; x < at.Max.X; x++ {
				img.Pix[img.PixOffset(x, y)] = 255
			}
		}
	}
	return found
}

// smaller are the sizes at which a picture is looked at again. The library misreads where the middle of a corner mark is in about
// one code of thirty, which hangs on how its modules fall on the pixels: at another size it is another one.
var smaller = []float64{0.7, 0.9}

// look finds one code, and where it is.
func look(img *image.Gray) (text string, at image.Rectangle) {
	if text, at = code(img, img.Rect, 0); !at.Empty() {
		return text, at
	}
	for _, size := range smaller {
		other := image.NewGray(image.Rect(0, 0, int(float64(img.Rect.Dx())*size), int(float64(img.Rect.Dy())*size)))
		if other.Rect.Empty() {
			continue
		}
		draw.ApproxBiLinear.Scale(other, other.Rect, img, img.Rect, draw.Src, nil)
		if text, at = code(other, other.Rect, 0); !at.Empty() {
			grown := func(n int) int { return int(float64(n) / size) }
			return text, image.Rect(grown(at.Min.X), grown(at.Min.Y), grown(at.Max.X)+1, grown(at.Max.Y)+1).Intersect(img.Rect)
		}
	}
	return "", image.Rectangle{}
}

// The finder of the library tries every three marks that look like a corner of a QR code. A picture made of such marks would
// keep it busy for hours, so a part with too many of them is looked at in quarters, and those that still have too many not.
const (
	maxMarks  = 200 // a code has three, and a few by chance
	maxHalves = 2
)

func code(img *image.Gray, r image.Rectangle, depth int) (text string, at image.Rectangle) {
	if r.Dx() < 40 || r.Dy() < 40 {
		return "", image.Rectangle{}
	}
	source, err := gozxing.NewPlanarYUVLuminanceSource(img.Pix, img.Stride, img.Rect.Dy(), r.Min.X, r.Min.Y, r.Dx(), r.Dy(), false)
	if err != nil {
		return "", image.Rectangle{}
	}
	crowded := false
	// The first is good at uneven light, the second at modules larger than its blocks.
	for _, binarizer := range []gozxing.Binarizer{gozxing.NewHybridBinarizer(source), gozxing.NewGlobalHistgramBinarizer(source)} {
		bitmap, err := gozxing.NewBinaryBitmap(binarizer)
		if err != nil {
			continue
		}
		matrix, err := bitmap.GetBlackMatrix()
		if err != nil {
			continue
		}
		if marks(matrix) > maxMarks {
			crowded = true
			continue
		}
		result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
		if err == nil {
			return result.GetText(), around(result.GetResultPoints()).Add(r.Min).Intersect(img.Rect)
		}
	}
	if crowded && depth < maxHalves {
		for _, part := range quarters(r) {
			if text, at := code(img, part, depth+1); !at.Empty() {
				return text, at
			}
		}
	}
	return "", image.Rectangle{}
}

// quarters overlap by half, so that a code on a border lies whole in one of them.
func quarters(r image.Rectangle) []image.Rectangle {
	w, h := r.Dx()*5/8, r.Dy()*5/8
	return []image.Rectangle{
		image.Rect(r.Min.X, r.Min.Y, r.Min.X+w, r.Min.Y+h), image.Rect(r.Max.X-w, r.Min.Y, r.Max.X, r.Min.Y+h),
		image.Rect(r.Min.X, r.Max.Y-h, r.Min.X+w, r.Max.Y), image.Rect(r.Max.X-w, r.Max.Y-h, r.Max.X, r.Max.Y),
	}
}

// marks estimates how many there are of what looks like the corner of a code: dark, light, three times dark, light, dark. As
// many rows of pixels cross one as its core is wide.
func marks(m *gozxing.BitMatrix) float64 {
	found := 0.0
	for y := range m.GetHeight() {
		runs := make([]int, 5)
		dark := false
		for x := range m.GetWidth() {
			if m.Get(x, y) == dark {
				runs[4]++
				continue
			}
			if dark && detector.FinderPatternFinder_foundPatternCross(runs) {
				found += 1 / float64(runs[2])
			}
			copy(runs, runs[1:])
			runs[4], dark = 1, !dark
		}
		if dark && detector.FinderPatternFinder_foundPatternCross(runs) {
			found += 1 / float64(runs[2])
		}
	}
	return found
}

// around gives the rectangle around a code's corner marks, with room for their outer halves.
func around(points []gozxing.ResultPoint) image.Rectangle {
	if len(points) < 3 {
		return image.Rectangle{}
	}
	var r image.Rectangle
	for i, p := range points[:3] {
		one := image.Rect(int(p.GetX()), int(p.GetY()), int(p.GetX())+1, int(p.GetY())+1)
		if i == 0 {
			r = one
		} else {
			r = r.Union(one)
		}
	}
	return r.Inset(-max(r.Dx(), r.Dy())/4 - 4)
}
