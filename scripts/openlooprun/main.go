// Command openlooprun puts an open-loop load on the whole, the built server on real MariaDB and Redis: requests are sent
// at a fixed rate, by vegeta in a process of its own, whether or not the answers keep up. It shows what a caller waits
// for at that rate, which a closed loop hides. Nothing is pinned to a core and nothing is warmed.
//
// Two targets, one after the other: the public answer as JSON of one certificate (GET /v/{code}), and scans of many
// certificates (POST /api/v1/scans). Every answer must be 200, and every scan must be in the database afterwards.
//
// To hold it against: DIVOC published 418/s, p99 23 ms and 0 failures for the JSON of one certificate by code, on
// hardware that it does not name. Run it by scripts/openloop, which has the tool; the short form:
//
//	scripts/openloop -duration 20s
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"yanzheng/scripts/stand"
)

func main() {
	m := &measurement{out: os.Stdout}
	flag.StringVar(&m.vegeta, "vegeta", "", "the tool's `file`; scripts/openloop gives it")
	flag.IntVar(&m.rate, "rate", 1000, "requests a second")
	flag.DurationVar(&m.duration, "duration", 15*time.Minute, "length of the load on one certificate")
	flag.DurationVar(&m.scanning, "scanning", 0, "length of the load of scans; 0: the same")
	flag.IntVar(&m.codes, "codes", 10_000, "distinct codes that are scanned")
	flag.Usage = stand.Usage("scripts/openloop",
		"Sends requests at a fixed rate, answered or not, and prints what callers waited for; every answer must be 200.")
	flag.Parse()
	if flag.NArg() > 0 || m.vegeta == "" || m.rate < 1 || m.duration < time.Second || m.codes < 1 {
		fmt.Fprintln(os.Stderr, "openlooprun: the tool, a rate, a second at least, a code, and no other arguments")
		flag.Usage()
		os.Exit(2)
	}
	if m.scanning <= 0 {
		m.scanning = m.duration
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := m.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "FAILED:", err)
		os.Exit(1)
	}
}
