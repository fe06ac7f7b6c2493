package main

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// frequent are the lines of which there is one for every request, or every statement, while something is away: a log
// that fills the disk helps nobody. Each is written once, and then in every thriftEvery how many more there were.
var frequent = map[string]bool{
	"dependency unavailable": true, // a 503
	"SQL executed":           true, // the database's fault, or a slow statement
}

const thriftEvery = 10 * time.Second

// thrifty is a log handler that holds frequent lines back. The first of a kind (its words and its level) is written as it
// is; further ones within thriftEvery are counted, and the count is written when that time is over.
type thrifty struct {
	slog.Handler
	held *held
}

type held struct {
	mu    sync.Mutex
	kinds map[kind]int // of those that were written lately: how many were held back since
}

type kind struct {
	level   slog.Level
	message string
}

func newThrifty(to slog.Handler) thrifty { return thrifty{to, &held{kinds: map[kind]int{}}} }

// Handle is slog.Handler's.
func (t thrifty) Handle(ctx context.Context, r slog.Record) error {
	if !frequent[r.Message] {
		return t.Handler.Handle(ctx, r)
	}
	k := kind{r.Level, r.Message}
	t.held.mu.Lock()
	if _, lately := t.held.kinds[k]; lately {
		t.held.kinds[k]++
		t.held.mu.Unlock()
		return nil
	}
	t.held.kinds[k] = 0
	t.held.mu.Unlock()
	time.AfterFunc(thriftEvery, func() { t.tell(k) })
	return t.Handler.Handle(ctx, r)
}

// tell writes how many were held back and goes on counting, until there were none.
func (t thrifty) tell(k kind) {
	t.held.mu.Lock()
	n := t.held.kinds[k]
	if n == 0 {
		delete(t.held.kinds, k)
	} else {
		t.held.kinds[k] = 0
	}
	t.held.mu.Unlock()
	if n == 0 {
		return
	}
	time.AfterFunc(thriftEvery, func() { t.tell(k) })
	r := slog.NewRecord(time.Now(), k.level, "more of the same: "+k.message, 0)
	r.AddAttrs(slog.Int("lines", n), slog.String("within", thriftEvery.String()))
	_ = t.Handler.Handle(context.Background(), r) // nobody hears of a log that cannot be written
}

// WithAttrs is slog.Handler's.
func (t thrifty) WithAttrs(attrs []slog.Attr) slog.Handler {
	return thrifty{t.Handler.WithAttrs(attrs), t.held}
}

// WithGroup is slog.Handler's.
func (t thrifty) WithGroup(name string) slog.Handler {
	return thrifty{t.Handler.WithGroup(name), t.held}
}
