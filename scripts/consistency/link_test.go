package main

import (
	"bufio"
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"yanzheng/internal/testkit"
	"yanzheng/scripts/stand"
)

// echo answers every line with itself and a name.
func echo(t *testing.T, name string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for lines := bufio.NewScanner(c); lines.Scan(); {
					_, _ = c.Write([]byte(lines.Text() + " " + name + "\n"))
				}
			}()
		}
	}()
	return l.Addr().String()
}

// say dials, says hello and gives the answer. It does not wait longer than patience.
func say(address string, patience time.Duration) (string, error) {
	c, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	if _, err := c.Write([]byte("hello\n")); err != nil {
		return "", err
	}
	return bufio.NewReader(c).ReadString('\n')
}

const long = 10 * time.Second

func says(t *testing.T, l *link, want string) {
	t.Helper()
	if got, err := say(l.address, long); err != nil || got != want+"\n" {
		t.Errorf("answer %q, %v, want %q", got, err, want)
	}
}

func TestFaultsOfLinks(t *testing.T) {
	l, err := newLink(echo(t, "one"))
	testkit.Must(t, err)
	t.Cleanup(func() { _ = l.refuse() })
	says(t, l, "hello one")

	standing, err := net.Dial("tcp", l.address)
	testkit.Must(t, err)
	defer standing.Close()
	testkit.Must(t, l.refuse())
	if _, err := say(l.address, long); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("refused: %v", err)
	}
	testkit.Must(t, standing.SetDeadline(time.Now().Add(long)))
	if _, err := standing.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a connection outlived the refusal: %v", err)
	}
	testkit.Must(t, l.accept())
	says(t, l, "hello one")

	testkit.Must(t, l.silence())
	if _, err := say(l.address, 100*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("silent: %v", err)
	}
	testkit.Must(t, l.heal())
	says(t, l, "hello one")

	testkit.Must(t, l.reset())
	if _, err := say(l.address, long); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("reset: %v", err)
	}
	testkit.Must(t, l.heal())
	says(t, l, "hello one")

	for name, slow := range map[string]func(int) error{"slow": l.slow, "late": l.late} {
		testkit.Must(t, slow(200))
		var longest time.Duration
		for range 8 { // each of them is quick with a probability of at most one in eight
			began := time.Now()
			says(t, l, "hello one")
			longest = max(longest, time.Since(began))
		}
		if longest < 50*time.Millisecond {
			t.Errorf("%s: no answer took longer than %s", name, longest)
		}
		testkit.Must(t, l.heal())
	}

	testkit.Must(t, l.lead(echo(t, "two")))
	says(t, l, "hello two")
}

func TestRedisForgets(t *testing.T) {
	ctx := t.Context()
	master, err := stand.StartRedis(ctx, t.TempDir())
	testkit.Must(t, err)
	t.Cleanup(master.Close)
	l, err := newLink(master.Addr)
	testkit.Must(t, err)
	t.Cleanup(func() { _ = l.refuse() })
	replica, err := master.StartReplica(ctx, t.TempDir(), l.address)
	testkit.Must(t, err)
	t.Cleanup(replica.Close)

	set := func(value string) { testkit.Must(t, master.Set(ctx, "key", value, 0).Err()) }
	holds := func(r *stand.Redis, want string) {
		t.Helper()
		if got, err := r.Get(ctx, "key").Result(); err != nil || got != want {
			t.Errorf("it holds %q, %v, want %q", got, err, want)
		}
	}
	set("old")
	testkit.Must(t, master.SaveAll(ctx))
	testkit.Must(t, replica.Follows(ctx))
	testkit.Must(t, master.Wait(ctx, 1, long).Err())
	testkit.Must(t, l.refuse())
	set("new")
	holds(master, "new")

	testkit.Must(t, replica.Promote(ctx))
	holds(replica, "old")
	testkit.Must(t, replica.Set(ctx, "key", "newer", 0).Err())

	master.Kill()
	testkit.Must(t, master.Start(context.WithoutCancel(ctx)))
	holds(master, "old")
}
