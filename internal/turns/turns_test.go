package turns_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yanzheng/internal/turns"
)

var errOwn = errors.New("of the work")

// TestNeverMoreAtOnce: many come at once, and each is served.
func TestNeverMoreAtOnce(t *testing.T) {
	l := turns.New(3, 1000)
	var working, most, done atomic.Int64
	var all sync.WaitGroup
	for range 500 {
		all.Go(func() {
			err := l.Do(t.Context(), func(context.Context) error {
				n := working.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				done.Add(1)
				working.Add(-1)
				return errOwn
			})
			if !errors.Is(err, errOwn) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if most.Load() > 3 || done.Load() != 500 {
		t.Errorf("%d at once, %d served", most.Load(), done.Load())
	}
	if waiting, working := l.Waiting(); waiting != 0 || working != 0 {
		t.Errorf("%d wait, %d work when all are gone", waiting, working)
	}
}

// TestLine: who comes first is served first; beyond those who may wait, nobody waits; and nobody waits longer than they can.
func TestLine(t *testing.T) {
	l := turns.New(1, 3)
	hold, held := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		_ = l.Do(t.Context(), func(context.Context) error { close(held); <-hold; return nil })
	})
	<-held
	var mu sync.Mutex
	var order []int
	for i := range 2 {
		all.Go(func() {
			_ = l.Do(t.Context(), func(context.Context) error {
				mu.Lock()
				defer mu.Unlock()
				order = append(order, i)
				return nil
			})
		})
		wait(t, l, i+1)
	}
	never := func(context.Context) error { t.Error("worked out of turn"); return nil }
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := l.Do(short, never); !errors.Is(err, turns.ErrBusy) {
		t.Errorf("out of time: %v", err)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := l.Do(gone, never); !errors.Is(err, context.Canceled) {
		t.Errorf("gone: %v", err)
	}
	all.Go(func() { _ = l.Do(t.Context(), func(context.Context) error { return nil }) })
	wait(t, l, 3)
	if err := l.Do(t.Context(), never); !errors.Is(err, turns.ErrBusy) {
		t.Errorf("one too many: %v", err)
	}
	close(hold)
	all.Wait()
	if len(order) != 2 || order[0] != 0 {
		t.Errorf("served in the order %v", order)
	}
}

// wait waits until so many wait.
func wait(t *testing.T, l *turns.Line, n int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if waiting, _ := l.Waiting(); waiting == n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d never wait", n)
		}
	}
}
