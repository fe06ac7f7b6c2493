package certificate

import (
	"bytes"
	"compress/zlib"
	"math"
	"strconv"
	"sync"
)

// mm is a millimetre in the points of a PDF.
const mm = 72 / 25.4

// The page is A4, in millimetres. Everything drawn by a pen is in millimetres from the top left corner.
const (
	pageWidth  = 210.0
	pageHeight = 297.0
)

type point struct{ x, y float64 }

// between gives the point that far on the way from a to b.
func between(a, b point, part float64) point {
	return point{a.x + (b.x-a.x)*part, a.y + (b.y-a.y)*part}
}

// polar gives the point at an angle (0 to the right, growing clockwise) and a distance from a centre.
func polar(c point, angle, radius float64) point {
	return point{c.x + radius*math.Cos(angle), c.y + radius*math.Sin(angle)}
}

// shade is a shade of the page, 0xRRGGBB.
type shade uint32

// The page's colours: ink for what is said, green and gold for what adorns, red for the seals alone.
const (
	ink       shade = 0x1D2422
	muted     shade = 0x6F6A5E
	green     shade = 0x1E4B45
	paleGreen shade = 0xDDE9E4
	gold      shade = 0xA98A45
	paleGold  shade = 0xE4D9BC
	tint      shade = 0xFBF8EF
	mist      shade = 0xF0F1EA
	warning   shade = 0x8C5A12
	vermilion shade = 0xC5161D
	white     shade = 0xFFFFFF
)

func (c shade) rgb() (r, g, b uint8) { return uint8(c >> 16), uint8(c >> 8), uint8(c) }

func (c shade) parts() []float64 {
	r, g, b := c.rgb()
	return []float64{float64(r) / 255, float64(g) / 255, float64(b) / 255}
}

// pen writes the drawing operators of a PDF content stream (ISO 32000-1, 8.5).
type pen struct {
	buf      bytes.Buffer
	decimals int // of the numbers; 0: two
}

// whole is for a pen that writes whole numbers.
const whole = -1

func (p *pen) op(name string, numbers ...float64) {
	decimals := p.decimals
	switch decimals {
	case 0:
		decimals = 2
	case whole:
		decimals = 0
	}
	b := p.buf.AvailableBuffer()
	for _, n := range numbers {
		b = append(appendNumber(b, n, decimals), ' ')
	}
	b = append(append(b, name...), '\n')
	p.buf.Write(b)
}

// appendNumber writes a number as short as it gets.
func appendNumber(b []byte, n float64, decimals int) []byte {
	start := len(b)
	b = strconv.AppendFloat(b, n, 'f', decimals, 64)
	if decimals > 0 {
		b = bytes.TrimRight(b, "0")
		b = bytes.TrimSuffix(b, []byte("."))
	}
	if text := string(b[start:]); text == "-0" || text == "" {
		b = append(b[:start], '0')
	}
	return b
}

func (p *pen) move(a point)        { p.op("m", a.x, a.y) }
func (p *pen) line(a point)        { p.op("l", a.x, a.y) }
func (p *pen) curve(a, b, c point) { p.op("c", a.x, a.y, b.x, b.y, c.x, c.y) }
func (p *pen) close()              { p.op("h") }
func (p *pen) fill()               { p.op("f") }
func (p *pen) stroke()             { p.op("S") }
func (p *pen) save()               { p.op("q") }
func (p *pen) restore()            { p.op("Q") }
func (p *pen) width(w float64)     { p.op("w", w) }
func (p *pen) fillColor(c shade)   { p.exact("rg", c.parts()...) }
func (p *pen) strokeColor(c shade) { p.exact("RG", c.parts()...) }
func (p *pen) draw(name string)    { p.buf.WriteString("/" + name + " Do\n") }
func (p *pen) shift(x, y float64)  { p.exact("cm", 1, 0, 0, 1, x, y) }

// exact writes with four decimals, where two would show.
func (p *pen) exact(name string, numbers ...float64) {
	before := p.decimals
	p.decimals = 4
	p.op(name, numbers...)
	p.decimals = before
}

func (p *pen) rect(x, y, w, h float64) { p.exact("re", x, y, w, h) }

// topLeft makes the units millimetres, and y point down from the top of the page.
func (p *pen) topLeft() { p.exact("cm", mm, 0, 0, -mm, 0, pageHeight*mm) }

// circle adds a circle to the path, as four curves.
func (p *pen) circle(c point, r float64) {
	const k = 0.5522847
	p.move(point{c.x + r, c.y})
	p.curve(point{c.x + r, c.y + k*r}, point{c.x + k*r, c.y + r}, point{c.x, c.y + r})
	p.curve(point{c.x - k*r, c.y + r}, point{c.x - r, c.y + k*r}, point{c.x - r, c.y})
	p.curve(point{c.x - r, c.y - k*r}, point{c.x - k*r, c.y - r}, point{c.x, c.y - r})
	p.curve(point{c.x + k*r, c.y - r}, point{c.x + r, c.y - k*r}, point{c.x + r, c.y})
	p.close()
}

// rounded adds a rectangle with round corners to the path.
func (p *pen) rounded(x, y, w, h, r float64) {
	k := r * (1 - 0.5522847)
	p.move(point{x + r, y})
	p.line(point{x + w - r, y})
	p.curve(point{x + w - k, y}, point{x + w, y + k}, point{x + w, y + r})
	p.line(point{x + w, y + h - r})
	p.curve(point{x + w, y + h - k}, point{x + w - k, y + h}, point{x + w - r, y + h})
	p.line(point{x + r, y + h})
	p.curve(point{x + k, y + h}, point{x, y + h - k}, point{x, y + h - r})
	p.line(point{x, y + r})
	p.curve(point{x, y + k}, point{x + k, y}, point{x + r, y})
	p.close()
}

// deflated compresses what a stream of the PDF holds.
func deflated(raw []byte) []byte {
	var b bytes.Buffer
	w, _ := zlib.NewWriterLevel(&b, zlib.BestCompression) // a level that exists
	_, _ = w.Write(raw)                                   // into memory
	_ = w.Close()
	return b.Bytes()
}

// packer compresses what every certificate has of its own: quickly, and with writers that are used again, because making one
// costs more than what it writes.
type packer struct{ pool sync.Pool }

func (p *packer) deflated(raw []byte) []byte {
	var b bytes.Buffer
	w, ok := p.pool.Get().(*zlib.Writer)
	if !ok {
		w, _ = zlib.NewWriterLevel(&b, zlib.BestSpeed)
	}
	w.Reset(&b)
	_, _ = w.Write(raw)
	_ = w.Close()
	p.pool.Put(w)
	return b.Bytes()
}
