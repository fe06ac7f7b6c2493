package factcache

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/singleflight"

	"yanzheng/models"
)

// How long entries live. Heartbeat and fences keep them true; these only bound what Redis has to hold.
const (
	factsLife   = 24 * time.Hour
	finalLife   = 7 * 24 * time.Hour
	unknownLife = 10 * time.Second // "no such certificate"
)

// A lease gives one instance the look into the store that all wait for. Whoever waits keeps half of the time for a look
// of its own, in case the other one died.
const (
	leaseLife = 2 * time.Second
	leasePoll = 5 * time.Millisecond
)

// FactSource is the authority behind the cache.
type FactSource interface {
	Facts(ctx context.Context, id models.CertificateID) (*models.Facts, error)
}

// Facts is the cache in front of a FactSource.
type Facts struct {
	line   *Line
	cells  cells
	source FactSource
	guard  *Guard
	now    func() time.Time
	flight singleflight.Group
}

// NewFacts puts a cache at the end of a line in front of source, which is asked through guard.
func NewFacts(line *Line, source FactSource, guard *Guard, now func() time.Time) *Facts {
	return &Facts{line: line, cells: cells{line.rdb}, source: source, guard: guard, now: now}
}

func factKey(id models.CertificateID) string { return "yz:{f:" + id.String() + "}" }

// Facts gives what is known of a certificate, from the cache or else from the source.
func (f *Facts) Facts(ctx context.Context, id models.CertificateID) (models.KnownFacts, error) {
	look := f.line.Look(ctx)
	read := f.Queue(ctx, look, id)
	look.Exec(ctx)
	return read.Get(ctx)
}

// FactsRead is a question for facts that shares a round trip.
type FactsRead struct {
	facts *Facts
	id    models.CertificateID
	look  *Look
	cell  *redis.StringCmd
	began time.Time
}

// Queue asks for a certificate's facts in a round trip. Get gives them once it was made.
func (f *Facts) Queue(ctx context.Context, look *Look, id models.CertificateID) *FactsRead {
	return &FactsRead{f, id, look, look.Pipe.Get(ctx, factKey(id)), f.now()}
}

// view is what one look at a cell told.
type view struct {
	entry entry
	facts *models.Facts // of an entry that could be read, and of a certificate that exists
	kept  bool          // the cell holds an entry that could be read
	beat  beat
	beats bool
	away  bool // Redis did not answer: asking it for more only costs the same wait again
	lost  bool // it was asked, and its answer did not come: others may have been told of a fence that we did not see
}

// counts tells whether the entry may be served as the present state of the register.
func (v *view) counts() bool { return v.kept && v.beats && v.entry.epoch == v.beat.epoch }

func viewOf(id models.CertificateID, look *Look, cell *redis.StringCmd) view {
	v := view{away: look.Away(), lost: look.lost()}
	v.beat, v.beats = look.heartbeat()
	if v.entry, v.kept = parseCell(cell.Val()); !v.kept || v.entry.payload == "" {
		return v
	}
	facts, err := decodeFacts(v.entry.payload)
	if v.kept = err == nil && facts.CertificateID == id; v.kept {
		v.facts = facts
	}
	return v
}

// known gives the entry as an answer. It was true when it was read from the store, and nothing changed until the
// heartbeat.
func (v *view) known(now time.Time) models.KnownFacts {
	asOf := v.entry.asOf
	if v.counts() && v.beat.at.After(asOf) && v.beat.at.Before(now) {
		asOf = v.beat.at
	}
	return models.KnownFacts{Facts: v.facts, AsOf: asOf, Source: models.SourceCache}
}

