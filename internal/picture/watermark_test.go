package picture

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"strings"
	"testing"

	"yanzheng/models"
)

const when = "2026-11-24 13:05:22 a1b2c3d4"

func TestWatermark(t *testing.T) {
	if underRace {
		t.Skip("runs without the race detector")
	}
	r := DefaultRules()
	for _, s := range []struct{ w, h, outW, outH int }{{800, 1120, 413, 579}, {295, 413, 295, 413}} {
		photo, err := Photo(jpegOf(person(s.w, s.h, nearlyWhite), 90), r)
		if err != nil {
			t.Fatal(err)
		}
		marked, err := Watermark(photo, when)
		if err != nil {
			t.Fatal(err)
		}
		generous := r.Photo
		generous.MaxBytes = 150 << 10
		before, after := kept(t, photo, s.outW, s.outH, generous), kept(t, marked, s.outW, s.outH, generous)
		// Every part of the picture is marked, so that none can be cut out, and the person is still to be seen.
		const parts = 4
		for i := range parts * parts {
			x, y := i%parts, i/parts
			area := image.Rect(x*s.outW/parts, y*s.outH/parts, (x+1)*s.outW/parts, (y+1)*s.outH/parts)
			if share := changed(before, after, area); share < 0.04 || share > 0.45 {
				t.Errorf("%d × %d: %.0f %% of %v is marked", s.outW, s.outH, 100*share, area)
			}
		}
		if d := apart(t, before, after); d > 16 {
			t.Errorf("the photo is hardly to be seen: %.1f", d)
		}
		other, err := Watermark(photo, strings.Replace(when, "22", "23", 1))
		if err != nil || bytes.Equal(other, marked) {
			t.Errorf("another second, the same picture: %v", err)
		}
	}
}

// changed is the share of pixels that the watermark visibly touched.
func changed(before, after image.Image, area image.Rectangle) float64 {
	count := 0
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			r1, g1, b1, _ := before.At(x, y).RGBA()
			r2, g2, b2, _ := after.At(x, y).RGBA()
			if d := int(r1+g1+b1)/257 - int(r2+g2+b2)/257; d > 36 || d < -36 {
				count++
			}
		}
	}
	return float64(count) / float64(area.Dx()*area.Dy())
}

func TestWatermarkRefused(t *testing.T) {
	photo, err := Photo(jpegOf(person(413, 579, white), 90), DefaultRules())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		photo []byte
		text  string
	}{
		"no text":         {photo, ""},
		"nothing to see":  {photo, "   "},
		"chinese":         {photo, "查验"},
		"a line feed":     {photo, "a\nb"},
		"a long text":     {photo, strings.Repeat("x", 65)},
		"no photo":        {nil, when},
		"a png":           {pngOf(noise(10, 10)), when},
		"cut":             {photo[:len(photo)/2], when},
		"too many pixels": {bytes.Replace(photo, []byte("\x08\x02\x43\x01\x9d"), []byte("\x08\xff\xff\xff\xff"), 1), when},
		"too many bytes":  {append(bytes.Clone(photo), make([]byte, 4<<20)...), when},
	} {
		if out, err := Watermark(c.photo, c.text); out != nil || !errors.Is(err, models.ErrInternal) {
			t.Errorf("%s: %d bytes, %v", name, len(out), err)
		}
	}
	if _, err := Watermark(photo, strings.Repeat("~", 64)); err != nil {
		t.Error(err)
	}
	if _, err := jpeg.Decode(bytes.NewReader(photo)); err != nil {
		t.Errorf("the photo itself was changed: %v", err)
	}
}
