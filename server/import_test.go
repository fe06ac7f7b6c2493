package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"yanzheng/models"
)

// TestImport runs the import command against a database of its own; no server is needed.
func TestImport(t *testing.T) {
	w := realEnvironment(t)
	for name, test := range map[string]func(*testing.T, *world){
		"twice":          testImportTwice,
		"bad rows":       testImportBadRows,
		"unreadable":     testImportUnreadable,
		"encodings":      testImportEncodings,
		"workbook":       testImportWorkbook,
		"long line":      testImportLongLine,
		"cut in between": testImportCut,
		"states":         testImportStates,
	} {
		t.Run(name, func(t *testing.T) { test(t, w) })
	}
}

// imported runs an import and reads its report, whatever the exit status.
func imported(t testing.TB, w *world, status int, path string, more ...string) report {
	t.Helper()
	r := command(t, w.env, append([]string{"import", path, "--json"}, more...)...)
	if r.status != status {
		t.Errorf("exit status %d, want %d: %s %s", r.status, status, r.out, r.errors)
	}
	return read[report](t, r.out)
}

func (r report) is(t testing.TB, want report) {
	t.Helper()
	if want.Errors == nil {
		want.Errors = []fault{}
	}
	if r.Rows != want.Rows || r.Imported != want.Imported || r.Changed != want.Changed || r.Unchanged != want.Unchanged ||
		r.Rejected != want.Rejected || !slices.Equal(r.Errors, want.Errors) {
		t.Errorf("reported %+v, want %+v", r, want)
	}
}

func testImportTwice(t *testing.T, w *world) {
	all := people("TWICE", 1200) // more than two batches
	path := sheetFile(t, cells(all...))
	imported(t, w, exitOK, path).is(t, report{Rows: 1200, Imported: 1200})
	events := w.count(t, "SELECT COUNT(*) FROM events")
	imported(t, w, exitOK, path).is(t, report{Rows: 1200, Unchanged: 1200})
	if n := w.count(t, "SELECT COUNT(*) FROM events"); n != events {
		t.Errorf("%d events came of an import that changed nothing", n-events)
	}
	all[7].Employer, all[8].ValidUntil = "演示中建筑设计有限公司", all[8].ValidUntil.AddDays(30)
	imported(t, w, exitOK, sheetFile(t, cells(all...))).is(t, report{Rows: 1200, Changed: 2, Unchanged: 1198})
	if n := w.count(t, "SELECT COUNT(*) FROM events"); n != events+2 {
		t.Errorf("%d events came of two changes", n-events)
	}
	// For people the same in words, and the shape of the report exactly as in the contract.
	words := command(t, w.env, "import", path)
	if words.status != exitOK || !strings.HasPrefix(words.out, "rows 1200: imported 0, changed 2, unchanged 1198, rejected 0") {
		t.Errorf("%+v", words)
	}
	var shape map[string]any
	if err := json.Unmarshal([]byte(command(t, w.env, "import", path, "--json").out), &shape); err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(shape)); !slices.Equal(got, []string{"changed", "errors", "imported", "rejected", "rows", "unchanged"}) {
		t.Errorf("the report has the members %q", got)
	}
}

