package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/color/palette"
	"image/jpeg"
	"math"
	"slices"
	"strings"
	"testing"

	"yanzheng/models"
)

// kept decodes what Photo gave and checks what holds of every photo that is kept.
func kept(t *testing.T, file []byte, w, h int, r PhotoRules) image.Image {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if img.Bounds() != image.Rect(0, 0, w, h) || len(file) > r.MaxBytes {
		t.Errorf("a photo of %v with %d bytes, want %d × %d with at most %d", img.Bounds().Max, len(file), w, h, r.MaxBytes)
	}
	markers, ok := segments(file)
	for _, m := range markers {
		ok = ok && bytes.IndexByte([]byte{0xdb, 0xc0, 0xc4, 0xda}, m) >= 0
	}
	if !ok {
		t.Errorf("segments %x: only tables, frame and one scan are needed", markers)
	}
	return img
}

// apart is how far two pictures are from each other: the mean over all channels, 0 to 255.
func apart(t *testing.T, a, b image.Image) float64 {
	t.Helper()
	if a.Bounds().Size() != b.Bounds().Size() {
		t.Fatalf("pictures of %v and %v", a.Bounds().Size(), b.Bounds().Size())
	}
	var pix [2][]byte
	for i, img := range []image.Image{a, b} {
		pix[i] = reduce(img, img.Bounds(), 1).Pix
	}
	sum := 0
	for i, v := range pix[0] {
		sum += max(int(v)-int(pix[1][i]), int(pix[1][i])-int(v))
	}
	return float64(sum) / float64(len(pix[0])) * 4 / 3
}

func TestPhotoOfEveryEncoding(t *testing.T) {
	if underRace {
		t.Skip("runs without the race detector")
	}
	r := DefaultRules()
	full := person(450, 630, nearlyWhite)
	want := person(413, 579, nearlyWhite)
	grey := image.NewGray(want.Rect)
	as(want, grey)
	hole := color.NRGBA{} // a picture cut out of its background
	for name, c := range map[string]struct {
		file []byte
		want image.Image
	}{
		"jpeg":            {jpegOf(full, 90), want},
		"jpeg, grey":      {jpegOf(as(full, image.NewGray(full.Rect)), 90), grey},
		"png":             {pngOf(full), want},
		"png, palette":    {pngOf(as(full, image.NewPaletted(full.Rect, append(palette.WebSafe, nearlyWhite)))), want},
		"png, grey":       {pngOf(as(full, image.NewGray(full.Rect))), grey},
		"png, 16 bit":     {pngOf(as(full, image.NewRGBA64(full.Rect))), want},
		"png, interlaced": {interlaced(full), want},
		"png, cut out":    {pngOf(person(450, 630, hole)), person(413, 579, white)},
		"jpeg, film":      {slices.Concat(jpegOf(full, 90), []byte("ftypmp4"), bytes.Repeat([]byte("\xff\xc2\xff\xda"), 5000)), want},
		"png, grey 16":    {pngOf(as(full, image.NewGray16(full.Rect))), grey},
	} {
		out, err := Photo(c.file, r)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		limit := 3.0
		if strings.Contains(name, "palette") {
			limit = 12 // its colours are few
		}
		if d := apart(t, kept(t, out, 413, 579, r.Photo), c.want); d > limit {
			t.Errorf("%s: the photo is %.1f from what was uploaded", name, d)
		}
	}
}

