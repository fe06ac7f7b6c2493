package pdfread

import (
	"bytes"
	"errors"
	"slices"
)

// File is what was understood of a file.
type File struct {
	objects map[int]*Object // by number, the later of two
	all     []*Object       // in the order of the file
	Whole   bool            // no limit was met, and nothing looked broken

	values   int // budgets that are left
	work     int
	inflated int
	pixels   int
}

// ErrNotPDF answers bytes that do not begin as a PDF does.
var ErrNotPDF = errors.New("pdfread: not a PDF")

// Open goes through a file. The slice is kept and not changed.
func Open(b []byte) (*File, error) {
	if !bytes.Contains(b[:min(len(b), 1024)], []byte("%PDF-")) {
		return nil, ErrNotPDF
	}
	f := &File{objects: map[int]*Object{}, Whole: true, values: maxValues, work: maxWork, inflated: maxInflated, pixels: maxPixels}
	for at := 0; at < len(b); {
		o, next, err := f.next(b, at)
		if errors.Is(err, errLimit) || len(f.all) >= maxObjects {
			f.Whole = false
			break
		}
		if o == nil {
			break
		}
		f.keep(o)
		if o.Dict()["Type"] == Name("ObjStm") {
			f.unpack(o)
		}
		at = next
	}
	return f, nil
}

func (f *File) keep(o *Object) {
	f.all = append(f.all, o)
	f.objects[o.Number] = o
}

// Objects gives every object in the order of the file, also those that a later one replaced.
func (f *File) Objects() []*Object { return f.all }

// next reads the first object at or behind a place; nil when there is none.
func (f *File) next(b []byte, at int) (o *Object, next int, err error) {
	for at < len(b) {
		i := bytes.Index(b[at:], []byte("obj"))
		if i < 0 {
			return nil, len(b), nil
		}
		word := at + i
		at = word + 3
		start, number, ok := heading(b, word)
		if !ok {
			continue
		}
		o, err = f.object(b, start, number, at)
		if errors.Is(err, errLimit) {
			return nil, at, err
		}
		if err == nil {
			return o, o.End, nil
		}
		f.Whole = false // a broken object; what follows may be right
	}
	return nil, len(b), nil
}

// heading reads "12 0 " in front of the word obj, backwards.
func heading(b []byte, word int) (start, number int, ok bool) {
	at := word
	back := func(is func(byte) bool) int {
		end := at
		for at > 0 && is(b[at-1]) && end-at < 11 {
			at--
		}
		return end - at
	}
	if back(isSpace) == 0 || back(isDigit) == 0 || back(isSpace) == 0 {
		return 0, 0, false
	}
	end := at
	if n := back(isDigit); n == 0 || n > 10 {
		return 0, 0, false
	}
	for _, c := range b[at:end] {
		number = number*10 + int(c-'0')
	}
	return at, number, number > 0 && number <= maxNumber
}

// value reads one value at a place. It is paid for by the byte, because a file can make the same bytes be read many times.
func (f *File) value(b []byte, at int) (*lexer, any, error) {
	l := &lexer{b: b, pos: at, values: &f.values}
	v, keyword, err := l.value(0)
	if f.work -= l.pos - at; f.work < 0 {
		return nil, nil, errLimit
	}
	if err == nil && keyword != "" {
		err = errSyntax
	}
	return l, v, err
}

// object reads what follows the word obj.
func (f *File) object(b []byte, start, number, at int) (*Object, error) {
	l, v, err := f.value(b, at)
	if err != nil {
		return nil, err
	}
	o := &Object{Number: number, Value: v, Start: start, End: l.pos}
	l.space()
	if d := o.Dict(); d != nil && bytes.HasPrefix(b[l.pos:], []byte("stream")) {
		l.pos += len("stream")
		if l.peek(0) == '\r' {
			l.pos++
		}
		if l.peek(0) == '\n' {
			l.pos++
		}
		o.stream, o.End = f.extent(b, l.pos, d["Length"])
		if o.stream == nil {
			return nil, errSyntax
		}
		return o, nil
	}
	if bytes.HasPrefix(b[l.pos:], []byte("endobj")) {
		o.End = l.pos + len("endobj")
	}
	return o, nil
}

