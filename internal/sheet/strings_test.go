package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"testing"
)

// sharedBook is a workbook whose shared strings are more than is kept in memory: numbered, and long.
func sharedBook(t *testing.T, count int) []byte {
	t.Helper()
	var table, rows strings.Builder
	table.WriteString(`<sst><si><t>name</t></si><si><t>number</t></si><si><t>until</t></si>`)
	for i := range count {
		fmt.Fprintf(&table, "<si><t>%d%s</t></si>", i, strings.Repeat("王", 100))
	}
	table.WriteString(`</sst>`)
	for i := range count { // backwards, so that reading ahead is no help
		fmt.Fprintf(&rows, `<row><c t="s"><v>%d</v></c></row>`, count+2-i)
	}
	book := handmade(rowsOf(rows.String()))
	book[stringsPart] = table.String()
	return book.zip(t)
}

func TestManySharedStrings(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	const count = 6_000
	data := sharedBook(t, count)
	h := watchHeap()
	r, err := Open(bytes.NewReader(data), int64(len(data)), people)
	if err != nil {
		t.Fatal(err)
	}
	if source := r.source.(*xlsxSource); source.strings.texts.file == nil {
		t.Fatal("the strings are still in memory")
	}
	for i := range count {
		row, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprint(count-1-i) + strings.Repeat("王", 100); row.Get(0) != want {
			t.Fatalf("row %d: %q", row.Line, row.Get(0))
		}
	}
	h.check(t, 20<<20)
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A file that is refused after its strings were read leaves nothing behind either, and no file open.
func TestRefusedWorkbookLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	data := sharedBook(t, 6_000)
	broken := handmade(rowsOf(""))
	broken[stringsPart] = "<sst>" + strings.Repeat("<si><t>"+strings.Repeat("x", 1000)+"</t></si>", 2_000) + "<si><<"
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // it would close them behind our back
	before := openFiles(t)
	if _, err := Open(bytes.NewReader(data), int64(len(data)), Spec{Required: []string{"else"}}); !errors.Is(err, ErrMissing) {
		t.Errorf("error %v", err)
	}
	if err := firstError(broken.zip(t)); !errors.Is(err, ErrBroken) {
		t.Errorf("error %v", err)
	}
	if err := firstError(data); !errors.Is(err, io.EOF) {
		t.Errorf("error %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if after := openFiles(t); after > before {
		t.Errorf("%d files stay open", after-before)
	}
}

// openFiles counts the open files of this process, where the system tells.
func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Log("cannot count open files:", err)
	}
	return len(list)
}

func TestNoRoomForStrings(t *testing.T) {
	t.Setenv("TMPDIR", "/nowhere/at/all")
	data := sharedBook(t, 6_000)
	_, err := Open(bytes.NewReader(data), int64(len(data)), people)
	if err == nil || strings.Contains(err.Error(), ErrBroken.Code) {
		t.Errorf("error %v: it is not the file's fault", err)
	}
}

func TestSpill(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var s spill
	var want bytes.Buffer
	for i := 0; want.Len() < 2*spillAt; i++ {
		line := fmt.Sprintf("%0100d\n", i)
		want.WriteString(line)
		if n, err := s.Write([]byte(line)); n != len(line) || err != nil {
			t.Fatal(n, err)
		}
	}
	if err := s.flush(); err != nil {
		t.Fatal(err)
	}
	if s.size != int64(want.Len()) || s.mem != nil {
		t.Errorf("size %d, want %d; %d in memory", s.size, want.Len(), len(s.mem))
	}
	for _, at := range []int{0, spillAt - 5, spillAt + 5, want.Len() - 10} {
		got := make([]byte, 10)
		if _, err := s.ReadAt(got, int64(at)); err != nil || !bytes.Equal(got, want.Bytes()[at:at+10]) {
			t.Errorf("at %d: %q, %v", at, got, err)
		}
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
}
