package ratelimit

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/testkit"
)

// yes answers every pipeline without a network: what is left is what a scan pays in this process.
type yes struct{}

func (yes) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (yes) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (yes) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(_ context.Context, cmds []redis.Cmder) error {
		for _, cmd := range cmds {
			if c, ok := cmd.(*redis.IntCmd); ok {
				c.SetVal(-1)
			}
		}
		return nil
	}
}

func unconnected(t testing.TB) redis.UniversalClient {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	rdb.AddHook(yes{})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// scan is what one scan asks: the user's limit, the address's, and the persons seen.
func scan(l *Limiter, pipe redis.Pipeliner, day Window) error {
	ctx := context.Background()
	p := l.Queue(ctx, pipe, Take{"user", "u7k2mxqv4tn3bd5wz6r", Limit{120, time.Minute, 120}}, Take{"address", "192.0.2.1", Limit{1200, time.Minute, 1200}})
	persons := l.QueuePersons(ctx, pipe, "user:u7k2mxqv4tn3bd5wz6r", day)
	_, _ = pipe.Exec(ctx)
	if err := p.Decide(ctx); err != nil {
		return err
	}
	persons.Full(300)
	return persons.Admit(ctx, 42)
}

// A scan's limits must leave room below its 40 allocations.
func TestAllocations(t *testing.T) {
	rdb := unconnected(t)
	l := limiter(rdb)
	day := Day(start)
	bare := testing.AllocsPerRun(1000, func() {
		pipe := rdb.Pipeline()
		cmd := redis.NewIntCmd(context.Background(), "get", "x")
		_ = pipe.Process(context.Background(), cmd)
		_, _ = pipe.Exec(context.Background())
	})
	full := testing.AllocsPerRun(1000, func() {
		if err := scan(l, rdb.Pipeline(), day); err != nil {
			t.Error(err)
		}
	})
	if full-bare > 11 {
		t.Errorf("%v allocations, %v of them for a pipeline with one read", full, bare)
	}
	t.Logf("%v allocations, %v of them for a pipeline with one read", full, bare)
}

func BenchmarkQueueAndDecide(b *testing.B) {
	rdb := unconnected(b)
	l := limiter(rdb)
	day := Day(start)
	b.ReportAllocs()
	for b.Loop() {
		if err := scan(l, rdb.Pipeline(), day); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLocal(b *testing.B) {
	for name, actors := range map[string]int{"one actor": 1, "a million": 1_000_000} {
		b.Run(name, func(b *testing.B) {
			l := NewLocal(time.Now, 0)
			names := make([]string, actors)
			for i := range names {
				names[i] = strconv.Itoa(i)
			}
			limit := Limit{30, time.Minute, 30}
			var next atomic.Int64
			b.ResetTimer()
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					l.Allow(Take{"forged", names[int(next.Add(7919))%actors], limit})
				}
			})
		})
	}
}

func BenchmarkTally(b *testing.B) {
	var tally Tally
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			tally.Add(Outcome{"public", Refused}, 1)
		}
	})
}

// BenchmarkTake puts two takes into one pipeline of a real Redis, and reports what they cost Redis itself: ours, and
// redis_rate's brought there by recording and replaying. docs/adr/0016 has the figures.
func BenchmarkTake(b *testing.B) {
	const batch = 50 // pairs in one pipeline, so that Redis's work is not lost in that of the network
	limit := Limit{1_000_000, time.Minute, 1_000_000}
	for name, queue := range map[string]func(l *Limiter, rdb redis.UniversalClient, pipe redis.Pipeliner, takes []Take) func() error{
		"ours": func(l *Limiter, _ redis.UniversalClient, pipe redis.Pipeliner, takes []Take) func() error {
			p := l.Queue(b.Context(), pipe, takes...)
			return func() error { return p.Decide(b.Context()) }
		},
		"redis_rate": func(_ *Limiter, rdb redis.UniversalClient, pipe redis.Pipeliner, takes []Take) func() error {
			one, two := theirs(b.Context(), rdb, pipe, takes[0]), theirs(b.Context(), rdb, pipe, takes[1])
			return func() error {
				if _, err := one(); err != nil {
					return err
				}
				_, err := two()
				return err
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			r := testkit.Redis(b)
			rdb := connect(b, r.Addr, r.Password, patient)
			l := limiter(rdb)
			takes := make([]Take, 2*batch)
			for i := range takes {
				takes[i] = Take{"user", strconv.Itoa(i), limit}
			}
			step := func() {
				pipe := rdb.Pipeline()
				decide := make([]func() error, batch)
				for i := range decide {
					decide[i] = queue(l, rdb, pipe, takes[2*i:2*i+2])
				}
				_, _ = pipe.Exec(b.Context())
				for _, d := range decide {
					testkit.Must(b, d())
				}
			}
			step() // the script is there from now on
			before := cpu(b, rdb)
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
			b.ReportMetric(float64((cpu(b, rdb)-before).Nanoseconds())/float64(b.N)/2/batch, "redis-ns/take")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2/batch, "ns/take")
		})
	}
}

// cpu is the processor time that Redis has used.
func cpu(b *testing.B, rdb redis.UniversalClient) time.Duration {
	b.Helper()
	info, err := rdb.Info(b.Context(), "cpu").Result()
	testkit.Must(b, err)
	total := 0.0
	for line := range strings.Lines(info) {
		var seconds float64
		for _, name := range []string{"used_cpu_sys", "used_cpu_user"} {
			if _, err := fmt.Sscanf(line, name+":%g", &seconds); err == nil {
				total += seconds
			}
		}
	}
	return time.Duration(total * float64(time.Second))
}
