package ratelimit

import (
	"math"
	"math/bits"
	"strings"
	"testing"
	"time"
)

func TestParts(t *testing.T) {
	for _, c := range []struct {
		limit       Limit
		every, span int64
	}{
		{Limit{120, time.Minute, 120}, 500_000, 60_000_000},
		{Limit{120, time.Minute, 1}, 500_000, 500_000},
		{Limit{1200, time.Minute, 1200}, 50_000, 60_000_000},
		{Limit{7, time.Minute, 7}, 8_571_429, 60_000_003}, // up, so that it is never more than 7 a minute
		{Limit{1, 24 * time.Hour, 1}, 86_400_000_000, 86_400_000_000},
		{Limit{10_000, time.Second, 5}, 100, 500},
		{Limit{3, time.Microsecond, 2}, 1, 2}, // nothing is faster than one a microsecond
		{Limit{1, time.Nanosecond, 1}, 1, 1},
		{Limit{math.MaxInt, math.MaxInt64, 2}, 1_000, 2_000}, // beyond 1e12 it is all the same
		{Limit{1, math.MaxInt64, math.MaxInt}, maxSpan, maxSpan},
		{Limit{1, time.Second, math.MaxInt}, 1_000_000, maxSpan / 1_000_000 * 1_000_000},
	} {
		every, span, ok := c.limit.parts()
		if c.limit.Rate == math.MaxInt {
			c.every, c.span = 9224, 2*9224 // 2^63 ns by 1e12, up
		}
		if !ok || every != c.every || span != c.span {
			t.Errorf("%+v: %d, %d, %t, want %d, %d", c.limit, every, span, ok, c.every, c.span)
		}
	}
	for _, none := range []Limit{{}, {0, time.Second, 1}, {1, 0, 1}, {1, time.Second, 0}, {-1, time.Second, 1}, {1, -1, 1}, {1, time.Second, -1}} {
		if every, span, ok := none.parts(); ok {
			t.Errorf("%+v limits: %d, %d", none, every, span)
		}
	}
}

// FuzzParts: whatever the limit, no more than Rate tokens come in Per and no more than Burst are there at once, nothing
// leaves the whole numbers that a double holds, and up to 10,000 a second the rounding costs less than 1 %.
func FuzzParts(f *testing.F) {
	f.Add(120, int64(time.Minute), 120)
	f.Add(7, int64(time.Second), 3)
	f.Add(1, int64(math.MaxInt64), math.MaxInt)
	f.Add(math.MaxInt, int64(1), 1)
	f.Fuzz(func(t *testing.T, rate int, per int64, burst int) {
		l := Limit{rate, time.Duration(per), burst}
		every, span, ok := l.parts()
		if ok != (rate > 0 && per > 0 && burst > 0) {
			t.Fatalf("%+v limits: %t", l, ok)
		}
		if !ok {
			return
		}
		if every < 1 || span < every || span > maxSpan || span%every != 0 || span/every > int64(burst) {
			t.Fatalf("%+v: %d, %d", l, every, span)
		}
		// Rate tokens take a whole Per, or longer.
		if high, low := bits.Mul64(uint64(every), uint64(rate)); high == 0 && low < uint64(per-1)/1000+1 && every < maxSpan && rate < 1e12 {
			t.Fatalf("%+v: a token every %d µs is too many", l, every)
		}
		exact := float64(per) / 1000 / float64(rate)
		if exact >= 100 && exact < maxSpan && float64(every) > exact*1.01 {
			t.Fatalf("%+v: a token every %d µs is more than 1 %% too few", l, every)
		}
	})
}

// FuzzKey: every actor has a key of its own, of bounded length, whatever its name.
func FuzzKey(f *testing.F) {
	for _, actor := range []string{"", "u7k2mxqv4tn3bd5wz6r", "192.0.2.1", "2001:db8:1:2::", "}", "{a}", "a:b", "\x00\xff", strings.Repeat("长", 30),
		strings.Repeat("x", maxActor), strings.Repeat("x", maxActor+1), bounded(strings.Repeat("x", maxActor+1))} {
		f.Add(actor, "u7k2mxqv4tn3bd5wz6r")
	}
	n, other := newNames([]byte("one")), newNames([]byte("another"))
	f.Fuzz(func(t *testing.T, a, b string) {
		ka, kb := n.key("l", "user", a), n.key("l", "user", b)
		if (a == b) != (ka == kb) {
			t.Fatalf("%q and %q have the keys %q and %q", a, b, ka, kb)
		}
		if name := strings.TrimSuffix(strings.TrimPrefix(ka, "yz:{l:user:"), "}"); len(name) != 22 || len(ka) != len("yz:{l:user:}")+22 || strings.ContainsAny(name, "{}") {
			t.Fatalf("%q has the key %q", a, ka)
		}
		if len(a) > 8 && strings.Contains(ka, a) {
			t.Fatalf("%q has the key %q: it tells who asked", a, ka)
		}
		if tail := ka[len("yz:{l:user:"):]; strings.HasSuffix(n.key("l", "addr", a), tail) || strings.HasSuffix(n.key("p", "user", a), tail) || strings.HasSuffix(other.key("l", "user", a), tail) {
			t.Fatalf("%q has one name for two purposes, or under two secrets", a)
		}
	})
}

// Two instances with one secret know an actor by the same name, and a name costs two allocations at most.
func TestNames(t *testing.T) {
	n := newNames([]byte("secret"))
	if a, b := n.key("l", "user", "u1"), newNames([]byte("secret")).key("l", "user", "u1"); a != b {
		t.Errorf("%s and %s", a, b)
	}
	if got := testing.AllocsPerRun(100, func() { n.key("l", "user", "u7k2mxqv4tn3bd5wz6r") }); got > 2 {
		t.Errorf("%v allocations", got)
	}
}
