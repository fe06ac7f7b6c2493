package factcache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/models"
)

// Outbox is where committed changes wait until every cache has heard of them.
type Outbox interface {
	PendingEvents(ctx context.Context, limit int) ([]models.Event, error)
	MarkPropagated(ctx context.Context, ids []int64, at models.Instant) error
}

// Subjects finds what an event changed.
type Subjects interface {
	CertificateIDs(ctx context.Context, registrationID string) ([]models.CertificateID, error)
	SessionHashes(ctx context.Context, userID string) ([][]byte, error)
}

var errSubject = errors.New("relay: unknown subject")

// Relay carries committed changes into the cache: at once for whoever made one, and again and again for
// those that a crash, another process or a Redis that was away left behind.
type Relay struct {
	cells    cells
	outbox   Outbox
	subjects Subjects
	now      func() time.Time
	log      *slog.Logger
}

// NewRelay makes a relay from an outbox into the cache in rdb.
func NewRelay(rdb redis.UniversalClient, outbox Outbox, subjects Subjects, now func() time.Time, log *slog.Logger) *Relay {
	return &Relay{cells: cells{rdb}, outbox: outbox, subjects: subjects, now: now, log: log}
}

// The relay's rhythm and bounds.
const (
	relayEvery   = 500 * time.Millisecond
	relayBatch   = 200
	relayTimeout = 5 * time.Second
	// propagateTimeout bounds the first try, while whoever changed something waits.
	propagateTimeout = time.Second
)

// Propagate sets the fences of events that were just committed. True means that no reader anywhere can
// be given the old facts any more; false that the relay will get there.
func (r *Relay) Propagate(ctx context.Context, events []models.Event) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), propagateTimeout)
	defer cancel()
	if err := r.propagate(ctx, events); err != nil {
		r.log.WarnContext(ctx, "change committed, cache not told yet", "events", len(events), "error", err)
		return false
	}
	return true
}

// Run relays until ctx ends.
func (r *Relay) Run(ctx context.Context) {
	tick := time.NewTicker(relayEvery)
	defer tick.Stop()
	failing := false
	for {
		switch err := r.drain(ctx); {
		case ctx.Err() != nil:
		case err != nil && !failing: // once, however long it lasts
			r.log.WarnContext(ctx, "relay: caches are not told of changes, trying on", "error", err)
			failing = true
		case err == nil && failing:
			r.log.InfoContext(ctx, "relay: caches are told of changes again")
			failing = false
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// drain relays what is pending, batch by batch.
func (r *Relay) drain(ctx context.Context) error {
	for {
		batch, cancel := context.WithTimeout(ctx, relayTimeout)
		events, err := r.outbox.PendingEvents(batch, relayBatch)
		if err == nil && len(events) > 0 {
			err = r.propagate(batch, events)
		}
		cancel()
		if err != nil || len(events) < relayBatch {
			return err
		}
	}
}

func (r *Relay) propagate(ctx context.Context, events []models.Event) error {
	var left error
	var all []fenced
	ids := make([]int64, 0, len(events))
	for _, e := range events {
		keys, err := r.keys(ctx, e)
		if errors.Is(err, errSubject) { // a newer program's: it stays pending, and must not hold up the others
			left = fmt.Errorf("event %d: %w: %q", e.ID, err, e.Subject)
			continue
		}
		if err != nil {
			return err
		}
		for _, k := range keys {
			all = append(all, fenced{k, e.Version})
		}
		ids = append(ids, e.ID)
	}
	if err := r.cells.fence(ctx, all); err != nil {
		return err
	}
	return errors.Join(left, r.outbox.MarkPropagated(ctx, ids, models.InstantOf(r.now())))
}

func (r *Relay) keys(ctx context.Context, e models.Event) ([]string, error) {
	var keys []string
	switch e.Subject {
	case models.SubjectRegistration:
		ids, err := r.subjects.CertificateIDs(ctx, e.SubjectID)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			keys = append(keys, factKey(id))
		}
	case models.SubjectUser:
		hashes, err := r.subjects.SessionHashes(ctx, e.SubjectID)
		if err != nil {
			return nil, err
		}
		for _, h := range hashes {
			keys = append(keys, identityKey(h))
		}
	default:
		return nil, errSubject
	}
	return keys, nil
}
