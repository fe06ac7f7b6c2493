package picture

import "testing"

func BenchmarkPhotoOf12Megapixels(b *testing.B) {
	raw := jpegOf(person(2928, 4099, nearlyWhite), 80)
	for b.Loop() {
		if _, err := Photo(raw, DefaultRules()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSignatureOf12Megapixels(b *testing.B) {
	p := clean
	p.w, p.h = 4000, 3000
	raw := jpegOf(p.draw(), 80)
	b.ResetTimer()
	for b.Loop() {
		if _, err := Signature(raw, DefaultRules()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWatermark(b *testing.B) {
	photo, err := Photo(jpegOf(person(413, 579, nearlyWhite), 90), DefaultRules())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Watermark(photo, "2026-11-24 13:05:22 a1b2c3d4e5"); err != nil {
			b.Fatal(err)
		}
	}
}
