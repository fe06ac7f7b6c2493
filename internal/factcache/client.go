package factcache

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/sony/gobreaker/v2"
)

// Redis is where the cache lives: one server, a Sentinel's (MasterName set) or a Cluster.
type Redis struct {
	Addresses          []string
	MasterName         string
	Cluster            bool
	Username, Password string
	DB                 int
	TLS                *tls.Config
	Log                *slog.Logger  // hears when Redis goes away and comes back; nil: nobody
	Timeout            time.Duration // of each step; a scan does not wait longer than this for any of them
}

// The breaker opens after this many failures in a row, and probes after this long.
const (
	breakerFailures = 5
	breakerOpen     = 500 * time.Millisecond
)

// Options are the client options. The library's defaults cost 1.7 s a call when Redis refuses and 5 s
// when it is silent, and ignore the caller's deadline; a test holds these.
func (r Redis) Options() *redis.UniversalOptions {
	return &redis.UniversalOptions{
		Addrs: r.Addresses, MasterName: r.MasterName, Username: r.Username, Password: r.Password,
		DB: r.DB, TLSConfig: r.TLS,
		DialTimeout: r.Timeout, ReadTimeout: r.Timeout, WriteTimeout: r.Timeout, PoolTimeout: r.Timeout,
		IsClusterMode:         r.Cluster,
		ContextTimeoutEnabled: true,
		MaxRetries:            -1, // a scan asks the database instead
		DialerRetries:         1,
		DisableIdentity:       true,
		MaintNotificationsConfig: &maintnotifications.Config{
			Mode: maintnotifications.ModeDisabled, // a handshake that only one vendor's service answers
		},
	}
}

// steadyTimeout is for those for whom nobody waits, or somebody who rather waits than fails: the relay, and the consumer of
// the scan log.
const steadyTimeout = time.Second

// Steady are the options of a client for those: without a breaker, and patient.
func (r Redis) Steady() *redis.UniversalOptions {
	r.Timeout = max(r.Timeout, steadyTimeout)
	return r.Options()
}

// breaker is a go-redis hook that stops asking a Redis that does not answer: after a few failures in a
// row every call fails at once, until one probe a second succeeds.
type breaker struct {
	circuit *gobreaker.CircuitBreaker[struct{}]
	timeout time.Duration
}

func newBreaker(log *slog.Logger, timeout time.Duration, opened func()) *breaker {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &breaker{timeout: timeout, circuit: gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name:         "redis",
		Timeout:      breakerOpen,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakerFailures },
		IsSuccessful: answered,
		IsExcluded: func(err error) bool {
			var h hurried
			return errors.Is(err, context.Canceled) || errors.As(err, &h)
		},
		OnStateChange: func(_ string, from, to gobreaker.State) {
			switch { // not the probes in between
			case from == gobreaker.StateClosed:
				opened()
				log.Warn("Redis does not answer: the database is asked instead")
			case to == gobreaker.StateClosed:
				log.Info("Redis answers again")
			}
		},
	})}
}

// hurried is the end of a call whose caller had hardly any time left, which says nothing about Redis.
type hurried struct{ error }

func (h hurried) Unwrap() error { return h.error }

// count lets f ask Redis, unless the breaker is open.
func (b *breaker) count(ctx context.Context, f func() error) error {
	ends, ok := ctx.Deadline()
	short := ok && time.Until(ends) < b.timeout/2 //nolint:forbidigo // contexts are of this clock
	_, err := b.circuit.Execute(func() (struct{}, error) {
		err := f()
		if err != nil && short && ctx.Err() != nil {
			err = hurried{err}
		}
		return struct{}{}, err
	})
	var h hurried
	if errors.As(err, &h) {
		err = h.error
	}
	return err
}

// worst gives the error of a pipeline: that of a command that could not be served before one that was refused.
func worst(err error, cmds []redis.Cmder) error {
	for _, c := range cmds {
		if !answered(c.Err()) {
			return c.Err()
		}
	}
	return err
}

// answered tells whether Redis did its part: an answer, "no such key", or a refusal of the command.
// A server that is loading, read-only, without its cluster or of another password answers too, but cannot serve.
func answered(err error) bool {
	if err == nil || errors.Is(err, redis.Nil) {
		return true
	}
	var reply redis.Error
	if !errors.As(err, &reply) {
		return false
	}
	for _, cannot := range []string{"LOADING", "READONLY", "CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN", "NOREPLICAS", "MISCONF", "WRONGPASS", "NOAUTH"} {
		if strings.HasPrefix(reply.Error(), cannot) {
			return false
		}
	}
	return true
}

// DialHook leaves dialling as it is: a failed dial fails the command, which the breaker counts.
func (b *breaker) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// inside marks the context of a counted command. The handshake of a new connection runs within it, as commands
// of its own: counted again, they would be turned away as more than one probe, and the breaker stay open for ever.
type inside struct{}

// ProcessHook counts one command.
func (b *breaker) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if ctx.Value(inside{}) != nil {
			return next(ctx, cmd)
		}
		ctx = context.WithValue(ctx, inside{}, true)
		err := b.count(ctx, func() error { return next(ctx, cmd) })
		if err != nil && cmd.Err() == nil {
			cmd.SetErr(err) // the breaker is open: the command never ran
		}
		return err
	}
}

// ProcessPipelineHook counts one pipeline.
func (b *breaker) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if ctx.Value(inside{}) != nil {
			return next(ctx, cmds)
		}
		ctx = context.WithValue(ctx, inside{}, true)
		err := b.count(ctx, func() error { return worst(next(ctx, cmds), cmds) })
		if err != nil {
			for _, cmd := range cmds {
				if cmd.Err() == nil && (errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests)) {
					cmd.SetErr(err)
				}
			}
		}
		return err
	}
}
