// Command forged proves that forged codes cost nobody but the process that is asked: a million distinct ones are sent to GET /v/ of the
// built server, on real MariaDB and Redis, and neither of the two is asked anything because of them. They are counted and
// limited in the process, and only their totals are written down.
//
// The codes have the right form: most name a real key and have a random id and a random, well-formed signature, some carry
// the signature of a genuine certificate under another id, some name a key that does not exist, some cannot be read. Each must be
// answered with its own verdict, or 429. Two runs: one with limits as wide as the settings allow, so that every code is
// looked at, and one with the default limits of one address, so that nearly all are refused.
//
// What Redis did is told by its own counters, on a server that nobody else uses; what MariaDB was asked, by a wire in
// front of it that reads every statement. Relay and scan log go on meanwhile, so an idle interval of the same length (a
// minute at most, then in proportion) is held against the load. Then one genuine code is looked at: whatever that asks,
// and an idle server does not, must have been asked exactly 0 times in the load. At the end the server stops, and the
// totals in the database must be what was sent, reason by reason.
//
//	scripts/services run go run ./scripts/forged                 1,000,000 codes, twice: minutes
//	scripts/services run go run ./scripts/forged -codes 20000    the short form, which the tests run too
//
// Exit status 1: a forged code cost a call, passed, was not counted, or the run did not come to its end.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"yanzheng/scripts/stand"
)

func main() {
	o := options{}
	flag.IntVar(&o.codes, "codes", 1_000_000, "distinct forged codes in each of the two runs")
	flag.IntVar(&o.connections, "connections", 64, "connections that ask without a pause")
	flag.Usage = stand.Usage("scripts/services run go run ./scripts/forged",
		"Sends forged codes to /v/, and proves that neither Redis nor the database hears of them and that each is counted.")
	flag.Parse()
	if flag.NArg() > 0 || o.codes < minCodes || o.connections < 1 || o.connections > maxConnections {
		fmt.Fprintf(os.Stderr, "forged: %d codes at least, 1 to %d connections, and no other arguments\n", minCodes, maxConnections)
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	results, err := run(ctx, o)
	for _, r := range results {
		r.print(os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAILED:", err)
		os.Exit(1)
	}
}
