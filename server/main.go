// Command server is yanzheng: it serves scans, and does the registrar's work by sub-command.
//
// Everything is built here, in plain sight, and nothing imports this package.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// version is set by the build: -ldflags "-X main.version=…".
var version = "dev"

// The exit statuses.
const (
	exitOK      = 0
	exitFailed  = 1 // nothing was done, or not all of it
	exitUsage   = 2 // the command line or the configuration is wrong
	exitPartial = 3 // an import with some bad rows
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is the program without the process around it.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	return (&program{environ: environ, stdout: stdout, stderr: stderr}).run(ctx, args)
}

func (p *program) run(ctx context.Context, args []string) int {
	root := p.commands()
	root.SetArgs(append([]string{}, args...)) // none is none: nil would be those of the process
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	err := root.ExecuteContext(ctx)
	return p.status(err)
}
