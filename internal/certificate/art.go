package certificate

import "math"

// The frame: an outer line, a band of interlaced waves with a rosette in each corner, and an inner line.
const (
	frameOuter = 8.0
	bandOuter  = 9.0
	band       = 6.0
	frameInner = bandOuter + band + 1
	wave       = 6.0 // length of one wave
)

// graph adds the curve of a function from x0 to x1 to the path, in steps short enough for cubic curves.
func (p *pen) graph(f func(t float64) point, t0, t1 float64, steps int) {
	h := (t1 - t0) / float64(steps)
	slope := func(t float64) point {
		const e = 1e-5
		a, b := f(t-e), f(t+e)
		return point{(b.x - a.x) / (2 * e), (b.y - a.y) / (2 * e)}
	}
	from := f(t0)
	p.move(from)
	for i := 1; i <= steps; i++ {
		a, b := t0+h*float64(i-1), t0+h*float64(i)
		to, sa, sb := f(b), slope(a), slope(b)
		p.curve(point{from.x + sa.x*h/3, from.y + sa.y*h/3}, point{to.x - sb.x*h/3, to.y - sb.y*h/3}, to)
		from = to
	}
}

// waveTile draws one wave of the band, around y = 0.
func waveTile() []byte {
	p := &pen{decimals: 3}
	for _, s := range []struct {
		height, width float64
		waves         float64
		c             shade
		phases        int
	}{
		{2.55, 0.13, 1, gold, 4},
		{1.5, 0.11, 1, green, 4},
		{0.55, 0.11, 2, gold, 2},
	} {
		p.strokeColor(s.c)
		p.width(s.width)
		for k := range s.phases {
			p.graph(func(x float64) point {
				return point{x, s.height * math.Sin(2*math.Pi*(x*s.waves/wave+float64(k)/float64(s.phases)))}
			}, 0, wave, int(4*s.waves))
		}
		p.stroke()
	}
	return p.buf.Bytes()
}

// petal draws one closed curve of a rosette around 0, 0.
func petal(radius, swing float64, petals int, c shade, width float64) []byte {
	p := &pen{}
	p.strokeColor(c)
	p.width(width)
	p.graph(func(t float64) point {
		return polar(point{}, t, radius+swing*math.Cos(float64(petals)*t))
	}, 0, 2*math.Pi, 6*petals)
	p.close()
	p.stroke()
	return p.buf.Bytes()
}

// turned draws a form several times, each turned further by an equal part of an angle.
func (p *pen) turned(form string, c point, angle float64, times int) {
	p.save()
	p.shift(c.x, c.y)
	step := angle / float64(times)
	for range times {
		p.draw(form)
		p.exact("cm", math.Cos(step), math.Sin(step), -math.Sin(step), math.Cos(step), 0, 0)
	}
	p.restore()
}

// The rosette behind the text, and the small ones in the corners: how many petals, and how often each is turned.
const (
	petals      = 9
	petalTurns  = 10
	innerPetals = 6
	innerTurns  = 9
)

// forms are the drawings that the background repeats, by the name under which it does.
func forms() map[string][]byte {
	return map[string][]byte{
		"Wave":   waveTile(),
		"Petal":  petal(62, 13, petals, 0xE6EFEA, 0.22),
		"Inner":  petal(33, 12, innerPetals, 0xF1E9D5, 0.22),
		"Corner": petal(1.75, 0.85, 6, gold, 0.12),
	}
}

// background draws what is the same on every certificate.
func background() []byte {
	p := &pen{}
	p.save()
	p.topLeft()
	centre := point{pageWidth / 2, 150}
	p.turned("Petal", centre, 2*math.Pi/petals, petalTurns)
	p.turned("Inner", centre, 2*math.Pi/innerPetals, innerTurns)
	p.frame()
	p.ornament(point{pageWidth / 2, 61.5})
	p.restore()
	return p.buf.Bytes()
}

func (p *pen) frame() {
	outline := func(inset, width float64, c shade) {
		p.strokeColor(c)
		p.width(width)
		p.rect(inset, inset, pageWidth-2*inset, pageHeight-2*inset)
		p.stroke()
	}
	outline(frameOuter, 0.45, green)
	outline(frameInner, 0.2, green)
	outline(frameInner+0.9, 0.12, gold)

	middle := bandOuter + band/2
	inset := bandOuter + band
	across, down := pageWidth-2*inset, pageHeight-2*inset
	p.waves(point{inset, middle}, across, false)
	p.waves(point{inset, pageHeight - middle}, across, false)
	p.waves(point{middle, inset}, down, true)
	p.waves(point{pageWidth - middle, inset}, down, true)
	for _, x := range []float64{middle, pageWidth - middle} {
		for _, y := range []float64{middle, pageHeight - middle} {
			p.corner(point{x, y})
		}
	}
}

// waves repeats the wave along one side, stretched a little so that whole waves fill it.
func (p *pen) waves(from point, length float64, down bool) {
	n := math.Round(length / wave)
	s := length / n / wave
	p.save()
	if down {
		p.exact("cm", 0, s, 1, 0, from.x, from.y)
	} else {
		p.exact("cm", s, 0, 0, 1, from.x, from.y)
	}
	for range int(n) {
		p.draw("Wave")
		p.shift(wave, 0)
	}
	p.restore()
}

func (p *pen) corner(c point) {
	p.fillColor(white)
	p.strokeColor(green)
	p.width(0.25)
	p.rect(c.x-band/2, c.y-band/2, band, band)
	p.op("B")
	p.turned("Corner", c, 2*math.Pi/6, 5)
	p.fillColor(green)
	p.circle(c, 0.45)
	p.fill()
}

// ornament is the line under the title: it swells towards a rhombus in the middle.
func (p *pen) ornament(c point) {
	p.fillColor(gold)
	for _, side := range []float64{-1, 1} {
		p.move(point{c.x + side*4, c.y - 0.28})
		p.line(point{c.x + side*58, c.y})
		p.line(point{c.x + side*4, c.y + 0.28})
		p.close()
		p.circle(point{c.x + side*2.7, c.y}, 0.35)
	}
	p.move(point{c.x - 1.5, c.y})
	p.line(point{c.x, c.y - 1.5})
	p.line(point{c.x + 1.5, c.y})
	p.line(point{c.x, c.y + 1.5})
	p.close()
	p.fill()
}

// watermark is the text that lies behind everything, drawn as shapes so that nobody selects it.
func (p *Press) watermark(text string) []byte {
	w := &pen{}
	w.fillColor(mist)
	size := 4.4
	p.regular.outlines(w, text, -p.regular.width(text, size, 0.3)/2, 0, size, 0.3)
	return w.buf.Bytes()
}

// watermarks spreads the text over the page.
func (p *pen) watermarks() {
	p.save()
	p.rect(frameInner+1, frameInner+1, pageWidth-2*(frameInner+1), pageHeight-2*(frameInner+1))
	p.op("W")
	p.op("n")
	const angle = -math.Pi / 7
	for n := range 9 {
		for _, x := range []float64{-35, 35, 105, 175, 245} {
			if n%2 == 1 {
				x += 35
			}
			p.save()
			p.exact("cm", math.Cos(angle), math.Sin(angle), -math.Sin(angle), math.Cos(angle), x, 24+float64(n)*32)
			p.draw("Mark")
			p.restore()
		}
	}
	p.restore()
}
