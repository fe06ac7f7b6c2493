// Command benchrun measures the real server against bare gin in one run, server on one core and load on
// the other, and prints ratios: absolute figures do not travel between machines. Run it by scripts/bench.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	bare := flag.String("bare-gin", "", "serve bare gin on this `address`; used by the run itself")
	codes := flag.Int("codes", 10_000, "distinct codes that are scanned")
	seconds := flag.Int("seconds", 8, "length of one measurement")
	rounds := flag.Int("rounds", 3, "measurements of each; the median counts")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := func() error {
		if *bare != "" {
			return serveBareGin(ctx, *bare)
		}
		return (&bench{codes: *codes, length: time.Duration(*seconds) * time.Second, rounds: *rounds}).run(ctx)
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAILED:", err)
		os.Exit(1)
	}
}
