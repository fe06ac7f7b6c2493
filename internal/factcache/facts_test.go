package factcache

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

func TestFactsAreKept(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		clock := testkit.NewClock(start)
		known := sample(1)
		known.Changed = []models.Field{models.FieldEmployer, models.FieldName}
		known.Blocks = []models.Block{{RegistrationID: 7, Kind: models.BlockPenalty, From: 5, Until: 0}}
		source := newRegister(known)
		f := NewFacts(Over(beating(t, rdb)), source, open(), clock.Now)
		first := ask(t, f, known.CertificateID)
		if want := (models.KnownFacts{Facts: &known, AsOf: start, Source: models.SourceDatabase}); !reflect.DeepEqual(first, want) {
			t.Errorf("first %+v", first)
		}
		clock.Advance(30 * time.Second)
		again := ask(t, f, known.CertificateID)
		if !reflect.DeepEqual(again.Facts, &known) || !again.AsOf.Equal(start) || again.Source != models.SourceCache {
			t.Errorf("again %+v %+v", again, again.Facts)
		}
		// Another instance shares what this one found.
		other := NewFacts(Over(rdb), newRegister(), open(), clock.Now)
		if got := ask(t, other, known.CertificateID); got.Source != models.SourceCache {
			t.Errorf("another instance: %+v", got)
		}
		if n := source.looks(); n != 1 {
			t.Errorf("%d looks", n)
		}
	})
}

func TestUnknownIsKeptToo(t *testing.T) {
	on(t, func(t *testing.T, rdb redis.UniversalClient) {
		clock := testkit.NewClock(start)
		source := newRegister()
		f := NewFacts(Over(beating(t, rdb)), source, open(), clock.Now)
		id := sample(2).CertificateID
		for i, want := range []models.Source{models.SourceDatabase, models.SourceCache, models.SourceCache} {
			got := ask(t, f, id)
			if got.Facts != nil || got.Source != want || !got.AsOf.Equal(start) {
				t.Errorf("look %d: %+v, want nothing from %s", i, got, want)
			}
			clock.Advance(time.Second)
		}
		if life := rdb.PTTL(t.Context(), factKey(id)).Val(); life <= 0 || life > unknownLife {
			t.Errorf("believed for %v", life)
		}
	})
}

// An error of the source is not an answer, least of all "no such certificate", and is not kept.
func TestErrorsAreNotKept(t *testing.T) {
	rdb := embedded(t)
	known := sample(3)
	source := newRegister(known)
	f := NewFacts(Over(beating(t, rdb)), source, open(), time.Now)
	source.fail(errDown)
	for range 2 {
		_, err := f.Facts(t.Context(), known.CertificateID)
		testkit.WantErr(t, err, models.ErrUnavailable)
	}
	if held := raw(t, rdb, factKey(known.CertificateID)); held != "" || source.looks() != 2 {
		t.Errorf("kept %q after %d looks", held, source.looks())
	}
	source.fail(nil)
	if got := ask(t, f, known.CertificateID); got.Facts == nil {
		t.Errorf("after it came back: %+v", got)
	}
	// Facts that are in the cache outlive a source that is down.
	source.fail(errDown)
	if got := ask(t, f, known.CertificateID); got.Source != models.SourceCache {
		t.Errorf("with the source down: %+v", got)
	}
}

// An entry that does not tell of this certificate is a miss: keys could be mixed up, never people.
func TestForeignEntryIsAMiss(t *testing.T) {
	rdb := embedded(t)
	one, two := sample(4), sample(5)
	source := newRegister(one, two)
	f := NewFacts(Over(beating(t, rdb)), source, open(), time.Now)
	ask(t, f, one.CertificateID)
	entry := raw(t, rdb, factKey(one.CertificateID))
	for _, foreign := range []string{entry, entry[:len(entry)-1], entry + "x", "1|5|x|\x02rest", "1|5|x|\x01"} {
		testkit.Must(t, rdb.Set(t.Context(), factKey(two.CertificateID), foreign, time.Minute).Err())
		if got := ask(t, f, two.CertificateID); got.Source != models.SourceDatabase || got.Facts.CertificateID != two.CertificateID {
			t.Errorf("%q is taken for %+v", foreign, got)
		}
	}
}

// counted counts the looks into Redis that a client has had answered, those for a lease aside.
type counted struct{ n atomic.Int32 }

func (c *counted) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (c *counted) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (c *counted) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		if len(cmds) == 2 && cmds[0].Args()[1] == beatKey {
			c.n.Add(1)
		}
		return err
	}
}

// gate holds looks up until it is opened.
type gate struct {
	reached chan struct{}
	open    chan struct{}
}

func newGate() *gate { return &gate{make(chan struct{}, 1000), make(chan struct{})} }

func (g *gate) hold(ctx context.Context) {
	g.reached <- struct{}{}
	select {
	case <-g.open:
	case <-ctx.Done():
	}
}

// settle lets goroutines that have their answer from Redis go on to where they wait. Nothing tells when
// they are there, and a test that looks too early still passes.
func settle() { time.Sleep(20 * time.Millisecond) }

func TestOneLookForACrowd(t *testing.T) {
	rdb := real(t)
	gets := &counted{}
	rdb.AddHook(gets)
	known := sample(6)
	source, g := newRegister(known), newGate()
	source.hold(g.hold)
	f := NewFacts(Over(beating(t, rdb)), source, open(), time.Now)
	const crowd = 500
	var all sync.WaitGroup
	for range crowd {
		all.Go(func() {
			got, err := f.Facts(t.Context(), known.CertificateID)
			if err != nil || got.Facts == nil || got.Facts.Name != known.Name {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	eventually(t, 10*time.Second, "everybody asked Redis", func() bool { return gets.n.Load() == crowd })
	settle()
	close(g.open)
	all.Wait()
	if n := source.looks(); n != 1 {
		t.Errorf("%d looks for %d callers, want 1", n, crowd)
	}
}

// The one who came first takes nobody along when leaving, and does not wait for the others.
func TestFirstCallersCancelFailsNobody(t *testing.T) {
	rdb := embedded(t)
	known := sample(7)
	source, g := newRegister(known), newGate()
	source.hold(g.hold)
	f := NewFacts(Over(beating(t, rdb)), source, open(), time.Now)
	ctx, leave := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := f.Facts(ctx, known.CertificateID)
		first <- err
	}()
	<-g.reached
	second := make(chan error, 1)
	go func() {
		got, err := f.Facts(t.Context(), known.CertificateID)
		if err == nil && got.Facts == nil {
			err = errors.New("no facts")
		}
		second <- err
	}()
	settle()
	leave()
	testkit.WantErr(t, <-first, models.ErrUnavailable) // and at once, as the gate is still closed
	close(g.open)
	testkit.Must(t, <-second)
	if n := source.looks(); n != 1 {
		t.Errorf("%d looks", n)
	}
}

// A source that hangs must not hold its callers for ever, even those who brought no deadline.
func TestALookHasItsOwnDeadline(t *testing.T) {
	known := sample(8)
	source := newRegister(known)
	left := make(chan time.Duration, 1)
	source.hold(func(ctx context.Context) {
		deadline, ok := ctx.Deadline()
		if !ok {
			t.Error("no deadline")
		}
		left <- time.Until(deadline)
	})
	f := NewFacts(Over(beating(t, embedded(t))), source, open(), time.Now)
	ask(t, f, known.CertificateID)
	if d := <-left; d > patient || d < patient/2 {
		t.Errorf("%v left for a look, want %v", d, patient)
	}
}