// extent finds the end of a stream: where its length says, if the word endstream stands there; else at the next such word.
// A length of 2 GB is not believed, and costs nothing.
func (f *File) extent(b []byte, from int, length any) (stream []byte, end int) {
	word := []byte("endstream")
	if r, ok := length.(Ref); ok && f.objects[r.Number] != nil {
		length = f.objects[r.Number].Value
	}
	if n, ok := length.(float64); ok && n >= 0 && n <= float64(len(b)-from) {
		rest := b[from+int(n):]
		if i := bytes.Index(rest[:min(len(rest), len(word)+2)], word); i >= 0 {
			return b[from : from+int(n)], from + int(n) + i + len(word)
		}
	}
	i := bytes.Index(b[from:], word)
	if i < 0 {
		f.work -= len(b) - from
		return nil, 0
	}
	return bytes.TrimRight(b[from:from+i], "\r\n"), from + i + len(word)
}

// unpack reads the objects within a stream of objects (7.5.7).
func (f *File) unpack(o *Object) {
	d := o.Dict()
	n, first := f.Int(d["N"]), f.Int(d["First"])
	body, ok := f.Stream(o)
	if !ok || n < 0 || first < 0 || first > len(body) {
		f.Whole = false
		return
	}
	head := &lexer{b: body[:first], values: &f.values}
	for range n {
		number, _, err1 := head.value(0)
		offset, _, err2 := head.value(0)
		a, isNumber := number.(float64)
		at, isOffset := offset.(float64)
		if err1 != nil || err2 != nil || !isNumber || !isOffset || at < 0 || at > float64(len(body)-first) || len(f.all) >= maxObjects {
			f.Whole = false
			return
		}
		if _, v, err := f.value(body, first+int(at)); err == nil && a > 0 && a <= maxNumber {
			f.keep(&Object{Number: int(a), Value: v, Start: o.Start, End: o.End})
		}
	}
}

// Resolve follows references to what they point to; nil where that is missing.
func (f *File) Resolve(v any) any {
	for range maxDepth {
		r, ok := v.(Ref)
		if !ok {
			return v
		}
		o := f.objects[r.Number]
		if o == nil {
			return nil
		}
		v = o.Value
	}
	return nil
}

// target gives the object that a reference points to, or nil.
func (f *File) target(v any) *Object {
	r, ok := v.(Ref)
	if !ok {
		return nil
	}
	return f.objects[r.Number]
}

// Dict gives a dictionary, direct or referenced; nil where it is none.
func (f *File) Dict(v any) Dict {
	d, _ := f.Resolve(v).(Dict)
	return d
}

// Array gives an array, direct or referenced.
func (f *File) Array(v any) Array {
	a, _ := f.Resolve(v).(Array)
	return a
}

// Int gives a whole number, direct or referenced; 0 where it is none.
func (f *File) Int(v any) int {
	n, _ := f.Resolve(v).(float64)
	if n < -1<<31 || n > 1<<31 {
		return 0
	}
	return int(n)
}

// numbers gives an array of exactly n numbers, or nil.
func (f *File) numbers(v any, n int) []float64 {
	var out []float64
	for _, one := range f.Array(v) {
		if x, ok := f.Resolve(one).(float64); ok {
			out = append(out, x)
		}
	}
	if len(out) != n || len(f.Array(v)) != n {
		return nil
	}
	return out
}

// page gives the first page: the first kid of the first kid of the last catalog, or else the first object that is a page.
func (f *File) page() Dict {
	for _, o := range slices.Backward(f.all) {
		if o.Dict()["Type"] != Name("Catalog") {
			continue
		}
		node := f.Dict(o.Dict()["Pages"])
		for range maxNesting {
			kids := f.Array(node["Kids"])
			if len(kids) == 0 {
				break
			}
			kid := f.Dict(kids[0])
			if kid == nil {
				break
			}
			node = inherit(kid, node)
		}
		if node["Type"] == Name("Page") {
			return node
		}
	}
	for _, o := range f.all {
		if o.Dict()["Type"] == Name("Page") {
			return o.Dict()
		}
	}
	return nil
}

// inherit gives a page what it takes from the node above it (7.7.3.4).
func inherit(kid, above Dict) Dict {
	out := Dict{}
	for k, v := range kid {
		out[k] = v
	}
	for _, k := range []Name{"Resources", "MediaBox", "Rotate"} {
		if _, has := out[k]; !has && above[k] != nil {
			out[k] = above[k]
		}
	}
	return out
}
