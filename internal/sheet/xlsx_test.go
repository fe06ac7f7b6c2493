package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// workbookOf saves a workbook that fill has filled, by another hand than the one that reads it.
func workbookOf(t testing.TB, fill func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	fill(f)
	var buf bytes.Buffer
	if err := f.Write(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// styled puts a value with a number format into a cell of the first sheet.
func styled(t testing.TB, f *excelize.File, cell string, value any, builtIn int, custom string) {
	t.Helper()
	style := &excelize.Style{NumFmt: builtIn}
	if custom != "" {
		style.CustomNumFmt = &custom
	}
	id, err := f.NewStyle(style)
	if err := errors.Join(err, f.SetCellValue("Sheet1", cell, value), f.SetCellStyle("Sheet1", cell, cell, id)); err != nil {
		t.Fatal(err)
	}
}

func row(t testing.TB, f *excelize.File, cell string, values ...any) {
	t.Helper()
	if err := f.SetSheetRow("Sheet1", cell, &values); err != nil {
		t.Fatal(err)
	}
}

func TestXLSX(t *testing.T) {
	data := workbookOf(t, func(f *excelize.File) {
		row(t, f, "A1", " Until", "NUMBER", "其他", "name", "note")
		row(t, f, "A2", "2027-01-01", 121500249, "x", "\u3000王〇𬭚 ", true)
		row(t, f, "A3", "2027-01-01", "110101199003074258", nil, "李", 1.5)
		row(t, f, "A4", "2027-01-01", 110101199003074258, nil, "四")
		row(t, f, "A5", nil, nil, "only what is ignored")
		row(t, f, "A7", nil, " ", "\t")
		row(t, f, "A8", "x", "2", nil, "first\nsecond")
		row(t, f, "A9", "x", "2", nil, "n", "", "", "beyond")
		row(t, f, "A10", "x", 999999999999999, nil, "_x738B_")
		row(t, f, "A11", "x", -0.25, nil, "\u00a0n", false)
		if err := f.SetCellRichText("Sheet1", "D12", []excelize.RichTextRun{{Text: "王"}, {Text: "小明", Font: &excelize.Font{Bold: true}}}); err != nil {
			t.Fatal(err)
		}
	})
	wantRows(t, data,
		"2 王〇𬭚|121500249|2027-01-01|TRUE",
		"3 李|110101199003074258|2027-01-01|1.5",
		"4 !number_lost_digits number",
		"5 |||",
		"8 !control_character name",
		"9 !too_many_cells",
		"10 王|999999999999999|x|",
		"11 n|-0.25|x|FALSE",
		"12 王小明|||")
}

func TestXLSXDates(t *testing.T) {
	day := time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)
	data := workbookOf(t, func(f *excelize.File) {
		row(t, f, "A1", "name", "number", "until")
		for i, format := range []struct {
			builtIn int
			custom  string
		}{{14, ""}, {22, ""}, {31, ""}, {57, ""}, {0, "yyyy/m/d;@"}, {0, `yyyy"年"m"月"d"日"`}, {0, `[$-F800]dddd\,\ mmmm\ dd\,\ yyyy`}, {0, "[Red]mmm"}} {
			line := i + 2
			row(t, f, fmt.Sprintf("A%d", line), "n")
			styled(t, f, fmt.Sprintf("C%d", line), day.Add(18*time.Hour), format.builtIn, format.custom)
		}
		styled(t, f, "C10", 46418, 0, `0"日"`)
		styled(t, f, "C11", 46418.75, 0, "h:mm AM/PM")
		styled(t, f, "C12", 0.5, 14, "")
		styled(t, f, "C13", 20270131, 14, "")
		styled(t, f, "C14", "2027-01-31", 14, "")
		styled(t, f, "C15", 12150024, 0, "000000000")
	})
	var want []string
	for line := 2; line < 10; line++ {
		want = append(want, fmt.Sprintf("%d n||2027-01-31|", line))
	}
	wantRows(t, data, append(want,
		"10 ||46418|", "11 ||46418.75|", "12 !bad_date until", "13 !bad_date until", "14 ||2027-01-31|", "15 ||012150024|")...)
}

func TestXLSXFirstVisibleSheet(t *testing.T) {
	data := workbookOf(t, func(f *excelize.File) {
		if err := f.SetSheetRow("Sheet1", "A1", &[]any{"hidden"}); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"名册", "Sheet3"} {
			if _, err := f.NewSheet(name); err != nil {
				t.Fatal(err)
			}
		}
		err := errors.Join(f.SetSheetRow("名册", "B3", &[]any{"name", "number", "until"}), f.SetSheetRow("名册", "B4", &[]any{"a", "1", "x"}))
		f.SetActiveSheet(1)
		if err := errors.Join(err, f.SetSheetVisible("Sheet1", false)); err != nil {
			t.Fatal(err)
		}
	})
	wantRows(t, data, "4 a|1|x|")
}

