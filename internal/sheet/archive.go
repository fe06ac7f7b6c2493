package sheet

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"path"
	"strings"
	"sync/atomic"
)

// The bounds of an XLSX. Real worksheets shrink 8 to 40 times in their archive; a bomb a thousand.
const (
	maxDirectory = 1 << 20 // bytes read to list the archive; real ones list a dozen parts
	maxUnpacked  = 2 << 30 // all parts together
	minUnpacked  = 64 << 20
	maxRatio     = 100
	maxSmallPart = 16 << 20  // each of the parts that only describe the workbook
	maxToken     = 512 << 10 // a tag, a text or a comment, which the XML decoder holds in memory; the longest cell escaped has 256 KiB
)

// unpackLimit bounds what is unpacked by the size of what was brought, so that a small upload cannot
// cost more work than its size explains.
func unpackLimit(size int64) int64 {
	return min(maxUnpacked, max(minUnpacked, maxRatio*min(size, maxUnpacked)))
}

// archive is an XLSX as a set of parts.
type archive struct {
	parts map[string]*zip.File // by lower-case name
	left  int64                // bytes that may still be unpacked, whatever the directory says
}

func openArchive(file io.ReaderAt, size int64) (*archive, error) {
	directory := &boundedReaderAt{r: file, left: maxDirectory}
	listing, err := zip.NewReader(directory, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // names are only looked up, never opened on a disk
		return nil, brokenBy(err)
	}
	directory.left = math.MaxInt64
	a := &archive{parts: make(map[string]*zip.File, len(listing.File)), left: unpackLimit(size)}
	stated := uint64(a.left)
	for _, f := range listing.File {
		if f.UncompressedSize64 > stated {
			return nil, ErrTooLarge
		}
		stated -= f.UncompressedSize64
		if f.Flags&1 != 0 {
			return nil, ErrEncrypted
		}
		name := partName(f.Name)
		if a.parts[name] != nil {
			return nil, ErrBroken // two readers could see two different tables in it
		}
		a.parts[name] = f
	}
	return a, nil
}

func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/"))
}

// resolve gives the name of the part that a relationship of the part base points to.
func resolve(base, target string) string {
	if strings.HasPrefix(target, "/") {
		return partName(target)
	}
	return partName(path.Join(path.Dir(base), target))
}

// brokenBy says what a failure inside an archive means for the user.
func brokenBy(err error) error {
	if errors.Is(err, ErrTooLarge) {
		return err
	}
	return ErrBroken.Because(err)
}

// boundedReaderAt refuses to read more than left bytes.
type boundedReaderAt struct {
	r    io.ReaderAt
	left int64
}

func (b *boundedReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if b.left != math.MaxInt64 {
		if b.left -= int64(len(p)); b.left < 0 {
			return 0, ErrTooLarge
		}
	}
	return b.r.ReadAt(p, off)
}

// part reads one part of an archive as XML tokens. Tokens come raw: the decoder then keeps no list
// of open elements, which a hostile file could make endless.
type part struct {
	xml    *xml.Decoder
	packed io.ReadCloser
	limit  *partLimit
}

// open opens a part. limit bounds its unpacked size in bytes; done, when not nil, counts them.
func (a *archive) open(name string, limit int64, done *atomic.Int64) (*part, error) {
	f := a.parts[name]
	if f == nil {
		return nil, ErrBroken
	}
	packed, err := f.Open()
	if err != nil {
		return nil, brokenBy(err)
	}
	bounded := &partLimit{r: packed, left: limit, all: &a.left, done: done}
	return &part{xml: xml.NewDecoder(bufio.NewReaderSize(bounded, 64<<10)), packed: packed, limit: bounded}, nil
}

// token gives the next token, valid until the next call. The end of the part is an error of the
// caller's only when it comes too early: io.EOF.
func (p *part) token() (xml.Token, error) {
	p.limit.token = maxToken
	t, err := p.xml.RawToken()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, brokenBy(err)
	}
	return t, err
}

// drain reads what is left without looking at it: the checksum stands at the end.
func (p *part) drain() error {
	p.limit.token = math.MaxInt64
	if _, err := io.Copy(io.Discard, p.limit); err != nil {
		return brokenBy(err)
	}
	return nil
}

func (p *part) close() { _ = p.packed.Close() } // it was only read; there is nothing to lose

// partLimit counts what is really unpacked; what the directory states is a claim.
type partLimit struct {
	r     io.Reader
	left  int64  // of this part
	all   *int64 // of all parts of the archive
	token int64  // of the token being read
	done  *atomic.Int64
}

func (l *partLimit) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	l.left -= int64(n)
	*l.all -= int64(n)
	l.token -= int64(n)
	if l.done != nil {
		l.done.Add(int64(n))
	}
	if l.left < 0 || *l.all < 0 || l.token < 0 {
		return 0, ErrTooLarge
	}
	return n, err
}

// attr gives an attribute by its name without prefix, or "".
func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space != "xmlns" {
			return a.Value
		}
	}
	return ""
}
