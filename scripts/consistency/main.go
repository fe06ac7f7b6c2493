// Command consistency checks the promise about changes: after an acknowledged one (propagated: true) no server anywhere
// shows what stood before it; under any one fault of Redis, or when whoever made the change dies, none shows it for more
// than 30 seconds. Several real servers on one MariaDB and one Redis are read at full speed while certificates change, and
// every answer is held against the history of the changes. The same checker must find fault with a naive cache, or it
// proves nothing.
//
//	scripts/services run go run ./scripts/consistency           every fault, some 20 minutes
//	scripts/services run go run ./scripts/consistency -short    some 15 seconds
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if isRole, err := role(ctx, os.Args[1:]); isRole {
		exit(err)
	}
	c := newChecker()
	flag.IntVar(&c.instances, "instances", c.instances, "servers, at most 16")
	flag.IntVar(&c.readers, "readers", c.readers, "readers of each server")
	flag.IntVar(&c.hot, "hot", c.hot, "certificates that change all the time")
	flag.IntVar(&c.slow, "slow", c.slow, "`milliseconds` by which the database's answers to every server but the first are late, give or take as many")
	flag.IntVar(&c.interleavings, "interleavings", c.interleavings, "wanted in the phase without a fault")
	flag.BoolVar(&c.short, "short", false, "a few thousand interleavings, then flushall and kill-between, without waiting for the bound to pass, then naive")
	faults := flag.String("faults", "all", "the phases to run, with commas between: "+strings.Join(names(phases()), " "))
	target := flag.String("target", "product", "product, or naive: nothing but a cache that is deleted after the commit")
	reverse := flag.Bool("expect-failures", false, "with -target naive: exit 0 only if failures were found")
	flag.Parse()
	if c.short {
		c.interleavings = min(c.interleavings, shortInterleavings)
	}
	chosen, err := choose(*faults, c.short)
	switch *target {
	case "product":
	case "naive":
		chosen, err = []phase{naivePhase(*reverse)}, nil
	default:
		err = fmt.Errorf("no target is called %q", *target)
	}
	if err == nil {
		err = c.check(ctx, os.Stdout, chosen)
	}
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAILED:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// role runs the process in one of the parts that this program plays beside the checker.
func role(ctx context.Context, args []string) (is bool, err error) {
	switch {
	case len(args) == 1 && args[0] == roleNaive:
		return true, serveNaive(ctx, os.Environ())
	case len(args) == 3 && args[0] == roleKilled:
		state, err := strconv.Atoi(args[2])
		if err != nil {
			return true, err
		}
		return true, commitAndWait(ctx, args[1], state)
	}
	return false, nil
}

// choose gives the phases of those names.
func choose(list string, short bool) ([]phase, error) {
	if short && list == "all" {
		list = "none,flushall,kill-between,naive"
	}
	all := phases()
	if list == "all" {
		return all, nil
	}
	var chosen []phase
	for name := range strings.SplitSeq(list, ",") {
		i := slices.Index(names(all), name)
		if i < 0 {
			return nil, fmt.Errorf("no phase is called %q", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

func names(phases []phase) (names []string) {
	for _, p := range phases {
		names = append(names, p.name)
	}
	return names
}
