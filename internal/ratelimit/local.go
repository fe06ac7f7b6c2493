package ratelimit

import (
	"math"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// Local limits within this process alone: no Redis, no wait, and no more memory than for a fixed number of buckets.
// Where there are more actors, the bucket that nobody asked for the longest time is forgotten, and is full again.
// It may be used from any goroutine.
type Local struct {
	now     func() time.Time
	buckets *lru.Cache[place, *bucket]
}

// place is where a bucket stands.
type place struct{ purpose, actor string }

type bucket struct {
	limit  Limit
	tokens *rate.Limiter
	every  time.Duration
}

// NewLocal makes a Local of so many buckets; 0: 65,536.
func NewLocal(now func() time.Time, keys int) *Local {
	if keys < 1 {
		keys = defaultKeys
	}
	buckets, err := lru.New[place, *bucket](keys)
	if err != nil { // of a size below 1 only
		panic(err)
	}
	return &Local{now, buckets}
}

// Allow takes one token, or says in how long there is one.
func (l *Local) Allow(t Take) (ok bool, retry time.Duration) {
	b := l.bucket(t)
	if b == nil {
		return true, 0
	}
	now := l.now()
	if b.tokens.AllowN(now, 1) {
		return true, 0
	}
	// Not ReserveN and Cancel: of reservations that overlap, not all that was taken comes back.
	missing := 1 - b.tokens.TokensAt(now)
	wait := time.Duration(math.Ceil(missing*float64(b.every.Microseconds()))) * time.Microsecond
	return false, max(wait, time.Microsecond)
}

// bucket finds the bucket of a take or makes it; nil where nothing is limited.
func (l *Local) bucket(t Take) *bucket {
	at := place{t.Purpose, bounded(t.Actor)}
	held, ok := l.buckets.Get(at)
	if ok && held.limit == t.Limit {
		return held
	}
	every, span, limited := t.Limit.parts()
	if !limited {
		return nil
	}
	apart := time.Duration(every) * time.Microsecond
	fresh := &bucket{t.Limit, rate.NewLimiter(rate.Every(apart), int(span/every)), apart}
	at.actor = strings.Clone(at.actor) // a piece of a request would keep the whole of it
	if ok {
		l.buckets.Add(at, fresh) // under another limit than before
		return fresh
	}
	if first, found, _ := l.buckets.PeekOrAdd(at, fresh); found {
		return first // somebody made it at the same time
	}
	return fresh
}
