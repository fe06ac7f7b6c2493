package sheet

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"
	"time"
)

// heap watches how far the heap grows beyond what stood on it at the start.
type heap struct {
	base uint64
	stop chan struct{}
	peak chan uint64
}

// watchHeap looks at the heap every few milliseconds, until check.
func watchHeap() *heap {
	runtime.GC()
	h := &heap{base: heapSize(), stop: make(chan struct{}), peak: make(chan uint64)}
	go func() {
		peak := h.base
		for {
			peak = max(peak, heapSize())
			select {
			case <-h.stop:
				h.peak <- max(peak, heapSize())
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return h
}

func heapSize() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// check fails the test when the heap has grown by more than limit bytes.
func (h *heap) check(t *testing.T, limit uint64) {
	t.Helper()
	close(h.stop)
	grown := <-h.peak - h.base
	t.Logf("heap grew by %.1f MB", float64(grown)/1e6)
	if grown > limit {
		t.Errorf("heap grew by %d bytes, more than %d", grown, limit)
	}
}

// endless is a file of one line that is made up while it is read: head, then filling, then tail.
type endless struct {
	head, tail string
	filling    []byte // of one byte, many times
	size       int64
}

func (e endless) ReadAt(p []byte, off int64) (int, error) {
	if off >= e.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), e.size-off))
	for rest := p[:n]; len(rest) > 0; {
		rest = rest[copy(rest, e.filling):]
	}
	overlay(p[:n], off, e.head, 0)
	overlay(p[:n], off, e.tail, e.size-int64(len(e.tail)))
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// overlay writes the part of text, which begins at place, that p at off covers.
func overlay(p []byte, off int64, text string, place int64) {
	if d := off - place; d >= 0 && d < int64(len(text)) {
		copy(p, text[d:])
	} else if d < 0 && -d < int64(len(p)) {
		copy(p[-d:], text)
	}
}

func TestEndlessLine(t *testing.T) {
	for filling, size := range map[byte]int64{'x': 200 << 20, ',': 20 << 20, '"': 20 << 20, 0xCD: 20 << 20} {
		h := watchHeap()
		file := endless{
			head: "name,number,until\na,1,x\n", filling: bytes.Repeat([]byte{filling}, 4096), tail: "\nb,2,y\n", size: size,
		}
		r, err := Open(file, file.size, people)
		if err != nil {
			t.Fatal(err)
		}
		got := rest(t, r)
		if len(got) != 3 || got[0] != "2 a|1|x|" || got[1] != "3 !line_too_long" || got[2] != "4 b|2|y|" {
			t.Errorf("filled with %q: %.200q", filling, got)
		}
		if done, total := r.Progress(); done != total || total != file.size {
			t.Errorf("progress %d of %d", done, total)
		}
		h.check(t, 4<<20)
		r.Close()
	}
}

// A file of nothing but the start of a line has no header, and is not read into memory to find out.
func TestEndlessHeader(t *testing.T) {
	h := watchHeap()
	file := endless{filling: bytes.Repeat([]byte("x"), 4096), size: 200 << 20}
	if _, err := Open(file, file.size, people); err == nil {
		t.Error("a header of 200 MB was accepted")
	}
	h.check(t, 4<<20)
}

// repeated is a file of a head and then the same block again and again.
type repeated struct {
	head, block []byte
	times       int64
}

func (f repeated) size() int64 { return int64(len(f.head)) + f.times*int64(len(f.block)) }

func (f repeated) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		at := off + int64(n)
		switch {
		case at >= f.size():
			return n, io.EOF
		case at < int64(len(f.head)):
			n += copy(p[n:], f.head[at:])
		default:
			n += copy(p[n:], f.block[(at-int64(len(f.head)))%int64(len(f.block)):])
		}
	}
	return n, nil
}

func TestMemoryOfManyRowsIsFlat(t *testing.T) {
	head, block, _ := bytes.Cut(table(100, `"`), []byte("\n"))
	file := repeated{head: append(head, '\n'), block: block, times: 2000}
	h := watchHeap()
	r, err := Open(file, file.size(), registerSpec)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for i := range 200_000 {
		row, err := r.Next()
		if err != nil || row.Err != nil || row.Line != i+2 {
			t.Fatal(row, err)
		}
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	h.check(t, 10<<20)
}