func TestPhotoOfProgressiveJPEG(t *testing.T) {
	r := DefaultRules()
	shade := func(bx, by int) color.YCbCr { return color.YCbCr{uint8(190 + bx/2 + by/4), uint8(118 + by/3), 130} }
	for _, planes := range []int{1, 3} {
		file := progressive(413, 579, planes, shade, 3)
		out, err := Photo(file, r)
		if err != nil {
			t.Fatal(err)
		}
		img := kept(t, out, 413, 579, r.Photo)
		for _, at := range []image.Point{{4, 4}, {404, 4}, {204, 300}, {4, 572}} {
			c := shade(at.X/8, at.Y/8)
			if planes == 1 {
				c.Cb, c.Cr = 128, 128
			}
			r1, g1, b1, _ := c.RGBA()
			r2, g2, b2, _ := img.At(at.X, at.Y).RGBA()
			if d := math.Abs(float64(r1)-float64(r2)) + math.Abs(float64(g1)-float64(g2)) + math.Abs(float64(b1)-float64(b2)); d > 15*257 {
				t.Errorf("%d planes, at %v: %d %d %d, want %d %d %d", planes, at, r2>>8, g2>>8, b2>>8, r1>>8, g1>>8, b1>>8)
			}
		}
	}
}

func TestPhotoIsTurnedUpright(t *testing.T) {
	if underRace {
		t.Skip("runs without the race detector")
	}
	r := DefaultRules()
	upright := person(300, 420, nearlyWhite)
	want := upright
	for o := turn(0); o <= 9; o++ {
		intel, motorola := exif(binary.LittleEndian, "II*\x00", uint16(o)), exif(binary.BigEndian, "MM\x00*", uint16(o))
		picture := stored(upright, min(o, 8))
		if o == 9 {
			picture = upright // no orientation, so none is followed
		}
		for format, file := range map[string][]byte{
			"jpeg": segment(segment(jpegOf(picture, 90), 0xe1, "Exif\x00\x00"+intel), 0xe0, "JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00"),
			"png":  chunk(pngOf(picture), "eXIf", motorola),
		} {
			out, err := Photo(file, r)
			if err != nil {
				t.Errorf("orientation %d, %s: %v", o, format, err)
			} else if d := apart(t, kept(t, out, 300, 420, r.Photo), want); d > 3 {
				t.Errorf("orientation %d, %s: the photo is %.1f from upright", o, format, d)
			}
		}
	}
}

// The directory of EXIF is read, whatever it says, inside its own bytes.
func TestDamagedEXIFIsNoOrientation(t *testing.T) {
	good := exif(binary.LittleEndian, "II*\x00", 6)
	if turnOf([]byte(good)) != 6 {
		t.Fatal("the sample is no good")
	}
	entry := 8 + 2 + 12 // of the orientation
	for name, change := range map[string]func(b []byte) []byte{
		"empty":             func([]byte) []byte { return nil },
		"cut in the header": func(b []byte) []byte { return b[:7] },
		"cut in the entry":  func(b []byte) []byte { return b[:entry+11] },
		"of another order":  func(b []byte) []byte { return append([]byte("XX*\x00"), b[4:]...) },
		"directory far off": func(b []byte) []byte { copy(b[4:], "\xff\xff\xff\xff"); return b },
		"directory at end":  func(b []byte) []byte { binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-1)); return b },
		"no entries":        func(b []byte) []byte { b[8] = 0; return b },
		"too far down": func(b []byte) []byte {
			return slices.Insert(b, 10, bytes.Repeat([]byte("entry-entry-"), maxEntries)...)
		},
		"a text":              func(b []byte) []byte { b[entry+2] = 2; return b },
		"several":             func(b []byte) []byte { b[entry+4] = 2; return b },
		"turned by a hundred": func(b []byte) []byte { b[entry+8] = 100; return b },
	} {
		b := change([]byte(good))
		if name == "too far down" {
			binary.LittleEndian.PutUint16(b[8:], maxEntries+3)
		}
		if got := turnOf(b); got != 0 {
			t.Errorf("%s: orientation %d", name, got)
		}
	}
}

