package sheet

import (
	"encoding/xml"
	"strconv"
	"time"
)

// cell is one cell of a worksheet as it is stored.
type cell struct {
	kind    string // s shared string, str and inlineStr text, b, e error, d ISO date, n or "" number
	style   int
	text    []byte // valid until the next cell
	saved   bool   // there is a value, though it may be empty
	formula bool
}

// cells reads to the end of the row and shows put every cell, in rising order of columns.
func (x *xlsxSource) cells(put func(column int, c cell) error) error {
	column := -1
	for {
		token, err := x.part.token()
		if err != nil {
			return brokenBy(err)
		}
		switch e := token.(type) {
		case xml.EndElement:
			if e.Name.Local == "row" {
				return nil
			}
		case xml.StartElement:
			if e.Name.Local != "c" {
				continue
			}
			last := column
			if column, err = columnOf(attr(e, "r"), last+1); err != nil {
				return err
			}
			if column <= last || column >= maxColumns {
				return ErrBroken
			}
			c := cell{kind: attr(e, "t")}
			if style, err := strconv.Atoi(attr(e, "s")); err == nil && style > 0 {
				c.style = style
			}
			value := "v"
			if c.kind == "inlineStr" {
				value = "t"
			}
			var seen contents
			if x.text, seen, err = x.part.text(x.text[:0], "c", value); err != nil {
				return err
			}
			c.text, c.saved, c.formula = x.text, seen.value, seen.formula
			if err := put(column, c); err != nil {
				return err
			}
		}
	}
}

// columnOf gives the column, counted from 0, of a reference such as AB12; follows when it is absent.
func columnOf(reference string, follows int) (int, error) {
	if reference == "" {
		return follows, nil
	}
	column := 0
	for i := 0; i < len(reference); i++ {
		c := reference[i]
		if 'A' > c || c > 'Z' {
			break
		}
		if column = column*26 + int(c-'A') + 1; column > maxColumns {
			return 0, ErrBroken
		}
	}
	if column == 0 {
		return 0, ErrBroken
	}
	return column - 1, nil
}

// contents says which elements stood inside one that text has read.
type contents struct{ value, formula bool }

// text reads to the end of the element and appends the text of the value elements in it to buf; rich
// text is joined, and how it is pronounced (rPh) left out. Beyond maxLine it only tells that.
func (p *part) text(buf []byte, element, value string) ([]byte, contents, error) {
	var (
		seen            contents
		inside, phonics bool
	)
	for {
		token, err := p.token()
		if err != nil {
			return buf, seen, brokenBy(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case value:
				inside, seen.value = !phonics, true
			case "f":
				seen.formula = true
			case "rPh":
				phonics = true
			case "row", "sheetData", element: // the end tag is missing
				return buf, seen, ErrBroken
			}
		case xml.CharData:
			if inside {
				buf = append(buf, e[:min(len(e), maxLine+1-len(buf))]...)
			}
		case xml.EndElement:
			switch e.Name.Local {
			case value:
				inside = false
			case "rPh":
				phonics = false
			case element:
				return buf, seen, nil
			case "row", "sheetData", "sst":
				return buf, seen, ErrBroken
			}
		}
	}
}

// isoDate gives the day of an ISO 8601 date or time.
func isoDate(s string) (text, reason string) {
	if len(s) > len(time.DateOnly) {
		s = s[:len(time.DateOnly)]
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", ReasonDate
	}
	return s, ""
}
