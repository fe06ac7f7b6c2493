package ratelimit

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/factcache"
	"yanzheng/internal/testkit"
)

// cluster starts three nodes that share the slots, and gives each node's own client beside the cluster's.
func cluster(t *testing.T) (rdb redis.UniversalClient, nodes []*redis.Client) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	const password = "shared"
	var addresses []string
	for i, slots := range [][2]int{{0, 5460}, {5461, 10922}, {10923, 16383}} {
		r := testkit.Redis(t, "cluster-enabled yes")
		node := redis.NewClient(&redis.Options{Addr: r.Addr, Password: r.Password, PoolSize: 1})
		t.Cleanup(func() { _ = node.Close() })
		testkit.Must(t, node.ConfigSet(ctx, "requirepass", password).Err())
		testkit.Must(t, node.ClusterAddSlotsRange(ctx, slots[0], slots[1]).Err())
		testkit.Must(t, node.Do(ctx, "cluster", "set-config-epoch", i+1).Err())
		nodes, addresses = append(nodes, node), append(addresses, r.Addr)
	}
	for _, address := range addresses[1:] {
		host, port, err := net.SplitHostPort(address)
		testkit.Must(t, err)
		testkit.Must(t, nodes[0].ClusterMeet(ctx, host, port).Err())
	}
	for _, node := range nodes {
		eventually(t, 30*time.Second, "the cluster is whole", func() bool {
			info := node.ClusterInfo(ctx).Val()
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:3")
		})
	}
	rdb = factcache.Open(factcache.Redis{Addresses: addresses, Cluster: true, Password: password, Timeout: patient}).Client()
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb, nodes
}

// On a Cluster every command has one key, or two of one slot, so one pipeline serves keys of all slots; and a node that lacks the script
// gets it without the others' takes being counted twice.
func TestCluster(t *testing.T) {
	rdb, nodes := cluster(t)
	l := limiter(rdb)
	ctx := t.Context()
	limit := Limit{1, time.Hour, 3}
	var takes []Take
	for i := range 30 {
		takes = append(takes, Take{"user", fmt.Sprint("u", i), limit})
	}
	for round := range 5 {
		testkit.Must(t, nodes[round%3].ScriptFlush(ctx).Err())
		pipe := rdb.Pipeline()
		pending := l.Queue(ctx, pipe, takes...)
		var persons []*PersonsPending
		for i := range takes {
			persons = append(persons, l.QueuePersons(ctx, pipe, fmt.Sprint("user:u", i), Day(start)))
		}
		_, _ = pipe.Exec(ctx)
		if ok, _ := verdict(t, pending.Decide(ctx)); ok != (round < 3) {
			t.Errorf("round %d: allowed %t", round, ok)
		}
		pipe = rdb.Pipeline()
		for _, p := range persons {
			p.Full(3)
			err := p.Admit(ctx, int64(round))
			if (err == nil) != (round < 3) || p.away {
				t.Errorf("round %d: %v, away %t", round, err, p.away)
			}
			if again := p.Admit(ctx, 0); round > 0 && again != nil {
				t.Errorf("round %d: a person seen before: %v", round, again)
			}
			if err == nil {
				p.Note(ctx, pipe, int64(round))
			}
		}
		_, err := pipe.Exec(ctx)
		testkit.Must(t, err)
	}
	if n := l.local.buckets.Len(); n > 0 {
		t.Errorf("%d takes were decided without Redis", n)
	}
	for i, node := range nodes {
		if n := node.DBSize(ctx).Val(); n < 5 {
			t.Errorf("node %d has %d keys: the test does not reach all nodes", i, n)
		}
	}
}
