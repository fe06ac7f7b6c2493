package pdfread

import (
	"bytes"
	"image"
)

// painter goes through drawing operators and keeps what a QR code can be made of: filled rectangles and images.
type painter struct {
	f      *File
	canvas *canvas
	tokens int // budgets that are left
	forms  int

	painted int              // how many rectangles and images
	barren  map[*Object]bool // drawings that paint none: a background repeats them many times
}

// maxContent bounds what a page's streams hold together.
const maxContent = 8 << 20

// state is what q saves and Q brings back.
type state struct {
	m    matrix
	fill uint8 // the shade that fills
}

// show draws the first page: its content, and on it the appearances of its annotations.
func (f *File) show() *image.Gray {
	page := f.page()
	if page == nil {
		return nil
	}
	p := &painter{f: f, canvas: newCanvas(f.numbers(page["MediaBox"], 4)), tokens: maxTokens, forms: maxForms, barren: map[*Object]bool{}}
	var content bytes.Buffer
	for _, part := range f.contents(page["Contents"]) {
		if content.Len() > maxContent {
			f.Whole = false
			break
		}
		if body, ok := f.Stream(part); ok {
			content.Write(body)
			content.WriteByte('\n')
		}
	}
	p.run(content.Bytes(), f.Dict(page["Resources"]), state{m: unit}, 0)
	for _, a := range f.Array(page["Annots"]) {
		p.annotation(f.Dict(a))
	}
	return p.canvas.img
}

// contents gives the streams of a page's content.
func (f *File) contents(v any) []*Object {
	if o := f.target(v); o != nil && o.stream != nil {
		return []*Object{o}
	}
	var out []*Object
	seen := map[*Object]bool{}
	for _, one := range f.Array(v) {
		if o := f.target(one); o != nil && len(out) < maxForms && !seen[o] { // honest content names none twice
			seen[o] = true
			out = append(out, o)
		}
	}
	return out
}

// annotation draws an annotation's appearance into its rectangle (12.5.5), unless it is hidden.
func (p *painter) annotation(a Dict) {
	const hidden = 1<<1 | 1<<5 // Hidden, NoView
	rect := p.f.numbers(a["Rect"], 4)
	if rect == nil || p.f.Int(a["F"])&hidden != 0 {
		return
	}
	normal := p.f.Dict(a["AP"])["N"]
	look := p.f.target(normal)
	if look == nil || look.stream == nil { // one of several states
		name, _ := p.f.Resolve(a["AS"]).(Name)
		look = p.f.target(p.f.Dict(normal)[name])
	}
	if look == nil || look.stream == nil {
		return
	}
	box := p.f.numbers(look.Dict()["BBox"], 4)
	if box == nil {
		return
	}
	x0, y0, x1, y1 := bounds(p.matrix(look.Dict()["Matrix"]), box)
	if x1-x0 <= 0 || y1-y0 <= 0 {
		return
	}
	sx, sy := (rect[2]-rect[0])/(x1-x0), (rect[3]-rect[1])/(y1-y0)
	p.form(look, state{m: matrix{sx, 0, 0, sy, rect[0] - x0*sx, rect[1] - y0*sy}}, 0)
}

// bounds gives the upright rectangle around a transformed box.
func bounds(m matrix, box []float64) (x0, y0, x1, y1 float64) {
	x0, y0 = m.point(box[0], box[1])
	x1, y1 = x0, y0
	for _, corner := range [][2]float64{{box[2], box[1]}, {box[0], box[3]}, {box[2], box[3]}} {
		x, y := m.point(corner[0], corner[1])
		x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
	}
	return x0, y0, x1, y1
}

func (p *painter) matrix(v any) matrix {
	if n := p.f.numbers(v, 6); n != nil {
		return matrix(n)
	}
	return unit
}

// form draws a drawing within the drawing.
func (p *painter) form(o *Object, s state, depth int) {
	if p.barren[o] {
		return
	}
	if depth > maxNesting || !p.pay() {
		p.f.Whole = false
		return
	}
	body, ok := p.f.Stream(o)
	if !ok {
		return
	}
	s.m = p.matrix(o.Dict()["Matrix"]).times(s.m)
	before := p.painted
	if p.run(body, p.f.Dict(o.Dict()["Resources"]), s, depth+1) && p.painted == before {
		p.barren[o] = true
	}
}

// pay takes one drawing or image from the budget.
func (p *painter) pay() bool {
	p.forms--
	return p.forms >= 0
}

// xobject draws what Do names.
func (p *painter) xobject(o *Object, s state, depth int) {
	if o == nil || o.stream == nil {
		return
	}
	d := o.Dict()
	switch d["Subtype"] {
	case Name("Form"):
		p.form(o, s, depth)
	case Name("Image"):
		p.painted++
		if !p.pay() {
			p.f.Whole = false
			return
		}
		img := p.f.picture(o)
		if img == nil {
			return
		}
		var mask *image.Gray
		if d["ImageMask"] == true { // it paints the present colour where it is 0
			mask, img = inverted(img), image.NewGray(image.Rect(0, 0, 1, 1))
			img.Pix[0] = s.fill
		} else if m := p.f.target(d["SMask"]); m != nil && m.stream != nil {
			mask = p.f.picture(m)
		}
		p.canvas.picture(s.m, img, mask)
	}
}

func inverted(g *image.Gray) *image.Gray {
	for i, v := range g.Pix {
		g.Pix[i] = 255 - v
	}
	return g
}
