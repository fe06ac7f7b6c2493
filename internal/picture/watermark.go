package picture

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"strings"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"yanzheng/models"
)

// How a watermark looks.
const (
	maxMark      = 64      // characters
	maxMarked    = 4 << 20 // pixels, and bytes, of a photo that is marked
	markTilt     = -30 * math.Pi / 180
	markGap      = 14   // pixels of the font between marks, across and down
	markAcross   = 275  // so many pixels of the photo's width make a pixel of the font one pixel wide
	markStrength = 0.38 // how far a pixel is drawn towards the ink or its shine
	markInk      = 30
	markShine    = 245 // beside the ink, so that it shows on dark and on light
	markQuality  = 82
)

// Watermark writes a text across a photo that Photo made, again and again on a slant, so that what is
// shown to one person at one moment cannot pass for the photo itself. The text is 1 to 64 printable
// ASCII characters, such as a time and the id of a scan; another one, and what is no photo of ours, is
// models.ErrInternal.
func Watermark(photo []byte, text string) ([]byte, error) {
	return marked(photo, text, jpeg.DecodeConfig, jpeg.Decode)
}

// WatermarkSignature is Watermark for an image that Signature made. It comes out as a JPEG on white: the ink alone, on nothing,
// is what a forger would want.
func WatermarkSignature(signature []byte, text string) ([]byte, error) {
	return marked(signature, text, png.DecodeConfig, func(r io.Reader) (image.Image, error) {
		ink, err := png.Decode(r)
		if err != nil {
			return nil, err
		}
		paper := image.NewRGBA(ink.Bounds())
		draw.Draw(paper, paper.Rect, image.White, image.Point{}, draw.Src)
		draw.Draw(paper, paper.Rect, ink, ink.Bounds().Min, draw.Over)
		return paper, nil
	})
}

func marked(content []byte, text string, header func(io.Reader) (image.Config, error), decode func(io.Reader) (image.Image, error)) ([]byte, error) {
	if text == "" || len(text) > maxMark || strings.Trim(text, " ") == "" || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, models.ErrInternal.Because(errMark)
	}
	config, err := header(bytes.NewReader(content))
	if err != nil || len(content) > maxMarked || config.Width*config.Height > maxMarked {
		return nil, models.ErrInternal.Because(errors.Join(errNoPhoto, err))
	}
	decoded, err := decode(bytes.NewReader(content))
	if err != nil {
		return nil, models.ErrInternal.Because(errors.Join(errNoPhoto, err))
	}
	img := reduce(decoded, decoded.Bounds(), 1)
	markOf(text).across(img)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: markQuality}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

var (
	errMark    = errors.New("picture: a watermark is 1 to 64 printable ASCII characters")
	errNoPhoto = errors.New("picture: only an image of ours can be marked")
)

// mark is a text and the gap beside and below it, as density of ink.
type mark struct{ plane }

func markOf(text string) mark {
	face := basicfont.Face7x13
	line := image.NewGray(image.Rect(0, 0, face.Advance*len(text)+markGap, face.Height+markGap))
	d := font.Drawer{Dst: line, Src: image.White, Face: face, Dot: fixed.P(0, face.Ascent)}
	d.DrawString(text)
	return mark{plane{line.Rect.Dx(), line.Rect.Dy(), line.Pix}}
}

// across writes the mark over a picture, every second line of it half a mark further on.
func (m mark) across(img *image.RGBA) {
	zoom := max(1, float64(img.Rect.Dx())/markAcross)
	sin, cos := math.Sincos(markTilt)
	sin, cos = sin/zoom, cos/zoom
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			u, v := float64(x)*cos+float64(y)*sin, float64(y)*cos-float64(x)*sin
			ink := m.density(u, v)
			shine := m.density(u-1/zoom, v-1/zoom) * (1 - ink)
			if ink == 0 && shine == 0 {
				continue
			}
			pixel := img.Pix[img.PixOffset(x, y):][:3]
			for i, p := range pixel {
				c := float64(p)
				pixel[i] = byte(c + markStrength*(ink*(markInk-c)+shine*(markShine-c)) + 0.5)
			}
		}
	}
}

// density gives how much ink the endless pattern has at a place, 0 to 1.
func (m mark) density(u, v float64) float64 {
	line := math.Floor(v / float64(m.h))
	v -= line * float64(m.h)
	u += line * float64(m.w) / 2
	u -= math.Floor(u/float64(m.w)) * float64(m.w)
	x, y := int(u), int(v)
	right, below := u-float64(x), v-float64(y)
	upper := m.at(x, y)*(1-right) + m.at(x+1, y)*right
	lower := m.at(x, y+1)*(1-right) + m.at(x+1, y+1)*right
	return (upper*(1-below) + lower*below) / 255
}

func (m mark) at(x, y int) float64 { return float64(m.pix[y%m.h*m.w+x%m.w]) }
