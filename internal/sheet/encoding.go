package sheet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"
)

// census counts the lines of a file by what they hold. The encoding of a file is decided by the
// majority of its lines, so that one bad line cannot turn all others into garbage.
type census struct {
	lines   int
	utf8    int // hold more than ASCII, and are valid UTF-8
	foreign int // hold more than ASCII, and are not
	nul     int // hold a NUL byte
}

// gb18030 tells the encoding; UTF-8 has the benefit of the doubt.
func (c census) gb18030() bool { return c.foreign > c.utf8 }

// binary tells that this is no text at all: UTF-16 without its mark, or a picture.
func (c census) binary() bool { return c.nul*2 > c.lines }

// lineFacts is what is known of a line that may have come in several pieces.
type lineFacts struct{ any, high, foreign, nul bool }

func (f *lineFacts) add(piece []byte) {
	if len(piece) == 0 {
		return
	}
	f.any = true
	f.nul = f.nul || bytes.IndexByte(piece, 0) >= 0
	if !ascii(piece) {
		f.high = true
		f.foreign = f.foreign || !utf8.Valid(piece)
	}
}

func (c *census) count(f lineFacts) {
	c.lines++
	if f.nul {
		c.nul++
	}
	switch {
	case f.foreign:
		c.foreign++
	case f.high:
		c.utf8++
	}
}

// takeCensus reads all of r, in pieces: no length of line makes it hold more.
func takeCensus(r io.Reader) (census, error) {
	var (
		c    census
		line lineFacts
		kept int // bytes of an unfinished character from the piece before
		buf  = make([]byte, 256<<10)
	)
	for {
		n, err := io.ReadFull(r, buf[kept:])
		end := errors.Is(err, io.EOF) || err == io.ErrUnexpectedEOF
		if err != nil && !end {
			return c, fmt.Errorf("read a table: %w", err)
		}
		piece := buf[:kept+n]
		for {
			i := bytes.IndexByte(piece, '\n')
			if i < 0 {
				break
			}
			line.add(piece[:i])
			c.count(line)
			line, piece = lineFacts{}, piece[i+1:]
		}
		kept = 0
		if !end {
			kept = unfinished(piece)
		}
		line.add(piece[:len(piece)-kept])
		if end {
			if line.any {
				c.count(line)
			}
			return c, nil
		}
		copy(buf, piece[len(piece)-kept:])
	}
}

// unfinished gives how many bytes at the end begin a character of UTF-8 without ending it.
func unfinished(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

func ascii(b []byte) bool {
	const high = 0x8080808080808080
	for len(b) >= 8 {
		if binary.LittleEndian.Uint64(b)&high != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// decoder turns lines into UTF-8.
type decoder struct {
	gb  transform.Transformer // nil for UTF-8
	buf []byte
}

func newDecoder(gb18030 bool) *decoder {
	if !gb18030 {
		return &decoder{}
	}
	// One byte becomes three at most: a replacement character.
	return &decoder{gb: simplifiedchinese.GB18030.NewDecoder(), buf: make([]byte, 3*maxLine)}
}

// line decodes a line of at most maxLine bytes; what it gives is good until the next call. ok is
// false when the line holds what the encoding does not have.
func (d *decoder) line(b []byte) (text []byte, ok bool) {
	if d.gb == nil {
		return b, utf8.Valid(b) && !bytes.Contains(b, []byte(replacement))
	}
	d.gb.Reset()
	n, _, err := d.gb.Transform(d.buf, b, true)
	text = d.buf[:n]
	return text, err == nil && !bytes.Contains(text, []byte(replacement))
}
