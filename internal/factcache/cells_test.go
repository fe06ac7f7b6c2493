package factcache

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// step is something that arrives at one key.
type step struct {
	fill, fence int64  // one of them; -1 is a fill of "no such certificate", whose version is 0
	want        string // what the key holds afterwards: an entry "3|", a fence "3"
}

// inEpoch is a heartbeat of this moment, as Redis counts fills by its own clock.
func inEpoch() beat { return beat{"e1", time.Now()} }

// put fills a key as a reader does.
func put(t *testing.T, c cells, key string, version int64, payload string, life time.Duration) {
	t.Helper()
	c.fill(t.Context(), key, entry{version: version, asOf: start, payload: payload}, inEpoch(), life)
}

func setFences(t *testing.T, c cells, all ...fenced) {
	t.Helper()
	_, err := c.fence(t.Context(), all)
	testkit.Must(t, err)
}

// The rules of fill and fence, as a table: whatever the order in which versions arrive, an older one never
// stands after a newer one.
func TestFillAndFence(t *testing.T) {
	tests := map[string][]step{
		"a late fill of an older version is refused": {{fill: 2, want: "2|"}, {fill: 1, want: "2|"}},
		"a newer fill replaces an entry":             {{fill: 1, want: "1|"}, {fill: 2, want: "2|"}},
		"an equal fill renews an entry":              {{fill: 2, want: "2|"}, {fill: 2, want: "2|"}},
		"a fence replaces an older entry":            {{fill: 1, want: "1|"}, {fence: 2, want: "2"}},
		"a fence keeps an entry of its version":      {{fill: 2, want: "2|"}, {fence: 2, want: "2|"}},
		"a fence keeps a newer entry":                {{fill: 3, want: "3|"}, {fence: 2, want: "3|"}},
		"a fence stands where nothing was":           {{fence: 2, want: "2"}, {fill: 1, want: "2"}, {fill: 2, want: "2|"}},
		"a fence lets newer fills through":           {{fence: 2, want: "2"}, {fill: 5, want: "5|"}},
		"a later fence rises":                        {{fence: 2, want: "2"}, {fence: 4, want: "4"}, {fill: 3, want: "4"}},
		"an older fence does not sink":               {{fence: 4, want: "4"}, {fence: 2, want: "4"}},
		"nothing known is older than everything":     {{fill: -1, want: "0|"}, {fill: 1, want: "1|"}, {fill: -1, want: "1|"}},
		"a fence ends that nothing is known":         {{fill: -1, want: "0|"}, {fence: 1, want: "1"}, {fill: -1, want: "1"}},
		"versions are numbers":                       {{fence: 10, want: "10"}, {fill: 9, want: "10"}, {fill: 100, want: "100|"}, {fence: 99, want: "100|"}},
		"versions may be great":                      {{fence: 1 << 52, want: "4503599627370496"}, {fill: 1<<52 - 1, want: "4503599627370496"}, {fill: 1<<52 + 1, want: "4503599627370497|"}},
	}
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		c := cells{rdb}
		for name, steps := range tests {
			for i, s := range steps {
				switch {
				case s.fence > 0:
					setFences(t, c, fenced{name, s.fence})
				case s.fill < 0:
					put(t, c, name, 0, "", unknownLife)
				default:
					put(t, c, name, s.fill, "payload", factsLife)
				}
				held := raw(t, rdb, name)
				if strings.HasSuffix(s.want, "|") {
					held = held[:min(len(held), len(s.want))]
				}
				if held != s.want {
					t.Errorf("%s: after step %d it holds %q, want %q", name, i, held, s.want)
				}
				if life := rdb.PTTL(t.Context(), name).Val(); life <= 0 {
					t.Errorf("%s: after step %d it lives %v: for ever", name, i, life)
				}
			}
		}
	})
}

// A fence must outlive every fill that was under way.
func TestLives(t *testing.T) {
	if fenceLife < fillUntil+patient {
		t.Errorf("fences live %v, fills are taken for %v", fenceLife, fillUntil)
	}
	if beatLife > 30*time.Second-relayEvery {
		t.Errorf("a heartbeat lives %v: a change could be missed for more than 30 s", beatLife)
	}
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		setFences(t, cells{rdb}, fenced{"fence", 1})
		if life := rdb.PTTL(t.Context(), "fence").Val(); life > fenceLife || life < fenceLife-patient {
			t.Errorf("a fence lives %v, want %v", life, fenceLife)
		}
	})
}