func TestPhotoSizes(t *testing.T) {
	if underRace {
		t.Skip("runs without the race detector")
	}
	r := DefaultRules()
	for _, c := range []struct{ w, h, wantW, wantH int }{
		{413, 579, 413, 579},
		{295, 413, 295, 413}, // the smallest stays as small
		{304, 413, 295, 413}, // too wide: cut at both sides
		{295, 428, 295, 414}, // too high
		{412, 578, 412, 578},
		{1000, 1400, 413, 579},
		{830, 1164, 413, 579},
		{413, 600, 413, 579},
	} {
		out, err := Photo(jpegOf(person(c.w, c.h, white), 85), r)
		if err != nil {
			t.Errorf("%d × %d: %v", c.w, c.h, err)
			continue
		}
		kept(t, out, c.wantW, c.wantH, r.Photo)
	}
}

// What is too much goes evenly from both sides.
func TestPhotoIsCutInTheMiddle(t *testing.T) {
	for _, c := range []struct{ in, want image.Rectangle }{
		{image.Rect(0, 0, 100, 140), image.Rect(0, 0, 100, 140)},
		{image.Rect(0, 0, 110, 140), image.Rect(5, 0, 105, 140)},
		{image.Rect(3, 4, 113, 144), image.Rect(8, 4, 108, 144)},
		{image.Rect(0, 0, 100, 150), image.Rect(0, 5, 100, 145)},
		{image.Rect(0, 0, 1, 1000), image.Rect(0, 499, 1, 500)},
		{image.Rect(0, 0, 1000, 1), image.Rect(499, 0, 500, 1)},
	} {
		if got := middle(c.in, 5, 7); got != c.want {
			t.Errorf("the middle of %v is %v, want %v", c.in, got, c.want)
		}
	}
}

