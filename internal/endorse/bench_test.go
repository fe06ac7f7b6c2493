package endorse_test

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"yanzheng/internal/testkit"
)

// cpu is what this process has used so far.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	testkit.Must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkConfirm is all of it: the window, the page, both seals, the file stored, the certificate written (SQLite, in this process
// and its CPU time). The goal is 15 ms of CPU.
//
//	go test ./internal/endorse -run '^$' -bench Confirm -benchtime 200x
func BenchmarkConfirm(b *testing.B) {
	for name, parallel := range map[string]bool{"one": false, "all-cores": true} {
		b.Run(name, func(b *testing.B) {
			h := newHall(b, "SQLite")
			w := wish("u1", h.move("u1", nil), "")
			names := make(chan string, b.N)
			for i := range b.N {
				names <- fmt.Sprintf("bench-wish-%d", i)
			}
			confirm := func() {
				own := w
				own.Name = <-names
				if _, made, err := h.Confirm(b.Context(), own); err != nil || !made {
					b.Error(made, err)
				}
			}
			b.ReportAllocs()
			b.ResetTimer()
			since := cpu(b)
			if parallel {
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						confirm()
					}
				})
			} else {
				for range b.N {
					confirm()
				}
			}
			b.ReportMetric(float64(cpu(b)-since)/float64(b.N)/1e6, "cpu-ms/op")
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.HeapSys)/(1<<20), "heap-MB")
		})
	}
}
