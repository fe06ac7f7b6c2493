package sheet

import (
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
)

// maxStrings bounds the number of shared strings: twice as many as a full worksheet of a dozen
// columns has cells.
const maxStrings = 1 << 25

// stringTable holds the texts that the cells of a workbook share, which can be more than memory
// should hold.
type stringTable struct {
	texts spill // one after the other
	ends  spill // where each ends in texts, 8 bytes each
	count int
}

// readStrings reads the part of that name; without such a part the table is empty.
func readStrings(a *archive, name string) (*stringTable, error) {
	t := &stringTable{}
	if a.parts[name] == nil {
		return t, nil
	}
	p, err := a.open(name, maxUnpacked, nil)
	if err != nil {
		return nil, err
	}
	defer p.close()
	if err := t.fill(p); err != nil {
		_ = t.close()
		return nil, err
	}
	return t, nil
}

func (t *stringTable) fill(p *part) error {
	var text []byte
	for {
		token, err := p.token()
		if err == io.EOF { //nolint:errorlint // exactly: an EOF inside another error is a broken part, not the end
			return errors.Join(t.texts.flush(), t.ends.flush())
		}
		if err != nil {
			return err
		}
		if e, ok := token.(xml.StartElement); !ok || e.Name.Local != "si" {
			continue
		}
		if text, _, err = p.text(text[:0], "si", "t"); err != nil {
			return err
		}
		if err := t.add(text); err != nil {
			return err
		}
	}
}

func (t *stringTable) add(text []byte) error {
	if t.count++; t.count > maxStrings {
		return ErrTooLarge
	}
	if _, err := t.texts.Write(text); err != nil {
		return err
	}
	var end [8]byte
	binary.LittleEndian.PutUint64(end[:], uint64(t.texts.size))
	_, err := t.ends.Write(end[:])
	return err
}

// get gives the string of that number.
func (t *stringTable) get(i int) (string, error) {
	if i < 0 || i >= t.count {
		return "", ErrBroken
	}
	var bounds [16]byte // where the one before and this one end
	var err error
	if i == 0 {
		_, err = t.ends.ReadAt(bounds[8:], 0)
	} else {
		_, err = t.ends.ReadAt(bounds[:], int64(i-1)*8)
	}
	if err != nil {
		return "", err
	}
	from, to := binary.LittleEndian.Uint64(bounds[:]), binary.LittleEndian.Uint64(bounds[8:])
	text := make([]byte, to-from)
	if _, err := t.texts.ReadAt(text, int64(from)); err != nil {
		return "", err
	}
	return plainText(string(text)), nil
}

func (t *stringTable) close() error { return errors.Join(t.texts.close(), t.ends.close()) }
