package picture

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"math"
	"testing"

	"yanzheng/models"
)

// keptSignature decodes what Signature gave and checks what holds of every signature that is kept.
func keptSignature(t *testing.T, file []byte, r SignatureRules) *image.NRGBA {
	t.Helper()
	decoded, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	img, ok := decoded.(*image.NRGBA)
	if !ok || img.Rect.Min != (image.Point{}) || img.Rect.Dx() > r.Width || img.Rect.Dy() > r.Height {
		t.Fatalf("a signature of %T, %v", decoded, decoded.Bounds())
	}
	for name := range pngChunks(file) {
		if name != "IHDR" && name != "IDAT" && name != "IEND" {
			t.Errorf("chunk %s is not needed", name)
		}
	}
	if !bytes.HasSuffix(file, pngChunk("IEND", nil)) {
		t.Error("something stands behind the end")
	}
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			if c := img.NRGBAAt(x, y); c.R|c.G|c.B != 0 {
				t.Fatalf("ink of %v", c)
			}
		}
	}
	return img
}

// likeness compares ink with ink: what both have, by what either has, 0 to 1.
func likeness(a, b *image.NRGBA) float64 {
	const w, h = 240, 100
	at := func(img *image.NRGBA, x, y int) bool {
		return img.NRGBAAt((2*x+1)*img.Rect.Dx()/(2*w), (2*y+1)*img.Rect.Dy()/(2*h)).A > 127
	}
	both, either := 0, 0
	for y := range h {
		for x := range w {
			i, j := at(a, x, y), at(b, x, y)
			if i && j {
				both++
			}
			if i || j {
				either++
			}
		}
	}
	return float64(both) / float64(either)
}

// shadow is what a lamp at the left and a hand at the right make of white paper.
func shadow(x, y float64) float64 {
	return 0.8 - 0.32*x - 0.1*y + 0.05*math.Sin(7*x+3*y)
}

func TestSignatureOfEveryPaper(t *testing.T) {
	if underRace {
		t.Skip("runs without the race detector")
	}
	r := DefaultRules()
	out, err := Signature(pngOf(clean.draw()), r)
	if err != nil {
		t.Fatal(err)
	}
	want := keptSignature(t, out, r.Signature)

	photographed := clean
	photographed.w, photographed.h, photographed.noise, photographed.light = 1000, 750, 9, shadow
	photographed.left, photographed.top, photographed.right, photographed.bottom = 0.2, 0.3, 0.8, 0.65
	small := clean
	small.w, small.h, small.left, small.top, small.right, small.bottom = 868, 1228, 0.5, 0.5, 0.75, 0.58 // on a sheet of A4
	small.pen = 0.05
	grey := clean
	grey.light, grey.ink, grey.noise = func(float64, float64) float64 { return 0.75 }, color.RGBA{90, 90, 96, 255}, 4
	ballpoint := clean
	ballpoint.ink, ballpoint.noise = color.RGBA{70, 90, 190, 255}, 5
	fine := clean
	fine.pen = 0.03
	brush := clean
	brush.pen = 0.09

	upright := clean.draw()
	dusty := clean.draw()
	for i := range 30 { // a spot of two pixels each
		dusty.Set(13+24*i, 8+(i*71)%330, color.Black)
		dusty.Set(14+24*i, 8+(i*71)%330, color.Black)
	}
	scanned := clean.draw()
	for x := range 750 {
		scanned.Set(x, 0, color.Black)
		scanned.Set(x, 349, color.Gray{60})
	}
	cutOut := image.NewNRGBA(upright.Rect)
	for i, d := range clean.density() {
		cutOut.Pix[4*i], cutOut.Pix[4*i+2], cutOut.Pix[4*i+3] = 20, 60, uint8(255*d)
	}
	turned := segment(jpegOf(stored(upright, 6), 90), 0xe1, "Exif\x00\x00"+exif(binary.BigEndian, "MM\x00*", 6))
	for name, c := range map[string]struct {
		file []byte
		like float64
	}{
		"jpeg":              {jpegOf(upright, 60), 0.9},
		"turned":            {turned, 0.95},
		"photographed":      {jpegOf(photographed.draw(), 75), 0.85},
		"small on the page": {jpegOf(small.draw(), 85), 0.75},
		"grey paper":        {jpegOf(grey.draw(), 80), 0.9},
		"ballpoint":         {jpegOf(ballpoint.draw(), 80), 0.9},
		"fine pen":          {jpegOf(fine.draw(), 80), 0.6},
		"brush":             {jpegOf(brush.draw(), 80), 0.45},
		"dust":              {pngOf(dusty), 0.95},
		"line of a scanner": {pngOf(scanned), 0.95},
		"cut out":           {pngOf(cutOut), 0.95},
		"palette":           {pngOf(as(upright, image.NewPaletted(upright.Rect, color.Palette{white, color.Gray{128}, color.Black}))), 0.9},
		"interlaced":        {interlaced(upright), 0.95},
		"16 bit":            {pngOf(as(upright, image.NewGray16(upright.Rect))), 0.95},
	} {
		out, err := Signature(c.file, r)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := likeness(keptSignature(t, out, r.Signature), want)
		t.Logf("%s: alike by %.2f", name, got)
		if got < c.like {
			t.Errorf("%s: alike by %.2f, want %.2f", name, got, c.like)
		}
		again, err := Signature(out, r)
		if err != nil {
			t.Errorf("%s, again: %v", name, err)
			continue
		}
		if got := likeness(keptSignature(t, again, r.Signature), keptSignature(t, out, r.Signature)); got < 0.85 {
			t.Errorf("%s, again: alike by %.2f", name, got)
		}
	}
}

