package main

import (
	"context"

	"github.com/google/uuid"

	"yanzheng/models"
)

// flush is one lot of counts. It has an id, so that it is added once, however often it is told: when the answer of the
// database is lost, nobody knows whether it was added.
type flush struct {
	id     string
	misses []models.Miss
}

// teller keeps the counts of a flush, once for each id.
type teller func(ctx context.Context, flush string, misses ...models.Miss) error

// tellMisses adds what was counted to the day's totals; what cannot be told is told again, before anything newer. It is
// called by one goroutine.
func (d *desk) tellMisses(ctx context.Context, to teller) error {
	if err := d.tell(ctx, to); err != nil {
		return err
	}
	if err := d.gather(); err != nil {
		return err
	}
	return d.tell(ctx, to)
}

func (d *desk) tell(ctx context.Context, to teller) error {
	if d.untold == nil {
		return nil
	}
	if err := to(ctx, d.untold.id, d.untold.misses...); err != nil {
		return err
	}
	d.untold = nil
	return nil
}

// gather makes a lot of what was counted since the last one, if anything was.
func (d *desk) gather() error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	day := models.DateOf(d.now())
	var misses []models.Miss
	for b, n := range d.tally.Drain() {
		misses = append(misses, models.Miss{Day: day, Channel: b.Channel, Reason: b.Reason, N: int64(n)}) // #nosec G115 -- a count
	}
	if len(misses) > 0 {
		d.untold = &flush{id.String(), misses}
	}
	return nil
}
