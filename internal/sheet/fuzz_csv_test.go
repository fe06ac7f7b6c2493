package sheet

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// FuzzCSV writes four cells as a line of a CSV, between two others, in every form that programs write one in; what is read
// is what was written, or the reason why it cannot be, and the lines around it are never touched. Form: 1, 2 which separator,
// 4 everything in quotes, 8 lines end as on Windows, 16 a byte order mark, 32 GB 18030, 64 no end of the last line.
func FuzzCSV(f *testing.F) {
	f.Fuzz(func(t *testing.T, name, number, until, note string, form uint8) {
		cells := []string{name, number, until, note}
		separator := []string{",", ";", "\t", ","}[form&3]
		before, behind := strings.Join([]string{"李明", "1", "2026-03-02", "注"}, separator), strings.Join([]string{"李明", "", "", ""}, separator)
		var written []string
		for i, cell := range cells {
			cells[i] = strings.ToValidUTF8(cell, "?")
			written = append(written, quoted(cells[i], separator, form&4 != 0))
		}
		line := strings.Join(written, separator)
		end := "\n"
		if form&8 != 0 {
			end = "\r\n"
		}
		text := strings.Join([]string{strings.Join([]string{"name", "number", "until", "note"}, separator), before, line, behind}, end)
		if form&64 == 0 {
			text += end
		}
		switch {
		case form&32 != 0:
			gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
			if back, _ := simplifiedchinese.GB18030.NewDecoder().String(gb); err != nil || back != text {
				t.Skip("no character of GB 18030, or of two writings")
			}
			text = gb
		case form&16 != 0:
			text = byteOrderMark + text
		}
		r, err := open(t, []byte(text), people)
		if errors.Is(err, ErrBinary) && 2*strings.Count(text, "\x00") > strings.Count(text, "\n") {
			return // more than every other line has one: no text
		}
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		got := rest(t, r)
		if strings.Contains(line, "\n") { // more lines than one, which nobody can put together again
			if got[0] != "2 李明|1|2026-03-02|注" || !strings.HasSuffix(got[len(got)-1], " 李明|||") {
				t.Errorf("%q: a line break in a cell spoils others: %q", text, got)
			}
			return
		}
		want := []string{"2 李明|1|2026-03-02|注", "4 李明|||"}
		if row := asRead(cells); row != "" {
			want = slices.Insert(want, 1, "3 "+row)
		}
		if len(line) <= maxLine/4 && !slices.Equal(got, want) {
			t.Errorf("%q:\n got %q\nwant %q", text, got, want)
		}
	})
}

// quoted writes a cell, in quotes where it needs them.
func quoted(cell, separator string, always bool) string {
	if always || strings.ContainsAny(cell, "\"\n\r"+separator) {
		return `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
	}
	return cell
}

// asRead is how a row of cells is to be read, "" for a blank one.
func asRead(cells []string) string {
	var shown []string
	for _, cell := range cells {
		shown = append(shown, strings.TrimFunc(cell, padding))
	}
	row := strings.Join(shown, "|")
	switch {
	case strings.Contains(strings.Join(cells, ""), "\uFFFD"):
		return "!bad_encoding"
	case row == "|||":
		return ""
	}
	for i, cell := range shown {
		if strings.ContainsFunc(cell, func(r rune) bool { return r < ' ' || r >= 0x7F && r <= 0x9F }) {
			return "!control_character " + []string{"name", "number", "until", "note"}[i]
		}
	}
	return row
}
