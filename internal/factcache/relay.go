package factcache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/models"
)

// Outbox is where committed changes wait until every cache has heard of them.
type Outbox interface {
	PendingEvents(ctx context.Context, after int64, limit int) ([]models.Event, error)
	MarkPropagated(ctx context.Context, ids []int64, epoch string, at models.Instant) (bool, error)
}

// Epochs keeps the one truth about the cache's present epoch.
type Epochs interface {
	Epoch(ctx context.Context) (models.Epoch, error)
	ReplaceEpoch(ctx context.Context, name string, next models.Epoch) (bool, error)
}

// Subjects finds what an event changed.
type Subjects interface {
	CertificateIDs(ctx context.Context, registrationIDs ...string) (map[string][]models.CertificateID, error)
	SessionHashes(ctx context.Context, userIDs ...string) (map[string][][]byte, error)
}

// Database is all that a relay needs of one.
type Database interface {
	Outbox
	Epochs
	Subjects
}

var (
	errSubject  = errors.New("relay: unknown subject")
	errEpoch    = errors.New("relay: the epoch of this Redis is not the present one")
	errHandOver = errors.New("relay: another Redis took over a moment ago")
)

// Relay carries committed changes into the cache: at once for whoever made one, and again and again for
// those that a crash, another process or a Redis that was away left behind. It makes the cache's heart beat.
type Relay struct {
	cells    cells
	outbox   Outbox
	epochs   Epochs
	subjects Subjects
	holder   Holder
	line     *Line // nil where no readers share the process
	now      func() time.Time
	log      *slog.Logger
	beaten   atomic.Int64 // when the last beat was, in Unix milliseconds by our clock
}

// NewRelay makes a relay from a database into the cache in rdb; holder tells when that may have forgotten something.
func NewRelay(rdb redis.UniversalClient, db Database, holder Holder, now func() time.Time, log *slog.Logger) *Relay {
	return &Relay{cells: cells{rdb}, outbox: db, epochs: db, subjects: db, holder: holder, now: now, log: log}
}

// Vouch makes the relay say when what comes over a line of its own process may be believed.
func (r *Relay) Vouch(line *Line) *Relay {
	r.line = line
	return r
}

// The relay's rhythm and bounds.
const (
	relayEvery   = 500 * time.Millisecond
	relayBatch   = 200
	relayTimeout = 5 * time.Second
	// propagateTimeout bounds the first try, while whoever changed something waits.
	propagateTimeout = time.Second
	hushTimeout      = 250 * time.Millisecond
	// epochTries is how often a turn is begun again because the epoch ended meanwhile.
	epochTries = 3
)

// Propagate sets the fences of events that were just committed. True means that no reader anywhere can
// be given the old facts any more; false that the relay will get there.
func (r *Relay) Propagate(ctx context.Context, events []models.Event) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), propagateTimeout)
	defer cancel()
	epoch, err := r.propagate(ctx, events)
	if errors.Is(err, errEpoch) {
		if err = r.settle(ctx); err == nil {
			epoch, err = r.propagate(ctx, events)
		}
	}
	if err == nil {
		err = r.stands(ctx, epoch)
	}
	if err != nil {
		r.log.WarnContext(ctx, "change committed, cache not told yet", "events", len(events), "error", err)
		return false
	}
	return true
}

// stands tells whether what was confirmed in an epoch counts: see handOver.
func (r *Relay) stands(ctx context.Context, epoch string) error {
	present, err := r.epochs.Epoch(ctx)
	switch {
	case err != nil:
		return err
	case present.Name != epoch:
		return errEpoch
	case models.InstantOf(r.now()) < present.Since:
		return errHandOver
	}
	return nil
}

