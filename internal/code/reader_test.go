package code_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"yanzheng/internal/code"
	"yanzheng/models"
)

// TestDigestNamesTheCode: however a code was handed over, the scan log knows it again, and two codes
// are never one.
func TestDigestNamesTheCode(t *testing.T) {
	r := testReader(t)
	good := sample.digits()
	want := r.ReadDigits(good).Digest
	for _, w := range writings(good) {
		if got := r.Read(w.text).Digest; got != want {
			t.Errorf("%s: digest %x, want that of the digits, %x", w.name, got, want)
		}
	}
	seen := map[[16]byte]string{want: good}
	for _, list := range [][]named{forgeries(good), strangers(good)} {
		for _, n := range list {
			digits := strings.TrimPrefix(n.text, prefix)
			got := r.Read(n.text).Digest
			if other, twice := seen[got]; got == ([16]byte{}) || twice && other != digits {
				t.Errorf("%s: digest %x is empty or that of another code", n.name, got)
			}
			seen[got] = digits
		}
	}
}

// TestHugeTextIsRefusedFast: no arithmetic on what is too long, whether it looks like a code or not. To
// turn ten million digits into a number takes minutes; a refusal looks at every byte once at most. The
// bound on time is for a busy machine under -race, the one on allocations holds everywhere.
func TestHugeTextIsRefusedFast(t *testing.T) {
	r := testReader(t)
	const huge = 10 << 20
	digits := strings.Repeat("9", huge)
	for name, text := range map[string]string{
		"digits":            digits,
		"prefix and digits": prefix + digits,
		"a long query":      prefix + sample.digits() + "?" + digits,
		"full-width digits": strings.Repeat("０", huge/3),
		"white space":       strings.Repeat(" ", huge) + "x",
		"zero bytes":        string(make([]byte, huge)),
	} {
		refusedFast(t, name, func() models.Reading { return r.Read(text) })
	}
	refusedFast(t, "behind the prefix", func() models.Reading { return r.ReadDigits(digits) })
}

func refusedFast(t *testing.T, name string, read func() models.Reading) {
	t.Helper()
	start := time.Now()
	if got := read(); got.Outcome != models.ReadUnreadable && got.Outcome != models.ReadNotOurs {
		t.Errorf("%s: outcome %d", name, got.Outcome)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Fatalf("%s: refused in %v, want at most 5 s", name, took)
	}
	if n := testing.AllocsPerRun(1, func() { read() }); n > 3 {
		t.Errorf("%s: refused with %v allocations, want at most 3", name, n)
	}
}

// TestUseSwapsWhileOthersRead: every reading goes by one ring as a whole, and what is read after Use
// returned goes by the new one. The race detector sees the rest.
func TestUseSwapsWhileOthersRead(t *testing.T) {
	leaked := testKeys[0]
	leaked.revokedAt = "2026-06-05T04:03:02Z"
	sound, revoked, empty := load(t, folder(t, testKeys[0])), load(t, folder(t, leaked)), &code.Ring{}
	r := code.NewReader(prefix, sound)
	text := prefix + sample.digits()
	allowed := map[models.Reading]bool{}
	for _, ring := range []*code.Ring{sound, revoked, empty} {
		allowed[code.NewReader(prefix, ring).Read(text)] = true
	}
	if len(allowed) != 3 {
		t.Fatalf("%d different answers by three rings, want 3", len(allowed))
	}
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if got := r.Read(text); !allowed[got] {
					t.Errorf("a reading by no ring: %+v", got)
					return
				}
				_ = r.Publish()
			}
		})
	}
	for range 200 {
		for _, ring := range []*code.Ring{revoked, empty, sound} {
			r.Use(ring)
			want := code.NewReader(prefix, ring).Read(text)
			if got := r.Read(text); got != want || r.Ring() != ring {
				t.Errorf("after Use: %+v, want %+v", got, want)
			}
		}
	}
	close(stop)
	readers.Wait()
}

// TestReadDigitsTakesNoURL: the web's /v/ hands over what stands behind the prefix.
func TestReadDigitsTakesNoURL(t *testing.T) {
	r := testReader(t)
	good := sample.digits()
	for text, want := range map[string]models.ReadOutcome{
		good: models.ReadGenuine, prefix + good: models.ReadUnreadable, good + "?a=b": models.ReadUnreadable,
		" " + good: models.ReadUnreadable, "": models.ReadUnreadable,
	} {
		if got := r.ReadDigits(text).Outcome; got != want {
			t.Errorf("%q: outcome %d, want %d", text, got, want)
		}
	}
	if r.Prefix() != prefix {
		t.Errorf("prefix %q, want %q", r.Prefix(), prefix)
	}
}
