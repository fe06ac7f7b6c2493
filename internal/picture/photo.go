package picture

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"

	"golang.org/x/image/draw"
)

// Photo checks an upload and gives the photo as it is kept: a JPEG, upright, of the exact shape, of
// Width × Height pixels or of the upload's own size when that is smaller. What breaks a rule is one of
// this package's errors.
//
// The background counts as light when most of the border is: a band along the top and one along each
// side down to where shoulders begin. The bands hold background in a photo as it should be; hair that
// touches the top spoils a part of one of them only.
func Photo(raw []byte, rules Rules) ([]byte, error) {
	out, err := photo(raw, rules)
	if err != nil {
		return nil, oneOf("photo", err)
	}
	return out, nil
}

func photo(raw []byte, rules Rules) ([]byte, error) {
	r := rules.Photo
	u, err := admit(raw, rules)
	if err != nil {
		return nil, err
	}
	w, h := u.size()
	if w < r.MinWidth || h < r.MinHeight {
		return nil, filled(ErrPhotoTooSmall, r.MinWidth, r.MinHeight)
	}
	if math.Abs(float64(w)/float64(h)-float64(r.RatioWide)/float64(r.RatioHigh)) > r.RatioSlack {
		return nil, filled(ErrPhotoRatio, r.RatioWide, r.RatioHigh)
	}
	img, err := u.decode()
	if err != nil {
		return nil, err
	}
	upright := u.turn.upright(r.shrink(img, u.turn))
	if r.lightShare(upright) < r.LightShare {
		return nil, ErrPhotoBackground
	}
	return r.encode(upright)
}

// shrink cuts a picture that is not yet turned to the exact shape and makes it as small as the rules
// say, never larger.
func (r PhotoRules) shrink(img image.Image, t turn) *image.RGBA {
	w, h := r.Width, r.Height
	if t.swaps() {
		w, h = h, w
	}
	area := middle(img.Bounds(), w, h)
	if area.Dx() < w || area.Dy() < h {
		return reduce(img, area, 1)
	}
	// Averages while there is plenty, then a filter that keeps edges sharp: by that alone a large picture would
	// take ten times as long and 100 MB.
	reduced := reduce(img, area, max(1, min(area.Dx()/(2*w), area.Dy()/(2*h))))
	if reduced.Rect.Dx() == w && reduced.Rect.Dy() == h {
		return reduced
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(out, out.Rect, reduced, reduced.Rect, draw.Src, nil)
	return out
}

// middle gives the largest area of the shape w × h in the middle of a picture.
func middle(in image.Rectangle, w, h int) image.Rectangle {
	full := in.Size()
	if full.X*h > full.Y*w {
		in.Max.X = in.Min.X + max(1, (2*full.Y*w+h)/(2*h))
	} else {
		in.Max.Y = in.Min.Y + max(1, min(full.Y, (2*full.X*h+w)/(2*w)))
	}
	return in.Add(full.Sub(in.Size()).Div(2))
}

// lightShare gives the part of the border that is light.
func (r PhotoRules) lightShare(img *image.RGBA) float64 {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	top, side, depth := part(r.BorderTop, h), part(r.BorderSide, w), part(r.BorderDepth, h)
	all, light := 0, 0
	for y := range max(top, depth) {
		for x := range w {
			if y < top || y < depth && (x < side || x >= w-side) {
				all++
				if brightness(img.Pix[img.PixOffset(x, y):]) >= r.MinLight {
					light++
				}
			}
		}
	}
	return float64(light) / float64(all)
}

// part gives that share of n pixels, at least one.
func part(share float64, n int) int { return min(n, max(1, int(share*float64(n)+0.5))) }

// encode writes the best JPEG that is small enough. The encoder writes no segment but those that a
// decoder needs.
func (r PhotoRules) encode(img *image.RGBA) ([]byte, error) {
	var out bytes.Buffer
	for quality := max(92, r.MinQuality); ; quality = max(quality-6, r.MinQuality) {
		out.Reset()
		if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: quality}); err != nil {
			return nil, err
		}
		if out.Len() <= r.MaxBytes {
			return out.Bytes(), nil
		}
		if quality == r.MinQuality {
			return nil, filled(ErrPhotoTooDetailed, size(r.MaxBytes))
		}
	}
}
