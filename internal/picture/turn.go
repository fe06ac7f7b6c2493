package picture

import (
	"encoding/binary"
	"image"
)

// turn is the orientation of EXIF, 1 to 8: how a picture is brought upright. 0 stands for 1, as it is.
type turn uint8

// maxEntries bounds the directory that is searched; cameras write some dozen entries.
const maxEntries = 256

// turnOf reads the orientation, and nothing else, from EXIF as a TIFF file has it. What cannot be read
// is no orientation: a person sees the picture before it counts.
func turnOf(exif []byte) turn {
	const (
		orientation = 0x0112
		short       = 3
	)
	if len(exif) < 8 {
		return 0
	}
	var order binary.ByteOrder
	switch string(exif[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	at := uint64(order.Uint32(exif[4:]))
	if at+2 > uint64(len(exif)) {
		return 0
	}
	entries := exif[at+2:]
	for range min(int(order.Uint16(exif[at:])), maxEntries, len(entries)/12) {
		if order.Uint16(entries) == orientation {
			t := order.Uint16(entries[8:])
			if order.Uint16(entries[2:]) != short || order.Uint32(entries[4:]) != 1 || t > 8 {
				return 0
			}
			return turn(t)
		}
		entries = entries[12:]
	}
	return 0
}

// swaps says whether width and height change places.
func (t turn) swaps() bool { return t >= 5 }

// upright turns a picture that begins at the origin.
func (t turn) upright(src *image.RGBA) *image.RGBA {
	if t <= 1 {
		return src
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	if t.swaps() {
		dst = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range dst.Rect.Dy() {
		for x := range dst.Rect.Dx() {
			sx, sy := t.source(x, y, w, h)
			copy(dst.Pix[dst.PixOffset(x, y):][:4], src.Pix[src.PixOffset(sx, sy):][:4])
		}
	}
	return dst
}

// source says which pixel of a picture of w × h comes to x, y.
func (t turn) source(x, y, w, h int) (sx, sy int) {
	switch t {
	case 2: // mirrored
		return w - 1 - x, y
	case 3: // upside down
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6: // the camera was turned to the left: turn to the right
		return y, h - 1 - x
	case 7:
		return w - 1 - y, h - 1 - x
	case 8:
		return w - 1 - y, x
	}
	return x, y
}
