package models

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestNormalizeText(t *testing.T) {
	for s, want := range map[string]string{
		"": "", "   ": "", "李明": "李明", " 李明\t": "李明", "\u3000李明\u3000": "李明", "\u00a0李明\r\n": "李明",
		"John  \t Smith": "John Smith", "阿依古丽·买买提": "阿依古丽·买买提",
		"阿依古丽•买买提": "阿依古丽·买买提", "阿依古丽‧买买提": "阿依古丽·买买提", "阿依古丽・买买提": "阿依古丽·买买提",
		"阿依古丽･买买提": "阿依古丽·买买提", "阿依古丽∙买买提": "阿依古丽·买买提", "阿依古丽⋅买买提": "阿依古丽·买买提",
		"𬭚 ": "𬭚", "a\xffb": "a\uFFFDb",
	} {
		got := NormalizeText(s)
		if got != want {
			t.Errorf("%q becomes %q, want %q", s, got, want)
		}
		if again := NormalizeText(got); again != got {
			t.Errorf("%q becomes %q, then %q", s, got, again)
		}
	}
}

func TestCheckName(t *testing.T) {
	good := []string{
		"李明", "欧阳修文",
		// Characters of 通用规范汉字表 beyond U+FFFF and in the late blocks below it.
		"王𬭚", "李𫖮", "张𬬭", "陈𬀩", "周𬳶", "吴𬬻", "刘䶮", "赵鿏", "𬱖𬭊",
		"阿依古丽·买买提", "买买提·阿卜杜拉·艾合买提",
		"John Smith", "Jean-Luc Picard", "Conan O'Brien", "O’Neill", "J. R. Tolkien", "Müller", "Nguyễn Văn A", "Øre",
		"Jose\u0301", // the accent as a character of its own
		strings.Repeat("明", 2), strings.Repeat("明", 50), strings.Repeat("𬭚", 50),
	}
	for _, s := range good {
		if err := CheckName(s); err != nil {
			t.Errorf("%q (%d characters) was refused", s, utf8.RuneCountInString(s))
		}
	}
	bad := []string{
		"", "明", "𬭚", strings.Repeat("明", 51), strings.Repeat("𬭚", 51),
		"李明1", "李1", "李\uff11", "李\u0661", "李明😀", "😀😀", "李\x00明", "李\n明", "李\t明", "李\u200b明", "\ufeff李明", "李\u202e明",
		"\xe6\x9d", "李明\xff", "李\uFFFD明", "··", "--", " .", "\u0301\u0301", "李(明)", "李,明", "李/明", "<b>李明",
		"Иван", "Ελένη", "ひろし", "김철수", "李\ue000", // a private-use character means something else on every machine
	}
	for _, s := range bad {
		if err := CheckName(s); !errors.Is(err, ErrName) {
			t.Errorf("%q was taken: %v", s, err)
		}
	}
}
