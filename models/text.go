package models

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// middleDot is the dot in the names of many minorities (间隔号, U+00B7).
const middleDot = '·'

// NormalizeText gives the one written form of a text that people typed: spaces at the ends gone,
// runs of spaces made one, the look-alikes of the middle dot made U+00B7.
func NormalizeText(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		if unicode.IsSpace(r) {
			space = b.Len() > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		switch r {
		case '•', '‧', '∙', '⋅', '・', '･': // bullet, hyphenation point, operators, katakana dots
			r = middleDot
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Bounds of texts in the register, in characters.
const (
	minNameLength      = 2
	maxNameLength      = 50
	maxEmployerLength  = 100
	maxSpecialtyLength = 50
	maxNumberLength    = 40
)

// CheckName checks a normalized personal name: 2 to 50 characters, Han (all of 通用规范汉字表 and beyond),
// or Latin letters; middle dot, space, hyphen and apostrophe between them, a full stop after an initial.
func CheckName(s string) error {
	if n := utf8.RuneCountInString(s); n < minNameLength || n > maxNameLength || !utf8.ValidString(s) {
		return ErrName
	}
	last := 'x' // of the rune before: letter 'x', Latin letter 'l', separator '-'
	for i, r := range s {
		switch {
		case unicode.Is(unicode.Han, r) && (unicode.IsLetter(r) || r == '〇'):
			last = 'x'
		case unicode.Is(unicode.Latin, r) && unicode.In(r, unicode.Lu, unicode.Ll, unicode.Lt):
			last = 'l'
		case unicode.Is(unicode.Mn, r) && last == 'l' && i > 0: // an accent on a Latin letter
		case strings.ContainsRune("· -'’", r) && i > 0 && last != '-':
			last = '-'
		case r == '.' && last == 'l' && i > 0: // an initial: J. Smith
			last = '.'
		default:
			return ErrName
		}
	}
	if last == '-' {
		return ErrName
	}
	return nil
}

// foldWidth writes full-width forms of ASCII as ASCII, so that 建筑(集团) compares alike however the
// brackets were typed.
func foldWidth(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '\uFF01' && r <= '\uFF5E' {
			return r - '\uFF01' + '!'
		}
		return r
	}, s)
}

// checkPlain checks a normalized one-line text of at most limit characters.
func checkPlain(s string, limit int, e *Error) error {
	if s == "" || !utf8.ValidString(s) || utf8.RuneCountInString(s) > limit {
		return e
	}
	for _, r := range s {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return e
		}
	}
	return nil
}

// CheckWritten checks a normalized text of many words that people typed (a note, a reason) for what nobody types and
// nobody sees: control characters, marks that turn the direction of what follows, so that a text reads otherwise than it is,
// and characters without width. The two joiners stay, which some scripts and composed pictures need.
func CheckWritten(s string) error {
	for _, r := range s {
		joiner := r == '\u200C' || r == '\u200D'
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) && !joiner || r == utf8.RuneError {
			return ErrHidden
		}
	}
	return nil
}

// ErrHidden answers a text with characters that nobody sees.
var ErrHidden = NewError(KindRule, "text_hidden_characters",
	"文字中含有控制字符、改变书写方向的字符或其他不可见字符", "The text has control characters, direction marks or other characters that nobody sees")

// checkNumber checks a certificate or seal number: letters, digits, hyphens and brackets; no meaning
// is read from it.
func checkNumber(s string, e *Error) error {
	if s == "" || utf8.RuneCountInString(s) > maxNumberLength {
		return e
	}
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z', unicode.Is(unicode.Han, r):
		case strings.ContainsRune("-()()[]〔〕", r):
		default:
			return e
		}
	}
	return nil
}

// The answers to texts that the register does not take.
var (
	ErrName              = NewError(KindRule, "name_invalid", "姓名应为 2 至 50 个汉字、间隔号或拉丁字母", "A name has 2 to 50 Han characters, middle dots or Latin letters").On(string(FieldName))
	ErrEmployer          = NewError(KindRule, "employer_invalid", "聘用单位名称不能为空，且不超过 100 字", "Employer must be given, at most 100 characters").On(string(FieldEmployer))
	ErrSpecialty         = NewError(KindRule, "specialty_invalid", "注册专业不超过 50 字", "Specialty has at most 50 characters").On(string(FieldSpecialty))
	ErrCertificateNumber = NewError(KindRule, "certificate_number_invalid", "证书编号为空或含有无效字符", "Certificate number is empty or has characters it cannot have").On(string(FieldCertificateNumber))
	ErrSealNumber        = NewError(KindRule, "seal_number_invalid", "注册号（执业印章号）为空或含有无效字符", "Seal number is empty or has characters it cannot have").On(string(FieldSealNumber))
)
