package models

import (
	"errors"
	"testing"
)

func TestCheckWritten(t *testing.T) {
	for _, good := range []string{"", "三号楼 现场，二层", "J. Smith & Co. (2026)", "👨‍👩‍👧 ❤️", "ئۇيغۇر", "ᠮᠣᠩᠭᠣᠯ", "བོད་ཡིག", "é e\u0301"} {
		if err := CheckWritten(NormalizeText(good)); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []rune{
		0, 7, 0x1b, 0x7f, 0x9b, 0x61c, 0x200b, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2060, 0x2066, 0x2067, 0x2068, 0x2069,
		0xad, 0xfeff, 0xfffd, 0xfff9, 0xe0001, 0xe000,
	} {
		for _, s := range []string{string(bad), "甲" + string(bad) + "乙"} {
			if err := CheckWritten(NormalizeText(s)); !errors.Is(err, ErrHidden) {
				t.Errorf("%U in %q: %v", bad, s, err)
			}
		}
	}
	if err := CheckWritten("a\xffb"); !errors.Is(err, ErrHidden) {
		t.Errorf("not UTF-8: %v", err)
	}
}
