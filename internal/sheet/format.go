package sheet

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// format is what the number format of a cell means to us: nothing, a date, or digits filled up with
// zeros. All else is decoration.
type format struct {
	date  bool
	zeros int // the least number of digits
}

// builtInFormat gives the formats that every workbook has without stating them. 27 to 36 and 50 to
// 58 are those of Chinese, Japanese and Korean Excel, a few of them times of day.
func builtInFormat(id int) format {
	return format{date: 14 <= id && id <= 17 || id == 22 || 27 <= id && id <= 31 || id == 36 || 50 <= id && id <= 58}
}

// parseFormat reads a format code as a workbook states it.
func parseFormat(code string) format {
	code = bareFormat(code)
	if len(code) > 1 && strings.Trim(code, "0") == "" {
		return format{zeros: len(code)}
	}
	if strings.ContainsAny(code, "yd") {
		return format{date: true}
	}
	// A lone m is a month; beside hours or seconds it is minutes, beside digits somebody's unit.
	return format{date: strings.Contains(code, "m") && !strings.ContainsAny(code, "hs0#?")}
}

// bareFormat gives the first section of a format code, for positive numbers, in lower case, without
// what is quoted, escaped, padding, or in brackets (a colour, a language).
func bareFormat(code string) string {
	code = strings.ToLower(code)
	var b strings.Builder
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case ';':
			return b.String()
		case '\\', '_', '*':
			i++
		case '"', '[':
			end := byte('"')
			if c == '[' {
				end = ']'
			}
			n := strings.IndexByte(code[i+1:], end)
			if n < 0 {
				return b.String()
			}
			i += n + 1
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// maxDigits is how many digits a spreadsheet keeps of a number.
const maxDigits = 15

// number gives the text of a numeric cell as its author sees it, or the reason why it cannot.
func (b *workbook) number(value string, f format) (text, reason string) {
	n, err := strconv.ParseFloat(value, 64)
	switch {
	case err != nil || math.IsNaN(n) || math.IsInf(n, 0):
		return "", ReasonNumber
	case f.date:
		return b.date(n)
	case math.Abs(n) >= 1e15 || significant(n) > maxDigits:
		return "", ReasonLostDigits
	case n == 0:
		n = 0 // not -0
	}
	text = strconv.FormatFloat(n, 'f', -1, 64)
	if n >= 0 && n == math.Trunc(n) && len(text) < f.zeros {
		text = strings.Repeat("0", min(f.zeros, maxLine)-len(text)) + text
	}
	return text, ""
}

// significant counts the digits of a number that are not just its size.
func significant(n float64) int {
	var buf [32]byte
	digits := 0
	for _, c := range strconv.AppendFloat(buf[:0], n, 'e', -1, 64) {
		if c == 'e' {
			break
		}
		if '0' <= c && c <= '9' {
			digits++
		}
	}
	return digits
}

// The days that a spreadsheet can name: 1900-01-01 is 1, 9999-12-31 is the last.
const (
	lastDay   = 2958465
	days1904  = 1462 // from there to 1904-01-01
	falseLeap = 60   // 1900-02-29, which spreadsheets have and the calendar has not
)

// date gives a day number as 2006-01-02; the time of day is dropped.
func (b *workbook) date(n float64) (text, reason string) {
	if b.date1904 {
		n += days1904
	}
	if n < 1 || n >= lastDay+1 || math.Floor(n) == falseLeap {
		return "", ReasonDate
	}
	day := int(n)
	if day < falseLeap {
		day++
	}
	return time.Date(1899, 12, 30+day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), ""
}
