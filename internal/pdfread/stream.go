package pdfread

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
)

// Stream gives what a stream holds, unpacked. It is false for filters that are not known, for what is broken, and when the
// budget for all streams of the file is used up.
func (f *File) Stream(o *Object) ([]byte, bool) {
	if o == nil || o.stream == nil {
		return nil, false
	}
	body, rest, ok := f.unfilter(o)
	return body, ok && rest == ""
}

// unfilter takes filters off as far as they are known, and names the first that is not.
func (f *File) unfilter(o *Object) (body []byte, rest Name, ok bool) {
	d := o.Dict()
	filters, parameters := f.list(d["Filter"]), f.list(d["DecodeParms"])
	body = o.stream
	for i, filter := range filters {
		name, _ := f.Resolve(filter).(Name)
		var p Dict
		if i < len(parameters) {
			p = f.Dict(parameters[i])
		}
		switch name {
		case "FlateDecode", "Fl":
			if i >= 2 { // nobody packs three times; a bomb might
				return nil, "", false
			}
			if body, ok = f.inflate(body); !ok {
				return nil, "", false
			}
			if body, ok = f.unpredict(body, p); !ok {
				return nil, "", false
			}
		default:
			return body, name, i == len(filters)-1
		}
	}
	return body, "", true
}

// list gives the elements of an array, or the one value that stands for one.
func (f *File) list(v any) Array {
	switch v := f.Resolve(v).(type) {
	case nil:
		return nil
	case Array:
		return v[:min(len(v), maxNesting)]
	default:
		return Array{v}
	}
}

// inflate unpacks within the budget of the file. What is cut or damaged gives what could be read, as in every viewer.
func (f *File) inflate(packed []byte) ([]byte, bool) {
	r, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, false
	}
	defer r.Close()
	out, err := io.ReadAll(io.LimitReader(r, int64(f.inflated)+1))
	if len(out) > f.inflated {
		f.inflated, f.Whole = 0, false
		return nil, false
	}
	f.inflated -= len(out)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, zlib.ErrChecksum) && len(out) == 0 {
		return nil, false
	}
	return out, true
}

// unpredict undoes the predictors of PNG (7.4.4.4); others are not known.
func (f *File) unpredict(b []byte, p Dict) ([]byte, bool) {
	predictor := f.Int(p["Predictor"])
	if predictor <= 1 {
		return b, true
	}
	colors, bits, columns := max(1, f.Int(p["Colors"])), f.Int(p["BitsPerComponent"]), max(1, f.Int(p["Columns"]))
	if bits == 0 {
		bits = 8
	}
	if predictor < 10 || colors > 8 || bits > 16 || bits < 1 || columns > 100_000 {
		return nil, false
	}
	pixel := max(1, colors*bits/8)
	line := (colors*bits*columns + 7) / 8
	before := make([]byte, line)
	out := make([]byte, 0, len(b))
	for len(b) > 1 {
		if f.inflated -= max(0, line-(len(b)-1)); f.inflated < 0 { // the last row may be far longer than what is packed for it
			f.inflated, f.Whole = 0, false
			return nil, false
		}
		kind, row := b[0], make([]byte, line)
		n := copy(row, b[1:])
		b = b[1+n:]
		if !unfilterRow(kind, row, before, pixel) {
			return nil, false
		}
		out = append(out, row...)
		before = row
	}
	return out, true
}

// unfilterRow undoes one of the five filters of a PNG's line (RFC 2083, 6).
func unfilterRow(kind byte, row, before []byte, pixel int) bool {
	for i := range row {
		var a, c byte
		if i >= pixel {
			a, c = row[i-pixel], before[i-pixel]
		}
		up := before[i]
		switch kind {
		case 0:
		case 1:
			row[i] += a
		case 2:
			row[i] += up
		case 3:
			row[i] += byte((int(a) + int(up)) / 2)
		case 4:
			row[i] += paeth(a, up, c)
		default:
			return false
		}
	}
	return true
}

func paeth(a, b, c byte) byte {
	p := int(a) + int(b) - int(c)
	pa, pb, pc := abs(p-int(a)), abs(p-int(b)), abs(p-int(c))
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

func abs(n int) int { return max(n, -n) }

// Packed gives what a stream holds with the filters taken off that are known, and the name of the one that is left: DCTDecode
// for a JPEG.
func (f *File) Packed(o *Object) (body []byte, filter Name, ok bool) {
	if o == nil || o.stream == nil {
		return nil, "", false
	}
	return f.unfilter(o)
}
