package photolink

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

var now = time.Date(2026, 3, 2, 10, 0, 0, 0, models.China)

func connect(t *testing.T, addr, password string) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: addr, Password: password, MaxRetries: -1, DialTimeout: time.Second, ReadTimeout: 5 * time.Second})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func make2(t *testing.T, l *Links, rdb *redis.Client) []models.ImageLink {
	t.Helper()
	pipe := rdb.Pipeline()
	p := l.Queue(t.Context(), pipe, "scan", 7, []models.ImageKind{models.ImagePhoto, models.ImageSignature})
	_, _ = pipe.Exec(t.Context())
	return p.Made()
}

func TestLinks(t *testing.T) {
	server := testkit.Redis(t)
	rdb := connect(t, server.Addr, server.Password)
	clock := testkit.NewClock(now)
	l := New(rdb, clock.Now)

	links := make2(t, l, rdb)
	if len(links) != 2 || links[0].Token == links[1].Token || len(links[0].Token) != 43 {
		t.Fatalf("made %+v", links)
	}
	keys, err := rdb.Keys(t.Context(), "*").Result()
	testkit.Must(t, err)
	for _, k := range keys {
		if ttl := rdb.PTTL(t.Context(), k).Val(); ttl <= 0 || ttl > Life {
			t.Errorf("%s lives %v", k, ttl)
		}
		if value := rdb.Get(t.Context(), k).Val(); strings.Contains(k+value, links[0].Token) || strings.Contains(k+value, links[1].Token) {
			t.Error("whoever reads Redis can use a link")
		}
	}
	got, err := l.Take(t.Context(), links[1].Token)
	if want := (models.ImageLink{Token: links[1].Token, Kind: models.ImageSignature, PersonID: 7, ScanID: "scan", Until: models.InstantOf(now.Add(Life))}); err != nil || got != want {
		t.Errorf("took %+v, %v, want %+v", got, err, want)
	}
	for _, token := range []string{links[1].Token, "", "x", strings.Repeat("A", 43), links[0].Token[:42] + "_x"} {
		_, err := l.Take(t.Context(), token)
		testkit.WantErr(t, err, models.ErrNotFound)
	}
	// Over by our own clock too, whatever Redis's says; and it is used by that.
	clock.Advance(Life)
	_, err = l.Take(t.Context(), links[0].Token)
	testkit.WantErr(t, err, models.ErrNotFound)
	if n := rdb.DBSize(t.Context()).Val(); n != 0 {
		t.Errorf("%d keys are left", n)
	}
}

// However many ask for a link at the same moment, over several connections, one gets it.
func TestOnceAtOnce(t *testing.T) {
	server := testkit.Redis(t)
	instances := []*Links{}
	for range 4 {
		instances = append(instances, New(connect(t, server.Addr, server.Password), time.Now))
	}
	rdb := connect(t, server.Addr, server.Password)
	for range 50 {
		token := make2(t, instances[0], rdb)[0].Token
		var given atomic.Int32
		var all sync.WaitGroup
		begin := make(chan struct{})
		for i := range 32 {
			all.Go(func() {
				<-begin
				if _, err := instances[i%len(instances)].Take(t.Context(), token); err == nil {
					given.Add(1)
				} else if !errors.Is(err, models.ErrNotFound) {
					t.Error(err)
				}
			})
		}
		close(begin)
		all.Wait()
		if n := given.Load(); n != 1 {
			t.Fatalf("given %d times", n)
		}
	}
}

// Without Redis there is no link, and an old one cannot be told from a used one.
func TestWithoutRedis(t *testing.T) {
	server := testkit.Redis(t)
	rdb := connect(t, server.Addr, server.Password)
	l := New(rdb, time.Now)
	token := make2(t, l, rdb)[0].Token
	server.Kill()
	if made := make2(t, l, rdb); len(made) != 0 {
		t.Errorf("made %+v", made)
	}
	_, err := l.Take(t.Context(), token)
	testkit.WantErr(t, err, models.ErrUnavailable)
	if p := l.Queue(context.Background(), nil, "scan", 1, nil); p.Made() != nil {
		t.Error("links to nothing")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(models.ImageLink{Kind: models.ImagePhoto, PersonID: 7, ScanID: "s", Until: 9}))
	f.Add("")
	f.Add("1|2|photo")
	f.Add("1|2|photo|s|")
	f.Fuzz(func(t *testing.T, held string) {
		link, err := decode(held)
		if err != nil {
			return
		}
		if again, err := decode(encode(link)); err != nil || again != link {
			t.Errorf("%q reads as %+v, and that as %+v, %v", held, link, again, err)
		}
	})
}
