package testkit

import (
	"sync"
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	start := time.Date(2026, 2, 28, 23, 59, 59, 0, time.UTC)
	c := NewClock(start)
	if first := c.Now(); !first.Equal(start) || !c.Now().Equal(first) {
		t.Fatal("it moves by itself")
	}
	c.Advance(time.Second)
	if want := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC); !c.Now().Equal(want) {
		t.Errorf("after Advance: %v, want %v", c.Now(), want)
	}
	past := start.AddDate(-1, 0, 0)
	c.Set(past)
	if !c.Now().Equal(past) {
		t.Errorf("after Set: %v, want %v", c.Now(), past)
	}
}

func TestClockFromManyGoroutines(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := NewClock(start)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { c.Advance(time.Second); c.Now() })
	}
	all.Wait()
	if got := c.Now().Sub(start); got != 50*time.Second {
		t.Errorf("moved by %v, want 50s", got)
	}
}
