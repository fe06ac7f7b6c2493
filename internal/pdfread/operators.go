package pdfread

import (
	"errors"
	"math"
)

// maxOperands is how many operands an operator keeps.
const maxOperands = 16

// run goes through a content stream (7.8.2), and tells whether it came to its end. What it does not know it passes over.
func (p *painter) run(content []byte, resources Dict, s state, depth int) bool {
	l := &lexer{b: content, values: &p.tokens}
	var operands []any
	var saved []state
	var path [][4]float64
	for l.pos < len(content) {
		v, op, err := l.value(0)
		if errors.Is(err, errLimit) {
			p.f.Whole = false
			return false
		}
		if err != nil {
			l.pos++ // garbage between operators
			continue
		}
		if op == "" {
			if len(operands) < maxOperands {
				operands = append(operands, v)
			}
			continue
		}
		switch op {
		case "q":
			if len(saved) < 1000 {
				saved = append(saved, s)
			}
		case "Q":
			if n := len(saved); n > 0 {
				s, saved = saved[n-1], saved[:n-1]
			}
		case "cm":
			if n := floats(operands, 6); n != nil {
				s.m = matrix(n).times(s.m)
			}
		case "re":
			if n := floats(operands, 4); n != nil && len(path) < maxTokens {
				path = append(path, [4]float64(n))
			}
		case "f", "F", "f*", "B", "B*", "b", "b*":
			for _, r := range path {
				p.canvas.rectangle(s.m, r, s.fill)
			}
			p.painted += len(path)
			path = path[:0]
		case "n", "S", "s":
			path = path[:0]
		case "Do":
			if len(operands) == 1 {
				name, _ := operands[0].(Name)
				p.xobject(p.f.target(p.f.Dict(resources["XObject"])[name]), s, depth)
			}
		case "BI":
			p.inline(l, s)
		case "g", "rg", "k", "sc", "scn":
			if shade, ok := grey(operands); ok {
				s.fill = shade
			}
		case "cs":
			s.fill = 0
		}
		operands = operands[:0]
	}
	return true
}

// floats gives exactly n numbers, or nil.
func floats(operands []any, n int) []float64 {
	if len(operands) != n {
		return nil
	}
	out := make([]float64, n)
	for i, v := range operands {
		x, ok := v.(float64)
		if !ok || math.IsNaN(x) || math.Abs(x) > 1e9 {
			return nil
		}
		out[i] = x
	}
	return out
}

// grey gives the shade of a colour of one, three or four parts.
func grey(operands []any) (uint8, bool) {
	n := floats(operands, len(operands))
	if n == nil {
		return 0, false
	}
	var v float64
	switch len(n) {
	case 1:
		v = n[0]
	case 3:
		v = (n[0] + 2*n[1] + n[2]) / 4
	case 4:
		v = 1 - (n[0]+2*n[1]+n[2])/4 - n[3]
	default:
		return 0, false
	}
	return uint8(255 * max(0, min(v, 1))), true
}

// inline draws an image that stands in the content itself (8.9.7).
func (p *painter) inline(l *lexer, s state) {
	d := Dict{}
	for {
		key, op, err := l.value(0)
		if err != nil || (op != "" && op != "ID") {
			return
		}
		if op == "ID" {
			break
		}
		name, _ := key.(Name)
		v, op, err := l.value(0)
		if err != nil || op != "" {
			return
		}
		if long, ok := inlineNames[name]; ok {
			name = long
		}
		d[name] = v
	}
	l.pos++
	from := l.pos
	for l.pos+2 < len(l.b) {
		if isSpace(l.b[l.pos]) && l.b[l.pos+1] == 'E' && l.b[l.pos+2] == 'I' && !isRegular(l.peek(3)) {
			break
		}
		l.pos++
	}
	if from > l.pos {
		return
	}
	d["Subtype"] = Name("Image")
	p.xobject(&Object{Value: d, stream: l.b[from:l.pos]}, s, 0)
	l.pos = min(l.pos+3, len(l.b))
}

// inlineNames are the short names of inline images.
var inlineNames = map[Name]Name{
	"W": "Width", "H": "Height", "BPC": "BitsPerComponent", "CS": "ColorSpace", "F": "Filter", "DP": "DecodeParms",
	"IM": "ImageMask", "D": "Decode",
}
