//go:build unix

package picture

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"yanzheng/models"
)

// cost is what a call took: memory that it asked for in all, the most of it that was in use at once, and time of the
// processor, which does not depend on who else is on the machine.
type cost struct {
	allocated, peak uint64
	busy            time.Duration
}

func costOf(t *testing.T, call func()) cost {
	t.Helper()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	stop, peak := make(chan struct{}), make(chan uint64)
	go func() {
		highest := uint64(0)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			highest = max(highest, m.HeapInuse)
			select {
			case <-stop:
				peak <- highest
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	busy := processorTime(t)
	call()
	busy = processorTime(t) - busy
	close(stop)
	highest := <-peak
	runtime.ReadMemStats(&after)
	return cost{after.TotalAlloc - before.TotalAlloc, highest - min(highest, before.HeapInuse), busy}
}

func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Files that want much more than they weigh are refused by their header, before a pixel is decoded.
func TestBombsAreRefusedByTheirHeader(t *testing.T) {
	r := DefaultRules()
	zeros := deflated(make([]byte, 8<<20))
	flat := func(int, int) color.YCbCr { return color.YCbCr{240, 128, 128} }
	good := jpegOf(person(420, 588, white), 85)
	large := func(w, h int) []byte { // a header that lies
		return bytes.Replace(good, []byte("\x08\x02\x4c\x01\xa4"), []byte{8, byte(h >> 8), byte(h), byte(w >> 8), byte(w)}, 1)
	}
	for name, c := range map[string]struct {
		file []byte
		want *models.Error
	}{
		"png of 65535 × 65535":         {rawPNG(65_535, 65_535, 8, 6, 0, zeros), ErrTooManyPixels},
		"png of 65535 × 65535, 16 bit": {rawPNG(65_535, 65_535, 16, 6, 1, zeros), ErrTooManyPixels},
		"png of 2³¹ × 2³¹":             {rawPNG(1<<31-1, 1<<31-1, 1, 0, 0, zeros), ErrUnsupported},
		"png, one line":                {rawPNG(1<<31-1, 1, 1, 0, 0, zeros), ErrTooManyPixels},
		"png, palette":                 {rawPNG(65_535, 65_535, 8, 3, 0, zeros, pngChunk("PLTE", make([]byte, 768)), pngChunk("tRNS", make([]byte, 256))), ErrTooManyPixels},
		"jpeg of 65535 × 65535":        {large(65_535, 65_535), ErrTooManyPixels},
		"jpeg of 4900 × 4900":          {large(4900, 4900), ErrTooManyPixels},
		"progressive of 12 megapixels": {progressive(3700, 5180, 3, flat, 0), ErrTooManyPixels},
		"jpeg of a thousand scans":     {progressive(2500, 3500, 3, flat, 1000), ErrUnsupported},
		"jpeg of hidden scans":         {slices.Concat(good[:len(good)-2], bytes.Repeat([]byte("\xff\xff\xff\xda\x00\x02"), 50), []byte("\xff\xd9")), ErrUnsupported},
		"two megabytes and one":        {make([]byte, r.MaxBytes+1), ErrTooLarge},
	} {
		for _, f := range []func([]byte, Rules) ([]byte, error){Photo, Signature} {
			var out []byte
			var err error
			cost := costOf(t, func() { out, err = f(c.file, r) })
			if out != nil || !errors.Is(err, c.want) {
				t.Errorf("%s (%d bytes): %v, want %s", name, len(c.file), err, c.want.Code)
			}
			if cost.allocated > 1<<20 || cost.busy > 2*time.Second {
				t.Errorf("%s: took %d bytes and %v", name, cost.allocated, cost.busy)
			}
		}
	}
}

// Files that keep every bound of the header, and lie behind it.
func TestBombsBehindTheHeader(t *testing.T) {
	if underRace {
		t.Skip("runs without the race detector")
	}
	r := DefaultRules()
	good := jpegOf(person(420, 588, white), 85)
	w, h := 1000, 1400
	for name, c := range map[string]struct {
		file []byte
		want *models.Error
	}{
		// 60 MB of pixel data for a picture of 4.
		"png of far more data":   {rawPNG(uint32(w), uint32(h), 8, 2, 0, deflated(make([]byte, 60<<20))), ErrBroken},
		"png of hardly any data": {rawPNG(uint32(w), uint32(h), 8, 2, 0, deflated(make([]byte, 1000))), ErrBroken},
		"png of other data":      {rawPNG(uint32(w), uint32(h), 8, 2, 0, bytes.Repeat([]byte("zlib"), 1000)), ErrBroken},
		"png, compressed text":   {chunk(rawPNG(uint32(w), uint32(h), 8, 2, 0, nil), "zTXt", "k\x00\x00"+string(deflated(make([]byte, 30<<20)))), ErrBroken},
		"png of many chunks":     {slices.Concat(rawPNG(uint32(w), uint32(h), 8, 2, 0, nil)[:33], bytes.Repeat(pngChunk("prVt", nil), 170_000)), ErrUnsupported},
		"jpeg of small segments": {slices.Concat(good[:2], bytes.Repeat([]byte("\xff\xe5\x00\x02"), 500_000), good[2:len(good)/2]), ErrBroken},
		"jpeg of large segments": {slices.Concat(good[:2], bytes.Repeat(append([]byte("\xff\xe1\xff\xff"), make([]byte, 65_533)...), 30), good[2:len(good)/2]), ErrBroken},
		"jpeg of tables":         {slices.Concat(good[:2], bytes.Repeat(good[bytes.Index(good, []byte("\xff\xc4")):bytes.Index(good, []byte("\xff\xda"))], 4000), good[2:len(good)/2]), ErrBroken},
		"jpeg of fill bytes":     {slices.Concat(good[:2], bytes.Repeat([]byte{0xff}, 2_000_000), good[2:len(good)/2]), ErrBroken},
		"jpeg of nothing":        {slices.Concat(good[:2], make([]byte, 2_000_000), good[2:len(good)/2]), ErrFormat},
	} {
		var out []byte
		var err error
		cost := costOf(t, func() { out, err = Photo(c.file, r) })
		if out != nil || !errors.Is(err, c.want) {
			t.Errorf("%s (%d bytes): %v, want %s", name, len(c.file), err, c.want.Code)
		}
		if cost.allocated > 12<<20 || cost.busy > 5*time.Second {
			t.Errorf("%s: took %d bytes and %v", name, cost.allocated, cost.busy)
		}
	}
}

// The most that the rules let through takes what the package says. Both are an eighth of the real ones here: under the race
// detector the full size takes minutes, and what a decoder takes grows with the pixels.
func TestTheLargestStaysBounded(t *testing.T) {
	if underRace {
		t.Skip("runs without the race detector")
	}
	r := DefaultRules()
	r.MaxPixels, r.MaxMemory = r.MaxPixels/8, r.MaxMemory/8
	flat := func(int, int) color.YCbCr { return color.YCbCr{240, 128, 128} }
	for name, file := range map[string][]byte{
		"jpeg of 3 megapixels":                jpegOf(&image.YCbCr{Y: light(1462 * 2050), Cb: grey(731 * 1025), Cr: grey(731 * 1025), YStride: 1462, CStride: 731, SubsampleRatio: image.YCbCrSubsampleRatio420, Rect: image.Rect(0, 0, 1462, 2050)}, 75),
		"png of 3 megapixels, 16 bit":         rawPNG(1462, 2050, 16, 2, 0, rows(1462*6, 2050)),
		"png of 1.5 megapixels, interlaced":   rawPNG(1050, 1470, 16, 6, 1, passes(1050, 1470, 8)),
		"progressive jpeg with all its scans": progressive(1080, 1512, 3, flat, 31),
	} {
		var err error
		cost := costOf(t, func() { _, err = Photo(file, r) })
		if err != nil {
			t.Errorf("%s (%d bytes): %v", name, len(file), err)
		}
		t.Logf("%s: %d bytes, peak %d MB, %v of processor time", name, len(file), cost.peak>>20, cost.busy.Round(10*time.Millisecond))
		if cost.peak > uint64(r.MaxMemory)+50<<20 || cost.busy > 20*time.Second {
			t.Errorf("%s: peak %d MB, %v", name, cost.peak>>20, cost.busy)
		}
	}
}

func light(n int) []byte { return bytes.Repeat([]byte{240}, n) }

func grey(n int) []byte { return bytes.Repeat([]byte{128}, n) }

// rows is white pixel data: a filter byte and then the pixels of each row.
func rows(bytesPerRow, n int) []byte {
	return deflated(bytes.Repeat(append([]byte{0}, bytes.Repeat([]byte{0xff}, bytesPerRow)...), n))
}

// passes is white pixel data of an interlaced picture.
func passes(w, h, bytesPerPixel int) []byte {
	var data []byte
	for _, p := range adam7 {
		row := append([]byte{0}, bytes.Repeat([]byte{0xff}, (w-p[0]+p[2]-1)/p[2]*bytesPerPixel)...)
		data = append(data, bytes.Repeat(row, (h-p[1]+p[3]-1)/p[3])...)
	}
	return deflated(data)
}
