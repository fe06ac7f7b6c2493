package picture

import (
	"image"
	"slices"
)

// plane is a picture of one value a pixel: brightness, or density of ink.
type plane struct {
	w, h int
	pix  []byte
}

func newPlane(w, h int) plane { return plane{w, h, make([]byte, w*h)} }

// planeOf gives the brightness of a picture that begins at the origin.
func planeOf(img *image.RGBA) plane {
	p := newPlane(img.Rect.Dx(), img.Rect.Dy())
	for i := range p.pix {
		p.pix[i] = byte(brightness(img.Pix[4*i:]))
	}
	return p
}

func (p plane) bounds() image.Rectangle { return image.Rect(0, 0, p.w, p.h) }

// levels is the brightness of the paper, tile by tile.
type levels struct {
	tile int // pixels of a side
	plane
}

// tiles is how many tiles there are along the shorter side: few enough for a tile to be wider than a
// stroke, enough to follow a shadow.
const tiles = 8

// paper measures the paper behind the ink. In each tile the brightest tenth is paper, unless a broad
// stroke fills it; closing (the brightest of the neighbours, then the darkest of those) fills such
// holes and leaves a shadow that falls across the page as it is. Much darker than the rest is no
// shadow: it stays dark.
func (p plane) paper() levels {
	tile := max(8, min(p.w, p.h)/tiles)
	l := levels{tile, newPlane((p.w+tile-1)/tile, (p.h+tile-1)/tile)}
	for i := range l.pix {
		x, y := i%l.w*tile, i/l.w*tile
		l.pix[i] = p.within(image.Rect(x, y, x+tile, y+tile).Intersect(p.bounds())).quantile(0.9)
	}
	l.plane = l.neighbours(slices.Max[[]byte]).neighbours(slices.Min[[]byte])
	floor := l.within(l.bounds()).quantile(0.9) / 2
	for i := range l.pix {
		l.pix[i] = max(l.pix[i], floor, 1)
	}
	return l
}

// typical is the brightness of the paper in the middle of its range.
func (l levels) typical() int { return int(l.within(l.bounds()).quantile(0.5)) }

// neighbours gives each pixel what choose makes of it and those around it.
func (p plane) neighbours(choose func([]byte) byte) plane {
	out := newPlane(p.w, p.h)
	around := make([]byte, 0, 9)
	for i := range out.pix {
		at := image.Pt(i%p.w, i/p.w)
		area := image.Rectangle{Min: at, Max: at.Add(image.Pt(1, 1))}.Inset(-1).Intersect(p.bounds())
		around = around[:0]
		for y := area.Min.Y; y < area.Max.Y; y++ {
			around = append(around, p.pix[y*p.w+area.Min.X:y*p.w+area.Max.X]...)
		}
		out.pix[i] = choose(around)
	}
	return out
}

// even makes the paper 255 everywhere; between the middles of tiles its level is interpolated.
func (p plane) even(l levels) {
	across := make([]float32, l.w)
	for y := range p.h {
		above, below, part := l.place(y, l.h)
		for i := range across {
			a, b := float32(l.pix[above*l.w+i]), float32(l.pix[below*l.w+i])
			across[i] = a + (b-a)*part
		}
		row := p.pix[y*p.w:][:p.w]
		for x, v := range row {
			left, right, part := l.place(x, l.w)
			level := across[left] + (across[right]-across[left])*part
			row[x] = byte(min(255, float32(v)*255/level+0.5))
		}
	}
}

// place says between which of n tiles a pixel lies, and how far from the first to the second.
func (l levels) place(at, n int) (first, second int, part float32) {
	f := (float32(at)+0.5)/float32(l.tile) - 0.5
	if f <= 0 {
		return 0, 0, 0
	}
	first = min(int(f), n-1)
	return first, min(first+1, n-1), f - float32(first)
}

// histogram counts pixels by their value.
type histogram [256]int

func (p plane) histogram() *histogram { return p.within(p.bounds()) }

func (p plane) within(area image.Rectangle) *histogram {
	var h histogram
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for _, v := range p.pix[y*p.w+area.Min.X : y*p.w+area.Max.X] {
			h[v]++
		}
	}
	return &h
}

// sum counts the pixels of values from first to last, and adds their values up.
func (h *histogram) sum(first, last int) (count, total int) {
	for v := first; v <= last; v++ {
		count, total = count+h[v], total+v*h[v]
	}
	return count, total
}

// quantile gives the value that this share of the pixels does not exceed.
func (h *histogram) quantile(share float64) byte {
	all, _ := h.sum(0, 255)
	count := 0
	for v := range h {
		if count += h[v]; float64(count) >= share*float64(all) {
			return byte(v)
		}
	}
	return 255
}

// cut parts ink from paper: ink is what is not brighter than at. dark and light are their means.
type cut struct{ at, dark, light int }

// density says how much of a pixel of this brightness is ink, 0 to 255.
func (c cut) density(v byte) byte {
	black, white := (c.dark+c.at)/2, (c.at+c.light+1)/2
	return byte(255 * (white - min(max(int(v), black), white)) / (white - black))
}

// cut finds Otsu's threshold. Where there is very little ink, that may part the paper in two; then it
// is looked for again among what is darker, until the difference is one of ink and paper.
func (h *histogram) cut(contrast int) (cut, bool) {
	for last := 255; last > 0; {
		at, ok := h.otsu(last)
		if !ok {
			break
		}
		inkCount, inkTotal := h.sum(0, at)
		paperCount, paperTotal := h.sum(at+1, 255)
		c := cut{at: at, dark: inkTotal / inkCount, light: paperTotal / paperCount}
		if c.light-c.dark >= contrast {
			return c, true
		}
		last = at
	}
	return cut{}, false
}

// otsu gives the threshold that parts the values up to last into the two classes that differ most; of
// several alike the one in the middle. There is none when all pixels have one value.
func (h *histogram) otsu(last int) (at int, ok bool) {
	count, total := h.sum(0, last)
	var best float64
	var from, to, below, belowTotal int
	for v := range last {
		below, belowTotal = below+h[v], belowTotal+v*h[v]
		if below == 0 || below == count {
			continue
		}
		above := count - below
		difference := float64(belowTotal)/float64(below) - float64(total-belowTotal)/float64(above)
		if variance := float64(below) * float64(above) * difference * difference; variance > best {
			best, from, to = variance, v, v
		} else if variance == best { //nolint:staticcheck // exactly: between two values nothing changes
			to = v
		}
	}
	return (from + to) / 2, best > 0
}
