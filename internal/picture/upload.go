package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"math"

	"yanzheng/models"
)

// upload is a picture whose header keeps every bound, so that it may be decoded.
type upload struct {
	raw           []byte
	read          func(io.Reader) (image.Image, error)
	width, height int // as it lies in the file, not yet turned
	turn          turn
}

// admit looks at no more than the header and the marks between the parts of a file.
func admit(raw []byte, r Rules) (*upload, error) {
	if len(raw) > r.MaxBytes {
		return nil, filled(ErrTooLarge, size(r.MaxBytes))
	}
	switch {
	case bytes.HasPrefix(raw, []byte("\xff\xd8\xff")):
		return admitJPEG(raw, r)
	case bytes.HasPrefix(raw, []byte(pngMark)):
		return admitPNG(raw, r)
	case len(raw) >= 12 && string(raw[4:8]) == "ftyp":
		return nil, ErrHEIC
	case bytes.HasPrefix(raw, []byte("GIF8")):
		return nil, ErrAnimated
	}
	return nil, ErrFormat
}

const pngMark = "\x89PNG\r\n\x1a\n"

// Bytes of memory that the standard library's decoders take for each pixel.
const (
	jpegPlanes       = 3  // Y, Cb and Cr, none of them reduced
	jpegRGB          = 4  // a copy, when the three planes are red, green and blue
	jpegCoefficients = 12 // three planes of 32 bits, which a progressive JPEG keeps until its end
	pngDeep          = 8  // four channels of 16 bits
	pngFull          = 4  // four channels of 8 bits
	pngPalette       = 1
	pngPasses        = 2 // the whole, and beside it every pass of an interlaced one
)

// maxChunks bounds the parts of a PNG: for each that the decoder skips it takes 4 KB anew. Pixels come in
// chunks of 8 KB or more.
const maxChunks = 4096

func admitJPEG(raw []byte, r Rules) (*upload, error) {
	var exif []byte
	for marker, data := range jpegParts(raw) {
		const head = "Exif\x00\x00"
		switch {
		case marker == 0xe1 && exif == nil && bytes.HasPrefix(data, []byte(head)):
			exif = data[len(head):]
		case marker == 0xd9: // telephones hang films and second pictures on; the decoder is not shown them
			raw = raw[:len(raw)-len(data)]
		}
	}
	config, err := jpeg.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return nil, broken(err)
	}
	perPixel := float64(jpegPlanes)
	switch config.ColorModel {
	case color.CMYKModel:
		return nil, ErrPrintColours // without its colour profile, CMYK is wrong on any screen
	case color.RGBAModel:
		perPixel += jpegRGB
	}
	// Two bytes that stand for a marker cannot stand in a picture's own data, and every marker that the decoder can
	// find is made of them. In metadata they may stand by chance, so both are upper bounds, whatever a hostile file
	// makes of its segments.
	if bytes.Contains(raw, []byte("\xff\xc2")) {
		perPixel += jpegCoefficients
	}
	if bytes.Count(raw, []byte("\xff\xda")) > r.MaxScans {
		return nil, ErrUnsupported
	}
	u := &upload{raw: raw, read: jpeg.Decode, width: config.Width, height: config.Height, turn: turnOf(exif)}
	return u, u.bounded(r, perPixel)
}

func admitPNG(raw []byte, r Rules) (*upload, error) {
	u := &upload{raw: raw, read: png.Decode}
	chunks := 0
	for name, data := range pngChunks(raw) {
		if chunks++; chunks > maxChunks {
			return nil, ErrUnsupported
		}
		switch name {
		case "acTL":
			return nil, ErrAnimated
		case "eXIf":
			u.turn = turnOf(data)
		}
	}
	config, err := png.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return nil, broken(err)
	}
	u.width, u.height = config.Width, config.Height
	perPixel := float64(pngFull)
	switch depth, colours := raw[24], raw[25]; { // of the IHDR chunk, which DecodeConfig has read
	case depth == 16:
		perPixel = pngDeep
	case colours == 3:
		perPixel = pngPalette
	}
	if interlace := raw[28]; interlace != 0 {
		perPixel *= pngPasses
	}
	return u, u.bounded(r, perPixel)
}

// bounded refuses what would take too much, and says how small it has to be.
func (u *upload) bounded(r Rules, perPixel float64) error {
	if u.width < 1 || u.height < 1 {
		return ErrBroken
	}
	pixels, longer := float64(u.width)*float64(u.height), max(u.width, u.height)
	most := min(float64(r.MaxPixels), float64(r.MaxMemory)/perPixel)
	if pixels <= most && longer <= r.MaxSide {
		return nil
	}
	side := min(int(float64(longer)*math.Sqrt(most/pixels)), r.MaxSide)
	if side > 1000 {
		side -= side % 100
	}
	return filled(ErrTooManyPixels, side)
}

// size gives the width and the height that a person sees.
func (u *upload) size() (width, height int) {
	if u.turn.swaps() {
		return u.height, u.width
	}
	return u.width, u.height
}

// decode reads the pixels, not yet turned.
func (u *upload) decode() (image.Image, error) {
	img, err := u.read(bytes.NewReader(u.raw))
	if err != nil {
		return nil, broken(err)
	}
	return img, nil
}

// broken says whether another encoding would help or another file is needed.
func broken(err error) error {
	var j jpeg.UnsupportedError
	var p png.UnsupportedError
	if errors.As(err, &j) || errors.As(err, &p) {
		return ErrUnsupported.Because(err)
	}
	return ErrBroken.Because(err)
}

// jpegParts goes through the segments of a JPEG, as far as they are in order. With the marker of the end
// comes what stands behind it.
func jpegParts(raw []byte) func(yield func(marker byte, data []byte) bool) {
	return func(yield func(marker byte, data []byte) bool) {
		for rest := raw[2:]; len(rest) >= 2 && rest[0] == 0xff; {
			marker := rest[1]
			switch {
			case marker == 0xff: // a fill byte
				rest = rest[1:]
				continue
			case marker == 0xd9:
				yield(marker, rest[2:])
				return
			case len(rest) < 4:
				return
			}
			end := 2 + int(binary.BigEndian.Uint16(rest[2:]))
			if end < 4 || end > len(rest) || !yield(marker, rest[4:end]) {
				return
			}
			if rest = rest[end:]; marker == 0xda {
				rest = rest[scanEnd(rest):]
			}
		}
	}
}

// scanEnd gives the length of the pixel data of a scan: up to a marker that is none of its own.
func scanEnd(data []byte) int {
	for i := 0; i+1 < len(data); i++ {
		if next := data[i+1]; data[i] == 0xff && next != 0 && next != 0xff && (next < 0xd0 || next > 0xd7) {
			return i
		}
	}
	return len(data)
}

// pngChunks goes through the chunks of a PNG, as far as they are whole.
func pngChunks(raw []byte) func(yield func(name string, data []byte) bool) {
	return func(yield func(name string, data []byte) bool) {
		const around = 12 // length, name and checksum
		for rest := raw[len(pngMark):]; len(rest) >= around; {
			length := int(binary.BigEndian.Uint32(rest))
			if length > len(rest)-around || !yield(string(rest[4:8]), rest[8:8+length]) {
				return
			}
			rest = rest[around+length:]
		}
	}
}

// oneOf names the input field in whatever refuses it.
func oneOf(field string, err error) error {
	return models.AsError(err).On(field)
}
