package picture

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"
)

// A person who does not exist: shoulders, neck, hair, face, eyes and mouth, and a badge on one side of the chest, so that a
// mirrored picture is another one.
func person(w, h int, background color.Color) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Rect, image.NewUniform(background), image.Point{}, draw.Src)
	suit, skin, hair, badge := color.RGBA{40, 50, 80, 255}, color.RGBA{224, 178, 148, 255}, color.RGBA{40, 30, 26, 255}, color.RGBA{200, 30, 40, 255}
	for _, e := range []struct {
		cx, cy, rx, ry float64
		c              color.RGBA
	}{
		{0.5, 0.68, 0.09, 0.12, skin}, {0.5, 0.36, 0.24, 0.2, hair}, {0.5, 0.46, 0.2, 0.21, skin}, {0.42, 0.42, 0.03, 0.014, hair},
		{0.58, 0.42, 0.03, 0.014, hair}, {0.5, 0.56, 0.07, 0.012, hair}, {0.5, 1.02, 0.46, 0.3, suit}, {0.66, 0.86, 0.06, 0.03, badge},
	} {
		for y := max(0, int((e.cy-e.ry)*float64(h))); y < min(h, int((e.cy+e.ry)*float64(h))+1); y++ {
			dy := ((float64(y)+0.5)/float64(h) - e.cy) / e.ry
			half := e.rx * math.Sqrt(max(0, 1-dy*dy))
			row := image.Rect(int((e.cx-half)*float64(w)+0.5), y, int((e.cx+half)*float64(w)+0.5), y+1)
			draw.Draw(img, row, image.NewUniform(e.c), image.Point{}, draw.Src)
		}
	}
	return img
}

var white, nearlyWhite, blue = color.RGBA{255, 255, 255, 255}, color.RGBA{236, 238, 240, 255}, color.RGBA{67, 142, 219, 255}

// stored gives the picture as a camera stores it that is to be turned by t.
func stored(upright *image.RGBA, t turn) *image.RGBA {
	w, h := upright.Rect.Dx(), upright.Rect.Dy()
	if t.swaps() {
		w, h = h, w
	}
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range upright.Rect.Dy() {
		for x := range upright.Rect.Dx() {
			sx, sy := t.source(x, y, w, h)
			img.SetRGBA(sx, sy, upright.RGBAAt(x, y))
		}
	}
	return img
}

// page is a sheet that somebody signed: the paper's brightness at a place, the colour of the ink, and how far from true each
// pixel may be.
type page struct {
	w, h  int
	light func(x, y float64) float64 // 0 to 1, places from 0 to 1; nil: 1
	ink   color.RGBA
	noise float64
	// where the signature is, from 0 to 1
	left, top, right, bottom float64
	pen                      float64 // width, by the signature's height
}

var clean = page{w: 750, h: 350, ink: color.RGBA{20, 20, 24, 255}, left: 0.1, top: 0.15, right: 0.9, bottom: 0.85, pen: 0.045}

// The strokes of no real name, in a box of 2 × 1: each goes through its points on a smooth curve.
var strokes = [][][2]float64{
	{{0.05, 0.25}, {0.35, 0.18}, {0.6, 0.22}},
	{{0.3, 0.02}, {0.32, 0.5}, {0.12, 0.95}},
	{{0.33, 0.5}, {0.48, 0.75}, {0.62, 0.9}},
	{{0.8, 0.1}, {0.78, 0.5}, {0.8, 0.9}},
	{{0.8, 0.12}, {1.1, 0.08}, {1.2, 0.15}, {1.18, 0.8}, {1.1, 0.92}},
	{{0.85, 0.5}, {1.0, 0.47}, {1.15, 0.48}},
	{{1.35, 0.2}, {1.5, 0.6}, {1.7, 0.3}, {1.75, 0.75}, {1.98, 0.98}},
	{{1.62, 0.04}, {1.66, 0.1}},
}

func (p page) draw() *image.RGBA {
	random := rand.New(rand.NewPCG(1, uint64(p.w)))
	img := image.NewRGBA(image.Rect(0, 0, p.w, p.h))
	for i, d := range p.density() {
		light, noise := 1.0, 0.0
		if p.light != nil {
			light = p.light(float64(i%p.w)/float64(p.w), float64(i/p.w)/float64(p.h))
		}
		if p.noise != 0 {
			noise = p.noise * random.NormFloat64()
		}
		for c, ink := range [3]uint8{p.ink.R, p.ink.G, p.ink.B} {
			img.Pix[4*i+c] = uint8(min(255, max(0, (255*(1-d)+float64(ink)*d)*light+noise)))
		}
		img.Pix[4*i+3] = 255
	}
	return img
}

// density gives how much ink is on each pixel, 0 to 1.
func (p page) density() []float64 {
	out := make([]float64, p.w*p.h)
	box := [4]float64{p.left * float64(p.w), p.top * float64(p.h), (p.right - p.left) * float64(p.w) / 2, (p.bottom - p.top) * float64(p.h)}
	radius := p.pen * box[3] / 2
	steps := 10 + int(3*max(box[2], box[3])/(radius+1)) // three dabs to a pen's width
	for _, stroke := range strokes {
		for i := range steps {
			x, y := along(stroke, float64(i)/float64(steps-1))
			dab(out, p.w, p.h, box[0]+x*box[2], box[1]+y*box[3], radius)
		}
	}
	return out
}

// along gives a place on the polynomial through the points of a stroke.
func along(points [][2]float64, t float64) (x, y float64) {
	for i, point := range points {
		weight := 1.0
		for j := range points {
			if j != i {
				n := float64(len(points) - 1)
				weight *= (t - float64(j)/n) / (float64(i)/n - float64(j)/n)
			}
		}
		x, y = x+weight*point[0], y+weight*point[1]
	}
	return x, y
}

// dab presses a round pen onto the page, with a soft rim.
func dab(page []float64, w, h int, cx, cy, radius float64) {
	for y := max(0, int(cy-radius-1)); y <= min(h-1, int(cy+radius+1)); y++ {
		for x := max(0, int(cx-radius-1)); x <= min(w-1, int(cx+radius+1)); x++ {
			d := radius + 0.5 - math.Hypot(float64(x)+0.5-cx, float64(y)+0.5-cy)
			page[y*w+x] = max(page[y*w+x], min(1, max(0, d)))
		}
	}
}

// noise is a picture of nothing.
func noise(w, h int) *image.RGBA {
	random := rand.New(rand.NewPCG(3, 4))
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = uint8(random.Uint32()) | uint8(i%4/3*255)
	}
	return img
}
