package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/color/palette"
	"image/jpeg"
	"image/png"
	"testing"

	"yanzheng/models"
)

// smallRules are a tenth of the real ones, so that a second of fuzzing is many pictures.
func smallRules() Rules {
	r := DefaultRules()
	r.MaxBytes, r.MaxPixels, r.MaxSide, r.MaxMemory, r.MaxScans = 64<<10, 40_000, 1000, 400_000, 8
	r.Photo.MinWidth, r.Photo.MinHeight, r.Photo.Width, r.Photo.Height, r.Photo.MaxBytes = 20, 28, 25, 35, 2<<10
	r.Signature.Width, r.Signature.Height, r.Signature.MinSide, r.Signature.WorkPixels = 60, 24, 12, 10_000
	return r
}

// seeds are one picture of every kind, as small as it may be.
func seeds(img *image.RGBA) [][]byte {
	turned := exif(binary.LittleEndian, "II*\x00", 6)
	return [][]byte{
		jpegOf(img, 60),
		jpegOf(as(img, image.NewGray(img.Rect)), 60),
		segment(jpegOf(stored(img, 6), 60), 0xe1, "Exif\x00\x00"+turned),
		progressive(25, 35, 3, func(bx, by int) color.YCbCr { return color.YCbCr{uint8(200 + 5*bx - 3*by), 128, 130} }, 2),
		progressive(25, 35, 1, func(bx, by int) color.YCbCr { return color.YCbCr{uint8(250 - 200*(bx%3/2)), 128, 130} }, 0),
		[]byte(cmyk),
		pngOf(img),
		pngOf(as(img, image.NewPaletted(img.Rect, palette.Plan9[:16]))),
		pngOf(as(img, image.NewGray16(img.Rect))),
		interlaced(img),
		chunk(pngOf(stored(img, 8)), "eXIf", exif(binary.BigEndian, "MM\x00*", 8)),
		chunk(pngOf(img), "acTL", "\x00\x00\x00\x02\x00\x00\x00\x00"),
		rawPNG(65_535, 65_535, 16, 6, 1, deflated(make([]byte, 1000))),
		{}, []byte("GIF89a"), []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), []byte(pngMark), {0xff, 0xd8, 0xff},
	}
}

// checked makes the checksums of a PNG's chunks right, or hardly a change would come any further.
func checked(raw []byte) []byte {
	if !bytes.HasPrefix(raw, []byte(pngMark)) {
		return raw
	}
	file := []byte(pngMark)
	for name, data := range pngChunks(raw) {
		file = append(file, pngChunk(name, data)...)
	}
	return file
}

// refusal checks what an upload that is not accepted gets: a rule's error with a whole sentence.
func refusal(t *testing.T, out []byte, err error, field string) {
	t.Helper()
	var e *models.Error
	if out != nil || !errors.As(err, &e) || e.Kind != models.KindRule || e.Field != field || e.Message.ZH == "" || e.Message.EN == "" ||
		bytes.Contains([]byte(e.Message.ZH+e.Message.EN), []byte("%")) {
		t.Fatalf("%d bytes, %v", len(out), err)
	}
}

func FuzzPhoto(f *testing.F) {
	r := smallRules()
	for _, seed := range seeds(person(25, 35, nearlyWhite)) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		out, err := Photo(checked(raw), r)
		if err != nil {
			refusal(t, out, err, "photo")
			return
		}
		img, err := jpeg.Decode(bytes.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		kept(t, out, img.Bounds().Dx(), img.Bounds().Dy(), r.Photo)
		w, h := img.Bounds().Dx(), img.Bounds().Dy()
		if (w != r.Photo.Width || h != r.Photo.Height) && (w > r.Photo.Width || h > r.Photo.Height || w < r.Photo.MinWidth || h < r.Photo.MinHeight) {
			t.Errorf("%d × %d pixels", w, h)
		}
		// Written once more, a border that was barely light may be barely dark: that alone may happen.
		again, err := Photo(out, r)
		barely := r
		barely.Photo.MinLight -= 30
		if errors.Is(err, ErrPhotoBackground) {
			again, err = Photo(out, barely)
		}
		if err != nil {
			t.Fatalf("what came out is refused: %v", err)
		}
		kept(t, again, w, h, r.Photo)
		if _, err := Watermark(out, "2026-11-24 a1b2"); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzSignature(f *testing.F) {
	r := smallRules()
	p := clean
	p.w, p.h, p.pen = 64, 32, 0.09
	for _, seed := range seeds(p.draw()) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		out, err := Signature(checked(raw), r)
		if err != nil {
			refusal(t, out, err, "signature")
			return
		}
		keptSignature(t, out, r.Signature)
		img, err := png.Decode(bytes.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		// Fitted into so small a frame, a long thin stroke may be too short for an upload: that alone may happen.
		again, err := Signature(out, r)
		if errors.Is(err, ErrSignatureTooSmall) && max(img.Bounds().Dx(), img.Bounds().Dy()) < 2*r.Signature.MinSide {
			return
		}
		if err != nil {
			t.Fatalf("what came out is refused: %v", err)
		}
		keptSignature(t, again, r.Signature)
	})
}

// A fuzzer that starts from nothing but refusals finds nothing else.
func TestSeedsAreAccepted(t *testing.T) {
	r := smallRules()
	p := clean
	p.w, p.h, p.pen = 64, 32, 0.09
	photos, signatures := 0, 0
	for _, seed := range seeds(person(25, 35, nearlyWhite)) {
		if _, err := Photo(seed, r); err == nil {
			photos++
		}
	}
	for _, seed := range seeds(p.draw()) {
		if _, err := Signature(seed, r); err == nil {
			signatures++
		}
	}
	if photos < 8 || signatures < 7 {
		t.Errorf("%d photos and %d signatures are accepted", photos, signatures)
	}
}
