package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"time"

	"yanzheng/internal/register"
	"yanzheng/models"
	"yanzheng/scripts/stand"
)

// writer makes changes by the register's own use case and keeps the history of them.
type writer struct {
	in      *installation
	first   int // the installation's number of certificate 0
	service *register.Service
	history *history
	clock   func() time.Duration
	env     []string // for processes that make changes, above the installation's
}

// recorder notes when a change was committed, which is when its caches are to be told.
type recorder struct {
	next  register.Propagator
	clock func() time.Duration
}

type committedKey struct{}

// Propagate notes the moment, and passes on.
func (p recorder) Propagate(ctx context.Context, events []models.Event) bool {
	if at, ok := ctx.Value(committedKey{}).(*time.Duration); ok {
		*at = p.clock()
	}
	return p.next.Propagate(ctx, events)
}

func (w *writer) number(certificate int) string { return stand.Number(w.first + certificate + 1) }

func (w *writer) decision(certificate int) register.Decision {
	return register.Decision{CertificateNumber: w.number(certificate), Reason: "演练", Actor: "consistency"}
}

// prepare brings a certificate to state 0, before any history.
func (w *writer) prepare(ctx context.Context, certificate int) error {
	_, err := w.service.Change(ctx, w.decision(certificate), map[models.Field]string{models.FieldEmployer: employerOf(0)})
	return err
}

// change leads a certificate to its next state.
func (w *writer) change(ctx context.Context, certificate int) error {
	next := w.history.state(certificate) + 1
	var c change
	c.began = w.clock()
	out, err := move(context.WithValue(ctx, committedKey{}, &c.committed), w.service, w.decision(certificate), next)
	c.acked = w.clock()
	if err != nil {
		return fmt.Errorf("change of %s: %w", w.number(certificate), err)
	}
	c.propagated = out.Propagated
	w.history.add(certificate, c)
	return nil
}

// move makes the change that leads to a state from the one before it.
func move(ctx context.Context, s *register.Service, d register.Decision, state int) (register.Outcome, error) {
	if state%2 == 1 {
		return s.Move(ctx, d, statusOf(state))
	}
	return s.Change(ctx, d, map[models.Field]string{models.FieldEmployer: employerOf(state)})
}

// command leads a certificate to its next state by the program's own sub-command.
func (w *writer) command(ctx context.Context, certificate int) error {
	next := w.history.state(certificate) + 1
	args := []string{"revoke", w.number(certificate)}
	switch {
	case next%2 == 0:
		args = []string{"change", w.number(certificate), "--employer", employerOf(next)}
	case statusOf(next) == models.StateInForce:
		args[0] = "restore"
	}
	began := w.clock()
	out, err := w.in.CLIWith(ctx, w.env, append(args, "--reason", "演练", "--json")...)
	acked := w.clock()
	if err != nil {
		return err
	}
	var said struct{ Propagated any }
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		return err
	}
	w.history.add(certificate, change{began, acked, acked, said.Propagated == true})
	return nil
}

// killed leads a certificate to its next state by a process that is killed once it has committed, before it can tell any
// cache.
func (w *writer) killed(ctx context.Context, certificate int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	c := exec.CommandContext(ctx, self, roleKilled, w.number(certificate), fmt.Sprint(w.history.state(certificate)+1)) //nolint:gosec // ourselves
	c.Env, c.Stderr = append(os.Environ(), w.in.Env...), os.Stderr
	said, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	began := w.clock()
	if err := c.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(said).ReadString('\n')
	committed := w.clock()
	_ = c.Process.Kill()
	_ = c.Wait()
	if err != nil || line != committedLine {
		return fmt.Errorf("the process to be killed said %q, %w", line, err)
	}
	w.history.add(certificate, change{began, committed, committed, false})
	return nil
}

// The killed process: what it is called by, and what it says once it has committed.
const (
	roleKilled    = "commit-and-wait"
	committedLine = "committed\n"
)

// waiter never gets to tell a cache.
type waiter struct{}

// Propagate says that the change is committed, and waits to be killed.
func (waiter) Propagate(ctx context.Context, _ []models.Event) bool {
	fmt.Fprint(os.Stdout, committedLine)
	<-ctx.Done()
	return false
}

// commitAndWait is the killed process.
func commitAndWait(ctx context.Context, number string, state int) error {
	s, err := openStore(ctx, os.Environ())
	if err != nil {
		return err
	}
	defer s.Close() //nolint:errcheck // never reached
	d := register.Decision{CertificateNumber: number, Reason: "演练", Actor: "consistency"}
	_, err = move(ctx, register.New(s, waiter{}, time.Now), d, state)
	return err
}
