package stand

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
)

// Counts says how often each kind of thing was done since a server began.
type Counts map[string]int64

// Since gives what was done after an earlier look, and only what is not 0.
func (c Counts) Since(before Counts) Counts {
	after := maps.Clone(c)
	for kind, n := range before {
		after[kind] -= n
	}
	maps.DeleteFunc(after, func(_ string, n int64) bool { return n == 0 })
	return after
}

// Total gives how much was done of all kinds.
func (c Counts) Total() (n int64) {
	for _, m := range c {
		n += m
	}
	return n
}

// Commands gives how often the server has carried out each command, those inside scripts included; INFO, by which this
// is asked, aside.
func (r *Redis) Commands(ctx context.Context) (Counts, error) {
	info, err := r.Info(ctx, "commandstats").Result()
	if err != nil {
		return nil, err
	}
	c := Counts{}
	for line := range strings.Lines(info) { // cmdstat_get:calls=12,usec=…
		name, rest, ok := strings.Cut(strings.TrimSpace(line), ":calls=")
		if !ok || name == "cmdstat_info" {
			continue
		}
		calls, _, _ := strings.Cut(rest, ",")
		n, err := strconv.ParseInt(calls, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("INFO commandstats: %q", line)
		}
		c[strings.TrimPrefix(name, "cmdstat_")] = n
	}
	return c, nil
}

// Memory gives how many bytes the server has allocated for what it keeps: all but the buffers of its clients.
func (r *Redis) Memory(ctx context.Context) (int64, error) {
	info, err := r.Info(ctx, "memory").Result()
	if err != nil {
		return 0, err
	}
	var bytes [2]int64
	for i, name := range []string{"used_memory", "mem_clients_normal"} {
		_, rest, _ := strings.Cut(info, "\n"+name+":")
		value, _, _ := strings.Cut(rest, "\r")
		if bytes[i], err = strconv.ParseInt(value, 10, 64); err != nil {
			return 0, fmt.Errorf("INFO memory: %s is %q", name, value)
		}
	}
	return bytes[0] - bytes[1], nil
}

// Misses gives the totals of codes that came to nothing, by reason, as they are written down.
func (t *Stand) Misses(ctx context.Context) (Counts, error) {
	rows, err := t.admin.QueryContext(ctx, "SELECT reason, SUM(n) FROM "+t.schema+".code_misses GROUP BY reason") //nolint:gosec // a name of ours
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	c := Counts{}
	for rows.Next() {
		var reason string
		var n int64
		if err := rows.Scan(&reason, &n); err != nil {
			return nil, err
		}
		c[reason] = n
	}
	return c, rows.Err()
}
