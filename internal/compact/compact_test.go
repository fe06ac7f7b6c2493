package compact

import (
	"math"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	numbers := []int64{0, 1, -1, 63, 64, -64, -65, 300, math.MaxInt64, math.MinInt64}
	texts := []string{"", "a", "欧阳𠮷", "\xff\x00", string(make([]byte, 1000))}
	var b []byte
	for i, n := range numbers {
		b = AppendText(AppendNumber(b, n), texts[i%len(texts)])
	}
	b = append(b, 7, 'x', 'y')
	r := Read(string(b))
	for i, want := range numbers {
		if n := r.Number(); n != want {
			t.Errorf("number %d reads as %d", want, n)
		}
		if s, want := r.Text(), texts[i%len(texts)]; s != want {
			t.Errorf("%q reads as %q", want, s)
		}
	}
	if r.Whole() {
		t.Error("whole with three bytes left")
	}
	if b, s := r.Byte(), r.Take(2); b != 7 || s != "xy" || !r.Whole() {
		t.Errorf("the end reads as %d %q, whole %t", b, s, r.Whole())
	}
}

// Whatever goes wrong, everything after it reads as zero, and the record is not whole.
func TestFirstFaultStays(t *testing.T) {
	number := func(n int64) string { return string(AppendNumber(nil, n)) }
	for name, c := range map[string]struct {
		record string
		read   func(r *Reader) bool // true: it read as something
	}{
		"no byte":          {"", func(r *Reader) bool { return r.Byte() != 0 }},
		"no number":        {"", func(r *Reader) bool { return r.Number() != 0 }},
		"number cut":       {"\xff", func(r *Reader) bool { return r.Number() != 0 }},
		"endless number":   {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01more", func(r *Reader) bool { return r.Number() != 0 }},
		"take too many":    {"abc", func(r *Reader) bool { return r.Take(4) != "" }},
		"take less than 0": {"abc", func(r *Reader) bool { return r.Take(-1) != "" }},
		"text too long":    {number(4) + "abc", func(r *Reader) bool { return r.Text() != "" }},
		"text of -1":       {number(-1) + "abc", func(r *Reader) bool { return r.Text() != "" }},
		"text of 2^63-1":   {number(math.MaxInt64) + "abc", func(r *Reader) bool { return r.Text() != "" }},
		"count too high":   {number(4) + "abc", func(r *Reader) bool { return r.Count() != 0 }},
		"count of -1":      {number(-1) + "abc", func(r *Reader) bool { return r.Count() != 0 }},
	} {
		r := Read(c.record)
		if c.read(&r) || r.Whole() {
			t.Errorf("%s: reads as something, or whole %t", name, r.Whole())
		}
		if r.Byte() != 0 || r.Number() != 0 || r.Text() != "" || r.Count() != 0 || r.Take(0) != "" || r.Whole() {
			t.Errorf("%s: something after the fault", name)
		}
	}
	r := Read(number(3) + "abc")
	if n := r.Count(); n != 3 {
		t.Errorf("a count of as many as there can be reads as %d", n)
	}
}
