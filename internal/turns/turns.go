// Package turns lets so many work at once, and makes so many others wait for their turn.
//
// Its promise: never more work at once than was said, those who wait are served in the order in which they came, and whoever
// cannot be served in time is told so at once or when their time is over. Its one rule: it knows nothing of the work.
package turns

import (
	"context"
	"errors"
	"time"

	"yanzheng/models"
)

// Line is where one waits for a kind of work. It may be used from any goroutine.
type Line struct {
	inside chan struct{} // who works or waits
	places chan struct{} // who works
}

// New makes a line for so many at work and so many who wait.
func New(atOnce, waiting int) *Line {
	atOnce = max(1, atOnce)
	return &Line{inside: make(chan struct{}, atOnce+max(0, waiting)), places: make(chan struct{}, atOnce)}
}

// Do works when it is its turn; ErrBusy where too many wait already, or when ctx ends before.
func (l *Line) Do(ctx context.Context, work func(ctx context.Context) error) error {
	select {
	case l.inside <- struct{}{}:
		defer func() { <-l.inside }()
	default:
		return ErrBusy
	}
	if err := ctx.Err(); err != nil {
		return late(err)
	}
	select {
	case l.places <- struct{}{}:
		defer func() { <-l.places }()
		return work(ctx)
	case <-ctx.Done():
		return late(ctx.Err())
	}
}

// Waiting tells how many wait, and how many work.
func (l *Line) Waiting() (waiting, working int) {
	working = len(l.places)
	return max(0, len(l.inside)-working), working
}

// late leaves whoever went away to themselves.
func late(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return ErrBusy.Because(err)
}

// ErrBusy answers whoever comes when too many wait.
var ErrBusy = models.NewError(models.KindUnavailable, "busy", "现在排队的人较多，请稍后再试", "Too many are waiting, please try again a little later").RetryIn(5 * time.Second)
