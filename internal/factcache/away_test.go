package factcache

import (
	"slices"
	"sync"
	"testing"
	"time"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// short is the timeout that configuration gives by default.
const short = 50 * time.Millisecond

// With Redis away every question is answered by the source: the first ones after at most the timeouts of a
// read and a fill, and once the breaker is open as if there were no Redis at all.
func TestRedisAway(t *testing.T) {
	known := sample(1)
	stopped := testkit.Redis(t)
	stopped.Stop()
	for name, address := range map[string]string{"refuses": stopped.Addr, "is silent": silent(t)} {
		t.Run(name, func(t *testing.T) {
			// A busy machine may hold up any single measurement: the best of three counts.
			best := time.Hour
			for range 3 {
				f := NewFacts(Over(connect(t, address, "", short)), newRegister(known), open(), time.Now)
				best = min(best, took(t, f, known))
			}
			if best > 4*short {
				t.Errorf("the first call takes %v, want at most %v", best, 4*short)
			}
			f := NewFacts(Over(connect(t, address, "", short)), newRegister(known), open(), time.Now)
			for range breakerFailures {
				took(t, f, known)
			}
			var open []time.Duration
			for range 21 {
				open = append(open, took(t, f, known))
			}
			slices.Sort(open)
			if typical := open[len(open)/2]; typical > 2*time.Millisecond {
				t.Errorf("with the breaker open a call takes %v, want at most 2ms", typical)
			}
		})
	}
}

// took asks once, wants the right answer from the source, and gives the time it took.
func took(t *testing.T, f *Facts, known models.Facts) time.Duration {
	t.Helper()
	since := time.Now()
	got := ask(t, f, known.CertificateID)
	if got.Facts == nil || got.Facts.Name != known.Name || got.Source != models.SourceDatabase {
		t.Errorf("without Redis %+v", got)
	}
	return time.Since(since)
}

// Both away: an error in time, and never a guess.
func TestRedisAndSourceAway(t *testing.T) {
	source := newRegister(sample(1))
	source.fail(errDown)
	f := NewFacts(Over(connect(t, silent(t), "", short)), source, open(), time.Now)
	since := time.Now()
	got, err := f.Facts(t.Context(), sample(1).CertificateID)
	testkit.WantErr(t, err, models.ErrUnavailable)
	if d := time.Since(since); got.Facts != nil || d > 5*short {
		t.Errorf("%+v after %v", got, d)
	}
}

// After an outage under load the cache works again within 2 s, by itself.
func TestRedisComesBack(t *testing.T) {
	r := testkit.Redis(t)
	known := sample(1)
	source := newRegister(known)
	rdb := connect(t, r.Addr, r.Password, short)
	run(t, NewRelay(rdb, &outbox{}, Behind, time.Now, quiet))
	f := NewFacts(Over(rdb), source, open(), time.Now)
	eventually(t, 2*time.Second, "it is in the cache", func() bool { return ask(t, f, known.CertificateID).Source == models.SourceCache })
	r.Kill()
	var all sync.WaitGroup // as many at once as a pool has connections, and more: the library counts failed dials too
	for range 100 {
		all.Go(func() {
			if got := ask(t, f, known.CertificateID); got.Facts == nil {
				t.Error("no answer")
			}
		})
	}
	all.Wait()
	r.Start()
	since := time.Now()
	eventually(t, 5*time.Second, "it is in the cache again", func() bool { return ask(t, f, known.CertificateID).Source == models.SourceCache })
	if d := time.Since(since); d > 2*time.Second+10*short {
		t.Errorf("back after %v, want 2s", d)
	}
}
