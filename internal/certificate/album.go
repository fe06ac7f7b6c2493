package certificate

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"

	"golang.org/x/image/draw"

	"yanzheng/internal/pdfread"
	"yanzheng/models"
)

// albumResolution is that of the picture for a phone's album, in pixels an inch: 1654 × 2339 for the page, 330 across the code.
const albumResolution = 200.0

// pixelsPerPoint is how large a point of the PDF is there.
const pixelsPerPoint = albumResolution / 72

// Album draws the page of an issued file as a PNG: the same layout, drawings and seals, with the code, the photo and
// the signature image that the file has. The document says the rest; its own code and images are not looked at.
func (p *Press) Album(d *models.Document, pdf []byte) ([]byte, error) {
	code, photo, ink, err := embedded(pdf)
	if err != nil {
		return nil, err
	}
	l, err := p.lay(d)
	if err != nil {
		return nil, err
	}
	q, err := symbol(code)
	if err != nil {
		return nil, err
	}
	background, err := p.albumGround()
	if err != nil {
		return nil, err
	}
	img := image.NewRGBA(background.Bounds())
	copy(img.Pix, background.Pix)

	art := &pen{}
	art.save()
	art.topLeft()
	art.watermarks()
	art.restore()
	over := &pen{}
	over.save()
	over.topLeft()
	over.fillIn(l)
	over.code(q, codeArea)
	over.ink(&inked{width: ink.Rect.Dx(), height: ink.Rect.Dy()}, signatureArea)
	for _, r := range l.runs {
		over.fillColor(r.shade)
		r.face.outlines(over, r.text, r.at.x, r.at.y, r.size/mm, r.spacing/mm)
	}
	over.restore()

	plot := &plotter{newCanvas(img), map[string]func(*plotter, matrix){
		"Mark": func(pl *plotter, at matrix) {
			_ = pl.plot(p.watermark(sealLegend+" DEMO "+d.At.In(models.China).Format("2006-01-02 15:04:05")), at) // as below, by the same pens
		},
		"Ink": func(pl *plotter, at matrix) { inkOn(pl.img, ink, at) },
	}}
	for _, content := range [][]byte{art.buf.Bytes(), over.buf.Bytes()} {
		if err := plot.plot(content, pageMatrix()); err != nil {
			return nil, err
		}
	}
	draw.CatmullRom.Scale(img, pixels(photoArea), photo, photo.Bounds(), draw.Src, nil)
	if err := p.albumSeals(plot); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, img)
	return out.Bytes(), err
}

// albumSeals draws both seals where their fields stand: an issued file has them.
func (p *Press) albumSeals(plot *plotter) error {
	board, err := p.boardSealArt(boardSeal.w)
	if err != nil {
		return err
	}
	for _, s := range []struct {
		art  []byte
		area area
	}{{board, boardSeal}, {p.directorSealArt(directorSeal.w), directorSeal}} {
		at := pageMatrix().before(matrix{1, 0, 0, 1, s.area.x * mm, (pageHeight - s.area.y - s.area.h) * mm})
		if err := plot.plot(s.art, at); err != nil {
			return err
		}
	}
	return nil
}

// pageMatrix maps the points of the page, from its lower left corner, to pixels.
func pageMatrix() matrix {
	return matrix{pixelsPerPoint, 0, 0, -pixelsPerPoint, 0, pageHeight * mm * pixelsPerPoint}
}

// albumGround is what is the same on every picture, drawn once when the first is asked for.
func (p *Press) albumGround() (*image.RGBA, error) {
	p.groundOnce.Do(func() {
		img := image.NewRGBA(image.Rect(0, 0, int(math.Round(pageWidth*mm*pixelsPerPoint)), int(math.Round(pageHeight*mm*pixelsPerPoint))))
		draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
		plot := &plotter{newCanvas(img), map[string]func(*plotter, matrix){}}
		for name, content := range forms() {
			plot.drawings[name] = func(pl *plotter, at matrix) { p.groundErr = errors.Join(p.groundErr, pl.plot(content, at)) }
		}
		p.groundErr = errors.Join(plot.plot(background(), pageMatrix()), p.groundErr)
		p.ground = img
	})
	return p.ground, p.groundErr
}

// pixels gives an area of the page in pixels.
func pixels(a area) image.Rectangle {
	const s = mm * pixelsPerPoint
	return image.Rect(int(math.Round(a.x*s)), int(math.Round(a.y*s)), int(math.Round((a.x+a.w)*s)), int(math.Round(a.bottom()*s)))
}

// inkOn draws a signature image on the unit square of a matrix, in the ink that the PDF has.
func inkOn(img *image.RGBA, ink *image.Alpha, at matrix) {
	a, b := at.apply(0, 0), at.apply(1, 1)
	r := image.Rect(int(math.Round(a.x)), int(math.Round(a.y)), int(math.Round(b.x)), int(math.Round(b.y)))
	mask := image.NewAlpha(image.Rect(0, 0, r.Dx(), r.Dy()))
	draw.CatmullRom.Scale(mask, mask.Rect, ink, ink.Rect, draw.Src, nil)
	draw.DrawMask(img, r, image.NewUniform(color.Gray{inkShade}), image.Point{}, mask, image.Point{}, draw.Over)
}

// embedded takes the code, the photo and the mask of the signature out of a file of ours.
func embedded(pdf []byte) (code string, photo image.Image, ink *image.Alpha, err error) {
	f, err := pdfread.Open(pdf)
	if err != nil {
		return "", nil, nil, err
	}
	for _, o := range f.Objects() {
		if o.Dict()["Subtype"] != pdfread.Name("Image") {
			continue
		}
		body, filter, ok := f.Packed(o)
		w, h := f.Int(o.Dict()["Width"]), f.Int(o.Dict()["Height"])
		switch {
		case !ok:
		case filter == "DCTDecode":
			if photo, err = jpeg.Decode(bytes.NewReader(body)); err != nil {
				return "", nil, nil, err
			}
		case filter == "" && w > 1 && len(body) == w*h:
			ink = &image.Alpha{Pix: body, Stride: w, Rect: image.Rect(0, 0, w, h)}
		}
	}
	links := f.Links()
	if len(links) == 0 || photo == nil || ink == nil {
		return "", nil, nil, errors.New("certificate: the file lacks its code, its photo or its signature image")
	}
	return links[0], photo, ink, nil
}
