// Command killing proves that a scan which was acknowledged is kept: the built server, on real MariaDB and Redis, is
// killed with SIGKILL again and again while many connections scan at full speed, and is started again at once. At the
// end a successor carries to the database what was on its way, and then every acknowledged scan must be there exactly
// once: 0 lost, 0 doubled, however the 200 and the kill met.
//
// Every request carries a number of its own in its note, so a scan that was written twice shows even under two ids.
// One kill in five meets a server that has only just been started, while it takes over from its predecessor; the last
// one ends the load, when the log is at its fullest.
//
//	scripts/services run go run ./scripts/killing                          50 kills, 1,000,000 scans: minutes
//	scripts/services run go run ./scripts/killing -kills 3 -scans 20000    the short form, which the tests run too
//
// Exit status 1: something was lost or doubled, or the run did not come to its end.
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
	flag.IntVar(&o.kills, "kills", 50, "how often the server is killed")
	flag.IntVar(&o.scans, "scans", 1_000_000, "acknowledged scans at the least")
	flag.IntVar(&o.codes, "codes", 4000, "distinct codes")
	flag.IntVar(&o.connections, "connections", 64, "connections that scan without a pause")
	flag.Usage = stand.Usage("scripts/services run go run ./scripts/killing",
		"Kills the server with SIGKILL under load, and proves that every acknowledged scan is in the database exactly once.")
	flag.Parse()
	if flag.NArg() > 0 || o.kills < 1 || o.scans < o.kills || o.codes < 1 || o.connections < 1 {
		fmt.Fprintln(os.Stderr, "killing: at least one kill, code and connection, as many scans as kills, and no other arguments")
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	result, err := run(ctx, o, os.Stdout)
	if err == nil {
		result.print(os.Stdout)
		err = result.fault(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAILED:", err)
		os.Exit(1)
	}
}
