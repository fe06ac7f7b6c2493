package stand

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Process is one running server of an installation.
type Process struct {
	URL   string
	Ready time.Duration // from its start until it answered /readyz

	command *exec.Cmd
	log     string // the path of its log
	ended   chan struct{}
	err     error // how it ended, once ended is closed
}

const (
	readyWithin = 20 * time.Second
	logTail     = 2 << 10
)

// Launch starts one more server of this installation, on a port of its own and behind the words of a command such as
// taskset if any are given, and waits until it is ready. Settings (NAME=value) stand above those of the installation.
// name names its log. Stop it, or end ctx, before the stand is closed.
func (t *Stand) Launch(ctx context.Context, name string, settings []string, before ...string) (*Process, error) {
	return Begin(ctx, filepath.Join(t.Dir, name+".log"), append(before, t.binary), func(address string) []string {
		return t.with(append([]string{"YANZHENG_LISTEN=" + address}, settings...))
	})
}

// Begin starts a server by its command on a free port of loopback, and waits until it answers /readyz. env gives the
// environment that makes it listen on an address.
func Begin(ctx context.Context, log string, command []string, env func(address string) []string) (*Process, error) {
	var p *Process
	var err error
	for range 3 { // somebody may take the port between our choosing and its using it
		var port int
		if port, err = FreePort(ctx); err != nil {
			return nil, err
		}
		address := fmt.Sprintf("127.0.0.1:%d", port)
		if p, err = start(ctx, "http://"+address, log, command, env(address)); err == nil {
			return p, nil
		}
	}
	return nil, err
}

func start(ctx context.Context, url, log string, command, env []string) (*Process, error) {
	file, err := os.Create(log) //nolint:gosec // below the stand's folder
	if err != nil {
		return nil, err
	}
	defer file.Close()
	p := &Process{URL: url, log: log, ended: make(chan struct{})}
	p.command = exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // our own binary
	p.command.Env, p.command.Stdout, p.command.Stderr = env, file, file
	began := time.Now()
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.command.Wait()
		close(p.ended)
	}()
	if err := p.ready(ctx, began); err != nil {
		_ = p.command.Process.Kill()
		<-p.ended
		return nil, err
	}
	p.Ready = time.Since(began)
	return p, nil
}

func (p *Process) ready(ctx context.Context, began time.Time) error {
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/readyz", nil)
		if err != nil {
			return err
		}
		if r, err := http.DefaultClient.Do(request); err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-p.ended:
			return p.gone("it ended at once")
		case <-time.After(5 * time.Millisecond):
		}
		if time.Since(began) > readyWithin {
			return p.gone("it did not become ready")
		}
	}
}

// PID is the process's number.
func (p *Process) PID() int { return p.command.Process.Pid }

// Alive is nil while the process runs.
func (p *Process) Alive() error {
	select {
	case <-p.ended:
		return p.gone("it ended by itself")
	default:
		return nil
	}
}

// Stop asks the process to end, waits, and says if it ended other than well.
func (p *Process) Stop() error {
	if err := p.Alive(); err != nil {
		return err
	}
	_ = p.command.Process.Signal(syscall.SIGTERM)
	<-p.ended
	if p.err != nil {
		return p.gone("it did not stop well")
	}
	return nil
}

// gone tells what happened to the process, with the end of its log.
func (p *Process) gone(what string) error {
	raw, err := os.ReadFile(p.log)
	if err != nil {
		return err
	}
	if len(raw) > logTail {
		raw = raw[len(raw)-logTail:]
	}
	return errors.New(strings.TrimSpace(fmt.Sprintf("server at %s: %s\n%s", p.URL, what, raw)))
}
