package sheet

import "testing"

func TestParseFormat(t *testing.T) {
	date := format{date: true}
	tests := map[string]format{
		"":                                   {},
		"General":                            {},
		"@":                                  {},
		"0":                                  {},
		"000000000":                          {zeros: 9},
		"0.00":                               {},
		"#,##0.00_);[Red]\\(#,##0.00\\)":     {},
		"0.00E+00":                           {},
		"0%":                                 {},
		`"day"0`:                             {},
		`\d0`:                                {},
		`0"年";yyyy`:                          {},
		"[$-804]yyyy\"年\"m\"月\"d\"日\";@":     date,
		"YYYY-MM-DD":                         date,
		"m/d/yy h:mm":                        date,
		"mmm":                                date,
		`e"年"m"月"`:                           date,
		"h:mm":                               {},
		"mm:ss":                              {},
		"[h]:mm:ss":                          {},
		"h:mm AM/PM":                         {},
		`0.0" m"`:                            {},
		"0 m":                                {},
		`"not closed`:                        {},
		"[not closed":                        {},
		`\`:                                  {},
		"_($* #,##0_);_($* (#,##0);_($* -??": {},
	}
	for code, want := range tests {
		if got := parseFormat(code); got != want {
			t.Errorf("%q: %+v, want %+v", code, got, want)
		}
	}
}

func TestBuiltInFormats(t *testing.T) {
	for id, want := range map[int]bool{0: false, 1: false, 10: false, 14: true, 17: true, 18: false, 21: false, 22: true, 27: true, 32: false, 36: true, 45: false, 49: false, 57: true, 58: true, 59: false, -1: false} {
		if got := builtInFormat(id); got.date != want {
			t.Errorf("%d: %+v", id, got)
		}
	}
}
