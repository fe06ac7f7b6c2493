// Package sheet reads the tables that people bring: CSV (UTF-8 or GB 18030) and XLSX. It knows
// nothing of what the columns mean; it hands out rows of strings with their line numbers.
//
// Promise: the file is streamed and memory stays flat whatever it holds; what is hostile is bounded
// before it is read; one bad line never spoils its neighbours.
// Rule: a value that was damaged before it came here is an error of its row, never passed on.
package sheet

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync/atomic"
)

// maxLine bounds a record in bytes: a line of a CSV, all cells of a row of an XLSX, a header. The
// longest honest row has a few hundred.
const maxLine = 64 << 10

// Spec says which columns a table has. Names are compared after trimming and lower-casing; their
// order in the file is free.
type Spec struct {
	Required []string // without one of these the file is refused
	Optional []string // may be absent; then their cells are empty
}

// columns gives the names as they are compared, in the order that Row.Get counts in.
func (s Spec) columns() []string {
	names := make([]string, 0, len(s.Required)+len(s.Optional))
	for _, list := range [][]string{s.Required, s.Optional} {
		for _, name := range list {
			names = append(names, strings.ToLower(trim(name)))
		}
	}
	return names
}

// Row is one record of the table. It stays valid after the next call of Next.
type Row struct {
	Line  int       // in the file, counted from 1, which usually is the header; in an XLSX the row's number
	Err   *RowError // not nil when the row cannot be used; it has no cells then
	cells []string
}

// Get gives a cell by its column's place in the Spec: Required first, then Optional, counted from 0.
// It is trimmed valid UTF-8 without control characters, and "" when the cell is empty, the file
// lacks the optional column, or the row has an Err.
func (r Row) Get(column int) string {
	if column >= len(r.cells) {
		return ""
	}
	return r.cells[column]
}

// source is what the two formats have in common.
type source interface {
	next() (Row, error)
	close() error
}

// Reader reads one table. Only Progress may be called while another method runs.
type Reader struct {
	source source
	layout *layout
	done   atomic.Int64
	total  int64
	err    error // what ended the reading
}

// Open finds out what the file is and reads its header, the first line that is not blank. A CSV in
// an unstated encoding is read through once, to find that out. The file must not change until Close,
// and stays the caller's to close.
//
// What is wrong with the file as a whole is one of this package's Err variables; a failure to read
// it is a foreign error.
func Open(file io.ReaderAt, size int64, spec Spec) (*Reader, error) {
	kind, err := sniff(file, size)
	if err != nil {
		return nil, err
	}
	r := &Reader{}
	if kind == kindXLSX {
		r.source, r.layout, err = openXLSX(file, size, spec, r)
	} else {
		r.total = size
		r.source, r.layout, err = openCSV(file, size, spec, &r.done)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Next gives the next row, bad ones included, and io.EOF after the last. Any other error means that
// nothing further can be read: ErrBroken or ErrTooLarge about the rest of an XLSX, or a foreign one.
// The rows before it stand.
func (r *Reader) Next() (Row, error) {
	if r.err != nil {
		return Row{}, r.err
	}
	row, err := r.source.next()
	if err != nil {
		if err != io.EOF { //nolint:errorlint // exactly: an EOF inside another error is a broken part, not the end
			err = fmt.Errorf("read table: %w", err)
		}
		r.err = err
		return Row{}, err
	}
	return row, nil
}

// Ignored lists the columns of the file that the Spec does not name, as the header spells them.
func (r *Reader) Ignored() []string { return r.layout.ignored }

// Progress gives how much was read and how much there is, in bytes: of the file for a CSV, of the
// unpacked worksheet for an XLSX. It is for a display, and may be called from another goroutine.
func (r *Reader) Progress() (done, total int64) { return min(r.done.Load(), r.total), r.total }

// Close gives back what reading took, temporary files included. Next then gives fs.ErrClosed.
func (r *Reader) Close() error {
	if errors.Is(r.err, fs.ErrClosed) {
		return nil
	}
	r.err = fs.ErrClosed
	return r.source.close()
}
