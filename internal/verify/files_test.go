package verify_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yanzheng/internal/testkit"
	"yanzheng/internal/turns"
	"yanzheng/internal/verify"
	"yanzheng/models"
)

// reader says of every file that it is none of ours, and remembers how many it was shown.
type reader struct{ count atomic.Int64 }

func (r *reader) Check(context.Context, io.Reader, func(context.Context, models.FileDigest) (bool, error)) (models.FileCheck, error) {
	r.count.Add(1)
	return models.FileCheck{Status: models.FileNotOurs}, nil
}

// sender is a file whose bytes come when they are let go; the first question for one is told.
type sender struct {
	asked chan struct{}
	file  io.Reader
	let   chan struct{}
}

func slow(content string) *sender {
	return &sender{asked: make(chan struct{}), file: strings.NewReader(content), let: make(chan struct{})}
}

func (s *sender) Read(b []byte) (int, error) {
	select {
	case <-s.asked:
	default:
		close(s.asked)
	}
	<-s.let
	return s.file.Read(b)
}

// untouched is a file of which nothing may be read.
type untouched struct{ t *testing.T }

func (u untouched) Read([]byte) (int, error) {
	u.t.Error("something is read of a file that it is not the turn of")
	return 0, io.EOF
}

// TestSlowSenders: whoever sends slowly keeps one place for bodies and no processor; whoever finds the line full is told so before
// anything of the file is read, and whoever waits too long likewise.
func TestSlowSenders(t *testing.T) {
	c := newCounter(t)
	bodies, looks, r := turns.New(1, 1), turns.New(1, 0), &reader{}
	f := verify.NewFiles(c.Service, r, c.store, bodies, looks)
	first := slow("%PDF-1.7")
	answers := make(chan error, 2)
	check := func(ctx context.Context, file io.Reader) {
		a, err := f.Check(ctx, "192.0.2.1", file)
		if err == nil && a.Check.Status != models.FileNotOurs {
			err = errors.New("the file is " + string(a.Check.Status))
		}
		answers <- err
	}
	go check(t.Context(), first)
	<-first.asked
	if _, working := looks.Waiting(); working != 0 || r.count.Load() != 0 {
		t.Errorf("a processor waits for a sender: %d, shown %d", working, r.count.Load())
	}
	short, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	go check(short, strings.NewReader("%PDF-1.7")) // waits its turn
	for waiting, _ := bodies.Waiting(); waiting != 1; waiting, _ = bodies.Waiting() {
		time.Sleep(time.Millisecond)
	}
	_, err := f.Check(t.Context(), "192.0.2.1", untouched{t})
	testkit.WantErr(t, err, turns.ErrBusy)
	close(first.let)
	testkit.Must(t, errors.Join(<-answers, <-answers))
	if waiting, working := bodies.Waiting(); waiting != 0 || working != 0 || r.count.Load() != 2 {
		t.Errorf("in the end %d wait, %d work, %d files were looked at", waiting, working, r.count.Load())
	}

	late, cancelLate := context.WithCancelCause(t.Context())
	stuck := slow("")
	go check(t.Context(), stuck)
	<-stuck.asked
	over, cancelOver := context.WithTimeout(late, time.Millisecond)
	defer cancelOver()
	_, err = f.Check(over, "192.0.2.1", untouched{t})
	testkit.WantErr(t, err, turns.ErrBusy)
	cancelLate(nil)
	close(stuck.let)
	testkit.Must(t, <-answers)
}

// TestFilesThatDoNotArrive: a sender who breaks off, one who sends too much, one beyond the limits.
func TestFilesThatDoNotArrive(t *testing.T) {
	c := newCounter(t)
	r := &reader{}
	f := verify.NewFiles(c.Service, r, c.store, turns.New(1, 0), turns.New(1, 0))
	c.keptOut = map[string]bool{"192.0.2.9": true}
	for name, one := range map[string]struct {
		address string
		file    io.Reader
		want    error
	}{
		"breaks off": {"192.0.2.1", io.MultiReader(strings.NewReader("%PDF"), broken{}), verify.ErrFileUnread},
		"too much":   {"192.0.2.1", io.LimitReader(zeros{}, verify.MaxFile+1), models.ErrFileTooLarge},
		"too often":  {"192.0.2.9", untouched{t}, tooMany},
	} {
		if _, err := f.Check(t.Context(), one.address, one.file); !errors.Is(err, one.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if r.count.Load() != 0 {
		t.Errorf("%d of them were looked at", r.count.Load())
	}
	if _, err := f.Check(t.Context(), "192.0.2.1", io.LimitReader(zeros{}, verify.MaxFile)); err != nil || r.count.Load() != 1 {
		t.Errorf("the largest that may come: %v, shown %d", err, r.count.Load())
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// TestFilesOfOneAddress: one address has four files in hand at most, and another is not held up by them.
func TestFilesOfOneAddress(t *testing.T) {
	c := newCounter(t)
	r := &reader{}
	f := verify.NewFiles(c.Service, r, c.store, turns.New(8, 8), turns.New(8, 8))
	answers := make(chan error, 4)
	var in []*sender
	for range 4 {
		s := slow("%PDF-1.7")
		in = append(in, s)
		go func() {
			_, err := f.Check(t.Context(), "192.0.2.1", s)
			answers <- err
		}()
	}
	for _, s := range in {
		<-s.asked
	}
	_, err := f.Check(t.Context(), "192.0.2.1", untouched{t})
	testkit.WantErr(t, err, verify.ErrFilesAtOnce)
	_, err = f.Check(t.Context(), "192.0.2.2", strings.NewReader("%PDF-1.7"))
	testkit.Must(t, err)
	for _, s := range in {
		close(s.let)
		testkit.Must(t, <-answers)
	}
	_, err = f.Check(t.Context(), "192.0.2.1", strings.NewReader("%PDF-1.7"))
	testkit.Must(t, err)
}
