package sheet

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"sync/atomic"
)

// counter counts what passes through, for Progress.
type counter struct {
	r io.Reader
	n *atomic.Int64
}

func (c counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// lines cuts a file into physical lines in bounded memory.
type lines struct {
	in     *bufio.Reader
	number int // of the line that next gave, counted from 1
}

func newLines(r io.Reader) *lines { return &lines{in: bufio.NewReaderSize(r, 4*maxLine)} }

// next gives a line without its end, good until the next call; io.EOF after the last. Of a line over
// maxLine it gives nothing but that.
func (l *lines) next() (line []byte, tooLong bool, err error) {
	line, err = l.in.ReadSlice('\n')
	if errors.Is(err, io.EOF) && len(line) == 0 {
		return nil, false, io.EOF
	}
	l.number++
	for errors.Is(err, bufio.ErrBufferFull) {
		tooLong = true
		_, err = l.in.ReadSlice('\n')
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, err
	}
	if tooLong {
		return nil, true, nil
	}
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	if len(line) > maxLine {
		return nil, true, nil
	}
	return line, false, nil
}

// quotes splits lines that hold quotes. It gives encoding/csv one line at a time, so that a quote
// that is not closed ends with its line.
type quotes struct {
	feed bytes.Reader
	csv  *csv.Reader
}

func newQuotes(separator byte) *quotes {
	q := &quotes{}
	q.csv = csv.NewReader(&q.feed)
	q.csv.Comma = rune(separator)
	q.csv.FieldsPerRecord = -1
	q.csv.ReuseRecord = true
	q.csv.TrimLeadingSpace = separator != '\t' // it would take empty cells for space
	return q
}

// split gives the cells, in a slice that is good until the next call.
func (q *quotes) split(line []byte) ([]string, error) {
	// encoding/csv takes this one for space at the front of a cell; any other control character is refused like it.
	q.feed.Reset(bytes.ReplaceAll(line, []byte(string(nextLine)), []byte("\u0080")))
	return q.csv.Read()
}
