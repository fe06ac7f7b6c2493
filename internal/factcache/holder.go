package factcache

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Holder names the servers behind a client, in their present run. It changes whenever they may have forgotten
// something; an error says that nobody can tell.
type Holder func(ctx context.Context, rdb redis.UniversalClient) (string, error)

// InProcess is the Holder of a Redis that lives and dies with this process.
func InProcess(context.Context, redis.UniversalClient) (string, error) { return "in-process", nil }

// Servers is the Holder of real servers: each one's run_id, which is another after a restart and on a server that took
// over, its replication id, which is another after it was a replica for a while, and how often it was flushed. A server that may evict keys could drop a fence unseen, so it is refused.
func Servers(ctx context.Context, rdb redis.UniversalClient) (string, error) {
	var mu sync.Mutex
	var names []string
	add := func(ctx context.Context, c *redis.Client) error {
		info, err := c.Info(ctx, "server", "replication", "memory", "commandstats").Result()
		if err != nil {
			return err
		}
		name, err := serverName(info)
		mu.Lock()
		defer mu.Unlock()
		names = append(names, name)
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
		return "", err
	}
	slices.Sort(names)
	sum := sha256.Sum256([]byte(strings.Join(names, "\n")))
	return base64.RawURLEncoding.EncodeToString(sum[:18]), nil
}

var (
	errNoRun = errors.New("factcache: INFO names no run_id: nobody could tell whether Redis forgot something")
	// ErrEvicts answers a Redis whose maxmemory_policy may drop a fence.
	ErrEvicts = errors.New("factcache: the maxmemory-policy of Redis must be noeviction, else it may drop a fence: the cache is not used")
)

// serverName reads what INFO says of one server.
func serverName(info string) (string, error) {
	fields := map[string]string{}
	for line := range strings.Lines(info) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			fields[name] = value
		}
	}
	run := fields["run_id"]
	if run == "" {
		return "", errNoRun
	}
	if limit := fields["maxmemory"]; limit != "" && limit != "0" && fields["maxmemory_policy"] != "noeviction" {
		return "", ErrEvicts
	}
	return run + " " + fields["master_replid"] + " " + calls(fields["cmdstat_flushall"]) + " " + calls(fields["cmdstat_flushdb"]), nil
}

// calls takes "calls=3" out of "calls=3,usec=…".
func calls(stat string) string {
	first, _, _ := strings.Cut(stat, ",")
	return first
}
