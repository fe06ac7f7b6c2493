package main

import (
	"testing"
	"time"

	"yanzheng/scripts/stand"
)

func TestFault(t *testing.T) {
	all, err := choose([]string{"none", "rdb", "everysec", "always"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := choose([]string{"none", "some"}); err == nil {
		t.Error("an unknown setting is taken")
	}
	none, rdb, everysec, always := all[0], all[1], all[2], all[3]
	const crashed = 20 * time.Second
	lost := func(n int, oldest, newest time.Duration) stand.Tally {
		return stand.Tally{Acked: 1000, Lost: n, OldestLost: oldest, NewestLost: newest}
	}
	for _, c := range []struct {
		name    string
		setting setting
		tally   stand.Tally
		held    bool
		backlog int64
		ok      bool
	}{
		{"nothing kept, everything lost", none, lost(900, 0, crashed), true, 900, true},
		{"nothing kept, nothing lost: blind", none, lost(0, 0, 0), true, 900, false},
		{"nothing was in the stream", none, lost(0, 0, 0), true, 0, true},
		{"the database kept up", none, lost(0, 0, 0), false, 3, true},
		{"lost after Redis was back", none, lost(2, crashed-1, crashed+2*away), true, 900, false},
		{"since the last snapshot", rdb, lost(9, crashed-5*time.Second, crashed), true, 900, true},
		{"since the last but two", rdb, lost(9, crashed-15*time.Second, crashed), true, 900, false},
		{"a slow fsync", everysec, lost(9, crashed-2*time.Second, crashed), true, 900, true},
		{"a very slow fsync", everysec, lost(9, crashed-4*time.Second, crashed), true, 900, false},
		{"always, nothing lost", always, lost(0, 0, 0), true, 900, true},
		{"always, one lost in the last moment", always, lost(1, crashed+time.Millisecond, crashed+time.Millisecond), true, 900, false},
		{"twice", always, stand.Tally{Doubled: 1}, true, 900, false},
	} {
		f := finding{Tally: c.tally, setting: c.setting, held: c.held, backlog: c.backlog, crashed: crashed}
		if err := f.fault(); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
