package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"yanzheng/scripts/stand"
)

// setting is one way to keep things on disk.
type setting struct {
	name   string
	config []string // lines of redis.conf
	// The most that a crash of the process alone may take, as time before it; negative: everything.
	most time.Duration
	why  string
}

const noBound time.Duration = -1

func settings() []setting {
	return []setting{
		{"none", nil, noBound, "nothing is kept"},
		// A snapshot begins every five seconds, and counts when it is written: five seconds more, with a full disk queue.
		{"rdb", []string{"save 5 1"}, 10 * time.Second, "save 5 1: all since the last snapshot"},
		// While an fsync is slow, Redis holds writes back, for two seconds at most.
		{"everysec", []string{"appendonly yes", "appendfsync everysec"}, 2500 * time.Millisecond, "AOF, fsync every second"},
		{"always", []string{"appendonly yes", "appendfsync always"}, 0, "AOF, fsync before every answer"},
	}
}

// choose gives the settings of these names, in their order.
func choose(names []string) (chosen []setting, err error) {
	all := settings()
	for _, name := range names {
		i := slices.IndexFunc(all, func(s setting) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no setting %q", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// finding is what one crash did.
type finding struct {
	stand.Tally
	setting
	held    bool          // the database took no scans before the crash
	backlog int64         // scans in the stream when Redis was killed
	crashed time.Duration // when that was, by the clock of the load
}

// before is how long before the crash the first of the lost scans was acknowledged.
func (f finding) before() time.Duration {
	if f.Lost == 0 {
		return 0
	}
	return max(0, f.crashed-f.OldestLost)
}

func (f finding) fault() error {
	switch {
	case f.Fault() != nil:
		return f.Fault()
	case f.Lost > 0 && f.NewestLost > f.crashed+away:
		return errors.New("a scan is lost that was acknowledged after Redis had come back")
	case f.most != noBound && f.before() > f.most:
		return fmt.Errorf("%d scans of the last %.1f s are lost, %.1f s is the most", f.Lost, f.before().Seconds(), f.most.Seconds())
	case f.most == 0 && f.Lost > 0:
		return fmt.Errorf("%d scans are lost, none may be", f.Lost)
	case f.held && f.backlog > 0 && f.config == nil && f.Lost == 0:
		return fmt.Errorf("a Redis that keeps nothing lost none of %d scans: this run would not have seen a loss", f.backlog)
	}
	return nil
}