// testImportBadRows has one row for each thing that can be wrong, between good ones.
func testImportBadRows(t *testing.T, w *world) {
	const (
		category, number, seal, name, sex, id, employer, employerCode, specialty, from, until, status = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
		idType                                                                                        = 12
	)
	var want []fault
	all := people("ROWS", 40)
	rows := cells(all...)
	spoil := func(line, column int, value, name, reason string) {
		rows[line-1][column] = value
		want = append(want, fault{line, name, reason})
	}
	spoil(3, category, "特级建筑师", "category", "category_unknown")
	spoil(5, number, "12 34;56", "certificate_number", "certificate_number_invalid")
	spoil(6, seal, "", "seal_number", "seal_number_invalid")
	spoil(7, name, "X Æ A-12", "name", "name_invalid")
	spoil(8, sex, "M", "sex", "sex_invalid")
	spoil(9, id, all[7].Person.IDNumber[:17]+map[bool]string{true: "1", false: "0"}[all[7].Person.IDNumber[17] == '0'], "id_number", "id_number_invalid")
	spoil(10, employer, "", "employer", "employer_invalid")
	spoil(11, employerCode, "91999999MA0000001X", "employer_code", "employer_code_invalid")
	spoil(12, from, "2026-02-30", "valid_from", "date_invalid")
	spoil(13, until, "2020/01/01", "valid_until", "date_invalid")
	spoil(14, until, all[12].ValidFrom.AddDays(-1).String(), "valid_until", "validity_reversed")
	spoil(15, status, "dead", "status", "status_unknown")
	spoil(16, status, "expired", "status", "status_disagrees_with_dates")
	spoil(17, idType, "图书证", "id_type", "id_type_unknown")
	spoil(18, specialty, strings.Repeat("业", 51), "specialty", "specialty_invalid")
	rows[18] = append(rows[18], "x") // one cell too many
	want = append(want, fault{19, "", "too_many_cells"})
	rows[20][name], rows[20][sex] = "", "?" // two faults of one row, the row is rejected once
	want = append(want, fault{21, "name", "name_invalid"}, fault{21, "sex", "sex_invalid"})
	rows[21] = slices.Clone(rows[1]) // as line 2
	want = append(want, fault{22, "certificate_number", "duplicate_key"})
	// These two are found in the register, when their batch goes in: after everything that the file alone tells.
	spoil(24, id, all[1].Person.IDNumber, "name", "person_differs") // the ID number of line 3's, who was refused …
	want = want[:len(want)-1]                                       // … so nobody else has it: this one is good
	rows[24][id], rows[24][number] = all[2].Person.IDNumber, "ROWSNEW1"
	want = append(want, fault{25, "name", "person_differs"}) // the ID number of line 4's, under another name

	rejected := 0
	for i, f := range want {
		if i == 0 || f.Line != want[i-1].Line {
			rejected++
		}
	}
	got := imported(t, w, exitPartial, sheetFile(t, rows))
	got.is(t, report{Rows: 40, Imported: 40 - rejected, Rejected: rejected, Errors: want})
	if n := w.count(t, "SELECT COUNT(*) FROM registrations WHERE certificate_number LIKE 'ROWS%'"); n != got.Imported {
		t.Errorf("%d are in the register, reported are %d", n, got.Imported)
	}
	// A number that belongs to somebody else.
	other := people("OTHER", 1)[0]
	other.CertificateNumber = all[0].CertificateNumber
	imported(t, w, exitPartial, sheetFile(t, cells(other))).is(t, report{Rows: 1, Rejected: 1, Errors: []fault{{2, "id_number", "holder_differs"}}})
	// In words every fault has its line, and not the value that is wrong.
	words := command(t, w.env, "import", sheetFile(t, rows))
	for _, f := range want {
		if !strings.Contains(words.errors, "line "+itoa(f.Line)+"  "+f.Column+"  "+f.Reason) {
			t.Errorf("line %d %s is not told:\n%s", f.Line, f.Reason, words.errors)
		}
	}
	if words.status != exitPartial || strings.Contains(words.errors, "特级建筑师") {
		t.Errorf("%+v", words)
	}
}