// Run relays until ctx ends.
func (r *Relay) Run(ctx context.Context) {
	tick := time.NewTicker(relayEvery)
	defer tick.Stop()
	failing := false
	for {
		switch err := r.Turn(ctx); {
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

// Turn relays what is pending and, when nothing is left, beats once.
func (r *Relay) Turn(ctx context.Context) error {
	var err error
	for range epochTries {
		if err = r.turn(ctx); !errors.Is(err, errEpoch) {
			return err
		}
	}
	return err
}

func (r *Relay) turn(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, relayTimeout)
	defer cancel()
	breaks := r.breaks()
	s, err := r.observe(bounded) // before the outbox is read: what is committed later is not covered by this beat
	if err != nil {
		if r.line != nil && ctx.Err() == nil {
			r.line.breaks.Add(1)
		}
		return err
	}
	entered, err := r.enter(bounded, s)
	if err != nil {
		return err
	}
	if !entered {
		return errEpoch
	}
	if err := r.drain(ctx); err != nil {
		return err
	}
	if err := r.renew(bounded, s); err != nil {
		return err
	}
	r.beaten.Store(r.now().UnixMilli())
	if r.line != nil {
		r.line.vouched.Store(breaks)
		r.line.full.Store(s.servers.Full)
	}
	return nil
}

// breaks is how often the line was lost until now.
func (r *Relay) breaks() uint64 {
	if r.line == nil {
		return 0
	}
	return r.line.breaks.Load()
}

// settle brings the epochs of Redis and database together.
func (r *Relay) settle(ctx context.Context) error {
	for range epochTries {
		s, err := r.observe(ctx)
		if err != nil {
			return err
		}
		if entered, err := r.enter(ctx, s); entered || err != nil {
			return err
		}
	}
	return errEpoch
}

// Beaten is when this relay last made the heart beat, zero before it ever did.
func (r *Relay) Beaten() time.Time {
	if ms := r.beaten.Load(); ms != 0 {
		return time.UnixMilli(ms)
	}
	return time.Time{}
}

// drain relays what is pending, batch by batch. What it cannot relay stays, and does not hold up the others.
func (r *Relay) drain(ctx context.Context) error {
	var left error
	for after := int64(0); ; {
		batch, cancel := context.WithTimeout(ctx, relayTimeout)
		events, err := r.outbox.PendingEvents(batch, after, relayBatch)
		if err == nil && len(events) > 0 {
			after = events[len(events)-1].ID
			_, err = r.propagate(batch, events)
		}
		cancel()
		if errors.Is(err, errSubject) {
			left, err = err, nil
		}
		if err != nil {
			return err
		}
		if len(events) < relayBatch {
			return left
		}
	}
}

// propagate fences what events changed, notes that it is done, and gives the epoch in which it was confirmed. An event of
// a subject that only a newer program knows stays pending (errSubject), so that no relay of ours makes the heart beat over
// it.
func (r *Relay) propagate(ctx context.Context, events []models.Event) (epoch string, err error) {
	var left error
	known := make([]models.Event, 0, len(events))
	for _, e := range events {
		if e.Subject != models.SubjectRegistration && e.Subject != models.SubjectUser {
			left = fmt.Errorf("event %d: %w: %q", e.ID, errSubject, e.Subject)
			continue
		}
		known = append(known, e)
	}
	cells, err := r.fences(ctx, known)
	if err != nil {
		return "", err
	}
	if epoch, err = r.cells.fence(ctx, cells); err != nil {
		r.hush(ctx)
		return "", err
	}
	ids := make([]int64, len(known))
	for i, e := range known {
		ids[i] = e.ID
	}
	marked, err := r.outbox.MarkPropagated(ctx, ids, epoch, models.InstantOf(r.now()))
	switch {
	case err != nil:
		return "", err
	case !marked:
		return "", errEpoch
	}
	return epoch, left
}

// fences finds what events changed.
func (r *Relay) fences(ctx context.Context, events []models.Event) ([]fenced, error) {
	subjects := map[models.Subject][]string{}
	for _, e := range events {
		subjects[e.Subject] = append(subjects[e.Subject], e.SubjectID)
	}
	certificates, err := r.subjects.CertificateIDs(ctx, subjects[models.SubjectRegistration]...)
	if err != nil {
		return nil, err
	}
	sessions, err := r.subjects.SessionHashes(ctx, subjects[models.SubjectUser]...)
	if err != nil {
		return nil, err
	}
	var all []fenced
	for _, e := range events {
		switch e.Subject {
		case models.SubjectRegistration:
			for _, id := range certificates[e.SubjectID] {
				all = append(all, fenced{factKey(id), e.Version})
			}
		case models.SubjectUser:
			for _, hash := range sessions[e.SubjectID] {
				all = append(all, fenced{identityKey(hash), e.Version})
			}
		}
	}
	return all, nil
}

// hush stops the heart where that can be done sooner than what is pending can be told: until a relay has told all of it
// nothing cached counts. It needs no memory, which is what fences may be refused for.
func (r *Relay) hush(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), hushTimeout)
	defer cancel()
	_ = r.cells.rdb.Del(ctx, beatKey).Err() // else the beat ends by itself
}