func TestSignatureIsNeverEnlarged(t *testing.T) {
	if underRace {
		t.Skip("runs without the race detector")
	}
	r := DefaultRules()
	for _, c := range []struct{ w, h, maxW, maxH int }{{300, 150, 270, 145}, {900, 420, 600, 240}, {300, 2000, 60, 240}, {1500, 150, 600, 100}} {
		p := clean
		p.w, p.h = c.w, c.h
		if c.h > c.w {
			p.pen = 0.01
		}
		out, err := Signature(pngOf(p.draw()), r)
		if err != nil {
			t.Errorf("%d × %d: %v", c.w, c.h, err)
			continue
		}
		got := keptSignature(t, out, r.Signature).Rect.Max
		if got.X > c.maxW || got.Y > c.maxH || got.X < c.maxW/3 || got.Y < c.maxH/3 {
			t.Errorf("%d × %d gave %v, want nearly %d × %d", c.w, c.h, got, c.maxW, c.maxH)
		}
	}
}

func TestSignatureRefused(t *testing.T) {
	if underRace {
		t.Skip("runs without the race detector")
	}
	r := DefaultRules()
	with := func(change func(p *page)) []byte {
		p := clean
		change(&p)
		return jpegOf(p.draw(), 85)
	}
	inverted := clean.draw()
	for i := range inverted.Pix {
		if i%4 != 3 {
			inverted.Pix[i] = 255 - inverted.Pix[i]
		}
	}
	desk := clean.draw() // the paper does not fill the picture
	for y := range 350 {
		for x := range 50 {
			desk.Set(x, y, color.RGBA{60, 45, 35, 255})
		}
	}
	grain := noise(400, 300)
	for name, c := range map[string]struct {
		file []byte
		want *models.Error
		says string
	}{
		"text":              {[]byte("signature"), ErrFormat, "JPEG"},
		"cut":               {pngOf(clean.draw())[:2000], ErrBroken, "损坏"},
		"blank":             {pngOf(image.NewGray(image.Rect(0, 0, 300, 200))), ErrSignatureBackground, "白纸"},
		"white":             {with(func(p *page) { p.pen = 0; p.ink = color.RGBA{255, 255, 255, 255} }), ErrSignatureBlank, "签名"},
		"noisy blank":       {with(func(p *page) { p.ink = color.RGBA{255, 255, 255, 255}; p.noise = 5; p.light = shadow }), ErrSignatureBlank, "签名"},
		"pencil":            {with(func(p *page) { p.ink = color.RGBA{225, 225, 225, 255} }), ErrSignatureBlank, "签名"},
		"a dot":             {with(func(p *page) { p.w, p.h, p.left, p.right, p.top, p.bottom = 1000, 750, 0.5, 0.53, 0.5, 0.52 }), ErrSignatureBlank, "靠近"},
		"far away":          {with(func(p *page) { p.left, p.right, p.top, p.bottom, p.pen = 0.5, 0.59, 0.5, 0.6, 0.12 }), ErrSignatureTooSmall, "100 像素"},
		"over the edge":     {with(func(p *page) { p.left = -0.1 }), ErrSignatureAtEdge, "留出空白"},
		"desk at the side":  {jpegOf(desk, 85), ErrSignatureAtEdge, "只拍白纸"},
		"white on black":    {jpegOf(inverted, 85), ErrSignatureCrowded, "白纸"},
		"in the dark":       {with(func(p *page) { p.light = func(float64, float64) float64 { return 0.3 } }), ErrSignatureBackground, "光线"},
		"blots":             {with(func(p *page) { p.pen = 0.4 }), ErrSignatureCrowded, "深色"},
		"noise":             {pngOf(grain), ErrSignatureCrowded, "深色"},
		"a person":          {jpegOf(person(400, 560, white), 85), ErrSignatureAtEdge, "只拍白纸"},
		"one pixel":         {pngOf(image.NewRGBA(image.Rect(0, 0, 1, 1))), ErrSignatureBlank, "签名"},
		"a line of pixels":  {pngOf(image.NewGray16(image.Rect(0, 0, 12000, 1))), ErrSignatureBackground, "白纸"},
		"a hair, too small": {with(func(p *page) { p.w, p.h, p.pen = 4800, 300, 0.0015 }), ErrSignatureBlank, "签名"},
	} {
		out, err := Signature(c.file, r)
		refused(t, name, out, err, c.want, "signature", c.says)
	}
}