func testImportUnreadable(t *testing.T, w *world) {
	rows := cells(people("UNREAD", 3)...)
	without := make([][]string, len(rows))
	for i := range rows {
		without[i] = slices.Delete(slices.Clone(rows[i]), 5, 8)
	}
	twice := slices.Clone(rows)
	twice[0] = slices.Clone(rows[0])
	twice[0][12] = "name"
	for name, c := range map[string]struct{ path, says string }{
		"columns missing":  {sheetFile(t, without), `"field":"id_number,employer,employer_code"`},
		"columns repeated": {sheetFile(t, twice), "columns_repeated"},
		"empty":            {file(t, "empty.csv", nil), "file_empty"},
		"an old workbook":  {file(t, "a.csv", append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 500)...)), "file_xls"},
		"no such file":     {filepath.Join(t.TempDir(), "none.csv"), "none.csv"},
		"a folder":         {t.TempDir(), "regular file"},
		"half a workbook":  {file(t, "half.xlsx", workbook(t, rows)[:900]), "xlsx_"},
	} {
		r := command(t, w.env, "import", c.path, "--json")
		if r.status != exitFailed || !strings.Contains(r.out, `{"rows":0,`) || !strings.Contains(r.errors, c.says) {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if n := w.count(t, "SELECT COUNT(*) FROM registrations WHERE certificate_number LIKE 'UNREAD%'"); n > 0 {
		t.Errorf("%d rows of files that cannot be read are in", n)
	}
}

func testImportEncodings(t *testing.T, w *world) {
	all := people("CODES", 30)
	all[3].Person.Name = "张㐂𠮷" // four bytes in UTF-8 and in GB 18030
	utf8, err := os.ReadFile(sheetFile(t, cells(all...)))
	if err != nil {
		t.Fatal(err)
	}
	gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes(utf8)
	if err != nil {
		t.Fatal(err)
	}
	imported(t, w, exitOK, file(t, "gb18030.csv", gb)).is(t, report{Rows: 30, Imported: 30})
	for name, raw := range map[string][]byte{
		"utf8.csv": utf8, "bom.csv": append([]byte("\xef\xbb\xbf"), utf8...), "unix.csv": bytes.ReplaceAll(utf8, []byte("\r\n"), []byte("\n")),
		"shuffled.csv": shuffled(t, cells(all...)),
	} {
		if r := imported(t, w, exitOK, file(t, name, raw)); r.Unchanged != 30 {
			t.Errorf("%s is read otherwise: %+v", name, r)
		}
	}
	if n := w.count(t, "SELECT COUNT(*) FROM persons WHERE name = '张㐂𠮷'"); n != 1 {
		t.Error("a rare name did not arrive")
	}
}

// shuffled has the columns in another order, with another between them, and categories and types by their Chinese names.
func shuffled(t testing.TB, rows [][]string) []byte {
	for i := range rows {
		slices.Reverse(rows[i])
		rows[i] = slices.Insert(rows[i], 4, "备注")
		if i > 0 {
			rows[i][len(rows[i])-1] = "一级注册建筑师"
			rows[i][1] = "居民身份证"
		}
	}
	raw, err := os.ReadFile(sheetFile(t, rows))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func workbook(t testing.TB, rows [][]string) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i := range rows {
		cell, err := excelize.CoordinatesToCellName(1, i+1)
		if err == nil {
			err = f.SetSheetRow("Sheet1", cell, &rows[i])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func testImportWorkbook(t *testing.T, w *world) {
	all := people("XLSX", 25)
	rows := cells(all...)
	rows[9][4] = "?"
	want := report{Rows: 25, Imported: 24, Rejected: 1, Errors: []fault{{10, "sex", "sex_invalid"}}}
	imported(t, w, exitPartial, file(t, "people.xlsx", workbook(t, rows))).is(t, want)
	want.Imported, want.Unchanged = 0, 24
	imported(t, w, exitPartial, sheetFile(t, rows)).is(t, want)
}

// testImportLongLine has one line of 200 MB between good ones: it is rejected alone, and never held in memory.
func testImportLongLine(t *testing.T, w *world) {
	rows := cells(people("LONG", 4)...)
	path := filepath.Join(t.TempDir(), "long.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewWriterSize(f, 1<<20)
	block := bytes.Repeat([]byte("好,"), 1<<18)
	for i, row := range rows {
		if i == 3 {
			for range 200 {
				_, _ = out.Write(block)
			}
			_, _ = out.WriteString("\n")
		}
		_, _ = out.WriteString(strings.Join(row, ",") + "\n")
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	imported(t, w, exitPartial, path).is(t, report{Rows: 5, Imported: 4, Rejected: 1, Errors: []fault{{4, "", "line_too_long"}}})
}

// testImportCut ends an import in the middle; the same command again completes it, and both reports are true.
func testImportCut(t *testing.T, w *world) {
	const n = 6000
	path := sheetFile(t, cells(people("CUT", n)...))
	ctx, cut := context.WithCancel(t.Context())
	defer cut()
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		for ctx.Err() == nil {
			var in int
			if w.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM registrations WHERE certificate_number LIKE 'CUT%'").Scan(&in) == nil && in > 0 {
				cut()
			}
			time.Sleep(2 * time.Millisecond)
		}
	}()
	first := commandUntil(ctx, w.env, "import", path, "--json")
	cut()
	<-watching
	if first.status != exitFailed || !strings.Contains(first.errors, "run the same command again") {
		t.Fatalf("%+v", first)
	}
	before := read[report](t, first.out)
	if in := w.count(t, "SELECT COUNT(*) FROM registrations WHERE certificate_number LIKE 'CUT%'"); before.Imported != in || in == 0 || in >= n {
		t.Errorf("%d of %d are in, reported were %d", in, n, before.Imported)
	}
	imported(t, w, exitOK, path).is(t, report{Rows: n, Imported: n - before.Imported, Unchanged: before.Imported})
	if in := w.count(t, "SELECT COUNT(*) FROM registrations WHERE certificate_number LIKE 'CUT%'"); in != n {
		t.Errorf("%d of %d are in", in, n)
	}
}

// testImportStates: a file makes a state worse, and lifts none unless it is told to.
func testImportStates(t *testing.T, w *world) {
	all := people("STATE", 3)
	bring(t, w.env, all...)
	all[0].State, all[1].State, all[2].State = models.StateRevoked, models.StateSuspended, models.StateCancelled
	imported(t, w, exitOK, sheetFile(t, cells(all...))).is(t, report{Rows: 3, Changed: 3})
	for i := range all {
		all[i].State = models.StateInForce
	}
	path := sheetFile(t, cells(all...))
	imported(t, w, exitPartial, path).is(t, report{Rows: 3, Rejected: 3, Errors: []fault{
		{2, "status", "status_would_restore"}, {3, "status", "status_would_restore"}, {4, "status", "status_would_restore"},
	}})
	imported(t, w, exitOK, path, "--restore").is(t, report{Rows: 3, Changed: 3})
}
