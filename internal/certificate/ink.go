package certificate

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
)

// maxInkPixels bounds a signature image; the rules for its collection say 600×240.
const maxInkPixels = 1 << 20

// inkShade is how dark the ink of a signature image is drawn.
const inkShade = 0x18

// inked is a signature as a mask: how much ink is where.
type inked struct {
	width, height int
	mask          []byte // one byte a pixel, deflated
}

// inkOf reads a PNG of ink on a transparent ground, and keeps where the ink is.
func (p *Press) inkOf(raw []byte) (*inked, error) {
	cfg, err := png.DecodeConfig(bytes.NewReader(raw))
	if err == nil && (cfg.Width*cfg.Height > maxInkPixels || cfg.Width*cfg.Height == 0) {
		err = fmt.Errorf("%d × %d pixels", cfg.Width, cfg.Height)
	}
	if err != nil {
		return nil, ErrImage.On("signature").Because(err)
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, ErrImage.On("signature").Because(err)
	}
	b := img.Bounds()
	mask := make([]byte, 0, b.Dx()*b.Dy())
	for y := b.Min.Y; y < b.Max.Y; y++ {
		mask = appendAlpha(mask, img, y)
	}
	if bytes.Count(mask, []byte{0xff}) == len(mask) { // no transparent ground: it would print as a black box
		return nil, ErrImage.On("signature").Because(errors.New("no transparent ground"))
	}
	return &inked{b.Dx(), b.Dy(), p.packer.deflated(mask)}, nil
}

// appendAlpha appends one line's alpha; the usual kind of image without a call for every pixel.
func appendAlpha(mask []byte, img image.Image, y int) []byte {
	b := img.Bounds()
	if n, ok := img.(*image.NRGBA); ok {
		line := n.Pix[n.PixOffset(b.Min.X, y):]
		for x := range b.Dx() {
			mask = append(mask, line[4*x+3])
		}
		return mask
	}
	for x := b.Min.X; x < b.Max.X; x++ {
		mask = append(mask, color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA).A)
	}
	return mask
}

// ink draws the signature as large as the area allows, in its middle.
func (p *pen) ink(s *inked, a area) {
	scale := min(a.w/float64(s.width), a.h/float64(s.height))
	w, h := scale*float64(s.width), scale*float64(s.height)
	p.save()
	p.exact("cm", w, 0, 0, -h, a.x+(a.w-w)/2, a.y+(a.h+h)/2)
	p.draw("Ink")
	p.restore()
}
