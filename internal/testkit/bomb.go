package testkit

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
)

// Bomb is a zlib stream (RFC 1950) of that many zeros, in megabytes, made at once: the compressor would take seconds for what
// the stream repeats.
func Bomb(megabytes int) []byte {
	const mega = 1 << 20
	var block bytes.Buffer
	w, _ := flate.NewWriter(&block, flate.BestCompression) // a level that exists
	_, _ = w.Write(make([]byte, mega))                     // into memory
	_ = w.Flush()                                          // ends on a whole byte, so that the block can be repeated
	out := append([]byte{0x78, 0xda}, bytes.Repeat(block.Bytes(), megabytes)...)
	out = append(out, 1, 0, 0, 0xff, 0xff)                                        // the last block, empty
	return binary.BigEndian.AppendUint32(out, uint32(megabytes*mega%65521)<<16|1) // Adler-32 of zeros
}
