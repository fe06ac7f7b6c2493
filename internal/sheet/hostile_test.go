package sheet

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"yanzheng/models"
)

// firstError reads data to its end or its error.
func firstError(data []byte) error {
	r, err := Open(bytes.NewReader(data), int64(len(data)), people)
	if err != nil {
		return err
	}
	defer r.Close()
	for err == nil {
		_, err = r.Next()
	}
	return err
}

func TestBrokenWorkbooks(t *testing.T) {
	good := rowsOf(`<row><c t="str"><v>a</v></c></row>`)
	with := func(name, content string) parts {
		p := handmade(good)
		p[name] = content
		return p
	}
	without := func(name string) parts {
		p := handmade(good)
		delete(p, name)
		return p
	}
	tests := []struct {
		name string
		book parts
		want error
	}{
		{"good", handmade(good), io.EOF},
		{"without styles", without(stylesPart), io.EOF},
		{"without worksheet", without(sheetPart), ErrBroken},
		{"without workbook", without(bookPart), ErrBroken},
		{"without shared strings", without(stringsPart), ErrBroken},
		{"without relationships", without("_rels/.rels"), ErrBroken},
		{"no sheet visible", with(bookPart, `<workbook><sheets><sheet state="hidden" id="r1"/><sheet state="veryHidden" id="r1"/></sheets></workbook>`), ErrNoSheet},
		{"sheet of another kind", with(bookPart, `<workbook><sheets><sheet id="r3"/></sheets></workbook>`), ErrNoSheet},
		{"worksheet cut off", handmade(good[:len(good)/2]), ErrBroken},
		{"worksheet without table", handmade(`<worksheet/>`), ErrBroken},
		{"worksheet that is no XML", handmade("name,number,until\n"), ErrBroken},
		{"other encoding", handmade(`<?xml version="1.0" encoding="GBK"?>` + good), ErrBroken},
		{"not UTF-8", handmade(rowsOf("<row><c t=\"str\"><v>\xff</v></c></row>")), ErrBroken},
		{"NUL", handmade(rowsOf("<row><c t=\"str\"><v>&#0;</v></c></row>")), ErrBroken},
		{"row not closed", handmade(rowsOf(`<row><c t="str"><v>a</v></c>`)), ErrBroken},
		{"cell not closed", handmade(rowsOf(`<row><c t="str"><v>a</v></row>`)), ErrBroken},
		{"rows backwards", handmade(rowsOf(`<row r="5"/><row r="4"/>`)), ErrBroken},
		{"row twice", handmade(rowsOf(`<row r="1"/>`)), ErrBroken},
		{"row of no number", handmade(rowsOf(`<row r="x"/>`)), ErrBroken},
		{"row beyond the last", handmade(rowsOf(`<row r="1048577"/>`)), ErrBroken},
		{"cells backwards", handmade(rowsOf(`<row><c r="B2"/><c r="A2"/></row>`)), ErrBroken},
		{"cell twice", handmade(rowsOf(`<row><c r="B2"/><c r="B2"/></row>`)), ErrBroken},
		{"cell beyond the last column", handmade(rowsOf(`<row><c r="XFE2"/></row>`)), ErrBroken},
		{"cell of no column", handmade(rowsOf(`<row><c r="2"/></row>`)), ErrBroken},
		{"shared string that does not exist", handmade(rowsOf(`<row><c t="s"><v>5</v></c></row>`)), ErrBroken},
		{"shared string before the first", handmade(rowsOf(`<row><c t="s"><v>-1</v></c></row>`)), ErrBroken},
		{"shared string of no number", handmade(rowsOf(`<row><c t="s"><v>x</v></c></row>`)), ErrBroken},
		{"cell of unknown kind", handmade(rowsOf(`<row><c t="z"><v>x</v></c></row>`)), ErrBroken},
		{"too many formats", with(stylesPart, `<styleSheet><cellXfs>`+strings.Repeat("<xf/>", maxFormats+1)), ErrTooLarge},
		{"a part twice", with("XL/Workbook.xml", ""), ErrBroken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := firstError(tt.book.zip(t)); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}

func TestDamagedBytes(t *testing.T) {
	data := handmade(rowsOf(strings.Repeat(`<row><c t="str"><v>a</v></c></row>`, 1000))).zip(t)
	if err := firstError(data[:len(data)-30]); !errors.Is(err, ErrBroken) {
		t.Errorf("cut off: %v", err)
	}
	// The checksum of every part in the directory is wrong by a bit: what was read cannot be trusted.
	damaged := bytes.Clone(data)
	for i := 0; ; {
		n := bytes.Index(damaged[i:], []byte("PK\x01\x02"))
		if n < 0 {
			break
		}
		i += n + 4
		if name := damaged[i+42:]; bytes.HasPrefix(name, []byte(sheetPart)) {
			damaged[i+12] ^= 1
		}
	}
	if err := firstError(damaged); !errors.Is(err, ErrBroken) {
		t.Errorf("wrong checksum: %v", err)
	}
}

func TestPartsWithPassword(t *testing.T) {
	data := handmade(rowsOf("")).zip(t)
	i := bytes.LastIndex(data, []byte("PK\x01\x02"))
	data[i+8] |= 1
	if err := firstError(data); !errors.Is(err, ErrEncrypted) {
		t.Errorf("error %v", err)
	}
}

// bomb zips a workbook one of whose parts is head, and then size bytes of filling. The filling is
// packed once and repeated packed, as whoever makes bombs does.
func bomb(t *testing.T, name, head, filling string, size int) []byte {
	t.Helper()
	var packed, block bytes.Buffer
	pack := func(to *bytes.Buffer, text string) {
		w, err := flate.NewWriter(to, flate.BestCompression)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err := errors.Join(err, w.Flush()); err != nil {
			t.Fatal(err)
		}
	}
	filling = strings.Repeat(filling, 1<<20/len(filling))
	times := size / len(filling)
	pack(&packed, head)
	pack(&block, filling)
	sum := crc32.Update(0, crc32.IEEETable, []byte(head))
	for range times {
		packed.Write(block.Bytes())
		sum = crc32.Update(sum, crc32.IEEETable, []byte(filling))
	}
	packed.WriteString("\x03\x00") // an empty last block

	book := handmade(rowsOf(""))
	delete(book, name)
	return appendRaw(t, book.zip(t), packed.Bytes(), &zip.FileHeader{
		Name: name, Method: zip.Deflate, CRC32: sum,
		CompressedSize64: uint64(packed.Len()), UncompressedSize64: uint64(len(head) + times*len(filling)),
	})
}

// appendRaw copies an archive and adds a part that is packed already.
func appendRaw(t *testing.T, archive, packed []byte, header *zip.FileHeader) []byte {
	t.Helper()
	old, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, f := range old.File {
		if err := w.Copy(f); err != nil {
			t.Fatal(err)
		}
	}
	f, err := w.CreateRaw(header)
	if err == nil {
		_, err = f.Write(packed)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestBombs(t *testing.T) {
	open := rowsOf("")[:strings.Index(rowsOf(""), "</sheetData>")]
	tests := []struct {
		name, part, head, filling string
		size                      int
		want                      *models.Error
	}{
		{"unpacks beyond the limit", sheetPart, open, `<row><c t="str"><v>a</v></c></row>`, 200 << 20, ErrTooLarge},
		{"a part that nobody reads", "xl/media/image1.png", "", "\x00", 100 << 20, ErrTooLarge},
		{"one endless text", sheetPart, open + `<row><c t="str"><v>`, "x", 40 << 20, ErrTooLarge},
		{"one endless tag", sheetPart, open + `<row a="`, "x", 40 << 20, ErrTooLarge},
		{"one tag of many attributes", sheetPart, open + `<row `, `a="" `, 40 << 20, ErrTooLarge},
		{"one endless comment", stringsPart, `<sst><!--`, "x", 40 << 20, ErrTooLarge},
		{"endless depth", sheetPart, open + `<row>`, `<a>`, 8 << 20, ErrBroken},
		{"one cell of many texts", sheetPart, open + `<row><c t="inlineStr"><is>`, `<t>xxxxxxxxxxxx</t>`, 8 << 20, ErrBroken},
		{"endless styles", stylesPart, `<styleSheet>`, `<numFmt numFmtId="1" formatCode="` + strings.Repeat("#", 1000) + `"/>`, 20 << 20, ErrTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := bomb(t, tt.part, tt.head, tt.filling, tt.size)
			h := watchHeap()
			if err := firstError(data); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %s", err, tt.want.Code)
			}
			h.check(t, 20<<20)
		})
	}
}

// The directory of an archive is a claim: here it says that a part has no size.
func TestDirectoryThatLies(t *testing.T) {
	open := rowsOf("")[:strings.Index(rowsOf(""), "</sheetData>")]
	data := bomb(t, sheetPart, open, `<row><c t="str"><v>a</v></c></row>`, 100<<20)
	i := bytes.LastIndex(data, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(data[i+24:], 100)
	if err := firstError(data); !errors.Is(err, ErrBroken) {
		t.Errorf("error %v", err)
	}
}

// Whatever a part really holds, no more of it is unpacked than the limit, even if the directory and
// the archive agree.
func TestLimitCountsWhatIsUnpacked(t *testing.T) {
	data := handmade(rowsOf(strings.Repeat(`<row><c t="str"><v>a</v></c></row>`, 10_000))).zip(t)
	a, err := openArchive(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, limit := range []struct{ part, all int64 }{{100_000, 1 << 30}, {1 << 30, 100_000}} {
		a.left = limit.all
		p, err := a.open(sheetPart, limit.part, nil)
		for err == nil {
			_, err = p.token()
		}
		if !errors.Is(err, ErrTooLarge) {
			t.Errorf("%+v: %v", limit, err)
		}
	}
}

func TestHugeDirectory(t *testing.T) {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for i := range 30_000 {
		if _, err := w.CreateRaw(&zip.FileHeader{Name: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := firstError(buf.Bytes()); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error %v", err)
	}
}

func TestUnpackLimit(t *testing.T) {
	for size, want := range map[int64]int64{1: minUnpacked, 10 << 20: 1000 << 20, 1 << 40: maxUnpacked, 1<<63 - 1: maxUnpacked} {
		if got := unpackLimit(size); got != want {
			t.Errorf("%d: %d, want %d", size, got, want)
		}
	}
}
