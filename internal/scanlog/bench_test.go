package scanlog

import (
	"context"
	"testing"
	"time"

	"yanzheng/internal/testkit"
)

// BenchmarkCarry tells how many scans a second one consumer carries from Redis into MariaDB.
func BenchmarkCarry(b *testing.B) {
	a, _ := openArchive(b, "MariaDB")
	r := testkit.Redis(b)
	rdb := consumerClient(b, r.Addr, r.Password)
	l := New(Options{Hot: rdb, Consumer: rdb, Database: a.Store, Now: time.Now})
	all := scans("carry", 20_000)
	for b.Loop() {
		b.StopTimer()
		_, err := a.raw.ExecContext(b.Context(), "TRUNCATE scans")
		testkit.Must(b, err)
		testkit.Must(b, l.AppendScans(b.Context(), all...))
		b.StartTimer()
		ctx, stop := context.WithCancel(b.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			l.Run(ctx)
		}()
		for {
			s, err := l.State(b.Context())
			testkit.Must(b, err)
			if s.Waiting == 0 {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		b.StopTimer()
		stop()
		<-done
		b.StartTimer()
	}
	b.ReportMetric(float64(len(all)*b.N)/b.Elapsed().Seconds(), "scans/s")
}
