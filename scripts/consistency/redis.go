package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisServer is a redis-server of this program's own: it may be killed. It writes to disk only when told to SAVE.
type redisServer struct {
	address, password string

	dir, config string
	client      *redis.Client // past every proxy
	kill        func()        // ends it as a power cut does; again: nothing
}

// startRedis starts one in a folder below dir, with a password of its own unless one is given. Lines as in redis.conf may
// be added.
func startRedis(ctx context.Context, dir, password string, lines ...string) (*redisServer, error) {
	r := &redisServer{password: cmp.Or(password, rand.Text()), kill: func() {}}
	var err error
	if r.dir, err = os.MkdirTemp(dir, "redis-"); err != nil {
		return nil, err
	}
	for range 5 { // the port may be taken
		port := lowPort()
		r.address = fmt.Sprintf("127.0.0.1:%d", port)
		r.config = strings.Join(append([]string{
			"bind 127.0.0.1", fmt.Sprintf("port %d", port), "requirepass " + r.password, "dir " + r.dir, `save ""`,
			"maxmemory-policy noeviction", "repl-diskless-sync-delay 0",
		}, lines...), "\n")
		r.client = redis.NewClient(&redis.Options{Addr: r.address, Password: r.password, MaxRetries: -1, DisableIdentity: true})
		if err = r.start(ctx); err == nil {
			return r, nil
		}
		r.close()
	}
	return nil, err
}

// start starts the server, or starts it again with what it saved last.
func (r *redisServer) start(ctx context.Context) error {
	var said bytes.Buffer
	c := exec.CommandContext(ctx, "redis-server", "-")
	c.Stdin, c.Stdout, c.Dir = strings.NewReader(r.config), &said, r.dir // not as arguments, which every user can read
	if err := c.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		_ = c.Wait() // how it ended is our doing, or follows from what it said
		close(ended)
	}()
	r.kill = func() {
		_ = c.Process.Kill()
		<-ended
	}
	for range 1000 {
		if r.client.Ping(ctx).Err() == nil {
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("redis-server ended at once\n%s", said.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	r.kill()
	return fmt.Errorf("redis-server does not answer\n%s", said.String())
}

func (r *redisServer) close() {
	r.kill()
	_ = r.client.Close()
}

// save writes what it holds into the file that the next start reads.
func (r *redisServer) save(ctx context.Context) error {
	for {
		err := r.client.Save(ctx).Err()
		if err == nil {
			break
		}
		if !redis.HasErrorPrefix(err, "Background save already in progress") || ctx.Err() != nil { // for a replica that is new
			return err
		}
		sleep(ctx, 20*time.Millisecond)
	}
	_, err := os.Stat(filepath.Join(r.dir, "dump.rdb"))
	return err
}

// replicaOf is the line that makes a server the replica of another.
func replicaOf(address string) string { return "replicaof " + strings.Replace(address, ":", " ", 1) }

// inStep waits until a replica has all that its master has.
func (r *redisServer) inStep(ctx context.Context) error {
	for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(20 * time.Millisecond) {
		info, err := r.client.Info(ctx, "replication").Result()
		if err != nil {
			return err
		}
		if strings.Contains(info, "master_link_status:up") && strings.Contains(info, "master_sync_in_progress:0") {
			return nil
		}
	}
	return fmt.Errorf("the replica does not follow")
}

// promote makes a master of a replica.
func (r *redisServer) promote(ctx context.Context) error {
	return r.client.ReplicaOf(ctx, "NO", "ONE").Err()
}
