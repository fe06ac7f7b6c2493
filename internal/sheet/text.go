package sheet

import (
	"strings"
	"unicode"
)

// replacement is U+FFFD: what a decoder writes for bytes that mean nothing. Where the file itself
// holds one, a character was lost before it came to us.
const replacement = "\uFFFD"

const byteOrderMark = "\uFEFF"

// nextLine is a control character, which Unicode counts among the spaces.
const nextLine = '\u0085'

// padding tells what people leave around a value without seeing it: spaces of all kinds, the
// ideographic one, the tab that keeps spreadsheets from reading a number, stray marks of no width.
func padding(r rune) bool {
	return unicode.IsSpace(r) && r != nextLine || r == '\u200B' || r == '\uFEFF'
}

// trim cuts padding off both ends. Most cells have none, and show it by their first and last byte.
func trim(s string) string {
	if s == "" || !mayPadFront(s[0]) && !mayPadBack(s[len(s)-1]) {
		return s
	}
	return strings.TrimFunc(s, padding)
}

// mayPadFront tells whether padding can begin with a byte.
func mayPadFront(b byte) bool {
	return b <= ' ' || b == 0xC2 || b >= 0xE1 && b <= 0xE3 || b == 0xEF
}

// mayPadBack tells whether padding can end with a byte.
func mayPadBack(b byte) bool {
	switch {
	case b <= ' ', b >= 0x80 && b <= 0x8B:
		return true
	}
	return b == 0x9F || b == 0xA0 || b == 0xA8 || b == 0xA9 || b == 0xAF || b == 0xBF
}

// hasControl tells whether valid UTF-8 holds a control character: below space, DEL, or U+0080 to
// U+009F.
func hasControl(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < ' ', c == 0x7F:
			return true
		case c == 0xC2 && i+1 < len(s) && s[i+1] < 0xA0:
			return true
		}
	}
	return false
}