func TestXLSXHeader(t *testing.T) {
	missing := workbookOf(t, func(f *excelize.File) { row(t, f, "A2", "name", nil, "note") })
	if _, err := open(t, missing, people); !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), ErrMissing.Code) {
		t.Errorf("missing: %v", err)
	}
	repeated := workbookOf(t, func(f *excelize.File) { row(t, f, "A1", "name", "number", "until", "Name") })
	if _, err := open(t, repeated, people); !errors.Is(err, ErrRepeated) {
		t.Errorf("repeated: %v", err)
	}
	if _, err := open(t, workbookOf(t, func(*excelize.File) {}), people); !errors.Is(err, ErrEmpty) {
		t.Errorf("empty: %v", err)
	}
	unreadable := workbookOf(t, func(f *excelize.File) { row(t, f, "A1", "name", "num\nber", "until") })
	if _, err := open(t, unreadable, people); !errors.Is(err, ErrHeader) {
		t.Errorf("line break: %v", err)
	}
}

// bigWorkbook has the register's columns, with numbers and dates as a person would have them. It is
// put together by hand, because that is much faster.
func bigWorkbook(t testing.TB, rows int) []byte {
	t.Helper()
	var sheet, table strings.Builder
	table.WriteString("<sst>")
	shared, column := 0, 0
	text := func(s string) {
		fmt.Fprintf(&table, "<si><t>%s</t></si>", s)
		fmt.Fprintf(&sheet, `<c r="%c1" t="s"><v>%d</v></c>`, 'A'+column, shared)
		shared, column = shared+1, column+1
	}
	number := func(style, n int) {
		fmt.Fprintf(&sheet, `<c r="%c1" s="%d"><v>%d</v></c>`, 'A'+column, style, n)
		column++
	}
	sheet.WriteString(`<worksheet><sheetData><row r="1">`)
	for _, name := range registerSpec.Required {
		text(name)
	}
	for i := range rows {
		fmt.Fprintf(&sheet, `</row><row r="%d">`, i+2)
		column = 0
		text("一级注册建筑师")
		number(0, 100000000+i)
		text(fmt.Sprintf("%06d-001", i))
		text("王建国")
		text("男")
		text(fmt.Sprintf("11010119900307%04d", i%10000))
		text("华东建筑设计研究院有限公司")
		text(fmt.Sprintf("91310000%010d", i))
		text("建筑")
		number(2, 45658)
		number(2, 46388)
		text("in_force")
	}
	sheet.WriteString("</row></sheetData></worksheet>")
	book := handmade(sheet.String())
	book[stringsPart] = table.String() + "</sst>"
	return book.zip(t)
}

func TestXLSXStreams(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	const rows = 50_000
	data := bigWorkbook(t, rows)
	h := watchHeap()
	r, err := Open(bytes.NewReader(data), int64(len(data)), registerSpec)
	if err != nil {
		t.Fatal(err)
	}
	last := int64(0)
	for i := range rows {
		got, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprint(100000000 + i); got.Line != i+2 || got.Get(1) != want || got.Get(10) != "2027-01-01" {
			t.Fatalf("row %d is %s, want %s", i+2, show(got, 12), want)
		}
		if i%5000 == 0 {
			done, total := r.Progress()
			if done < last || done > total {
				t.Errorf("progress %d of %d after %d", done, total, last)
			}
			last = done
		}
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("end: %v", err)
	}
	if done, total := r.Progress(); done != total || total < 1<<20 {
		t.Errorf("progress at the end %d of %d", done, total)
	}
	h.check(t, 20<<20)
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestXLSXIgnored(t *testing.T) {
	r, err := open(t, workbookOf(t, func(f *excelize.File) { row(t, f, "A1", "备注", "name", "until", nil, "x", "number") }), people)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := r.Ignored(), []string{"备注", "x"}; !slices.Equal(got, want) {
		t.Errorf("ignored %q, want %q", got, want)
	}
}
