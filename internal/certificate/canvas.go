package certificate

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/vector"
)

// canvas is pixels that are drawn on. Everything is given in pixels from the top left corner.
type canvas struct {
	img    *image.RGBA
	clip   image.Rectangle
	raster vector.Rasterizer
	mask   *image.Alpha // used again and again
}

func newCanvas(img *image.RGBA) *canvas {
	return &canvas{img: img, clip: img.Bounds(), mask: &image.Alpha{}}
}

// outline is a path: lines and curves, the latter as lines short enough that nobody sees it.
type outline struct {
	parts [][]point
	open  bool // the last part goes on
}

func (o *outline) move(p point) {
	o.parts = append(o.parts, []point{p})
	o.open = true
}

func (o *outline) line(p point) {
	if !o.open {
		o.move(o.at())
	}
	last := len(o.parts) - 1
	o.parts[last] = append(o.parts[last], p)
}

// at is where the path has come to.
func (o *outline) at() point {
	if len(o.parts) == 0 {
		return point{}
	}
	last := o.parts[len(o.parts)-1]
	if !o.open {
		return last[0] // closed: back at its beginning
	}
	return last[len(last)-1]
}

// curve goes in steps of about two pixels.
func (o *outline) curve(b, c, d point) {
	a := o.at()
	length := math.Hypot(b.x-a.x, b.y-a.y) + math.Hypot(c.x-b.x, c.y-b.y) + math.Hypot(d.x-c.x, d.y-c.y)
	steps := int(max(3, min(48, math.Ceil(length/2))))
	for i := 1; i <= steps; i++ {
		t := float64(i) / float64(steps)
		u := 1 - t
		k0, k1, k2, k3 := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
		o.line(point{k0*a.x + k1*b.x + k2*c.x + k3*d.x, k0*a.y + k1*b.y + k2*c.y + k3*d.y})
	}
}

// closed ends a part where it began.
func (o *outline) close() {
	if o.open {
		last := len(o.parts) - 1
		o.parts[last] = append(o.parts[last], o.parts[last][0])
		o.open = false
	}
}

// bounds is the smallest rectangle of whole pixels around the path, and a margin.
func (o *outline) bounds(margin float64) image.Rectangle {
	low, high := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for _, part := range o.parts {
		for _, p := range part {
			low = point{min(low.x, p.x), min(low.y, p.y)}
			high = point{max(high.x, p.x), max(high.y, p.y)}
		}
	}
	if low.x > high.x {
		return image.Rectangle{}
	}
	return image.Rect(int(math.Floor(low.x-margin)), int(math.Floor(low.y-margin)), int(math.Ceil(high.x+margin)), int(math.Ceil(high.y+margin)))
}

// brush is how a path is laid on.
type brush struct {
	shade    color.RGBA
	multiply bool // what is below shines through
}

// fill lays ink inside the path.
func (c *canvas) fill(o *outline, b brush) {
	c.lay(o.bounds(0), b, func(off point) {
		for _, part := range o.parts {
			c.polygon(off, part)
		}
	})
}

// stroke draws along the path, that many pixels wide.
func (c *canvas) stroke(o *outline, width float64, b brush) {
	half := width / 2
	c.lay(o.bounds(half+1), b, func(off point) {
		for _, part := range o.parts {
			for i := 1; i < len(part); i++ {
				c.segment(off, part[i-1], part[i], half)
				if half > 1 && i+1 < len(part) { // a corner of a thick line would gape
					c.dot(off, part[i], half)
				}
			}
		}
	})
}

// segment is one straight piece of a stroke. All pieces turn the same way, so that where they overlap ink adds to ink.
func (c *canvas) segment(off, a, b point, half float64) {
	length := math.Hypot(b.x-a.x, b.y-a.y)
	if length == 0 {
		return
	}
	n := point{-(b.y - a.y) / length * half, (b.x - a.x) / length * half}
	c.polygon(off, []point{{a.x + n.x, a.y + n.y}, {a.x - n.x, a.y - n.y}, {b.x - n.x, b.y - n.y}, {b.x + n.x, b.y + n.y}})
}

func (c *canvas) dot(off, at point, r float64) {
	var corners []point
	for i := range 8 {
		corners = append(corners, polar(at, float64(i)*math.Pi/4, r))
	}
	c.polygon(off, corners)
}

func (c *canvas) polygon(off point, corners []point) {
	for i, p := range corners {
		if x, y := float32(p.x-off.x), float32(p.y-off.y); i == 0 {
			c.raster.MoveTo(x, y)
		} else {
			c.raster.LineTo(x, y)
		}
	}
	c.raster.ClosePath()
}

// lay rasterises what path adds, within bounds and the clip.
func (c *canvas) lay(bounds image.Rectangle, b brush, path func(off point)) {
	r := bounds.Intersect(c.clip)
	if r.Empty() {
		return
	}
	c.raster.Reset(r.Dx(), r.Dy())
	path(point{float64(r.Min.X), float64(r.Min.Y)})
	if !b.multiply {
		c.raster.Draw(c.img, r, image.NewUniform(b.shade), image.Point{})
		return
	}
	size := image.Rect(0, 0, r.Dx(), r.Dy())
	if need := size.Dx() * size.Dy(); cap(c.mask.Pix) < need {
		c.mask.Pix = make([]byte, need)
	}
	c.mask.Pix, c.mask.Stride, c.mask.Rect = c.mask.Pix[:size.Dx()*size.Dy()], size.Dx(), size
	clear(c.mask.Pix)
	c.raster.Draw(c.mask, size, image.Opaque, image.Point{})
	ink := [3]int{int(b.shade.R), int(b.shade.G), int(b.shade.B)}
	for y := range size.Dy() {
		line := c.img.Pix[c.img.PixOffset(r.Min.X, r.Min.Y+y):]
		for x, a := range c.mask.Pix[y*size.Dx() : (y+1)*size.Dx()] {
			if a == 0 {
				continue
			}
			for i, k := range ink {
				below := int(line[4*x+i])
				line[4*x+i] = byte((below*(255-int(a))*255 + below*k*int(a)) / (255 * 255))
			}
		}
	}
}