func TestNothingButPixelsComesOut(t *testing.T) {
	r := DefaultRules()
	secret := "SECRET-OF-THE-UPLOAD"
	e := exif(binary.LittleEndian, "II*\x00", 1) + secret
	photo := jpegOf(person(500, 700, white), 90)
	for _, m := range []byte{0xfe, 0xe2, 0xed, 0xee, 0xef} { // comment, colour profile, Photoshop, others
		photo = segment(photo, m, "XXXX"+secret)
	}
	photo = segment(segment(photo, 0xe1, "http://ns.adobe.com/xap/1.0/\x00"+secret), 0xe1, "Exif\x00\x00"+e)
	photo = append(photo, secret...)
	picture := pngOf(person(500, 700, white))
	for _, name := range []string{"tEXt", "iTXt", "eXIf", "prVt"} {
		picture = chunk(picture, name, "Comment\x00"+e)
	}
	picture = append(picture, secret...)
	for name, file := range map[string][]byte{"jpeg": photo, "png": picture} {
		out, err := Photo(file, r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		kept(t, out, 413, 579, r.Photo)
		if bytes.Contains(out, []byte(secret)) || bytes.Contains(out, []byte("GPS")) {
			t.Errorf("%s: metadata came through", name)
		}
	}
}

// cmyk is the header of a JPEG of four planes; it is refused for that alone.
const cmyk = "\xff\xd8\xff\xee\x00\x0eAdobe\x00d\x00\x00\x00\x00\x00\xff\xc0\x00\x14\x08\x02\x4c\x01\xa4\x04" +
	"\x01\x11\x00\x02\x11\x00\x03\x11\x00\x04\x11\x00\xff\xda\x00\x0e\x04\x01\x00\x02\x00\x03\x00\x04\x00\x00\x3f\x00\xff\xd9"

func TestPhotoRefused(t *testing.T) {
	if underRace {
		t.Skip("runs without the race detector")
	}
	rules := DefaultRules()
	strict := rules
	strict.Photo.MaxBytes = 8 << 10
	good := jpegOf(person(420, 588, white), 85)
	dark := func(x0, y0, x1, y1 float64) []byte { // a good photo with a dark area
		img := person(500, 700, white)
		for y := int(y0 * 700); y < int(y1*700); y++ {
			for x := int(x0 * 500); x < int(x1*500); x++ {
				img.SetRGBA(x, y, color.RGBA{30, 30, 30, 255})
			}
		}
		return jpegOf(img, 85)
	}
	grain := noise(413, 579)
	for i, v := range grain.Pix {
		if i%4 != 3 {
			grain.Pix[i] = 200 + v/5 // light, so that the noise alone is at fault
		}
	}
	for name, c := range map[string]struct {
		file  []byte
		rules Rules
		want  *models.Error
		says  string
	}{
		"nothing":           {nil, rules, ErrFormat, "JPEG"},
		"text":              {[]byte("photo"), rules, ErrFormat, "JPEG"},
		"gif":               {[]byte("GIF89a\x01\x00\x01\x00"), rules, ErrAnimated, "动图"},
		"heic":              {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), rules, ErrHEIC, "兼容性最佳"},
		"webp":              {[]byte("RIFF\x00\x00\x00\x00WEBPVP8 "), rules, ErrFormat, "JPEG"},
		"large file":        {slices.Concat(good, make([]byte, 2<<20)), rules, ErrTooLarge, "2 MB"},
		"cut jpeg":          {good[:len(good)/2], rules, ErrBroken, "损坏"},
		"cut header":        {good[:30], rules, ErrBroken, "损坏"},
		"cut png":           {pngOf(person(420, 588, white))[:3000], rules, ErrBroken, "损坏"},
		"png of a header":   {[]byte(pngMark), rules, ErrBroken, "损坏"},
		"12 bit":            {bytes.Replace(good, []byte("\xff\xc0\x00\x11\x08"), []byte("\xff\xc0\x00\x11\x0c"), 1), rules, ErrUnsupported, "另存为"},
		"arithmetic":        {bytes.Replace(good, []byte("\xff\xc0\x00\x11\x08"), []byte("\xff\xc9\x00\x11\x08"), 1), rules, ErrUnsupported, "另存为"},
		"no height":         {bytes.Replace(good, []byte("\x08\x02\x4c\x01\xa4"), []byte("\x08\x00\x00\x01\xa4"), 1), rules, ErrBroken, "损坏"},
		"cmyk":              {[]byte(cmyk), rules, ErrPrintColours, "RGB"},
		"animated png":      {chunk(pngOf(person(420, 588, white)), "acTL", "\x00\x00\x00\x02\x00\x00\x00\x00"), rules, ErrAnimated, "动图"},
		"narrow":            {jpegOf(person(294, 413, white), 85), rules, ErrPhotoTooSmall, "295×413"},
		"low":               {jpegOf(person(295, 412, white), 85), rules, ErrPhotoTooSmall, "295×413"},
		"square":            {jpegOf(person(600, 600, white), 85), rules, ErrPhotoRatio, "5∶7"},
		"wide by a hair":    {jpegOf(person(745, 1000, white), 85), rules, ErrPhotoRatio, "5∶7"},
		"narrow by a hair":  {jpegOf(person(684, 1000, white), 85), rules, ErrPhotoRatio, "5∶7"},
		"lying":             {jpegOf(stored(person(500, 700, white), 6), 85), rules, ErrPhotoRatio, "5∶7"},
		"lying by its EXIF": {segment(jpegOf(person(500, 700, white), 85), 0xe1, "Exif\x00\x00"+exif(binary.LittleEndian, "II*\x00", 6)), rules, ErrPhotoRatio, "5∶7"},
		"blue":              {jpegOf(person(500, 700, blue), 85), rules, ErrPhotoBackground, "白色背景"},
		"black":             {jpegOf(person(500, 700, color.Black), 85), rules, ErrPhotoBackground, "白色背景"},
		"dark side":         {dark(0, 0, 0.06, 0.5), rules, ErrPhotoBackground, "白色背景"},
		"head at the top":   {dark(0.2, 0, 0.8, 0.1), rules, ErrPhotoBackground, "白色背景"},
		"noise":             {pngOf(grain), strict, ErrPhotoTooDetailed, "8 KB"},
		"too many pixels":   {rawPNG(5001, 7000, 8, 2, 0, deflated(nil)), rules, ErrTooManyPixels, "5700 像素"},
		"too long a side":   {rawPNG(12_001, 100, 8, 2, 0, deflated(nil)), rules, ErrTooManyPixels, "12000 像素"},
		"too much memory":   {rawPNG(4000, 5600, 16, 2, 1, deflated(nil)), rules, ErrTooManyPixels, "4100 像素"},
	} {
		out, err := Photo(c.file, c.rules)
		refused(t, name, out, err, c.want, "photo", c.says)
	}
	if out, err := Photo(dark(0, 0.5, 0.1, 1), rules); err != nil || out == nil {
		t.Errorf("shoulders at the side: %v", err)
	}
	if out, err := Photo(good, Rules{}); err == nil || out != nil {
		t.Error("rules that nobody set accept something")
	}
}

