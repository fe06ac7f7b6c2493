package certificate

import (
	"strings"
	"unicode"
)

// What may not begin a line, and what may not end one (GB/T 15834).
const (
	noStart = "，。、；：！？）》〉】〕”’,.;:!?)]}·-—～%"
	noEnd   = "（《〈【〔“‘([{"
)

// wrap breaks a text into lines that are no wider than that: between Han characters, at spaces, and within a Latin word
// only where the word alone is too long. Closing marks stay with what they close.
func (f *face) wrap(text string, size, width float64) []string {
	var lines []string
	rest := []rune(text)
	for len(rest) > 0 {
		n := f.fitting(rest, size, width)
		if n < len(rest) {
			n = breakBefore(rest, n)
		}
		lines = append(lines, strings.TrimSpace(string(rest[:n])))
		rest = []rune(strings.TrimLeft(string(rest[n:]), " "))
	}
	return lines
}

// fitting counts the characters that fit, at least one.
func (f *face) fitting(text []rune, size, width float64) int {
	sum := 0.0
	for n, r := range text {
		if sum += f.width(string(r), size, 0); sum > width+1e-6 {
			return max(n, 1)
		}
	}
	return len(text)
}

// breakBefore gives the last place at or before n where a line may end.
func breakBefore(text []rune, n int) int {
	for at := n; at > 0; at-- {
		if mayBreak(text[at-1], text[at]) {
			return at
		}
	}
	return n
}

func mayBreak(before, after rune) bool {
	if strings.ContainsRune(noStart, after) || strings.ContainsRune(noEnd, before) || after == ' ' {
		return false
	}
	return before == ' ' || unicode.Is(unicode.Han, before) || unicode.Is(unicode.Han, after) ||
		before > 0x2000 || after > 0x2000
}

// fit gives the largest of the sizes at which a text takes no more than that many lines, and those lines, evened out so
// that no last line hangs alone. Where no size does, ok is false.
func (f *face) fit(text string, sizes []float64, width float64, most int) (lines []string, size float64, ok bool) {
	for _, size := range sizes {
		lines := f.wrap(text, size, width)
		if len(lines) > most {
			continue
		}
		for w := width; len(lines) > 1; {
			if w -= size / 2; w < width/2 {
				break
			}
			evener := f.wrap(text, size, w)
			if len(evener) > len(lines) {
				break
			}
			lines = evener
		}
		return lines, size, true
	}
	return nil, 0, false
}
