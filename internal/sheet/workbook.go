package sheet

import (
	"encoding/xml"
	"io"
	"path"
	"strconv"
	"strings"
)

// maxFormats bounds the formats of cells that are remembered; Excel itself stops at 65,490.
const maxFormats = 1 << 16

// workbook is what must be known of an XLSX before its worksheet can be read.
type workbook struct {
	sheet    string   // name of the part that is the first visible worksheet
	strings  string   // name of the part with the shared strings, "" when it has none
	formats  []format // by the style number of a cell
	date1904 bool     // days are counted from 1904, as on old Macs
}

// links are the relationships of a part: what it refers to by an id.
type links struct {
	sheets map[string]string // worksheets, by id
	first  map[string]string // the first of each type
}

func readWorkbook(a *archive) (*workbook, error) {
	root, err := a.links("_rels/.rels", "")
	if err != nil {
		return nil, err
	}
	name := root.first["officeDocument"]
	found, err := a.links(path.Join(path.Dir(name), "_rels", path.Base(name)+".rels"), name)
	if err != nil {
		return nil, err
	}
	b := &workbook{strings: found.first["sharedStrings"]}
	if err := b.findSheet(a, name, found.sheets); err != nil {
		return nil, err
	}
	if styles := found.first["styles"]; a.parts[styles] != nil {
		b.formats, err = readFormats(a, styles)
	}
	return b, err
}

// links reads the relationships of the part base, which stand in the part name; those of the
// archive itself have no base.
func (a *archive) links(name, base string) (links, error) {
	l := links{sheets: map[string]string{}, first: map[string]string{}}
	err := a.each(name, func(e xml.StartElement) error {
		if e.Name.Local != "Relationship" || attr(e, "TargetMode") == "External" {
			return nil
		}
		target := resolve(base, attr(e, "Target"))
		kind := path.Base(attr(e, "Type")) // the address before it differs between the editions of the standard
		switch kind {
		case "worksheet":
			if len(l.sheets) == maxFormats {
				return ErrTooLarge
			}
			l.sheets[attr(e, "Id")] = target
		case "officeDocument", "sharedStrings", "styles":
			if l.first[kind] == "" {
				l.first[kind] = target
			}
		}
		return nil
	})
	return l, err
}

// findSheet takes the first worksheet that a person who opens the file can see.
func (b *workbook) findSheet(a *archive, name string, sheets map[string]string) error {
	err := a.each(name, func(e xml.StartElement) error {
		switch e.Name.Local {
		case "workbookPr":
			v := attr(e, "date1904")
			b.date1904 = v == "1" || v == "true"
		case "sheet":
			visible := attr(e, "state") == "" || attr(e, "state") == "visible"
			if b.sheet == "" && visible {
				b.sheet = sheets[attr(e, "id")]
			}
		}
		return nil
	})
	if err == nil && b.sheet == "" {
		return ErrNoSheet
	}
	return err
}

// readFormats reads what the number formats of cells mean to us.
func readFormats(a *archive, name string) ([]format, error) {
	var (
		custom  = map[int]format{}
		formats []format
		inCells bool
	)
	err := a.each(name, func(e xml.StartElement) error {
		switch e.Name.Local {
		case "cellXfs":
			inCells = true
		case "cellStyleXfs", "cellStyles", "dxfs":
			inCells = false
		case "numFmt":
			id, err := strconv.Atoi(attr(e, "numFmtId"))
			if err != nil || inCells {
				return nil
			}
			if f := parseFormat(attr(e, "formatCode")); f != (format{}) {
				custom[id] = f
			} else {
				delete(custom, id)
			}
		case "xf":
			if inCells {
				id, _ := strconv.Atoi(attr(e, "numFmtId"))
				f, ok := custom[id]
				if !ok {
					f = builtInFormat(id)
				}
				formats = append(formats, f)
			}
		}
		if len(custom) > maxFormats || len(formats) > maxFormats {
			return ErrTooLarge
		}
		return nil
	})
	return formats, err
}

// each reads one of the small parts and shows visit every element of it.
func (a *archive) each(name string, visit func(xml.StartElement) error) error {
	p, err := a.open(partName(name), maxSmallPart, nil)
	if err != nil {
		return err
	}
	defer p.close()
	for {
		t, err := p.token()
		if err == io.EOF { //nolint:errorlint // exactly: an EOF inside another error is a broken part, not the end
			return nil
		}
		if err != nil {
			return err
		}
		if e, ok := t.(xml.StartElement); ok {
			if err := visit(e); err != nil {
				return err
			}
		}
	}
}

// plainText undoes the escape that keeps control characters in XML: _x000D_ is a carriage return.
func plainText(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	var b strings.Builder
	for {
		i := strings.Index(s, "_x")
		if i < 0 || len(s) < i+7 {
			b.WriteString(s)
			return b.String()
		}
		code, err := strconv.ParseUint(s[i+2:i+6], 16, 16)
		if err != nil || s[i+6] != '_' {
			b.WriteString(s[:i+2])
			s = s[i+2:]
			continue
		}
		b.WriteString(s[:i])
		b.WriteRune(rune(code)) // half a character beyond U+FFFF becomes a replacement character
		s = s[i+7:]
	}
}
