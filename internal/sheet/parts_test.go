package sheet

import (
	"archive/zip"
	"bytes"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
)

// parts is a workbook written by hand, for what no honest program would write.
type parts map[string]string

const (
	sheetPart   = "xl/worksheets/sheet1.xml"
	stringsPart = "xl/sharedStrings.xml"
	stylesPart  = "xl/styles.xml"
	bookPart    = "xl/workbook.xml"
)

// handmade gives a workbook with that worksheet; the other parts can be replaced.
func handmade(sheet string) parts {
	const types = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	return parts{
		"_rels/.rels": `<Relationships><Relationship Id="r1" Type="` + types + `officeDocument" Target="/xl/workbook.xml"/></Relationships>`,
		bookPart:      `<workbook xmlns:r="r"><sheets><sheet name="a" sheetId="7" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="r1" Type="` + types + `worksheet" Target="worksheets/sheet1.xml"/>` +
			`<Relationship Id="r2" Type="` + types + `sharedStrings" Target="sharedStrings.xml"/>` +
			`<Relationship Id="r3" Type="` + types + `styles" Target="styles.xml"/></Relationships>`,
		stringsPart: `<sst><si><t>name</t></si><si><t>number</t></si><si><r><t>un</t></r><r><t xml:space="preserve">til</t></r><rPh><t>no</t></rPh></si><si><t>_x738B_五_x000D_</t></si><si/></sst>`,
		stylesPart:  `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy-mm"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="14"/></cellXfs></styleSheet>`,
		sheetPart:   sheet,
	}
}

// headerRow is the first row of a worksheet, with shared strings.
const headerRow = `<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c></row>`

