package pdfread

import (
	"bytes"
	"image"
	"image/draw"
	"image/jpeg"
)

// picture gives an image of the file as shades of grey, 0 black; nil where its kind is not known or the budget for pixels is
// used up.
func (f *File) picture(o *Object) *image.Gray {
	d := o.Dict()
	body, filter, ok := f.unfilter(o)
	if !ok {
		return nil
	}
	switch filter {
	case "DCTDecode", "DCT":
		return f.photo(body)
	case "":
	default:
		return nil
	}
	w, h := f.Int(d["Width"]), f.Int(d["Height"])
	if !f.pay(w, h) {
		return nil
	}
	bits := f.Int(d["BitsPerComponent"])
	if d["ImageMask"] == true {
		bits = 1
	}
	shade, components := f.space(d["ColorSpace"], bits)
	if shade == nil || (bits != 1 && bits != 8) {
		return nil
	}
	line := (w*components*bits + 7) / 8
	if len(body) < line*h {
		return nil
	}
	if decode := f.numbers(d["Decode"], 2*components); decode != nil && decode[0] > decode[1] {
		inner := shade
		shade = func(c []byte) uint8 { return 255 - inner(c) }
	}
	out := image.NewGray(image.Rect(0, 0, w, h))
	var one [4]byte
	for y := range h {
		row := body[y*line : (y+1)*line]
		for x := range w {
			var c []byte
			if bits == 8 {
				c = row[x*components : (x+1)*components]
			} else {
				for i := range components {
					n := x*components + i
					one[i] = row[n/8] >> (7 - n%8) & 1 * 255
				}
				c = one[:components]
			}
			out.Pix[y*w+x] = shade(c)
		}
	}
	return out
}

// pay takes an image's pixels from the budget.
func (f *File) pay(w, h int) bool {
	if w <= 0 || h <= 0 || w > f.pixels/h {
		if w > 0 && h > 0 {
			f.Whole = false
		}
		return false
	}
	f.pixels -= w * h
	return true
}

// photo reads a JPEG; its head says how large it gets.
func (f *File) photo(body []byte) *image.Gray {
	if f.work -= len(body); f.work < 0 || laborious(body) {
		f.Whole = false
		return nil
	}
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(body))
	if err != nil || !f.pay(cfg.Width, cfg.Height) {
		return nil
	}
	img, err := jpeg.Decode(bytes.NewReader(body))
	if err != nil {
		return nil
	}
	out := image.NewGray(image.Rect(0, 0, cfg.Width, cfg.Height))
	draw.Draw(out, out.Bounds(), img, img.Bounds().Min, draw.Src)
	return out
}

// maxScans is how often a JPEG may go over its picture: a picture of three colours needs three at most, and a preview within it
// has some too.
const maxScans = 8

// laborious tells of a JPEG that costs far more time than its size and its pixels say: a progressive one goes over the whole
// picture in a scan of a few bytes, as often as it likes.
func laborious(body []byte) bool {
	if bytes.Count(body, []byte{0xff, 0xda}) > maxScans {
		return true
	}
	for rest := body; ; { // the markers before the first scan
		i := bytes.IndexByte(rest, 0xff)
		if i < 0 || i+4 > len(rest) {
			return false
		}
		switch kind := rest[i+1]; {
		case kind == 0xc2:
			return true
		case kind == 0xda:
			return false
		case kind == 0xff || kind == 0xd8 || kind == 0x00 || kind == 0x01:
			rest = rest[i+1:]
		default:
			n := 2 + int(rest[i+2])<<8 + int(rest[i+3])
			if n > len(rest)-i {
				return false
			}
			rest = rest[i+n:]
		}
	}
}

// space gives what turns a pixel into grey, and how many components it has; nil for what is not known.
func (f *File) space(v any, bits int) (shade func([]byte) uint8, components int) {
	gray := func(c []byte) uint8 { return c[0] }
	rgb := func(c []byte) uint8 { return uint8((int(c[0]) + 2*int(c[1]) + int(c[2])) / 4) }
	cmyk := func(c []byte) uint8 {
		return uint8(max(0, 255-(int(c[0])+2*int(c[1])+int(c[2]))/4-int(c[3])))
	}
	switch s := f.Resolve(v).(type) {
	case nil, Name:
		switch s {
		case Name("DeviceRGB"), Name("RGB"), Name("CalRGB"):
			return rgb, 3
		case Name("DeviceCMYK"), Name("CMYK"):
			return cmyk, 4
		}
		return gray, 1
	case Array:
		if len(s) < 2 {
			return nil, 0
		}
		switch f.Resolve(s[0]) {
		case Name("ICCBased"):
			switch f.Int(f.Dict(s[1])["N"]) {
			case 1:
				return gray, 1
			case 3:
				return rgb, 3
			case 4:
				return cmyk, 4
			}
		case Name("CalGray"):
			return gray, 1
		case Name("CalRGB"):
			return rgb, 3
		case Name("Indexed"), Name("I"):
			return f.indexed(s, bits)
		}
	}
	return nil, 0
}

// indexed is a space whose pixels are places in a table (8.6.6.3); only of grey and RGB.
func (f *File) indexed(s Array, bits int) (func([]byte) uint8, int) {
	if len(s) != 4 {
		return nil, 0
	}
	base, n := f.space(f.plain(s[1]), 8)
	var table []byte
	switch t := f.Resolve(s[3]).(type) {
	case String:
		table = []byte(t)
	case Dict:
		table, _ = f.Stream(f.target(s[3]))
	}
	if base == nil || len(table) < n {
		return nil, 0
	}
	return func(c []byte) uint8 {
		i := int(c[0])
		if bits == 1 {
			i /= 255
		}
		if (i+1)*n > len(table) {
			return 255
		}
		return base(table[i*n : (i+1)*n])
	}, 1
}

// plain gives a space that is not made of another, so that no table leads to tables.
func (f *File) plain(v any) any {
	if a := f.Array(v); len(a) > 0 && (f.Resolve(a[0]) == Name("Indexed") || f.Resolve(a[0]) == Name("I")) {
		return Array{}
	}
	return v
}
