package main

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Lines of which there would be one a request are written once, and then counted; all others are written each.
func TestThriftyLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, read := newTape(), 0
		log := slog.New(newThrifty(slog.NewTextHandler(out, nil))).With("a", 1)
		written := func() []string {
			synctest.Wait()
			text := out.String()[read:]
			read += len(text)
			return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		}
		for range 1000 {
			log.Warn("dependency unavailable", "path", "/x")
			log.Error("SQL executed")
		}
		log.Warn("SQL executed") // slow: another level, another kind
		for range 3 {
			log.Error("internal error")
		}
		if lines := written(); len(lines) != 3+3 || !strings.Contains(lines[0], "path=/x") || !strings.Contains(lines[0], "a=1") {
			t.Errorf("at once: %q", lines)
		}
		time.Sleep(thriftEvery)
		if lines := written(); len(lines) != 2 || !strings.Contains(strings.Join(lines, "\n"), `level=WARN msg="more of the same: dependency unavailable" a=1 lines=999 within=10s`) {
			t.Errorf("after the interval: %q", lines)
		}
		log.Warn("dependency unavailable")
		if lines := written(); lines[0] != "" {
			t.Errorf("in the next interval: %q", lines)
		}
		time.Sleep(thriftEvery)
		if lines := written(); len(lines) != 1 || !strings.Contains(lines[0], "lines=1 ") {
			t.Errorf("after the next interval: %q", lines)
		}
		time.Sleep(thriftEvery)
		if lines := written(); lines[0] != "" {
			t.Errorf("when it is quiet again: %q", lines)
		}
		log.Warn("dependency unavailable", "path", "/y")
		if lines := written(); len(lines) != 1 || !strings.Contains(lines[0], "path=/y") {
			t.Errorf("the first of the next time: %q", lines)
		}
		time.Sleep(thriftEvery)
	})
}
