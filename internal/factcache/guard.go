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
	away    func() bool
	circuit *gobreaker.CircuitBreaker[struct{}]
	shed    atomic.Uint64
}

// queue is how many may wait for each place. A look takes a millisecond or so, so that all of them have their turn well
// within the patience.
const queue = 8

// Shares of the patience.
const (
	// withoutRedis is how long an answer waits for a first word of the database while Redis does not serve either: whoever
	// asks is told soon that both are away.
	withoutRedis = 0.56
	// least is what must be left for a question to the database. With less, its time-out would tell of those who wait, not
	// of the database.
	least = 0.25
)

// NewGuard makes a guard with so many places; patience is how long one answer may take in all, from the deadline of its
// context where it has one. away tells whether Redis does not serve now; nil: never.
func NewGuard(places int, patience time.Duration, away func() bool) *Guard {
	if away == nil {
		away = func() bool { return false }
	}
	return &Guard{
		places: make(chan struct{}, places), patient: patience, away: away,
		circuit: gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
			Name: "database", Timeout: breakerOpen,
			ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakerFailures },
			IsSuccessful: func(err error) bool { return !errors.Is(err, models.ErrUnavailable) },
			IsExcluded: func(err error) bool {
				return errors.Is(err, context.Canceled) || errors.Is(err, errShed) || errors.Is(err, errLate)
			},
		}),
	}
}

// Flight gives the context of a look on behalf of all who wait for it: it outlives the one who came first, and ends when
// that one's answer is due.
func (g *Guard) Flight(ctx context.Context) (context.Context, context.CancelFunc) {
	due, ok := ctx.Deadline()
	flight, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.patient)
	if ends, _ := flight.Deadline(); ok && due.Before(ends) {
		cancel()
		return context.WithDeadline(context.WithoutCancel(ctx), due)
	}
	return flight, cancel
}

// Begin begins an answer, which has one patience for all that it asks.
func (g *Guard) Begin(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithValue(ctx, answerKey{}, new(atomic.Bool)), g.patient)
}

// answerKey finds, in the context of an answer, whether the database has answered a question of it.
type answerKey struct{}

// heard notes that the database answers: the rest of this answer may wait for it the whole patience, Redis or not.
func heard(ctx context.Context) {
	if h, ok := ctx.Value(answerKey{}).(*atomic.Bool); ok {
		h.Store(true)
	}
}

// due is when an answer must have what it asks the database for.
func (g *Guard) due(ctx context.Context) time.Time {
	due, _ := ctx.Deadline()
	if h, ok := ctx.Value(answerKey{}).(*atomic.Bool); g.away() && !(ok && h.Load()) {
		return due.Add(-g.share(1 - withoutRedis))
	}
	return due
}

// Patient tells whether there is time left in an answer to ask the database.
func (g *Guard) Patient(ctx context.Context) bool {
	if _, ok := ctx.Deadline(); !ok {
		return true
	}
	soon, cancel := context.WithDeadline(ctx, g.due(ctx).Add(-g.share(least)))
	defer cancel()
	return soon.Err() == nil
}

// Ask lets f ask the database, until the answer is due. models.ErrUnavailable: no place is free soon enough, the database
// did not answer in time, or it has not answered lately.
func (g *Guard) Ask(ctx context.Context, f func(ctx context.Context) error) error {
	answer := ctx
	ctx, cancel := context.WithTimeout(ctx, g.patient)
	defer cancel()
	due := g.due(ctx)
	ctx, cancel = context.WithDeadline(ctx, due)
	defer cancel()
	_, err := g.circuit.Execute(func() (struct{}, error) {
		if err := g.enter(ctx, due.Add(-g.share(least))); err != nil {
			g.shed.Add(1)
			return struct{}{}, models.ErrUnavailable.Because(err)
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
	if !errors.Is(err, models.ErrUnavailable) && !errors.Is(err, context.Canceled) {
		heard(answer)
	}
	return err
}

func (g *Guard) share(of float64) time.Duration { return time.Duration(of * float64(g.patient)) }

// enter takes a place, at once or in turn, while there is time left to ask.
func (g *Guard) enter(ctx context.Context, until time.Time) error {
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	if ctx.Err() != nil {
		return errLate
	}
	select {
	case g.places <- struct{}{}:
		return nil
	default:
	}
	defer g.waiting.Add(-1)
	if g.waiting.Add(1) > int64(queue*cap(g.places)) {
		return errShed
	}
	select {
	case g.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errShed
	}
}

// Shed is how many questions found no place.
func (g *Guard) Shed() uint64 { return g.shed.Load() }

// Open tells whether the database is left out because it does not answer; one question now and then tries it all the same.
func (g *Guard) Open() bool { return g.circuit.State() != gobreaker.StateClosed }

var (
	errShed = errors.New("too many ask the database at once")
	errLate = errors.New("too little of the answer's time was left to ask the database")
)
