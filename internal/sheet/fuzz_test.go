package sheet

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"yanzheng/models"
)

// FuzzReader holds the promises against any bytes: no panic, an end that stays one, rows that can be
// trusted to be trimmed text, and for each bad one a reason from the closed set. Bytes that begin like
// XML are put into a workbook as its worksheet, because nobody finds their way through a checksum by
// chance.
func FuzzReader(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.HasPrefix(data, []byte("<")) {
			data = handmade(string(data)).zip(t)
		}
		r, err := Open(bytes.NewReader(data), int64(len(data)), people)
		if err != nil {
			checkFault(t, err)
			return
		}
		defer func() {
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}()
		// A row needs a byte at least; in an XLSX it unpacks from less.
		last, limit := 0, 2000*len(data)
		for range limit {
			row, err := r.Next()
			if done, total := r.Progress(); done < 0 || done > total {
				t.Fatalf("%d of %d bytes read", done, total)
			}
			if errors.Is(err, io.EOF) {
				if _, err := r.Next(); !errors.Is(err, io.EOF) {
					t.Fatalf("after the end: %v", err)
				}
				return
			}
			if err != nil {
				checkFault(t, err)
				return
			}
			if row.Line <= last {
				t.Fatalf("line %d after %d", row.Line, last)
			}
			last = row.Line
			checkRow(t, row)
		}
		t.Fatalf("no end after %d rows of %d bytes", limit, len(data))
	})
}

// checkFault: bytes alone can only be the user's fault, and are told so in both languages.
func checkFault(t *testing.T, err error) {
	t.Helper()
	e := models.AsError(err)
	if e.Kind != models.KindMalformed && e.Kind != models.KindTooLarge || e.Message.ZH == "" || e.Message.EN == "" {
		t.Fatalf("fault %v of kind %d", err, e.Kind)
	}
}

func checkRow(t *testing.T, row Row) {
	t.Helper()
	if row.Err != nil {
		column := row.Err.Column == "" || slices.Contains(people.columns(), row.Err.Column)
		if !column || row.Err.Message.ZH == "" || row.Err.Message != messageOf(row.Err.Reason) || row.cells != nil {
			t.Fatalf("bad row %+v", row)
		}
		return
	}
	for i := range 4 {
		cell := row.Get(i)
		if !utf8.ValidString(cell) || strings.ContainsFunc(cell, unicode.IsControl) || strings.Contains(cell, replacement) ||
			strings.TrimFunc(cell, padding) != cell || len(cell) > 3*maxLine {
			t.Fatalf("line %d, cell %d: %q", row.Line, i, cell)
		}
	}
}
