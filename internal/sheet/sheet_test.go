package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

// people is the Spec of most tests: three columns that must be there, one that may.
var people = Spec{Required: []string{"name", "number", "until"}, Optional: []string{"note"}}

// open opens data and closes it with the test.
func open(t testing.TB, data []byte, spec Spec) (*Reader, error) {
	t.Helper()
	r, err := Open(bytes.NewReader(data), int64(len(data)), spec)
	if err == nil {
		t.Cleanup(func() {
			if err := r.Close(); err != nil {
				t.Error("close:", err)
			}
		})
	}
	return r, err
}

// show writes a row in one line: "2 name|number|until|note", or "2 !reason column".
func show(row Row, columns int) string {
	if row.Err != nil {
		return strings.TrimSpace(fmt.Sprintf("%d !%s %s", row.Line, row.Err.Reason, row.Err.Column))
	}
	cells := make([]string, columns)
	for i := range cells {
		cells[i] = row.Get(i)
	}
	return fmt.Sprintf("%d %s", row.Line, strings.Join(cells, "|"))
}

// rest shows all rows that are left.
func rest(t testing.TB, r *Reader) []string {
	t.Helper()
	shown := []string{}
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return shown
		}
		if err != nil {
			t.Fatal(err)
		}
		if row.Err != nil && (row.Err.Message.ZH == "" || row.Err.Message.EN == "") {
			t.Errorf("line %d: no sentence for %s", row.Line, row.Err.Reason)
		}
		shown = append(shown, show(row, len(r.layout.names)))
	}
}

// wantRows reads data with the Spec of people.
func wantRows(t *testing.T, data []byte, want ...string) {
	t.Helper()
	r, err := open(t, data, people)
	if err != nil {
		t.Fatal(err)
	}
	if got := rest(t, r); !slices.Equal(got, want) {
		t.Errorf("rows:\n got %q\nwant %q", got, want)
	}
}

func TestColumnsComeInTheOrderOfTheSpec(t *testing.T) {
	r, err := open(t, []byte("Note, UNTIL ,extra,number,\u3000name,other\nn,u,x,1,王,y\n"), people)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := rest(t, r), []string{"2 王|1|u|n"}; !slices.Equal(got, want) {
		t.Errorf("rows %q, want %q", got, want)
	}
	if got, want := r.Ignored(), []string{"extra", "other"}; !slices.Equal(got, want) {
		t.Errorf("ignored %q, want %q", got, want)
	}
}

func TestOptionalColumnMayBeAbsent(t *testing.T) {
	r, err := open(t, []byte("name,number,until\n王,1,u\n"), people)
	if err != nil {
		t.Fatal(err)
	}
	row, err := r.Next()
	if err != nil || row.Get(3) != "" || row.Get(99) != "" {
		t.Errorf("absent cells are %q and %q, %v", row.Get(3), row.Get(99), err)
	}
}

func TestRowsStayValid(t *testing.T) {
	var file strings.Builder
	file.WriteString("name,number,until\n")
	for i := range 1000 {
		fmt.Fprintf(&file, "王,%d,%q\n", i, fmt.Sprint(i))
	}
	r, err := open(t, []byte(file.String()), people)
	if err != nil {
		t.Fatal(err)
	}
	var rows []Row
	for row, err := r.Next(); !errors.Is(err, io.EOF); row, err = r.Next() {
		rows = append(rows, row)
	}
	for i, row := range rows {
		if want := fmt.Sprintf("%d 王|%d|%d|", i+2, i, i); show(row, 4) != want {
			t.Fatalf("row kept as %q, want %q", show(row, 4), want)
		}
	}
	if len(rows) != 1000 {
		t.Errorf("%d rows", len(rows))
	}
}

func TestProgress(t *testing.T) {
	line := "王,121500249,2027-01-01\n"
	data := []byte("name,number,until\n" + strings.Repeat(line, 100_000))
	r, err := open(t, data, people)
	if err != nil {
		t.Fatal(err)
	}
	last, steps := int64(0), 0
	for {
		_, err := r.Next()
		done, total := r.Progress()
		if total != int64(len(data)) || done < last || done > total {
			t.Fatalf("progress %d of %d after %d, file of %d", done, total, last, len(data))
		}
		if done > last {
			last, steps = done, steps+1
		}
		if errors.Is(err, io.EOF) {
			break
		}
	}
	if last != int64(len(data)) || steps < 5 {
		t.Errorf("ended at %d of %d in %d steps", last, len(data), steps)
	}
}

func TestEndIsFinal(t *testing.T) {
	r, err := open(t, []byte("name,number,until\n"), people)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("after the end: %v", err)
		}
	}
	for range 2 {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := r.Next(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// failing is a file whose disk gives up after a while.
type failing struct {
	data []byte
	from int64
}

var errDisk = errors.New("disk")

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.from {
		return 0, errDisk
	}
	return bytes.NewReader(f.data).ReadAt(p, off)
}

func TestReadFailureIsNotTheUsersFault(t *testing.T) {
	data := []byte("\uFEFFname,number,until\n" + strings.Repeat("王,1,2\n", 100_000))
	for _, from := range []int64{0, 600, 1000, 300_000} {
		r, err := Open(failing{data, from}, int64(len(data)), people)
		for err == nil {
			_, err = r.Next()
		}
		if !errors.Is(err, errDisk) {
			t.Errorf("failing at %d: %v", from, err)
		}
	}
}

func ExampleRowError() {
	file := strings.NewReader("name\n\"王\n")
	r, err := Open(file, file.Size(), Spec{Required: []string{"name"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	row, _ := r.Next()
	fmt.Println(row.Line, row.Err.Reason, row.Err.Message.EN)
	// Output: 2 bad_quotes A quote is not closed on its line
}
