package factcache

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"yanzheng/models"
)

// Guard stands between those who wait for an answer and the database. It lets only so many ask at once, some more wait
// for their turn, both for a bounded time, and none at all while the database does not answer: what is beyond that is shed.
type Guard struct {
	places  chan struct{}
	waiting atomic.Int64
	patient time.Duration
	circuit *gobreaker.CircuitBreaker[struct{}]
	shed    atomic.Uint64
}

// queue is how many may wait for each place. A look takes a millisecond or so, so that all of them have their turn well
// within the patience.
const queue = 8

// NewGuard makes a guard with so many places; patience is how long one answer may take.
func NewGuard(places int, patience time.Duration) *Guard {
	return &Guard{
		places: make(chan struct{}, places), patient: patience,
		circuit: gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
			Name: "database", Timeout: breakerOpen,
			ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakerFailures },
			IsSuccessful: func(err error) bool { return !errors.Is(err, models.ErrUnavailable) },
			IsExcluded:   func(err error) bool { return errors.Is(err, context.Canceled) || errors.Is(err, errShed) },
		}),
	}
}

// afterCache is the share of the patience that is left to the database when Redis was waited for in vain.
const afterCache = 0.4

// Flight gives the context of a look on behalf of all who wait for it: it outlives the one who came first. waited says
// that Redis had its own time-out before.
func (g *Guard) Flight(ctx context.Context, waited bool) (context.Context, context.CancelFunc) {
	patience := g.patient
	if waited {
		patience = time.Duration(float64(patience) * afterCache)
	}
	return context.WithTimeout(context.WithoutCancel(ctx), patience)
}

// Ask lets f ask the database, within the patience. models.ErrUnavailable: no place is free, the database did not
// answer in time, or it has not answered lately.
func (g *Guard) Ask(ctx context.Context, f func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, g.patient)
	defer cancel()
	_, err := g.circuit.Execute(func() (struct{}, error) {
		if !g.enter(ctx) {
			g.shed.Add(1)
			return struct{}{}, models.ErrUnavailable.Because(errShed)
		}
		defer func() { <-g.places }()
		err := f(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			err = models.ErrUnavailable.Because(err)
		}
		return struct{}{}, err
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		err = models.ErrUnavailable.Because(err)
	}
	return err
}

// enter takes a place, at once or in turn.
func (g *Guard) enter(ctx context.Context) bool {
	select {
	case g.places <- struct{}{}:
		return true
	default:
	}
	defer g.waiting.Add(-1)
	if g.waiting.Add(1) > int64(queue*cap(g.places)) {
		return false
	}
	select {
	case g.places <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// Shed is how many questions found no place.
func (g *Guard) Shed() uint64 { return g.shed.Load() }

// Open tells whether the database is left out because it does not answer.
func (g *Guard) Open() bool { return g.circuit.State() == gobreaker.StateOpen }

var errShed = errors.New("too many ask the database at once")
