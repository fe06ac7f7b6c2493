package sheet

import (
	"encoding/xml"
	"io"
	"strconv"
	"strings"
)

// The size of a worksheet, as the format has it.
const (
	maxRows    = 1 << 20
	maxColumns = 1 << 14
)

// xlsxSource reads the first visible worksheet of a workbook. It reads the XML itself, because it
// must know what a general reader does not hand out row by row: whether a cell is text or a number
// (a text of 18 digits is an ID number, a number of 18 digits has lost its last three), whether a
// number is a date, and whether the part ended where it should.
type xlsxSource struct {
	book    *workbook
	strings *stringTable
	part    *part
	build   builder
	row     int    // number of the last row
	ended   bool   // the header stood in the last row
	text    []byte // of the cell being read
}

func openXLSX(file io.ReaderAt, size int64, spec Spec, r *Reader) (_ *xlsxSource, _ *layout, err error) {
	a, err := openArchive(file, size)
	if err != nil {
		return nil, nil, err
	}
	x := &xlsxSource{}
	if x.book, err = readWorkbook(a); err != nil {
		return nil, nil, err
	}
	if x.strings, err = readStrings(a, x.book.strings); err != nil {
		return nil, nil, err
	}
	if x.part, err = a.open(x.book.sheet, maxUnpacked, &r.done); err != nil {
		_ = x.strings.close()
		return nil, nil, err
	}
	r.total = int64(a.parts[x.book.sheet].UncompressedSize64)
	header, err := x.header()
	if err == nil {
		m := matchHeader(header, spec)
		x.build.layout, err = m.layout, m.err()
	}
	if err != nil {
		_ = x.close()
		return nil, nil, err
	}
	return x, x.build.layout, nil
}

// header gives the first row that is not blank.
func (x *xlsxSource) header() ([]string, error) {
	for {
		if err := x.nextRow(); err == io.EOF { //nolint:errorlint // exactly: an EOF inside another error is a broken part, not the end
			return nil, ErrEmpty
		} else if err != nil {
			return nil, err
		}
		var (
			header []string
			size   int
			faulty bool
		)
		err := x.cells(func(column int, c cell) error {
			text, reason, err := x.value(c)
			if text = trim(text); text == "" && reason == "" || err != nil {
				return err
			}
			size += len(text)
			faulty = faulty || reason != "" || size > maxLine || hasControl(text)
			if !faulty {
				for len(header) <= column {
					header = append(header, "")
				}
				header[column] = text
			}
			return nil
		})
		switch {
		case err != nil:
			return nil, err
		case faulty:
			return nil, ErrHeader
		case header != nil:
			return header, nil
		}
	}
}

func (x *xlsxSource) next() (Row, error) {
	for {
		if err := x.nextRow(); err != nil {
			return Row{}, err
		}
		row, blank, err := x.record()
		if err != nil || !blank {
			return row, err
		}
	}
}

// nextRow goes to the beginning of the next row, or gives io.EOF after the last.
func (x *xlsxSource) nextRow() error {
	for !x.ended {
		token, err := x.part.token()
		if err != nil {
			return brokenBy(err) // the end of the part before that of its table, too
		}
		switch e := token.(type) {
		case xml.StartElement:
			if e.Name.Local == "row" {
				return x.setRow(attr(e, "r"))
			}
		case xml.EndElement:
			x.ended = e.Name.Local == "sheetData"
		}
	}
	if err := x.part.drain(); err != nil {
		return err
	}
	return io.EOF
}

func (x *xlsxSource) setRow(number string) error {
	row := x.row + 1
	if number != "" {
		var err error
		if row, err = strconv.Atoi(number); err != nil || row <= x.row {
			return ErrBroken
		}
	}
	if row > maxRows {
		return ErrBroken
	}
	x.row = row
	return nil
}

// record reads the rest of a row. blank is true when nothing stands in it.
func (x *xlsxSource) record() (row Row, blank bool, err error) {
	var column, reason string // of the first cell that cannot be used
	size := 0
	x.build.begin()
	err = x.cells(func(col int, c cell) error {
		place := -2 // beyond the header
		if col < len(x.build.layout.place) {
			place = x.build.layout.place[col]
		}
		if place == -1 && x.build.filled {
			return nil // of a column that is ignored, only whether the row is blank can matter
		}
		text, fault, err := x.value(c)
		if err != nil {
			return err
		}
		if size += len(text); fault == "" && size > maxLine {
			fault = ReasonLineTooLong
		}
		if fault != "" && place >= 0 && reason == "" {
			column, reason = x.build.layout.names[place], fault
		}
		if fault != "" {
			x.build.filled, x.build.overflow = true, x.build.overflow || place < -1
			return nil
		}
		x.build.put(col, text)
		return nil
	})
	switch {
	case err != nil:
		return Row{}, false, err
	case !x.build.filled:
		return Row{}, true, nil
	case reason != "" && !x.build.overflow:
		return x.build.reject(x.row, column, reason), false, nil
	}
	return x.build.finish(x.row, true), false, nil
}

// value gives the text of a cell as its author sees it, or the reason why it cannot.
func (x *xlsxSource) value(c cell) (text, reason string, err error) {
	switch {
	case len(c.text) > maxLine:
		return "", ReasonLineTooLong, nil
	case c.formula && !c.saved:
		return "", ReasonFormula, nil
	case !c.saved:
		return "", "", nil
	}
	text = string(c.text)
	switch c.kind {
	case "s":
		if text, err = x.shared(strings.TrimSpace(text)); err != nil {
			return "", "", err
		}
		if len(text) > maxLine {
			return "", ReasonLineTooLong, nil
		}
	case "str", "inlineStr":
		text = plainText(text)
	case "b":
		switch strings.TrimSpace(text) {
		case "0", "false":
			text = "FALSE"
		case "1", "true":
			text = "TRUE"
		default:
			return "", ReasonCell, nil
		}
	case "e":
		return "", ReasonCell, nil
	case "d":
		text, reason = isoDate(text)
	case "", "n":
		if text = strings.TrimSpace(text); text != "" {
			var f format
			if c.style < len(x.book.formats) {
				f = x.book.formats[c.style]
			}
			text, reason = x.book.number(text, f)
		}
	default:
		return "", "", ErrBroken
	}
	if strings.Contains(text, replacement) {
		return "", ReasonEncoding, nil
	}
	return text, reason, nil
}

// shared gives the shared string that a cell refers to; a cell may refer to none.
func (x *xlsxSource) shared(number string) (string, error) {
	if number == "" {
		return "", nil
	}
	i, err := strconv.Atoi(number)
	if err != nil {
		return "", ErrBroken
	}
	return x.strings.get(i)
}

func (x *xlsxSource) close() error {
	x.part.close()
	return x.strings.close()
}
