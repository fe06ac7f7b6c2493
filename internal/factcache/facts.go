package factcache

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/singleflight"

	"yanzheng/models"
)

// flightTimeout bounds one look into the store on behalf of all who wait for it.
const flightTimeout = 2 * time.Second

// unknownLife is how long "no such certificate" is believed.
const unknownLife = 10 * time.Second

// FactSource is the authority behind the cache.
type FactSource interface {
	Facts(ctx context.Context, id models.CertificateID) (*models.Facts, error)
}

// Facts is the cache in front of a FactSource.
type Facts struct {
	cells  cells
	source FactSource
	now    func() time.Time
	flight singleflight.Group
}

// NewFacts puts a cache in rdb in front of source.
func NewFacts(rdb redis.UniversalClient, source FactSource, now func() time.Time) *Facts {
	return &Facts{cells: cells{rdb}, source: source, now: now}
}

func factKey(id models.CertificateID) string { return "yz:{f:" + id.String() + "}" }

// Facts gives what is known of a certificate, from the cache or else from the source. Callers that ask
// for the same certificate at once share one look; one caller's going away does not fail the others.
func (f *Facts) Facts(ctx context.Context, id models.CertificateID) (models.KnownFacts, error) {
	key := factKey(id)
	e, ok := f.cells.get(ctx, key)
	if ok {
		if e.payload == "" {
			return models.KnownFacts{AsOf: e.asOf, Source: models.SourceCache}, nil
		}
		if facts, err := decodeFacts(e.payload); err == nil && facts.CertificateID == id {
			return models.KnownFacts{Facts: facts, AsOf: e.asOf, Source: models.SourceCache}, nil
		}
	}
	for again := true; ; again = false {
		done := f.flight.DoChan(key, func() (any, error) {
			flight, cancel := context.WithTimeout(context.WithoutCancel(ctx), flightTimeout)
			defer cancel()
			return f.load(flight, key, id, e.away)
		})
		select {
		case <-ctx.Done():
			return models.KnownFacts{}, models.ErrUnavailable.Because(ctx.Err())
		case r := <-done:
			if r.Err != nil {
				return models.KnownFacts{}, r.Err
			}
			known := r.Val.(models.KnownFacts)
			if again && e.version > 0 && (known.Facts == nil || known.Facts.Version < e.version) {
				continue // a look from before the change whose fence we saw; the next one began after it
			}
			return known, nil
		}
	}
}

// load asks the source, and keeps what it says unless the cache is away.
func (f *Facts) load(ctx context.Context, key string, id models.CertificateID, away bool) (models.KnownFacts, error) {
	asOf := f.now() // before the look: what changes during it is newer
	facts, err := f.source.Facts(ctx, id)
	if err != nil {
		return models.KnownFacts{}, err
	}
	switch {
	case away:
	case facts == nil:
		f.cells.fill(ctx, key, 0, asOf, "", unknownLife)
	default:
		f.cells.fill(ctx, key, facts.Version, asOf, encodeFacts(facts), cellLife)
	}
	return models.KnownFacts{Facts: facts, AsOf: asOf, Source: models.SourceDatabase}, nil
}
