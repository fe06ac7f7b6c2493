package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
)

// What a line holds that needs care.
const (
	holdsHigh    = 1 << iota // bytes beyond ASCII
	holdsQuote               // a quote
	holdsControl             // possibly a control character
)

// careTable gives, by byte, what a line that holds it needs. The separator needs none, even when it
// is a tab.
func careTable(separator byte) (table [256]uint8) {
	for b := range table {
		switch {
		case b < ' ' || b == 0x7F:
			table[b] = holdsControl
		case b == 0xC2: // begins U+0080 to U+009F, the middle dot too
			table[b] = holdsHigh | holdsControl
		case b >= 0x80:
			table[b] = holdsHigh
		}
	}
	table['"'] = holdsQuote
	table[separator] = 0
	return table
}

// csvSource reads a CSV. A physical line is one record: no cell of ours may hold a line break, and
// so neither a forgotten quote nor an endless line can swallow its neighbours.
type csvSource struct {
	lines     *lines
	decode    *decoder
	separator byte
	care      [256]uint8
	quotes    *quotes
	build     builder
}

func openCSV(file io.ReaderAt, size int64, spec Spec, done *atomic.Int64) (*csvSource, *layout, error) {
	var mark [len(byteOrderMark)]byte
	n, _ := file.ReadAt(mark[:], 0) // sniff has read here without an error
	gb18030 := false
	if string(mark[:n]) != byteOrderMark {
		found, err := takeCensus(io.NewSectionReader(file, 0, size))
		if err != nil {
			return nil, nil, err
		}
		if found.binary() {
			return nil, nil, ErrBinary
		}
		gb18030 = found.gb18030()
	}
	c := &csvSource{
		lines:  newLines(counter{io.NewSectionReader(file, 0, size), done}),
		decode: newDecoder(gb18030),
	}
	header, err := c.header()
	if err != nil {
		return nil, nil, err
	}
	found, separator, err := bestMatch(header, spec)
	if err != nil {
		return nil, nil, err
	}
	c.separator, c.care, c.quotes = separator, careTable(separator), newQuotes(separator)
	c.build.layout = found.layout
	return c, found.layout, nil
}

// header gives the first line that is not blank.
func (c *csvSource) header() ([]byte, error) {
	for {
		line, tooLong, err := c.lines.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, ErrEmpty
		case err != nil:
			return nil, fmt.Errorf("read the header of a table: %w", err)
		case tooLong:
			return nil, ErrHeader
		case bytes.IndexByte(line, 0) >= 0:
			return nil, ErrBinary
		}
		text, ok := c.decode.line(line)
		if !ok {
			return nil, ErrHeader
		}
		text = bytes.TrimPrefix(text, []byte(byteOrderMark))
		if trimmed := trim(string(text)); trimmed != "" {
			if hasControl(strings.ReplaceAll(trimmed, "\t", "")) {
				return nil, ErrHeader
			}
			return text, nil
		}
	}
}

// bestMatch splits the header at commas, semicolons and tabs, and takes what finds most of the
// required columns; so the complaint about what is missing is about the right separator, too.
func bestMatch(header []byte, spec Spec) (best match, separator byte, err error) {
	for _, s := range []byte{',', ';', '\t'} {
		cells, err := newQuotes(s).split(header)
		if err != nil {
			continue
		}
		if m := matchHeader(cells, spec); best.layout == nil || len(m.missing) < len(best.missing) {
			best, separator = m, s
		}
	}
	if best.layout == nil {
		return match{}, 0, ErrHeader
	}
	return best, separator, best.err()
}

func (c *csvSource) next() (Row, error) {
	for {
		line, tooLong, err := c.lines.next()
		if err != nil {
			return Row{}, err
		}
		if tooLong {
			return badRow(c.lines.number, "", ReasonLineTooLong), nil
		}
		if row, blank := c.record(line); !blank {
			return row, nil
		}
	}
}

// record reads one line. blank is true when nothing but separators and space stands on it.
func (c *csvSource) record(line []byte) (row Row, blank bool) {
	number := c.lines.number
	holds := c.holds(line)
	if holds&holdsHigh != 0 {
		text, ok := c.decode.line(line)
		if !ok {
			return badRow(number, "", ReasonEncoding), false
		}
		if c.decode.gb != nil {
			line, holds = text, c.holds(text)
		}
	}
	c.build.begin()
	if holds&holdsQuote != 0 {
		holds |= holdsControl // a quoted cell can hold the separator, which may be a tab
		cells, err := c.quotes.split(line)
		if err != nil {
			return badRow(number, "", ReasonQuotes), false
		}
		for i, cell := range cells {
			c.build.put(i, cell)
		}
	} else {
		c.split(string(line))
	}
	switch {
	case !c.build.filled:
		return Row{}, true
	case c.build.width < len(c.build.layout.place):
		return c.build.reject(number, "", ReasonTooFewCells), false
	}
	return c.build.finish(number, holds&holdsControl != 0), false
}

func (c *csvSource) holds(line []byte) (holds uint8) {
	for _, b := range line {
		holds |= c.care[b]
	}
	return holds
}

// split cuts a line without quotes. The cells share the memory of the line.
func (c *csvSource) split(line string) {
	for column := 0; ; column++ {
		i := strings.IndexByte(line, c.separator)
		if i < 0 {
			c.build.put(column, line)
			return
		}
		c.build.put(column, line[:i])
		line = line[i+1:]
	}
}

func (c *csvSource) close() error { return nil }
