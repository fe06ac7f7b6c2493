package sheet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

type kind uint8

const (
	kindCSV kind = iota
	kindXLSX
)

// sniff tells the kind of a file by its first bytes; a name can be anything.
func sniff(file io.ReaderAt, size int64) (kind, error) {
	if size <= 0 {
		return 0, ErrEmpty
	}
	var head [512]byte
	n, err := file.ReadAt(head[:min(size, int64(len(head)))], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("read the head of a table: %w", err)
	}
	start := head[:n]
	switch {
	case bytes.HasPrefix(start, []byte("PK\x03\x04")), bytes.HasPrefix(start, []byte("PK\x05\x06")):
		return kindXLSX, nil
	case bytes.HasPrefix(start, []byte("\xD0\xCF\x11\xE0")):
		if holdsEncryptedPackage(file, start) {
			return 0, ErrEncrypted
		}
		return 0, ErrXLS
	case bytes.HasPrefix(start, []byte("\xFF\xFE")), bytes.HasPrefix(start, []byte("\xFE\xFF")):
		return 0, ErrUTF16
	}
	return kindCSV, nil
}

// holdsEncryptedPackage tells a workbook with a password from an old .xls: both are OLE files, and
// only the first has a stream of this name in its directory. The advice to the user differs.
func holdsEncryptedPackage(file io.ReaderAt, head []byte) bool {
	if len(head) < 512 {
		return false
	}
	shift, sector := binary.LittleEndian.Uint16(head[30:]), binary.LittleEndian.Uint32(head[48:])
	if shift > 12 {
		return false
	}
	directory := make([]byte, 4096)
	n, _ := file.ReadAt(directory, (int64(sector)+1)<<shift)
	var name []byte
	for _, c := range "EncryptedPackage" {
		name = binary.LittleEndian.AppendUint16(name, uint16(c))
	}
	return bytes.Contains(directory[:n], name)
}
