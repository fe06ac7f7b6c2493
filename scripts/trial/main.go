// Command trial plays the main job as its users would, against the built server on real MariaDB and
// Redis: a file of many registrations is imported, codes are issued, and scans through the API and /v/
// must answer right for every status, also after each change and after a restart. It prints figures.
//
//	scripts/services run go run ./scripts/trial -n 100000
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"yanzheng/scripts/stand"
)

func main() {
	n := flag.Int("n", 100_000, "registrations to import")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	t := &trial{rows: *n}
	err := t.run(ctx)
	if t.Stand != nil {
		t.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAILED:", err)
		os.Exit(1)
	}
	fmt.Printf("%d passed, 0 failed\n", t.checks)
}

func (t *trial) run(ctx context.Context) error {
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"build and configure", func(ctx context.Context) (err error) {
			t.Stand, err = stand.New(ctx)
			return err
		}},
		{"import", t.importFile},
		{"first start", t.start},
		{"every status", t.statuses},
		{"restart", t.restart},
	} {
		began := time.Now()
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		fmt.Printf("%-22s %6.2f s\n", step.name, time.Since(began).Seconds())
	}
	return nil
}

// trial is one stand and what is expected of it.
type trial struct {
	*stand.Stand
	rows   int
	checks int
	codes  map[string]string // by situation
}

func (t *trial) start(ctx context.Context) error {
	ready, err := t.Start(ctx)
	fmt.Printf("  ready after %d ms\n", ready.Milliseconds())
	return err
}
