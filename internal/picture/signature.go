package picture

import (
	"bytes"
	"image"
	"image/png"

	"golang.org/x/image/draw"
)

// Signature checks an upload and gives the signature as it is kept: a PNG that fits into Width ×
// Height, black ink on nothing, cropped, upright. What breaks a rule is one of this package's errors.
//
// The paper may be lit unevenly, as a hand and a telephone make it: brightness is measured against the
// paper around, before Otsu's threshold parts ink from paper.
func Signature(raw []byte, rules Rules) ([]byte, error) {
	out, err := signature(raw, rules)
	if err != nil {
		return nil, oneOf("signature", err)
	}
	return out, nil
}

func signature(raw []byte, rules Rules) ([]byte, error) {
	r := rules.Signature
	u, err := admit(raw, rules)
	if err != nil {
		return nil, err
	}
	img, err := u.decode()
	if err != nil {
		return nil, err
	}
	area := trimmed(img.Bounds(), r.Trim)
	k := 1
	for (area.Dx()/k)*(area.Dy()/k) > r.WorkPixels {
		k++
	}
	found, err := r.find(planeOf(u.turn.upright(reduce(img, area, k))))
	if err != nil {
		return nil, err
	}
	if k*max(found.box.Dx(), found.box.Dy()) < r.MinSide {
		return nil, filled(ErrSignatureTooSmall, r.MinSide)
	}
	drawn := r.fit(found.draw(part(r.Margin, max(found.box.Dx(), found.box.Dy()))))
	// Strokes of a hair's breadth may be gone now. What is kept has to be a signature by the same measure.
	if _, err := r.find(drawn.onWhite()); err != nil {
		return nil, err
	}
	return drawn.encode()
}

// trimmed leaves a share of a picture out on each side.
func trimmed(in image.Rectangle, share float64) image.Rectangle {
	off := image.Pt(int(share*float64(in.Dx())), int(share*float64(in.Dy())))
	return image.Rectangle{Min: in.Min.Add(off), Max: in.Max.Sub(off)}
}

// ink is a signature in its picture.
type ink struct {
	picture plane // the paper is 255
	strokes []bool
	box     image.Rectangle // of the strokes
	cut     cut
}

// find tells the ink from the paper.
func (r SignatureRules) find(picture plane) (ink, error) {
	paper := picture.paper()
	if paper.typical() < r.MinPaper {
		return ink{}, ErrSignatureBackground
	}
	picture.even(paper)
	c, ok := picture.histogram().cut(r.MinContrast)
	if !ok {
		return ink{}, ErrSignatureBlank
	}
	pixels := float64(len(picture.pix))
	if dark, _ := picture.histogram().sum(0, c.at); float64(dark) > r.MaxInk*pixels {
		return ink{}, ErrSignatureCrowded
	}
	found := ink{picture: picture, cut: c}
	count, atEdge := found.trace(int(r.SpeckPerMillion * pixels / 1e6))
	margin := part(r.Margin, max(found.box.Dx(), found.box.Dy()))
	crop := found.box.Inset(-margin)
	switch {
	case float64(count) < r.MinInk*pixels:
		return ink{}, ErrSignatureBlank
	case atEdge:
		return ink{}, ErrSignatureAtEdge
	case float64(count) > r.MaxInk*float64(crop.Dx()*crop.Dy()):
		return ink{}, ErrSignatureCrowded
	}
	return found, nil
}

// draw gives how dense the ink is, 0 to 255, cropped to the strokes and a margin around them. Between
// ink and paper it rises softly, on the strokes and on the pixels beside them only.
func (i *ink) draw(margin int) plane {
	out := newPlane(i.box.Dx()+2*margin, i.box.Dy()+2*margin)
	area := i.box.Inset(-1).Intersect(i.picture.bounds())
	shift := image.Pt(margin, margin).Sub(i.box.Min)
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			if i.nearStroke(x, y) {
				out.pix[(y+shift.Y)*out.w+x+shift.X] = i.cut.density(i.picture.pix[y*i.picture.w+x])
			}
		}
	}
	return out
}

// fit makes a drawing small enough, never larger.
func (r SignatureRules) fit(drawn plane) plane {
	w, h := drawn.w, drawn.h
	if w > r.Width {
		w, h = r.Width, max(1, h*r.Width/w)
	}
	if h > r.Height {
		w, h = max(1, w*r.Height/h), r.Height
	}
	if w == drawn.w && h == drawn.h {
		return drawn
	}
	scaled := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.BiLinear.Scale(scaled, scaled.Rect, drawn.grey(), drawn.bounds(), draw.Src, nil)
	return planeOf(scaled)
}

// encode writes black ink of a drawing's density. The encoder writes no chunk but those that a decoder
// needs.
func (p plane) encode() ([]byte, error) {
	img := image.NewNRGBA(p.bounds())
	for i, density := range p.pix {
		img.Pix[4*i+3] = density
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// onWhite gives the brightness of a drawing on white paper.
func (p plane) onWhite() plane {
	out := newPlane(p.w, p.h)
	for i, density := range p.pix {
		out.pix[i] = 255 - density
	}
	return out
}

func (p plane) grey() *image.Gray {
	return &image.Gray{Pix: p.pix, Stride: p.w, Rect: p.bounds()}
}