// rowsOf wraps rows into a worksheet that has the header.
func rowsOf(rows string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><worksheet><sheetData>` + headerRow + rows + `</sheetData><pageMargins/></worksheet>`
}

func (p parts) zip(t testing.TB) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, name := range slices.Sorted(maps.Keys(p)) {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(f, strings.NewReader(p[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestXLSXCells(t *testing.T) {
	tests := []struct{ name, row, want string }{
		{"places follow without references", `<row><c t="str"><v>a</v></c><c><v>1</v></c></row>`, "2 a|1||"},
		{"shared, with escapes", `<row r="9"><c r="A9" t="s"><v> 3 </v></c></row>`, "9 王五|||"},
		{"shared, empty", `<row><c t="s"><v>4</v></c><c t="s"><v></v></c><c><v>2</v></c></row>`, "2 ||2|"},
		{"inline", `<row><c t="inlineStr"><is><r><t>a</t></r><r><t>&amp;b</t></r></is></c></row>`, "2 a&b|||"},
		{"inline says one thing", `<row><c t="inlineStr"><v>9</v><is><t>a</t></is></c></row>`, "2 a|||"},
		{"prefixes", `<x:row><x:c t="str"><x:v>a</x:v></x:c></x:row>`, "2 a|||"},
		{"exponent", `<row><c/><c><v>1.21500249E8</v></c></row>`, "2 |121500249||"},
		{"noise of binary fractions", `<row><c/><c><v>1.1000000000000001</v></c></row>`, "2 |1.1||"},
		{"minus nothing", `<row><c/><c><v>-0</v></c></row>`, "2 |0||"},
		{"15 digits", `<row><c/><c><v>123456789012345</v></c></row>`, "2 |123456789012345||"},
		{"16 digits", `<row><c/><c><v>1234567890123456</v></c></row>`, "2 !number_lost_digits number"},
		{"16 digits, most of them zeros", `<row><c/><c><v>1e15</v></c></row>`, "2 !number_lost_digits number"},
		{"18 digits as Excel saves them", `<row><c/><c><v>1.1010119900307401E+17</v></c></row>`, "2 !number_lost_digits number"},
		{"16 digits behind the point", `<row><c/><c><v>0.1234567890123456</v></c></row>`, "2 !number_lost_digits number"},
		{"ID number as text", `<row><c/><c t="str"><v>110101199003074258</v></c></row>`, "2 |110101199003074258||"},
		{"no number", `<row><c/><c><v>12x</v></c></row>`, "2 !bad_number number"},
		{"not a number", `<row><c/><c><v>NaN</v></c></row>`, "2 !bad_number number"},
		{"beyond numbers", `<row><c/><c><v>1e999</v></c></row>`, "2 !bad_number number"},
		{"error value", `<row><c t="e"><f>1/0</f><v>#DIV/0!</v></c></row>`, "2 !cell_error name"},
		{"formula", `<row><c t="str"><f>A1</f><v>a</v></c><c><f>1+1</f><v>2</v></c></row>`, "2 a|2||"},
		{"formula with an empty result", `<row><c t="str"><f>""</f><v></v></c><c><v>2</v></c></row>`, "2 |2||"},
		{"formula without result", `<row><c/><c><f>1+1</f></c></row>`, "2 !formula_without_value number"},
		{"boolean of no kind", `<row><c/><c t="b"><v>7</v></c></row>`, "2 !cell_error number"},
		{"ISO date", `<row><c/><c/><c t="d"><v>2027-01-31T10:00:00Z</v></c></row>`, "2 ||2027-01-31|"},
		{"ISO date of no day", `<row><c/><c/><c t="d"><v>2027-02-31</v></c></row>`, "2 !bad_date until"},
		{"first error of the row", `<row><c t="e"><v>#N/A</v></c><c><v>x</v></c></row>`, "2 !cell_error name"},
		{"style that does not exist", `<row><c/><c s="99999"><v>5</v></c></row>`, "2 |5||"},
		{"control character", `<row><c t="str"><v>a&#9;b</v></c></row>`, "2 !control_character name"},
		{"lost character", `<row><c t="str"><v>_xD83D_</v></c></row>`, "2 !bad_encoding name"},
		{"escape that is none", `<row><c t="str"><v>_x_xyz_ _x00</v></c></row>`, "2 _x_xyz_ _x00|||"},
		{"long cell", `<row><c t="str"><v>` + strings.Repeat("x", maxLine+1) + `</v></c></row>`, "2 !line_too_long name"},
		{"long row", `<row>` + strings.Repeat(`<c t="str"><v>`+strings.Repeat("x", maxLine/3+1)+`</v></c>`, 3) + `</row>`, "2 !line_too_long until"},
		{"error beyond the header", `<row><c/><c r="D2" t="e"><v>#N/A</v></c></row>`, "2 !too_many_cells"},
		{"pronunciation and extensions", `<row><c t="str"><v>a</v><extLst><ext><x/></ext></extLst></c></row>`, "2 a|||"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantRows(t, handmade(rowsOf(tt.row+`<row r="1000"><c t="str"><v>z</v></c></row>`)).zip(t), tt.want, "1000 z|||")
		})
	}
}

func TestXLSXDateSystems(t *testing.T) {
	date := func(serial string) string {
		return rowsOf(`<row><c/><c/><c s="1"><v>` + serial + `</v></c></row>`)
	}
	tests := []struct {
		serial, want1900, want1904 string
	}{
		{"1", "2 ||1900-01-01|", "2 ||1904-01-02|"},
		{"59", "2 ||1900-02-28|", "2 ||1904-02-29|"},
		{"60", "2 !bad_date until", "2 ||1904-03-01|"},
		{"61", "2 ||1900-03-01|", "2 ||1904-03-02|"},
		{"44409", "2 ||2021-08-01|", "2 ||2025-08-02|"},
		{"44409.99999", "2 ||2021-08-01|", "2 ||2025-08-02|"},
		{"2958465", "2 ||9999-12-31|", "2 !bad_date until"},
		{"2958466", "2 !bad_date until", "2 !bad_date until"},
		{"0", "2 !bad_date until", "2 ||1904-01-01|"},
		{"-1", "2 !bad_date until", "2 ||1903-12-31|"},
		{"1e300", "2 !bad_date until", "2 !bad_date until"},
	}
	for _, tt := range tests {
		book := handmade(date(tt.serial))
		wantRows(t, book.zip(t), tt.want1900)
		book[bookPart] = strings.Replace(book[bookPart], "<sheets>", `<workbookPr date1904="1"/><sheets>`, 1)
		wantRows(t, book.zip(t), tt.want1904)
	}
}
