package certificate

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/encoding/simplifiedchinese"

	"yanzheng/models"
)

// standardTable is 通用规范汉字表, which scripts/font takes from Unihan.
func standardTable(t *testing.T) []rune {
	t.Helper()
	raw, err := os.ReadFile("testdata/tongyong.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []rune
	for _, line := range strings.Fields(string(raw)) {
		n, err := strconv.ParseInt(line, 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rune(n))
	}
	return all
}

// gb2312 gives the characters of GB 2312: its rows of signs, letters and Han.
func gb2312(t *testing.T) []rune {
	t.Helper()
	var all []rune
	for row := 0xa1; row <= 0xf7; row++ {
		if row >= 0xa4 && row <= 0xaf && row != 0xa6 && row != 0xa8 { // kana, and rows that it leaves empty
			continue
		}
		for cell := 0xa1; cell <= 0xfe; cell++ {
			if row == 0xa2 && (cell < 0xb1 || cell == 0xe3) || row == 0xa6 && cell > 0xd8 || row == 0xa8 && (cell > 0xe9 || cell > 0xba && cell < 0xc5) || row == 0xd7 && cell > 0xf9 {
				continue // added by GBK, or empty
			}
			s, err := simplifiedchinese.GBK.NewDecoder().Bytes([]byte{byte(row), byte(cell)})
			if err != nil {
				t.Fatal(err)
			}
			if r := []rune(string(s))[0]; r != '\ufffd' && r < 0xe000 || r > 0xf8ff && r != '\ufffd' {
				all = append(all, r)
			}
		}
	}
	return all
}

func TestEveryCharacterDraws(t *testing.T) {
	f := press(t).regular
	table, gb := standardTable(t), gb2312(t)
	if len(table) != 8105 || len(gb) < 6763+94+100 {
		t.Fatalf("%d characters in the table, %d in GB 2312", len(table), len(gb))
	}
	var b sfnt.Buffer
	for _, r := range append(table, gb...) {
		g, err := f.font.GlyphIndex(&b, r)
		if err != nil || g == 0 {
			t.Errorf("%c U+%04X has no glyph", r, r)
			continue
		}
		if s, err := f.font.LoadGlyph(&b, g, fixed.I(perEm), nil); r != '\u3000' && (err != nil || len(s) == 0) {
			t.Errorf("%c U+%04X is drawn as nothing (%v)", r, r, err)
		}
	}
}

func TestTitlesHaveTheirWeight(t *testing.T) {
	for _, p := range models.Policies() {
		if r, missing := press(t).title.missing(p.Title.ZH + "注册证书"); missing {
			t.Errorf("%s: the title's font has no %c: add it to font/title.txt and run scripts/font", p.Title.ZH, r)
		}
	}
	if r, missing := press(t).title.missing("演示之印演示用章不具效力"); missing {
		t.Errorf("the title's font has no %c of the seals", r)
	}
}

func TestComposed(t *testing.T) {
	for s, want := range map[string]string{
		"Jose\u0301":          "José",
		"Nguye\u0302\u0303":   "Nguyễ",
		"张三":                  "张三",
		"\ufa0e\uf9e8e\u0301": "\ufa0e\uf9e8é", // compatibility ideographs keep their shape
		"e\u0301\u0301":       "é\u0301",
	} {
		if got := composed(s); got != want {
			t.Errorf("%+q: %+q, want %+q", s, got, want)
		}
	}
}
