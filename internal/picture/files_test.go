package picture

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"slices"
)

func jpegOf(img image.Image, quality int) []byte {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: quality}); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func pngOf(img image.Image) []byte {
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// as gives a picture in another colour model.
func as(img image.Image, dst draw.Image) image.Image {
	draw.Draw(dst, dst.Bounds(), img, img.Bounds().Min, draw.Src)
	return dst
}

// segment puts a segment right behind the beginning of a JPEG.
func segment(file []byte, marker byte, data string) []byte {
	s := []byte{0xff, marker, byte((len(data) + 2) >> 8), byte(len(data) + 2)}
	return slices.Concat(file[:2], s, []byte(data), file[2:])
}

// exif is what a camera writes: maker, orientation, and a place.
func exif(order binary.AppendByteOrder, mark string, t uint16) string {
	b := []byte(mark)
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 3)
	entry := func(tag, kind uint16, count, value uint32) {
		b = order.AppendUint16(order.AppendUint16(b, tag), kind)
		b = order.AppendUint32(order.AppendUint32(b, count), value)
	}
	entry(0x010f, 2, 20, 50)
	b = order.AppendUint16(order.AppendUint16(b, 0x0112), 3)
	b = order.AppendUint16(order.AppendUint16(order.AppendUint32(b, 1), t), 0)
	entry(0x8825, 4, 1, 70)
	b = order.AppendUint32(b, 0)
	return string(b) + "MAKER-OF-CAMERAS....GPS-31.2304N-121.4737E"
}

// chunk puts a chunk right behind the header of a PNG.
func chunk(file []byte, name, data string) []byte {
	const header = 8 + 25
	return slices.Concat(file[:header], pngChunk(name, []byte(data)), file[header:])
}

func pngChunk(name string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, name...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// rawPNG makes a PNG of any header and any pixel data.
func rawPNG(w, h uint32, depth, colours, interlace byte, data []byte, between ...[]byte) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	head = append(head, depth, colours, 0, 0, interlace)
	file := append([]byte(pngMark), pngChunk("IHDR", head)...)
	file = append(file, slices.Concat(between...)...)
	return slices.Concat(file, pngChunk("IDAT", data), pngChunk("IEND", nil))
}

func deflated(data []byte) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	if _, err := w.Write(data); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// adam7 is the order of the pixels of an interlaced PNG: where each pass begins, and its steps, across and down.
var adam7 = [][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}

// interlaced makes an RGB PNG by Adam7, which the standard library reads and does not write.
func interlaced(img *image.RGBA) []byte {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	var data []byte
	for _, p := range adam7 {
		for y := p[1]; y < h && p[0] < w; y += p[3] {
			data = append(data, 0)
			for x := p[0]; x < w; x += p[2] {
				c := img.RGBAAt(x, y)
				data = append(data, c.R, c.G, c.B)
			}
		}
	}
	return rawPNG(uint32(w), uint32(h), 8, 2, 1, deflated(data))
}

// bitWriter writes the entropy-coded data of a JPEG.
type bitWriter struct {
	out  []byte
	acc  uint32
	bits int
}

func (w *bitWriter) write(value uint32, n int) {
	for n--; n >= 0; n-- {
		w.acc = w.acc<<1 | value>>n&1
		if w.bits++; w.bits == 8 {
			if w.out = append(w.out, byte(w.acc)); byte(w.acc) == 0xff {
				w.out = append(w.out, 0)
			}
			w.acc, w.bits = 0, 0
		}
	}
}

func (w *bitWriter) end() []byte {
	for w.bits != 0 {
		w.write(1, 1)
	}
	return w.out
}

// progressive makes a progressive JPEG in which every 8 × 8 pixels have one colour, of three planes or of one, and then
// so many scans that say nothing at all, which costs a reader time and the writer some bytes.
func progressive(w, h, planes int, colour func(bx, by int) color.YCbCr, idle int) []byte {
	mark := func(marker byte, data ...byte) []byte {
		return append([]byte{0xff, marker, byte((len(data) + 2) >> 8), byte(len(data) + 2)}, data...)
	}
	frame := []byte{8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), byte(planes)}
	scan := []byte{byte(planes)}
	for c := range planes {
		frame, scan = append(frame, byte(c+1), 0x11, 0), append(scan, byte(c+1), 0)
	}
	dc, ac := make([]byte, 17), make([]byte, 17)
	dc[0], dc[4], ac[0], ac[2] = 0x00, 12, 0x10, 2 // twelve codes of four bits; two of two bits
	file := slices.Concat([]byte{0xff, 0xd8}, mark(0xdb, append([]byte{0}, bytes.Repeat([]byte{8}, 64)...)...), mark(0xc2, frame...),
		mark(0xc4, append(dc, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)...), mark(0xc4, append(ac, 0xe0, 0x00)...), mark(0xda, append(scan, 0, 0, 0)...))
	across, down := (w+7)/8, (h+7)/8
	var data bitWriter
	last := make([]int, planes)
	for b := range across * down {
		c := colour(b%across, b/across)
		for i, v := range []byte{c.Y, c.Cb, c.Cr}[:planes] {
			delta := int(v) - 128 - last[i]
			last[i] += delta
			n := 0
			for abs := max(delta, -delta); abs>>n != 0; n++ {
			}
			if delta < 0 {
				delta += 1<<n - 1
			}
			data.write(uint32(n), 4)
			data.write(uint32(delta), n)
		}
	}
	file = append(file, data.end()...)
	var nothing bitWriter
	left := across * down
	for ; left >= 1<<14; left -= min(left, 1<<15-1) {
		nothing.write(0, 2)
		nothing.write(uint32(min(left, 1<<15-1)-1<<14), 14)
	}
	for range left {
		nothing.write(1, 2)
	}
	idleScan := append(mark(0xda, 1, 1, 0, 1, 63, 0), nothing.end()...)
	return append(append(file, bytes.Repeat(idleScan, idle)...), 0xff, 0xd9)
}

// segments names the markers of a JPEG up to the end of its only scan, and fails on any byte behind its end.
func segments(file []byte) (markers []byte, ok bool) {
	for at := 2; at+4 <= len(file) && file[at] == 0xff; {
		markers = append(markers, file[at+1])
		at += 2 + int(binary.BigEndian.Uint16(file[at+2:]))
		if markers[len(markers)-1] == 0xda {
			return markers, bytes.HasSuffix(file, []byte{0xff, 0xd9}) && bytes.Count(file[at:], []byte{0xff}) == bytes.Count(file[at:], []byte{0xff, 0})+1
		}
	}
	return markers, false
}
