// Command certificate goes a holder's whole way by HTTP, against the built server on real MariaDB and Redis: known as the holder,
// photo and signature accepted, the use limit confirmed, the file downloaded, its seals and its picture looked at with other
// people's tools, its code scanned, and the same again after the registration was changed and revoked. It says what each step
// found, and keeps the picture.
//
//	scripts/services run go run ./scripts/certificate -out certificate.png
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"yanzheng/scripts/stand"
)

func main() {
	out := flag.String("out", filepath.Join(os.TempDir(), "certificate.png"), "where the page's picture is kept")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	r := &road{out: *out}
	err := r.run(ctx)
	if r.Stand != nil {
		r.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAILED:", err)
		os.Exit(1)
	}
	fmt.Println("all as it should be; the picture is", *out)
}

func (r *road) run(ctx context.Context) error {
	for _, step := range []struct {
		name string
		do   func(context.Context) (string, error)
	}{
		{"build, configure, start", r.begin},
		{"log in and bind", r.bind},
		{"photo and signature", r.images},
		{"the window", r.window},
		{"confirm, twice", r.confirm},
		{"download, twice", r.download},
		{"pdfsig", r.seals},
		{"pdftoppm", r.picture},
		{"scan its QR code", r.scan},
		{"an inspector scans", r.inspect},
		{"check the file", r.check},
		{"change", r.change},
		{"endorse anew", r.anew},
		{"revoke", r.revoke},
		{"withdraw", r.withdraw},
		{"who looked", r.looks},
	} {
		began := time.Now()
		said, err := step.do(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		fmt.Printf("%-24s %6.2f s  %s\n", step.name, time.Since(began).Seconds(), said)
	}
	return nil
}

// road is one stand, the people on it, and what they have so far.
type road struct {
	*stand.Stand
	out string

	subject                            subject
	holder, registrar, inspector, user person

	until      string // the last day of the window
	own, newer owned
	pdf        []byte
	code       string // as it was read off the picture
}
