// Command redisloss measures what a crash of Redis itself can take of the scans that the server acknowledged, under
// each way that Redis has to keep things on disk: none, RDB, AOF everysec, AOF always. The server keeps scans in a
// stream there until they are in the database, so what a crash can take is what is in the stream at that moment.
//
// For each setting the built server, on a Redis of its own, answers scans at full speed; Redis is killed with SIGKILL,
// stays away for a moment, comes back with what its disk has, and the load goes on a little. Then everything that is
// left reaches the database, and what was acknowledged is held against it. It is done twice: with the database keeping
// up, and with the table of scans locked until Redis is killed, so that everything is in the stream.
//
//	scripts/services run go run ./scripts/redisloss               all settings, ten seconds of load before each crash
//	scripts/services run go run ./scripts/redisloss -seconds 2    the short form
//
// Exit status 1: a setting lost more than it may (always: nothing; everysec: two seconds; RDB: the time between two
// snapshots), a scan is there twice, or the run would not have seen a loss.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"yanzheng/scripts/stand"
)

func main() {
	seconds := flag.Int("seconds", 10, "length of the load before each crash")
	only := flag.String("settings", "none,rdb,everysec,always", "what to try, in this order")
	codes := flag.Int("codes", 1000, "distinct codes")
	connections := flag.Int("connections", 32, "connections that scan without a pause")
	flag.Usage = stand.Usage("scripts/services run go run ./scripts/redisloss",
		"Kills Redis with SIGKILL under load, and counts the acknowledged scans that this lost, for each way to keep things on disk.")
	flag.Parse()
	chosen, err := choose(strings.Split(*only, ","))
	if err == nil && (flag.NArg() > 0 || *seconds < 1 || *codes < 1 || *connections < 1) {
		err = fmt.Errorf("at least one second, code and connection, and no other arguments")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "redisloss:", err)
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	m := &measurement{length: time.Duration(*seconds) * time.Second, codes: *codes, connections: *connections, out: os.Stdout}
	if err := m.run(ctx, chosen); err != nil {
		fmt.Fprintln(os.Stderr, "FAILED:", err)
		os.Exit(1)
	}
}
