package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"yanzheng/internal/register"
	"yanzheng/internal/sheet"
)

// maxListed is how many faults the JSON report lists; the rest are counted, so that a file of nothing
// but bad rows does not fill the memory.
const maxListed = 100_000

func (p *program) importCommand() *cobra.Command {
	var lift bool
	c := &cobra.Command{
		Use: "import FILE", Short: "bring in the register's data: CSV (UTF-8 or GB 18030) or XLSX", Args: exactly(1),
		Long: "The header names the columns, in any order:\n  " + strings.Join(register.RequiredColumns, ",") +
			"\nand optionally " + strings.Join(register.OptionalColumns, ",") + ".\n" +
			"Good rows go in, bad ones are listed. The same file again changes nothing.\n" +
			"Exit status: 0, 3 when some rows were bad, 1 when nothing could be read or the database went away.",
		RunE: func(c *cobra.Command, args []string) error {
			return p.with(c.Context(), func(ctx context.Context, parts *parts) error {
				return p.importFile(ctx, parts, args[0], lift)
			})
		},
	}
	c.Flags().BoolVar(&lift, "restore", false, "let the file lift suspensions, cancellations and revocations")
	return c
}

// importReport is what --json ends with.
type importReport struct {
	register.Report
	Errors  []register.RowError `json:"errors"`
	Omitted int                 `json:"errors_omitted,omitempty"`
}

func (p *program) importFile(ctx context.Context, parts *parts, path string, lift bool) error {
	f, table, err := openTable(path)
	if err != nil {
		if p.json { // machines get their report whatever happens
			return errors.Join(err, p.tell(importReport{Errors: []register.RowError{}}, ""))
		}
		return err
	}
	defer f.Close()
	defer table.Close() //nolint:errcheck // read only
	if ignored := table.Ignored(); len(ignored) > 0 {
		fmt.Fprintf(p.stderr, "columns not used: %s\n", strings.Join(ignored, ", "))
	}

	out := importReport{Errors: []register.RowError{}}
	show := newProgress(p.stderr, table)
	out.Report, err = parts.register().Import(ctx, &tableRows{table: table}, register.ImportOptions{
		Actor: p.actor, Reason: "import " + filepath.Base(path), Lift: lift, Progress: show.tell,
		Reject: func(e register.RowError) {
			switch {
			case !p.json:
				show.clear()
				fmt.Fprintf(p.stderr, "line %d  %s  %s  %s\n", e.Line, e.Column, e.Reason, e.Message.ZH)
			case len(out.Errors) < maxListed:
				out.Errors = append(out.Errors, e)
			default:
				out.Omitted++
			}
		},
	})
	show.clear()
	r := out.Report
	told := p.tell(out, "rows %d: imported %d, changed %d, unchanged %d, rejected %d (%.0f rows/s)\n",
		r.Rows, r.Imported, r.Changed, r.Unchanged, r.Rejected, show.rate(r.Rows))
	switch {
	case err != nil:
		fmt.Fprintln(p.stderr, "stopped early; what was counted is in: run the same command again to go on")
		return err
	case told != nil:
		return told
	case r.Rejected > 0:
		return partialError{}
	}
	return nil
}

// openTable opens an import file and reads its header.
func openTable(path string) (*os.File, *sheet.Reader, error) {
	f, err := os.Open(path) //nolint:gosec // the file that the user named
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", path)
	}
	var table *sheet.Reader
	if err == nil {
		table, err = sheet.Open(f, info.Size(), sheet.Spec{Required: register.RequiredColumns, Optional: register.OptionalColumns})
	}
	if err != nil {
		f.Close() //nolint:errcheck,gosec // nothing was written
		return nil, nil, err
	}
	return f, table, nil
}

// tableRows hands a table's rows to the register.
type tableRows struct {
	table *sheet.Reader
}

func (t *tableRows) Next() (register.Row, error) {
	row, err := t.table.Next()
	if err != nil {
		return register.Row{}, err
	}
	if row.Err != nil {
		return register.Row{Line: row.Line, Fault: &register.RowError{
			Line: row.Line, Column: row.Err.Column, Reason: row.Err.Reason, Message: row.Err.Message,
		}}, nil
	}
	cells := make([]string, len(register.RequiredColumns)+len(register.OptionalColumns))
	for i := range cells {
		cells[i] = row.Get(i)
	}
	return register.Row{Line: row.Line, Cells: cells}, nil
}

// progress shows how far an import is, on one line, when somebody watches.
type progress struct {
	out     io.Writer
	table   *sheet.Reader
	started time.Time
	last    time.Time
	shown   bool
	watched bool
}

func newProgress(out io.Writer, table *sheet.Reader) *progress {
	now := time.Now()
	p := &progress{out: out, table: table, started: now, last: now}
	if f, ok := out.(*os.File); ok {
		info, err := f.Stat()
		p.watched = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

// tell shows the progress: twice a second on a terminal, every ten seconds in a log.
func (p *progress) tell(r register.Report) {
	every, end := 10*time.Second, "\n"
	if p.watched {
		every, end = 500*time.Millisecond, ""
	}
	if time.Since(p.last) < every {
		return
	}
	p.last = time.Now()
	p.clear()
	done, total := p.table.Progress()
	fmt.Fprintf(p.out, "%3.0f %%  %d rows, %.0f rows/s%s", 100*float64(done)/float64(max(total, 1)), r.Rows, p.rate(r.Rows), end)
	p.shown = p.watched
}

func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.shown = false
	}
}

func (p *progress) rate(rows int) float64 {
	return float64(rows) / max(time.Since(p.started).Seconds(), 1e-3)
}
