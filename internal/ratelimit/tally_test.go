package ratelimit

import (
	"maps"
	"strconv"
	"sync"
	"testing"

	"yanzheng/models"
)

func TestTally(t *testing.T) {
	var tally Tally
	if got := tally.Drain(); len(got) > 0 {
		t.Errorf("an empty tally holds %v", got)
	}
	forged, refused := Outcome{models.ChannelPublic, models.ReasonBadSignature}, Outcome{models.ChannelPublic, Refused}
	tally.Add(forged, 1)
	tally.Add(forged, 2)
	tally.Add(refused, 1)
	tally.Add(Outcome{models.ChannelAPI, models.ReasonBadSignature}, 0)
	first := tally.Drain()
	if want := (map[Outcome]uint64{forged: 3, refused: 1}); !maps.Equal(first, want) {
		t.Errorf("%v, want %v", first, want)
	}
	if got := tally.Drain(); len(got) > 0 {
		t.Errorf("drained twice: %v", got)
	}
	for b, n := range first { // it could not be kept
		tally.Add(b, n)
	}
	tally.Add(forged, 1)
	if got, want := tally.Drain(), (map[Outcome]uint64{forged: 4, refused: 1}); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// Nothing is lost or counted twice while many count and one drains.
func TestTallyAtOnce(t *testing.T) {
	var tally Tally
	const counters, each = 8, 20_000
	buckets := []Outcome{{models.ChannelPublic, models.ReasonBadSignature}, {models.ChannelPublic, models.ReasonUnreadable}, {models.ChannelAPI, Refused}}
	total := map[Outcome]uint64{}
	gather := func() {
		for b, n := range tally.Drain() {
			total[b] += n
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		var all sync.WaitGroup
		for range counters {
			all.Go(func() {
				for i := range each {
					tally.Add(buckets[i%len(buckets)], 1)
				}
			})
		}
		all.Wait()
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		gather()
	}
	gather()
	sum := uint64(0)
	for _, n := range total {
		sum += n
	}
	if sum != counters*each || len(total) != len(buckets) {
		t.Errorf("%v adds up to %d, want %d", total, sum, counters*each)
	}
}

// A channel or reason that somebody made up costs no memory.
func TestTallyIsBounded(t *testing.T) {
	var tally Tally
	for i := range 10_000 {
		tally.Add(Outcome{models.ChannelAPI, models.Reason(strconv.Itoa(i))}, 1)
	}
	got := tally.Drain()
	sum := uint64(0)
	for _, n := range got {
		sum += n
	}
	if len(got) != maxOutcomes || sum != 10_000 || got[Outcome{}] != 10_000-maxOutcomes+1 {
		t.Errorf("%d buckets with %d codes, %d of them in none", len(got), sum, got[Outcome{}])
	}
}

func TestTallyAllocates(t *testing.T) {
	var tally Tally
	b := Outcome{models.ChannelPublic, models.ReasonBadSignature}
	tally.Add(b, 1)
	if n := testing.AllocsPerRun(100, func() { tally.Add(b, 1) }); n > 0 {
		t.Errorf("%v allocations to count one", n)
	}
}
