package demo

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// Images draws the photo (a JPEG) and the signature image (a PNG) of somebody who does not exist: a silhouette that nobody takes
// for a person, and a line that is nobody's name. Both say so.
func Images() (photo, signature []byte, err error) {
	var p, s bytes.Buffer
	if err := jpeg.Encode(&p, silhouette(), &jpeg.Options{Quality: 90}); err != nil {
		return nil, nil, err
	}
	if err := png.Encode(&s, scribble()); err != nil {
		return nil, nil, err
	}
	return p.Bytes(), s.Bytes(), nil
}

func silhouette() image.Image {
	const w, h = 413, 579
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Rect, image.NewUniform(color.Gray{242}), image.Point{}, draw.Src)
	figure := color.RGBA{112, 134, 158, 255}
	for y := range h {
		for x := range w {
			fx, fy := float64(x)-w/2, float64(y)
			head := math.Hypot(fx/92, (fy-215)/118) < 1
			shoulders := fy > 380 && math.Hypot(fx/185, (fy-579)/200) < 1
			neck := math.Abs(fx) < 42 && fy > 300 && fy < 420
			if head || shoulders || neck {
				img.Set(x, y, figure)
			}
		}
	}
	write(img, "DEMO", 10, w/2-4*35, 500)
	return img
}

func scribble() image.Image {
	const w, h = 600, 240
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
	for i := range 4000 {
		t := float64(i) / 4000
		x, y := 70+460*t+28*math.Sin(19*t), 110+52*math.Sin(23*t)*(1-0.5*t)
		for dy := -4.0; dy <= 4; dy++ {
			for dx := -4.0; dx <= 4; dx++ {
				if math.Hypot(dx, dy) <= 3.2 {
					img.Set(int(x+dx), int(y+dy), color.Black)
				}
			}
		}
	}
	write(img, "DEMO", 4, 250, 185)
	return img
}

// write puts a text into a picture, each pixel of the font that many pixels wide.
func write(img draw.Image, text string, size, left, top int) {
	small := image.NewAlpha(image.Rect(0, 0, 7*len(text), 13))
	d := font.Drawer{Dst: small, Src: image.Opaque, Face: basicfont.Face7x13, Dot: fixed.P(0, 11)}
	d.DrawString(text)
	for y := range small.Rect.Dy() * size {
		for x := range small.Rect.Dx() * size {
			if small.AlphaAt(x/size, y/size).A > 127 {
				img.Set(left+x, top+y-13*size/2, color.RGBA{40, 48, 60, 255})
			}
		}
	}
}
