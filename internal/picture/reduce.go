package picture

import (
	"image"
	"image/draw"
)

// reduce cuts area out of a picture, puts it on white and makes every k × k pixels one, their average.
// What is left over at the right and at the bottom, fewer than k pixels, is dropped. It goes through
// the picture in strips, so that a large one is not in memory a second time.
func reduce(src image.Image, area image.Rectangle, k int) *image.RGBA {
	w, h := area.Dx()/k, area.Dy()/k
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	strip := image.NewRGBA(image.Rect(0, 0, w*k, k))
	sums := make([]uint32, 3*w)
	for y := range h {
		draw.Draw(strip, strip.Rect, image.White, image.Point{}, draw.Src)
		draw.Draw(strip, strip.Rect, src, area.Min.Add(image.Pt(0, y*k)), draw.Over)
		clear(sums)
		for row := range k {
			addRow(sums, strip.Pix[row*strip.Stride:][:4*w*k], k)
		}
		average(dst.Pix[y*dst.Stride:][:4*w], sums, uint32(k*k))
	}
	return dst
}

// addRow adds each k pixels of a row to the three sums of one.
func addRow(sums []uint32, row []byte, k int) {
	for i := 0; i < len(sums); i += 3 {
		var r, g, b uint32
		for range k {
			r, g, b = r+uint32(row[0]), g+uint32(row[1]), b+uint32(row[2])
			row = row[4:]
		}
		sums[i], sums[i+1], sums[i+2] = sums[i]+r, sums[i+1]+g, sums[i+2]+b
	}
}

// average writes opaque pixels, each of n that were summed up.
func average(dst []byte, sums []uint32, n uint32) {
	for i := 0; i < len(sums); i += 3 {
		dst[0], dst[1], dst[2], dst[3] = byte((sums[i]+n/2)/n), byte((sums[i+1]+n/2)/n), byte((sums[i+2]+n/2)/n), 0xff
		dst = dst[4:]
	}
}

// brightness is how bright a pixel looks (ITU-R BT.601), 0 to 255.
func brightness(pixel []byte) int {
	return (299*int(pixel[0]) + 587*int(pixel[1]) + 114*int(pixel[2]) + 500) / 1000
}
