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
					testkit.Must(t, c.fence(t.Context(), []fenced{{name, s.fence}}))
				case s.fill < 0:
					c.fill(t.Context(), name, 0, start, "", unknownLife)
				default:
					c.fill(t.Context(), name, s.fill, start, "payload", cellLife)
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

// A fence must outlive every entry and every fill that was under way; entries must not end all at once.
func TestLives(t *testing.T) {
	if fenceLife < cellLife || fenceLife < 2*flightTimeout {
		t.Errorf("fences live %v, entries %v, looks take up to %v", fenceLife, cellLife, flightTimeout)
	}
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		c := cells{rdb}
		lives := map[time.Duration]bool{}
		for _, key := range strings.Split("abcdefghijklmnopqrst", "") {
			c.fill(t.Context(), key, 1, start, "x", cellLife)
			life := rdb.PTTL(t.Context(), key).Val()
			if life > cellLife || life < cellLife*8/10 {
				t.Errorf("an entry lives %v, want up to %v", life, cellLife)
			}
			lives[life.Truncate(50*time.Millisecond)] = true
			c.fill(t.Context(), "none"+key, 0, start, "", unknownLife)
			if life := rdb.PTTL(t.Context(), "none"+key).Val(); life > 10*time.Second || life < 8*time.Second {
				t.Errorf("nothing known is believed for %v, want 10 s", life)
			}
			testkit.Must(t, c.fence(t.Context(), []fenced{{"fence" + key, 1}}))
			if life := rdb.PTTL(t.Context(), "fence"+key).Val(); life > fenceLife || life < fenceLife-patient {
				t.Errorf("a fence lives %v, want %v", life, fenceLife)
			}
		}
		if len(lives) < 5 {
			t.Errorf("20 entries filled together end at %d moments", len(lives))
		}
	})
}

// What is not of ours reads as nothing, and does not stay for ever in the way of what is.
func TestDamagedCells(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		c := cells{rdb}
		for _, damaged := range []string{"", "|", "||", "x", "|5|p", "1|x|p", "1|", "1|2", "x1|5|p", "\x00\xff"} {
			testkit.Must(t, rdb.Set(t.Context(), "damaged", damaged, 0).Err())
			if e, ok := c.get(t.Context(), "damaged"); ok {
				t.Errorf("%q reads as %+v", damaged, e)
			}
			if err := c.fence(t.Context(), []fenced{{"damaged", 2}, {"sound", 2}}); err != nil {
				t.Errorf("%q holds the fence up: %v", damaged, err)
			}
			if held := raw(t, rdb, "damaged"); held != "2" {
				t.Errorf("%q becomes %q under a fence", damaged, held)
			}
			testkit.Must(t, rdb.Set(t.Context(), "damaged", damaged, 0).Err())
			c.fill(t.Context(), "damaged", 3, start, "p", cellLife)
			if e, ok := c.get(t.Context(), "damaged"); !ok || e.payload != "p" {
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
		testkit.Must(t, c.fence(t.Context(), nil))
		for range 2 {
			testkit.Must(t, rdb.ScriptFlush(t.Context()).Err())
			testkit.Must(t, c.fence(t.Context(), all))
			for i, f := range all {
				if held := raw(t, rdb, f.key); held != version(held) || held == "" {
					t.Fatalf("fence %d is %q", i, held)
				}
			}
			testkit.Must(t, rdb.FlushDB(t.Context()).Err())
		}
		testkit.Must(t, rdb.ScriptFlush(t.Context()).Err())
		c.fill(t.Context(), "k", 1, start, "p", cellLife)
		if _, ok := c.get(t.Context(), "k"); !ok {
			t.Error("a Redis without the script cannot be filled")
		}
	})
}

// "Confirmed" must mean every single one.
func TestFenceReportsWhatFailed(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		testkit.Must(t, rdb.HSet(t.Context(), "list", "a", "b").Err()) // a script cannot read that as a text
		if err := (cells{rdb}).fence(t.Context(), []fenced{{"one", 1}, {"list", 1}, {"two", 1}}); err == nil {
			t.Error("one of three failed, and nobody was told")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := (cells{rdb}).fence(ctx, []fenced{{"one", 9}}); err == nil {
			t.Error("the caller went away, and the fence is said to stand")
		}
	})
}

func TestJitter(t *testing.T) {
	for range 1000 {
		if got := jitter(cellLife); got > cellLife || got < cellLife*9/10 {
			t.Fatalf("%v becomes %v", cellLife, got)
		}
	}
}
