package factcache

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Servers are those behind a client, in their present run.
type Servers struct {
	Run      string // another after a restart, a failover, or a while as somebody's replica
	Flushed  string // another after each flush
	TookOver bool   // one of them was a replica before: the one that it took over from may still be answering somebody
	Full     bool   // one of them has so little memory left that nothing should be kept that only saves work
}

// holder is how the database knows them: another one whenever they may have forgotten something.
func (s Servers) holder() string { return s.Run + "." + s.Flushed }

// held tells whether they held an epoch, in the same run.
func (s Servers) held(holder string) bool {
	run, _, _ := strings.Cut(holder, ".")
	return run == s.Run
}

// Holder tells which servers are behind a client; an error says that nobody can tell.
type Holder func(ctx context.Context, rdb redis.UniversalClient) (Servers, error)

// InProcess is the Holder of a Redis that lives and dies with this process.
func InProcess(context.Context, redis.UniversalClient) (Servers, error) {
	return Servers{Run: "in-process"}, nil
}

// Behind is the Holder of real servers: each one's run_id, which is another after a restart and on a server that took
// over, its replication id, which is another after it was a replica for a while, and how often it was flushed. A server
// that may evict keys could drop a fence unseen, so it is refused.
func Behind(ctx context.Context, rdb redis.UniversalClient) (Servers, error) {
	var mu sync.Mutex
	var runs, flushes []string
	var took, full bool
	add := func(ctx context.Context, c *redis.Client) error {
		info, err := c.Info(ctx, "server", "replication", "memory", "commandstats").Result()
		if err != nil {
			return err
		}
		s, err := serverOf(info)
		mu.Lock()
		defer mu.Unlock()
		runs, flushes = append(runs, s.Run), append(flushes, s.Run+" "+s.Flushed)
		took, full = took || s.TookOver, full || s.Full
		return err
	}
	var err error
	switch c := rdb.(type) {
	case *redis.ClusterClient:
		err = c.ForEachMaster(ctx, add)
	case *redis.Client:
		err = add(ctx, c)
	default:
		err = fmt.Errorf("factcache: no way to name the servers behind a %T", rdb)
	}
	if err != nil {
		return Servers{}, err
	}
	return Servers{together(runs), together(flushes), took, full}, nil
}

// together stands for names in any order.
func together(names []string) string {
	slices.Sort(names)
	sum := sha256.Sum256([]byte(strings.Join(names, "\n")))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

var (
	errNoRun = errors.New("factcache: INFO names no run_id: nobody could tell whether Redis forgot something")
	// ErrEvicts answers a Redis whose maxmemory_policy may drop a fence.
	ErrEvicts = errors.New("factcache: the maxmemory-policy of Redis must be noeviction, else it may drop a fence: the cache is not used")
)

// fullAt is the share of maxmemory from which on the cache keeps nothing more. What is left is for fences, for limits and
// for the scan log: a Redis that refuses those is worth less than a cold cache.
const fullAt = 0.75

// serverOf reads what INFO says of one server.
func serverOf(info string) (Servers, error) {
	fields := map[string]string{}
	for line := range strings.Lines(info) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			fields[name] = value
		}
	}
	run := fields["run_id"]
	if run == "" {
		return Servers{}, errNoRun
	}
	limit, _ := strconv.ParseFloat(fields["maxmemory"], 64) // unreadable: none
	if limit > 0 && fields["maxmemory_policy"] != "noeviction" {
		return Servers{}, ErrEvicts
	}
	used, _ := strconv.ParseFloat(fields["used_memory"], 64)
	return Servers{
		Run:      run + " " + fields["master_replid"],
		Flushed:  calls(fields["cmdstat_flushall"]) + " " + calls(fields["cmdstat_flushdb"]),
		TookOver: strings.Trim(fields["master_replid2"], "0") != "" || fields["master_replid2"] == "",
		Full:     limit > 0 && used > fullAt*limit,
	}, nil
}

// calls takes "calls=3" out of "calls=3,usec=…".
func calls(stat string) string {
	first, _, _ := strings.Cut(stat, ",")
	return first
}
