// Package compact writes and reads short binary records: numbers as varints, texts with their length before them.
//
// Its promise: reading costs no more than the record is long, whatever it says about itself. Its one rule: the first
// fault stays, so a caller reads all fields in order and asks Whole at the end.
package compact

import "encoding/binary"

// AppendNumber appends a number, small ones in a byte.
func AppendNumber(b []byte, n int64) []byte { return binary.AppendVarint(b, n) }

// AppendText appends a text of any bytes.
func AppendText(b []byte, s string) []byte { return append(AppendNumber(b, int64(len(s))), s...) }

// Reader reads a record from its front. After a fault everything reads as zero.
type Reader struct {
	rest string
	bad  bool
}

// Read gives a reader of a record.
func Read(record string) Reader { return Reader{rest: record} }

// Whole tells that the record had everything that was asked for, and nothing beyond.
func (r *Reader) Whole() bool { return !r.bad && r.rest == "" }

// Take gives the next n bytes.
func (r *Reader) Take(n int64) string {
	if n < 0 || n > int64(len(r.rest)) {
		r.fail()
		return ""
	}
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}

// Byte gives the next byte.
func (r *Reader) Byte() byte {
	if s := r.Take(1); s != "" {
		return s[0]
	}
	return 0
}

// Number gives what AppendNumber wrote.
func (r *Reader) Number() int64 {
	head := r.rest[:min(len(r.rest), binary.MaxVarintLen64)]
	n, size := binary.Varint([]byte(head))
	if size <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// Count gives a number of things that follow; each takes a byte at least.
func (r *Reader) Count() int64 {
	n := r.Number()
	if n < 0 || n > int64(len(r.rest)) {
		r.fail()
		return 0
	}
	return n
}

// Text gives what AppendText wrote.
func (r *Reader) Text() string { return r.Take(r.Number()) }

func (r *Reader) fail() { r.bad, r.rest = true, "" }
