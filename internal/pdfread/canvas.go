package pdfread

import (
	"image"
	"math"
)

// matrix is a transformation [a b c d e f] (8.3.4).
type matrix [6]float64

var unit = matrix{1, 0, 0, 1, 0, 0}

// times gives the transformation that does m first and then n.
func (m matrix) times(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

func (m matrix) point(x, y float64) (float64, float64) {
	return x*m[0] + y*m[2] + m[4], x*m[1] + y*m[3] + m[5]
}

// inverse gives the transformation back; false where there is none.
func (m matrix) inverse() (matrix, bool) {
	d := m[0]*m[3] - m[1]*m[2]
	if math.Abs(d) < 1e-12 || math.IsNaN(d) || math.IsInf(d, 0) {
		return unit, false
	}
	return matrix{
		m[3] / d, -m[1] / d, -m[2] / d, m[0] / d,
		(m[2]*m[5] - m[3]*m[4]) / d, (m[1]*m[4] - m[0]*m[5]) / d,
	}, true
}

// canvas is the page in shades of grey, as far as rectangles and images make it.
type canvas struct {
	img  *image.Gray
	page matrix // from the page's units to pixels
	cost int    // how many pixels may still be painted over
}

// The canvas has this many pixels along the longer side of the page: on A4 six a millimetre, five for a module of our code.
const canvasSide = 1782

// maxPaint is how often the whole canvas may be painted over.
const maxPaint = 20

func newCanvas(box []float64) *canvas {
	if box == nil || !(box[2]-box[0] > 1) || !(box[3]-box[1] > 1) || box[2]-box[0] > 20_000 || box[3]-box[1] > 20_000 {
		box = []float64{0, 0, 595, 842}
	}
	w, h := box[2]-box[0], box[3]-box[1]
	s := canvasSide / max(w, h)
	c := &canvas{img: image.NewGray(image.Rect(0, 0, max(16, int(w*s)), max(16, int(h*s))))}
	for i := range c.img.Pix {
		c.img.Pix[i] = 255
	}
	c.cost = maxPaint * len(c.img.Pix)
	c.page = matrix{s, 0, 0, -s, -box[0] * s, box[3] * s}
	return c
}

// reach gives the pixels that the unit square of a transformation may touch.
func (c *canvas) reach(m matrix) image.Rectangle {
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, corner := range [][2]float64{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
		x, y := m.point(corner[0], corner[1])
		if math.IsNaN(x) || math.IsNaN(y) {
			return image.Rectangle{}
		}
		x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
	}
	within := func(v float64) int { return int(max(-1, min(v, canvasSide+1))) }
	return image.Rect(within(math.Floor(x0)), within(math.Floor(y0)), within(math.Ceil(x1)), within(math.Ceil(y1))).Intersect(c.img.Rect)
}

// paint colours every pixel whose middle lies in the unit square of a transformation, by its place there.
func (c *canvas) paint(m matrix, shade func(u, v float64) (uint8, bool)) {
	back, ok := m.inverse()
	if !ok {
		return
	}
	r := c.reach(m)
	if c.cost -= r.Dx()*r.Dy() + 1; c.cost < 0 {
		return
	}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			u, v := back.point(float64(x)+0.5, float64(y)+0.5)
			if u < 0 || v < 0 || u >= 1 || v >= 1 {
				continue
			}
			if s, opaque := shade(u, v); opaque {
				c.img.Pix[c.img.PixOffset(x, y)] = s
			}
		}
	}
}

// rectangle fills one, given in the units of a transformation.
func (c *canvas) rectangle(m matrix, r [4]float64, shade uint8) {
	c.paint(matrix{r[2], 0, 0, r[3], r[0], r[1]}.times(m).times(c.page), func(float64, float64) (uint8, bool) { return shade, true })
}

// picture places an image into the unit square, its first line on top. Where a mask says nothing is drawn, nothing is.
func (c *canvas) picture(m matrix, img, mask *image.Gray) {
	at := func(g *image.Gray, u, v float64) uint8 {
		return g.Pix[g.PixOffset(int(u*float64(g.Rect.Dx())), int((1-v)*float64(g.Rect.Dy())*(1-1e-12)))]
	}
	c.paint(m.times(c.page), func(u, v float64) (uint8, bool) {
		if v == 0 {
			v = 1e-9
		}
		if mask != nil && at(mask, u, v) < 128 {
			return 0, false
		}
		return at(img, u, v), true
	})
}
