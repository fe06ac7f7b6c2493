package testkit_test

import (
	"bytes"
	"compress/zlib"
	"io"
	"testing"

	"yanzheng/internal/testkit"
)

// TestBomb: the standard library unpacks it to its end, and finds the checksum right.
func TestBomb(t *testing.T) {
	for _, megabytes := range []int{0, 1, 3} {
		b := testkit.Bomb(megabytes)
		r, err := zlib.NewReader(bytes.NewReader(b))
		testkit.Must(t, err)
		n, err := io.Copy(io.Discard, r)
		if err != nil || n != int64(megabytes)<<20 || len(b) > 3000*(megabytes+1) {
			t.Errorf("%d MB: %d bytes unpack to %d, %v", megabytes, len(b), n, err)
		}
	}
}
