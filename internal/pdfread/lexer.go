package pdfread

import (
	"bytes"
	"errors"
	"strconv"
)

// errSyntax is all that is said about bytes that are no PDF syntax: nobody would read more.
var (
	errSyntax = errors.New("pdfread: not PDF syntax")
	errLimit  = errors.New("pdfread: beyond the limits")
)

// lexer reads values (ISO 32000-1, 7.2 and 7.3) from a slice.
type lexer struct {
	b      []byte
	pos    int
	values *int // how many more may be made
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelimiter(c byte) bool {
	return bytes.IndexByte([]byte("()<>[]{}/%"), c) >= 0
}

func isRegular(c byte) bool { return !isSpace(c) && !isDelimiter(c) }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (l *lexer) space() {
	for l.pos < len(l.b) {
		switch c := l.b[l.pos]; {
		case isSpace(c):
			l.pos++
		case c == '%':
			for l.pos < len(l.b) && l.b[l.pos] != '\n' && l.b[l.pos] != '\r' {
				l.pos++
			}
		default:
			return
		}
	}
}

func (l *lexer) peek(at int) byte {
	if l.pos+at < len(l.b) {
		return l.b[l.pos+at]
	}
	return 0
}

// word reads regular characters.
func (l *lexer) word() []byte {
	start := l.pos
	for l.pos < len(l.b) && isRegular(l.b[l.pos]) {
		l.pos++
	}
	return l.b[start:l.pos]
}

// value reads one value; keyword tells of an operator or another word that is none.
func (l *lexer) value(depth int) (v any, keyword string, err error) {
	if *l.values--; *l.values < 0 || depth > maxDepth {
		return nil, "", errLimit
	}
	l.space()
	if l.pos >= len(l.b) {
		return nil, "", errSyntax
	}
	switch c := l.b[l.pos]; {
	case c == '/':
		v, err = l.name()
	case c == '(':
		v, err = l.literal()
	case c == '<' && l.peek(1) == '<':
		v, err = l.dict(depth)
	case c == '<':
		v, err = l.hex()
	case c == '[':
		v, err = l.array(depth)
	case isDigit(c) || c == '+' || c == '-' || c == '.':
		v = l.number()
	case isRegular(c):
		return l.named()
	default:
		err = errSyntax
	}
	return v, "", err
}

// named reads true, false, null, or a keyword.
func (l *lexer) named() (any, string, error) {
	switch w := l.word(); string(w) {
	case "true":
		return true, "", nil
	case "false":
		return false, "", nil
	case "null":
		return nil, "", nil
	default:
		return nil, string(w[:min(len(w), maxName)]), nil
	}
}

// number reads a number, or the reference that begins with it.
func (l *lexer) number() any {
	w := l.word()
	f, err := strconv.ParseFloat(string(w[:min(len(w), 40)]), 64)
	if err != nil {
		f = 0 // readers take damaged numbers for 0
	}
	if !isDigit(w[0]) || f != float64(int(f)) || f < 0 || f > maxNumber {
		return f
	}
	// "12 0 R"
	before := l.pos
	l.space()
	if g := l.word(); len(g) > 0 && len(g) <= 5 && len(bytes.Trim(g, "0123456789")) == 0 {
		l.space()
		if l.peek(0) == 'R' && !isRegular(l.peek(1)) {
			l.pos++
			generation, _ := strconv.Atoi(string(g))
			return Ref{int(f), generation}
		}
	}
	l.pos = before
	return f
}

// maxNumber is the highest number of an object.
const maxNumber = 8_388_607

func (l *lexer) name() (Name, error) {
	l.pos++
	w := l.word()
	if len(w) > maxName {
		return "", errLimit
	}
	if bytes.IndexByte(w, '#') < 0 {
		return Name(w), nil
	}
	out := make([]byte, 0, len(w))
	for i := 0; i < len(w); i++ {
		if w[i] == '#' && i+2 < len(w) {
			if n, err := strconv.ParseUint(string(w[i+1:i+3]), 16, 8); err == nil {
				out = append(out, byte(n))
				i += 2
				continue
			}
		}
		out = append(out, w[i])
	}
	return Name(out), nil
}

// literal reads (a string); brackets may stand within brackets.
func (l *lexer) literal() (String, error) {
	l.pos++
	var out []byte
	for open := 1; l.pos < len(l.b); l.pos++ {
		if len(out) > maxString {
			return "", errLimit
		}
		switch c := l.b[l.pos]; c {
		case '(':
			open++
			out = append(out, c)
		case ')':
			if open--; open == 0 {
				l.pos++
				return String(out), nil
			}
			out = append(out, c)
		case '\\':
			out = l.escaped(out)
		default:
			out = append(out, c)
		}
	}
	return "", errSyntax
}

// escaped reads what follows a backslash and stays on its last byte.
func (l *lexer) escaped(out []byte) []byte {
	l.pos++
	switch c := l.peek(0); c {
	case 'n':
		return append(out, '\n')
	case 'r':
		return append(out, '\r')
	case 't':
		return append(out, '\t')
	case 'b':
		return append(out, '\b')
	case 'f':
		return append(out, '\f')
	case '\n':
		return out
	case '\r':
		if l.peek(1) == '\n' {
			l.pos++
		}
		return out
	default:
		if c < '0' || c > '7' {
			return append(out, c)
		}
		n := 0
		for i := 0; i < 3 && l.peek(0) >= '0' && l.peek(0) <= '7'; i++ {
			n = n*8 + int(l.peek(0)-'0')
			l.pos++
		}
		l.pos--
		return append(out, byte(n))
	}
}

func (l *lexer) hex() (String, error) {
	end := bytes.IndexByte(l.b[l.pos:], '>')
	if end < 0 {
		l.pos = len(l.b)
		return "", errSyntax
	}
	if end > 2*maxString {
		return "", errLimit
	}
	digits := l.b[l.pos+1 : l.pos+end]
	l.pos += end + 1
	out := make([]byte, 0, len(digits)/2+1)
	half, n := -1, 0
	for _, c := range digits {
		switch {
		case isDigit(c):
			n = int(c - '0')
		case c >= 'a' && c <= 'f':
			n = int(c-'a') + 10
		case c >= 'A' && c <= 'F':
			n = int(c-'A') + 10
		case isSpace(c):
			continue
		default:
			return "", errSyntax
		}
		if half < 0 {
			half = n
			continue
		}
		out = append(out, byte(half<<4|n))
		half = -1
	}
	if half >= 0 {
		out = append(out, byte(half<<4))
	}
	return String(out), nil
}

func (l *lexer) array(depth int) (Array, error) {
	l.pos++
	out := Array{}
	for {
		l.space()
		if l.peek(0) == ']' {
			l.pos++
			return out, nil
		}
		v, keyword, err := l.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if keyword != "" {
			return nil, errSyntax
		}
		out = append(out, v)
	}
}

func (l *lexer) dict(depth int) (Dict, error) {
	l.pos += 2
	out := Dict{}
	for {
		l.space()
		if l.peek(0) == '>' && l.peek(1) == '>' {
			l.pos += 2
			return out, nil
		}
		if l.peek(0) != '/' {
			return nil, errSyntax
		}
		key, err := l.name()
		if err != nil {
			return nil, err
		}
		v, keyword, err := l.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if keyword != "" {
			return nil, errSyntax
		}
		out[key] = v
	}
}
