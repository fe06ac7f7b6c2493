package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// The checker starts itself in other roles, which here means this test.
func TestMain(m *testing.M) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	if is, err := role(ctx, os.Args[1:]); is {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	stop()
	os.Exit(m.Run())
}

// The short form on real servers: no answer breaks the promise, and the checker finds the naive cache out.
func TestShortForm(t *testing.T) {
	for _, name := range []string{"YANZHENG_TEST_MYSQL", "YANZHENG_TEST_REDIS"} {
		if os.Getenv(name) != "" {
			continue
		}
		if testing.Short() {
			t.Skip(name + " is not set (-short)")
		}
		t.Fatalf("%s is not set: run scripts/test, or `scripts/services run go test PACKAGE`, or skip with -short", name)
	}
	phases, err := choose("all", true)
	if err != nil {
		t.Fatal(err)
	}
	c := newChecker()
	c.short, c.interleavings = true, shortInterleavings
	if err := c.check(t.Context(), t.Output(), phases); err != nil {
		t.Error(err)
	}
}

func TestChoose(t *testing.T) {
	if _, err := choose("none,nonsense", false); err == nil {
		t.Error("nonsense is a phase")
	}
	chosen, err := choose("flushall,none", true)
	if err != nil || len(chosen) != 2 || chosen[0].name != "flushall" || chosen[1].name != "none" {
		t.Errorf("chose %v, %v", names(chosen), err)
	}
	all, err := choose("all", false)
	if err != nil || len(all) != len(phases()) || !all[len(all)-1].reverse {
		t.Errorf("chose %v, %v", names(all), err)
	}
}