// Otsu's threshold, on histograms that can be told by heart.
func TestCut(t *testing.T) {
	two := func(a, n, b, m int) *histogram { var h histogram; h[a], h[b] = n, m; return &h }
	for name, c := range map[string]struct {
		h    *histogram
		want cut
		ok   bool
	}{
		"black on white":     {two(0, 10, 255, 990), cut{127, 0, 255}, true},
		"grey on grey":       {two(90, 10, 190, 10), cut{139, 90, 190}, true},
		"alike":              {two(200, 10, 240, 10), cut{}, false},
		"one value":          {two(200, 10, 200, 10), cut{}, false},
		"nothing":            {&histogram{}, cut{}, false},
		"little ink":         {little(), cut{109, 20, 227}, true},
		"one black of a lot": {two(0, 1, 255, 1_000_000), cut{127, 0, 255}, true},
	} {
		if got, ok := c.h.cut(50); got != c.want || ok != c.ok {
			t.Errorf("%s: %v, %t, want %v, %t", name, got, ok, c.want, c.ok)
		}
	}
}

// little has so little ink on so uneven a paper that Otsu's first threshold parts the paper.
func little() *histogram {
	var h histogram
	for v := 200; v < 256; v++ {
		h[v] = 1000
	}
	h[20] = 10
	if at, _ := h.otsu(255); at < 200 {
		panic("the sample is no good: " + string(rune(at)))
	}
	return &h
}

// A shadow is part of the paper, and a broad stroke is none of it.
func TestPaperIsEven(t *testing.T) {
	p := newPlane(400, 240)
	for i := range p.pix {
		x, y := i%400, i/400
		p.pix[i] = byte(255 * shadow(float64(x)/400, float64(y)/240))
		if x > 100 && x < 150 && y > 100 && y < 150 { // fills a tile
			p.pix[i] /= 5
		}
	}
	p.even(p.paper())
	h := p.histogram()
	if dark, _ := h.sum(0, 90); dark != 49*49 {
		t.Errorf("%d dark pixels, want %d", dark, 49*49)
	}
	if paper, _ := h.sum(190, 255); paper != 400*240-49*49 {
		t.Errorf("%d pixels of paper, want %d", paper, 400*240-49*49)
	}
}
