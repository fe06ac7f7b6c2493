// Command madeup writes an import file of made-up registrations whose numbers pass every check.
//
//	go run ./scripts/madeup -n 100000 > people.csv
package main

import (
	"bufio"
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"time"

	"yanzheng/internal/demo"
	"yanzheng/internal/register"
	"yanzheng/models"
)

func main() {
	n := flag.Int("n", 1000, "how many")
	seed := flag.Uint64("seed", 1, "the same seed makes the same people on the same day")
	prefix := flag.String("prefix", "9", "what every certificate number begins with")
	flag.Parse()
	if err := write(*n, *seed, *prefix); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(n int, seed uint64, prefix string) error {
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	w := csv.NewWriter(out)
	if err := w.Write(append(register.RequiredColumns, register.OptionalColumns...)); err != nil {
		return err
	}
	maker := demo.NewMaker(seed, prefix, models.DateOf(time.Now()))
	for range n {
		r := maker.Registration()
		if err := w.Write(register.Cells(&r)); err != nil {
			return err
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return err
	}
	return out.Flush()
}
