package code_test

import (
	"sync"
	"testing"
	"time"

	"yanzheng/internal/code"
	"yanzheng/models"
)

// TestChangesDoNotMeet: a revocation that was confirmed stays, whoever adds a key at the same moment, and
// no number is given out twice.
func TestChangesDoNotMeet(t *testing.T) {
	dir := t.TempDir()
	day := models.MustDate("2026-01-01")
	add(t, dir, "2026-01-01")
	var wait sync.WaitGroup
	var mu sync.Mutex
	numbers := map[uint8]int{}
	for range 8 {
		wait.Go(func() {
			k, err := code.Add(dir, day)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			numbers[k.Number]++
			mu.Unlock()
		})
	}
	wait.Go(func() {
		if err := code.Revoke(dir, 0, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)); err != nil {
			t.Error(err)
		}
	})
	wait.Wait()
	keys := load(t, dir).Keys()
	if len(numbers) != 8 || len(keys) != 9 {
		t.Errorf("8 keys were made under %d numbers, the ring lists %d keys", len(numbers), len(keys))
	}
	if !keys[0].Revoked() {
		t.Error("the confirmed revocation is gone")
	}
}
