// Command hitrate measures the cache where it is hardest to be of use: on a day when scans are spread evenly over a million
// certificates, none of which is a favourite. The built server, on real MariaDB and Redis, answers four passes of scans,
// each drawn at random from all codes: on a cold cache, on the cache that the first left, after one registration in a hundred
// moved to another employer, and after the server was restarted.
//
// What a cache cannot know it cannot answer, so beside the share that it answered stands the share that it could
// have answered: scans of a certificate that was answered before and not changed since. Of those, 99 in 100 must come from the
// cache; every scan of a changed certificate must say so; and a cached certificate may take 500 bytes of Redis, the
// key and the room in Redis's own tables included.
//
//	scripts/services run go run ./scripts/hitrate                 1,000,000 codes, as many scans in each pass: an hour
//	scripts/services run go run ./scripts/hitrate -codes 5000     the short form, which the tests run too
//
// Exit status 1: one of these was missed, or the run did not come to its end.
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
	flag.IntVar(&o.codes, "codes", 1_000_000, "distinct codes")
	flag.IntVar(&o.scans, "scans", 0, "scans in each of the four passes (default: as many as codes)")
	flag.IntVar(&o.connections, "connections", 16, "connections that scan without a pause")
	flag.Usage = stand.Usage("scripts/services run go run ./scripts/hitrate",
		"Scans many codes evenly at random, and prints how many answers the cache gave and what it takes for that.")
	flag.Parse()
	if o.scans == 0 {
		o.scans = o.codes
	}
	if flag.NArg() > 0 || o.codes < minCodes || o.codes > maxCodes || o.scans < minCodes || o.connections < 1 || o.connections > maxConnections {
		fmt.Fprintf(os.Stderr, "hitrate: %d to %d codes, as many scans at least, 1 to %d connections, and no other arguments\n", minCodes, maxCodes, maxConnections)
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r, err := run(ctx, o, os.Stderr)
	r.print(os.Stdout)
	if err == nil {
		err = r.fault()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAILED:", err)
		os.Exit(1)
	}
}
