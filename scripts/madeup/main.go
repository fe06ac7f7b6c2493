// Command madeup writes an import file of made-up registrations whose numbers pass every check.
//
//	go run ./scripts/madeup -n 100000 > people.csv
package main

import (
	"flag"
	"fmt"
	"os"

	"yanzheng/scripts/stand"
)

func main() {
	n := flag.Int("n", 1000, "how many")
	seed := flag.Uint64("seed", 1, "the same seed makes the same people on the same day")
	prefix := flag.String("prefix", "9", "what every certificate number begins with")
	flag.Parse()
	if err := stand.People(os.Stdout, *n, *seed, *prefix); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
