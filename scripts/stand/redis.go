package stand

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Redis is a redis-server of one program alone: nobody else's server reads its streams, and it may be killed.
type Redis struct {
	*redis.Client // to look into it
	Addr          string
	Password      string

	dir    string
	config string
	server *exec.Cmd     // nil while it is down
	ended  chan struct{} // closed when the server has ended
}

// StartRedis starts a server that lives in a folder of its own below dir. It keeps nothing on disk unless config says
// so: lines as in redis.conf.
func StartRedis(ctx context.Context, dir string, config ...string) (*Redis, error) {
	return startRedis(ctx, dir, rand.Text(), config)
}

// StartReplica starts a server that follows the one at an address, which may be a proxy in front of master, and has its
// password, so that clients of master are clients of the replica too.
func (r *Redis) StartReplica(ctx context.Context, dir, address string, config ...string) (*Redis, error) {
	return startRedis(ctx, dir, r.Password,
		append([]string{"replicaof " + strings.Replace(address, ":", " ", 1), "masterauth " + r.Password}, config...))
}

func startRedis(ctx context.Context, dir, password string, config []string) (*Redis, error) {
	r := &Redis{Password: password}
	if err := r.settle(ctx, dir, config); err != nil {
		err = fmt.Errorf("redis-server does not start: %w\n%s", err, r.complaint())
		r.Close()
		return nil, err
	}
	return r, nil
}

// settle finds a folder and a port, and starts there.
func (r *Redis) settle(ctx context.Context, dir string, config []string) (err error) {
	if r.dir, err = os.MkdirTemp(dir, "redis-"); err != nil {
		return err
	}
	for range 5 { // somebody may take the port between our choice and our use
		port := LowPort()
		r.Addr = fmt.Sprintf("127.0.0.1:%d", port)
		lines := append([]string{"bind 127.0.0.1", fmt.Sprintf("port %d", port), "requirepass " + r.Password, "dir " + r.dir, `save ""`,
			"maxmemory-policy noeviction", "repl-diskless-sync-delay 0"}, config...)
		r.config = strings.Join(lines, "\n") + "\n"
		r.Client = redis.NewClient(&redis.Options{Addr: r.Addr, Password: r.Password, MaxRetries: -1, DisableIdentity: true})
		if err = r.Start(ctx); err == nil || ctx.Err() != nil {
			return err
		}
		r.Client.Close() //nolint:errcheck,gosec // of the port that was lost
	}
	return err
}

// Start starts a server that is down, on its old address and data, and returns when it has loaded them.
func (r *Redis) Start(ctx context.Context) error {
	if r.server != nil {
		return nil
	}
	log, err := os.OpenFile(r.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	// Through a pipe: arguments are readable by every user of the machine.
	server := exec.CommandContext(ctx, "redis-server", "-")
	server.Stdin, server.Stdout, server.Stderr = strings.NewReader(r.config), log, log
	if err := server.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		_ = server.Wait() // how it ended is its killer's business
		close(ended)
	}()
	r.server, r.ended = server, ended
	// The ping carries the password, so no other server on that port answers for ours.
	for began := time.Now(); time.Since(began) < 20*time.Second; {
		if err = r.Ping(ctx).Err(); err == nil {
			return nil
		}
		select {
		case <-ended: // which the end of ctx brings about, too
			r.Kill()
			return errors.Join(errors.New("it ended at once"), ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
	r.Kill()
	return err
}

// Kill is kill -9. It returns when the process is gone.
func (r *Redis) Kill() {
	if r.server == nil {
		return
	}
	_ = r.server.Process.Kill()
	<-r.ended
	r.server = nil
}

// LowPort gives a port below the range of outgoing connections: one of those might take it while nobody listens there.
func LowPort() int { return 10_000 + mathrand.IntN(10_000) } //nolint:gosec // not a secret

// SaveAll writes what the server holds into the file that the next start reads.
func (r *Redis) SaveAll(ctx context.Context) error {
	for {
		err := r.Save(ctx).Err()
		if err == nil {
			break
		}
		if !redis.HasErrorPrefix(err, "Background save already in progress") { // for a replica that is new
			return err
		}
		if err := Pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	_, err := os.Stat(filepath.Join(r.dir, "dump.rdb"))
	return err
}

// Follows waits until a replica has all that its master has.
func (r *Redis) Follows(ctx context.Context) error {
	for began := time.Now(); time.Since(began) < 10*time.Second; {
		info, err := r.Info(ctx, "replication").Result()
		if err != nil {
			return err
		}
		if strings.Contains(info, "master_link_status:up") && strings.Contains(info, "master_sync_in_progress:0") {
			return nil
		}
		if err := Pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	return errors.New("the replica does not follow")
}

// Promote makes a master of a replica.
func (r *Redis) Promote(ctx context.Context) error { return r.ReplicaOf(ctx, "NO", "ONE").Err() }

// Close ends the server and removes what it left on disk.
func (r *Redis) Close() {
	r.Kill()
	if r.Client != nil {
		r.Client.Close() //nolint:errcheck,gosec // the last act
	}
	_ = os.RemoveAll(r.dir)
}

func (r *Redis) logFile() string { return filepath.Join(r.dir, "log") }

func (r *Redis) complaint() string {
	log, _ := os.ReadFile(r.logFile())
	return string(log)
}

// scanStream is where the server keeps scans on their way to the database.
const scanStream = "yz:{scans}"

// Backlog gives how many scans are in the stream and not yet in the database, as far as the stream tells: entries that
// are still there, unless every group of readers has read and acknowledged all of them.
func (r *Redis) Backlog(ctx context.Context) (int64, error) {
	n, err := r.XLen(ctx, scanStream).Result()
	if err != nil || n == 0 {
		return 0, err
	}
	groups, err := r.XInfoGroups(ctx, scanStream).Result()
	if err != nil {
		return 0, err
	}
	for _, g := range groups {
		if g.Lag != 0 || g.Pending != 0 { // -1: Redis cannot tell
			return n, nil
		}
	}
	if len(groups) == 0 {
		return n, nil
	}
	return 0, nil
}

// UseRedis makes the servers that are started from now on use r.
func (t *Stand) UseRedis(r *Redis) error {
	if r.Password == "" {
		return errors.New("a Redis without a password")
	}
	file := filepath.Join(t.Dir, filepath.Base(r.dir)+"-password")
	if err := os.WriteFile(file, []byte(r.Password+"\n"), 0o600); err != nil {
		return err
	}
	t.Env = append(t.Env, "YANZHENG_REDIS_ADDRESSES="+r.Addr, "YANZHENG_REDIS_DB=0", "YANZHENG_REDIS_PASSWORD_FILE="+file)
	return nil
}