// A fill that the network held back until after the fences' end is refused by Redis's own clock.
func TestLateFillIsRefused(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		c := cells{rdb}
		for name, w := range map[string]struct {
			seen  time.Time
			taken bool
		}{
			"in time": {time.Now().Add(-fillUntil + patient), true},
			"late":    {time.Now().Add(-fillUntil - patient), false},
		} {
			c.fill(t.Context(), name, entry{version: 1, asOf: start, payload: "p"}, beat{"e1", w.seen}, factsLife)
			if held := raw(t, rdb, name); (held != "") != w.taken {
				t.Errorf("%s: Redis holds %q", name, held)
			}
		}
	})
}

// What is not of ours reads as nothing, and does not stay for ever in the way of what is.
func TestDamagedCells(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		c := cells{rdb}
		for _, damaged := range []string{"", "|", "||", "x", "|5|e|p", "1|x|e|p", "1|", "1|2", "1|2|e", "1|2||p", "x1|5|e|p", "\x00\xff"} {
			testkit.Must(t, rdb.Set(t.Context(), "damaged", damaged, 0).Err())
			if e, ok := parseCell(damaged); ok {
				t.Errorf("%q reads as %+v", damaged, e)
			}
			setFences(t, c, fenced{"damaged", 2}, fenced{"sound", 2})
			if held := raw(t, rdb, "damaged"); held != "2" {
				t.Errorf("%q becomes %q under a fence", damaged, held)
			}
			testkit.Must(t, rdb.Set(t.Context(), "damaged", damaged, 0).Err())
			put(t, c, "damaged", 3, "p|q", factsLife)
			if e, ok := parseCell(raw(t, rdb, "damaged")); !ok || e.payload != "p|q" || e.epoch != "e1" || !e.asOf.Equal(start) {
				t.Errorf("%q cannot be filled over: %+v", damaged, e)
			}
		}
	})
}

// Many fences go in one round trip, also to a Redis that lost the scripts with a restart.
func TestManyFences(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		c := cells{rdb}
		var all []fenced
		for i := range 300 {
			all = append(all, fenced{factKey(models.CertificateID{byte(i), byte(i >> 8)}), int64(i + 1)})
		}
		setFences(t, c)
		for range 2 {
			testkit.Must(t, rdb.ScriptFlush(t.Context()).Err())
			setFences(t, c, all...)
			for i, f := range all {
				if held := raw(t, rdb, f.key); held != version(held) || held == "" {
					t.Fatalf("fence %d is %q", i, held)
				}
			}
			testkit.Must(t, rdb.FlushDB(t.Context()).Err())
		}
		testkit.Must(t, rdb.ScriptFlush(t.Context()).Err())
		put(t, c, "k", 1, "p", factsLife)
		if _, ok := parseCell(raw(t, rdb, "k")); !ok {
			t.Error("a Redis without the script cannot be filled")
		}
	})
}

// "Confirmed" must mean every single one.
func TestFenceReportsWhatFailed(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		testkit.Must(t, rdb.HSet(t.Context(), "list", "a", "b").Err()) // a script cannot read that as a text
		if _, err := (cells{rdb}).fence(t.Context(), []fenced{{"one", 1}, {"list", 1}, {"two", 1}}); err == nil {
			t.Error("one of three failed, and nobody was told")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := (cells{rdb}).fence(ctx, []fenced{{"one", 9}}); err == nil {
			t.Error("the caller went away, and the fence is said to stand")
		}
	})
}

// Entries filled together must not end together, and none after its time.
func TestJitter(t *testing.T) {
	ends := map[time.Duration]bool{}
	for range 1000 {
		got := jitter(factsLife)
		if got > factsLife || got < factsLife*9/10 {
			t.Fatalf("%v becomes %v", factsLife, got)
		}
		ends[got.Truncate(time.Minute)] = true
	}
	if len(ends) < 50 {
		t.Errorf("1000 entries end in %d different minutes", len(ends))
	}
}

// An entry that ends before a fence would must not stand in for one, whichever came first: behind it an older fill, held
// back on its way, would find nothing.
func TestShortLivedEntriesLeaveNoGap(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		c := cells{rdb}
		testkit.Must(t, rdb.Set(t.Context(), "a", "2|1|e1|new", 30*time.Millisecond).Err()) // by an older program, or near its end
		setFences(t, c, fenced{"a", 2})
		setFences(t, c, fenced{"b", 2})
		put(t, c, "b", 2, "new", 30*time.Millisecond) // as it turns at midnight
		for _, key := range []string{"a", "b"} {
			if life := rdb.PTTL(t.Context(), key).Val(); life < fenceLife-patient {
				t.Errorf("%s: version 2 stands for %v only", key, life)
			}
			put(t, c, key, 1, "old", factsLife)
			if held := raw(t, rdb, key); version(held) != "2" {
				t.Errorf("%s: the older fill is in: %q", key, held)
			}
		}
	})
}