// refused checks one refusal: the error, the field, and a sentence in both languages that is complete.
func refused(t *testing.T, name string, out []byte, err error, want *models.Error, field, says string) {
	t.Helper()
	var e *models.Error
	if out != nil || !errors.Is(err, want) || !errors.As(err, &e) {
		t.Errorf("%s: %d bytes and %v, want %s", name, len(out), err, want.Code)
		return
	}
	if e.Kind != models.KindRule || e.Field != field || !strings.Contains(e.Message.ZH, says) ||
		strings.Contains(e.Message.ZH+e.Message.EN, "%") || e.Message.EN == "" {
		t.Errorf("%s: kind %d, field %q, %q, %q", name, e.Kind, e.Field, e.Message.ZH, e.Message.EN)
	}
}

// A refusal says how small a picture has to be; done as it says, the picture has a size that is accepted.
func TestTheSizeSuggestedIsAccepted(t *testing.T) {
	r := DefaultRules()
	for _, c := range []struct {
		w, h     int
		perPixel float64
	}{{24_000, 1001, 4}, {5001, 7000, 4}, {4000, 5999, 16}, {65_535, 65_535, 8}, {300, 70_000, 3}} {
		err := (&upload{width: c.w, height: c.h}).bounded(r, c.perPixel)
		var side int
		for s := r.MaxSide; s > 0; s-- {
			if e := filled(ErrTooManyPixels, s); err != nil && e.Message == models.AsError(err).Message {
				side = s
				break
			}
		}
		scale := float64(side) / float64(max(c.w, c.h))
		again := upload{width: max(1, int(float64(c.w)*scale)), height: max(1, int(float64(c.h)*scale))}
		if side == 0 || again.bounded(r, c.perPixel) != nil {
			t.Errorf("%d × %d: %v, and %d × %d is refused as well", c.w, c.h, err, again.width, again.height)
		}
	}
}

// A photo is the best JPEG that fits, so a detailed one is worse than a plain one, and never too large.
func TestPhotoFits(t *testing.T) {
	if underRace {
		t.Skip("runs without the race detector")
	}
	r := DefaultRules()
	for _, limit := range []int{20 << 10, 30 << 10, 50 << 10} {
		r.Photo.MaxBytes = limit
		img := person(413, 579, white)
		grain := noise(413, 579)
		for i := range img.Pix { // a tenth of noise
			img.Pix[i] = uint8((9*int(img.Pix[i]) + int(grain.Pix[i])) / 10)
		}
		out, err := Photo(pngOf(img), r)
		if err != nil {
			t.Errorf("%d bytes: %v", limit, err)
			continue
		}
		if len(out) < limit/3 {
			t.Errorf("of %d bytes only %d are used", limit, len(out))
		}
		kept(t, out, 413, 579, r.Photo)
	}
}

func TestPhotoAgain(t *testing.T) {
	r := DefaultRules()
	first, err := Photo(jpegOf(person(700, 980, nearlyWhite), 90), r)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Photo(first, r)
	if err != nil {
		t.Fatal(err)
	}
	if d := apart(t, kept(t, again, 413, 579, r.Photo), kept(t, first, 413, 579, r.Photo)); d > 1 {
		t.Errorf("made again it is %.1f from itself", d)
	}
}