// Get gives the facts. Callers that ask for the same certificate at once share one look into the source, over all
// instances while Redis is there; one caller's going away does not fail the others. While the source is away, facts
// are given only where they count or are final.
func (r *FactsRead) Get(ctx context.Context) (models.KnownFacts, error) {
	f := r.facts
	v := viewOf(r.id, r.look, r.cell)
	if v.counts() {
		return v.known(f.now()), nil
	}
	key := factKey(r.id)
	for again := true; ; again = false {
		done := f.flight.DoChan(key, func() (any, error) {
			flight, cancel := f.guard.Flight(ctx)
			defer cancel()
			began := f.now()
			known, err := f.load(flight, r.id, v)
			return found{known, began}, err
		})
		select {
		case <-ctx.Done():
			return models.KnownFacts{}, models.ErrUnavailable.Because(ctx.Err())
		case got := <-done:
			found, _ := got.Val.(found)
			if got.Err != nil {
				if again && found.began.Before(r.began) && f.guard.Patient(ctx) {
					continue // it had less time than we have
				}
				if v.facts != nil && v.facts.Final(models.DateOf(f.now())) {
					return v.known(f.now()), nil
				}
				return models.KnownFacts{}, got.Err
			}
			if found.Source == models.SourceDatabase {
				heard(ctx)
			}
			if again && r.outran(&v, &found) {
				continue // the next one began after we came
			}
			return found.KnownFacts, nil
		}
	}
}

// found is what one look gave, for all who waited for it.
type found struct {
	models.KnownFacts
	began time.Time
}

// outran tells whether a change may have been acknowledged after the look began and before we came: there is a fence
// for a newer version, or we could not see whether there is one.
func (r *FactsRead) outran(v *view, f *found) bool {
	if v.lost {
		return f.began.Before(r.began)
	}
	return v.entry.version > 0 && (f.Facts == nil || f.Facts.Version < v.entry.version)
}

// load asks the source, and keeps what it says. While the cache is in order, one instance does it for all.
func (f *Facts) load(ctx context.Context, id models.CertificateID, v view) (models.KnownFacts, error) {
	var leased bool
	if !v.away && v.beats {
		var others bool
		if others, leased = f.lease(ctx, id, &v); others {
			return v.known(f.now()), nil
		}
	}
	asOf := f.now() // before the look: what changes during it is newer
	var facts *models.Facts
	err := f.guard.Ask(ctx, func(ctx context.Context) (err error) {
		facts, err = f.source.Facts(ctx, id)
		return err
	})
	if err != nil {
		if leased { // or the next ones would wait for what nobody looks up; unless our time is over already
			f.giveBack(ctx, id)
		}
		return models.KnownFacts{}, err
	}
	if !v.away && v.beats && !f.line.full.Load() {
		e, life := entry{asOf: asOf}, unknownLife
		if facts != nil {
			e.version, e.payload, life = facts.Version, encodeFacts(facts), lifeOf(facts, asOf)
		}
		f.cells.fill(ctx, factKey(id), e, v.beat, jitter(life))
	} else if leased {
		f.giveBack(ctx, id)
	}
	return models.KnownFacts{Facts: facts, AsOf: asOf, Source: models.SourceDatabase}, nil
}

// giveBack ends the lease, for others who wait.
func (f *Facts) giveBack(ctx context.Context, id models.CertificateID) {
	f.line.rdb.Del(ctx, leaseKey(factKey(id)))
}

// lifeOf ends an entry at the latest when its verdict turns by itself.
func lifeOf(facts *models.Facts, now time.Time) time.Duration {
	life := factsLife
	if facts.Final(models.DateOf(now)) {
		life = finalLife
	}
	if turn := facts.NextTurn(now); !turn.IsZero() {
		life = min(life, turn.Sub(now))
	}
	return max(life, time.Millisecond)
}

// lease waits until this instance may look into the source. others: another one's look was enough. mine: the lease is
// ours to give back, which a fill does too.
func (f *Facts) lease(ctx context.Context, id models.CertificateID, v *view) (others, mine bool) {
	patience := ctx
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		patience, cancel = context.WithDeadline(ctx, deadline.Add(-deadline.Sub(f.now())/2))
		defer cancel()
	}
	key := factKey(id)
	for {
		look := f.line.Look(patience)
		cell := look.Pipe.Get(patience, key)
		taken := look.Pipe.SetNX(patience, leaseKey(key), "", leaseLife)
		look.Exec(patience)
		if now := viewOf(id, look, cell); !now.away {
			*v = now // a newer beat, and perhaps what another instance found
		}
		switch {
		case v.counts():
			if taken.Val() { // it was given back a moment ago, and is not needed
				f.giveBack(ctx, id)
			}
			return true, false
		case taken.Val() || taken.Err() != nil:
			return false, taken.Val()
		}
		select {
		case <-patience.Done():
			return false, false
		case <-time.After(leasePoll):
		}
	}
}
