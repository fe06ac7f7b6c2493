package main

import (
	"context"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/redis/go-redis/v9"

	"yanzheng/config"
	"yanzheng/internal/endorse"
	"yanzheng/internal/factcache"
	"yanzheng/internal/ratelimit"
	"yanzheng/internal/scanlog"
	"yanzheng/internal/session"
	"yanzheng/internal/verify"
	"yanzheng/models"
)

// desk is where session, limits, facts and scan log meet, so that a scan costs two round trips to Redis: one
// before the verdict and one after it.
type desk struct {
	rdb        redis.UniversalClient
	sessions   *session.Service
	identities *factcache.Identities
	facts      *factcache.Facts
	limiter    *ratelimit.Limiter
	local      *ratelimit.Local
	tally      *ratelimit.Tally
	log        *scanlog.Log
	limits     config.Limits
	now        func() time.Time

	// owners remembers whose a session is, which never changes; whether it still counts is asked every time. It lets
	// the limit of a user be asked for in the trip that asks who it is.
	owners *lru.Cache[string, string]
}

// maxOwners bounds what desk remembers, some 10 MB.
const maxOwners = 1 << 16

// The purposes of limits, as they stand in keys.
const (
	limitUser    = "user"
	limitAddress = "addr"
	limitMisses  = "miss"
	limitLookUps = "look"
	limitLogIns  = "login"
	limitFiles   = "file"
	limitHolders = "own"
	limitFetches = "fetch"
)

func newOwners() *lru.Cache[string, string] {
	owners, err := lru.New[string, string](maxOwners)
	if err != nil { // of a size below 1 only
		panic(err)
	}
	return owners
}

func limit(l config.Limit) ratelimit.Limit {
	return ratelimit.Limit{Rate: l.Rate, Per: l.Per, Burst: l.Burst}
}

// Admit is verify.Desk's.
func (d *desk) Admit(ctx context.Context, a verify.Arrival) (verify.Entry, error) {
	switch a.Purpose {
	case verify.ForScan:
		return d.admitUser(ctx, a)
	case verify.ForPublic:
		return d.admitAddress(ctx, a, ratelimit.Take{Purpose: limitAddress, Actor: a.Address, Limit: limit(d.limits.Address)})
	case verify.ForLookUp:
		return d.admitAddress(ctx, a,
			ratelimit.Take{Purpose: limitAddress, Actor: a.Address, Limit: limit(d.limits.Address)},
			ratelimit.Take{Purpose: limitLookUps, Actor: a.Address, Limit: limit(d.limits.Lookups)})
	case verify.ForFile:
		if a.Certificate != nil { // the second time: what was sent has been paid for
			return d.admitAddress(ctx, a)
		}
		return d.admitAddress(ctx, a,
			ratelimit.Take{Purpose: limitAddress, Actor: a.Address, Limit: limit(d.limits.Address)},
			ratelimit.Take{Purpose: limitFiles, Actor: a.Address, Limit: limit(d.limits.Files)})
	}
	return verify.Entry{}, models.ErrInternal
}

// admitUser asks, in one round trip, who it is, what is known of the certificate, and whether user and address stay
// within their limits.
func (d *desk) admitUser(ctx context.Context, a verify.Arrival) (verify.Entry, error) {
	hash, err := session.Hash(a.Token)
	if err != nil {
		return verify.Entry{}, err
	}
	owner, known := d.owners.Get(string(hash))
	if !known { // once for each session and process; made-up tokens are held against the address first
		if err := d.limiter.Take(ctx, ratelimit.Take{Purpose: limitAddress, Actor: a.Address, Limit: limit(d.limits.Address)}); err != nil {
			return verify.Entry{}, err
		}
		id, err := d.sessions.Authenticate(ctx, a.Token)
		if err != nil {
			return verify.Entry{}, err
		}
		owner = id.UserID
		d.owners.Add(string(hash), owner)
	}
	takes := []ratelimit.Take{
		{Purpose: limitAddress, Actor: a.Address, Limit: limit(d.limits.Address)},
		{Purpose: limitUser, Actor: owner, Limit: limit(d.limits.User)},
	}
	if a.Certificate == nil {
		takes = append(takes, ratelimit.Take{Purpose: limitMisses, Actor: owner, Limit: limit(d.limits.Misses)})
	}
	look := factcache.NewLook(ctx, d.rdb)
	who := d.identities.Queue(ctx, look, hash)
	t := d.queue(ctx, look, a, "user:"+owner, takes)
	look.Exec(ctx)
	id, err := d.sessions.Judge(who.Get(ctx))
	if err != nil {
		return verify.Entry{}, err
	}
	return t.entry(ctx, id, d.personsOf(id))
}

// personsOf is how many distinct persons a user may be shown in a day.
func (d *desk) personsOf(id models.Identity) int {
	if id.Has(models.RoleInspector) {
		return d.limits.PersonsInspector
	}
	return d.limits.PersonsUser
}

// admitAddress asks the same of somebody without a log-in.
func (d *desk) admitAddress(ctx context.Context, a verify.Arrival, takes ...ratelimit.Take) (verify.Entry, error) {
	look := factcache.NewLook(ctx, d.rdb)
	t := d.queue(ctx, look, a, "addr:"+a.Address, takes)
	look.Exec(ctx)
	return t.entry(ctx, models.Identity{}, d.limits.PersonsAddress)
}

// trip is what was asked in the round trip before the verdict.
type trip struct {
	desk    *desk
	limits  *ratelimit.Pending
	persons *ratelimit.PersonsPending
	facts   *factcache.FactsRead // nil where nobody asked
}

func (d *desk) queue(ctx context.Context, look *factcache.Look, a verify.Arrival, actor string, takes []ratelimit.Take) *trip {
	t := &trip{desk: d, limits: d.limiter.Queue(ctx, look.Pipe, takes...)}
	if a.Certificate != nil || a.Purpose == verify.ForLookUp {
		t.persons = d.limiter.QueuePersons(ctx, look.Pipe, actor, ratelimit.Day(d.now()))
	}
	if a.Certificate != nil {
		t.facts = d.facts.Queue(ctx, look, *a.Certificate)
	}
	return t
}

func (t *trip) entry(ctx context.Context, id models.Identity, persons int) (verify.Entry, error) {
	err := t.limits.Decide(ctx)
	if err == nil && t.persons != nil {
		err = t.persons.Decide(persons)
	}
	if err != nil {
		return verify.Entry{}, err
	}
	e := verify.Entry{User: id, Record: t.record, Shown: t.shown}
	if t.facts != nil {
		e.Facts, err = t.facts.Get(ctx)
	}
	return e, err
}

// record is the round trip after the verdict.
func (t *trip) record(ctx context.Context, scan models.Scan, person int64) error {
	pipe := t.desk.rdb.Pipeline()
	kept := t.desk.log.Queue(ctx, pipe, scan)
	t.note(ctx, pipe, person)
	_, _ = pipe.Exec(ctx) // each part knows its own outcome
	return kept.Confirm(ctx)
}

func (t *trip) shown(ctx context.Context, person int64) {
	pipe := t.desk.rdb.Pipeline()
	t.note(ctx, pipe, person)
	_, _ = pipe.Exec(ctx) // a Redis that is away counts in this process
}

func (t *trip) note(ctx context.Context, pipe redis.Pipeliner, person int64) {
	if t.persons != nil && person != 0 {
		t.persons.Note(ctx, pipe, person)
	}
}

// Miss is verify.Desk's. Neither Redis nor the database hears of a code that the signature alone refuses.
func (d *desk) Miss(address string, reason models.Reason) error {
	ok, retry := d.local.Allow(ratelimit.Take{Purpose: limitMisses, Actor: address, Limit: limit(d.limits.Misses)})
	if !ok {
		reason = ratelimit.Refused
	}
	d.tally.Add(ratelimit.Outcome{Channel: models.ChannelPublic, Reason: reason}, 1)
	if !ok {
		return ratelimit.ErrTooMany.RetryIn(retry)
	}
	return nil
}

// AdmitHolder is endorse.Gate's: who it is, within the limits of address and user.
func (d *desk) AdmitHolder(ctx context.Context, who endorse.Who, purpose endorse.Purpose) (models.Identity, error) {
	if _, err := session.Hash(who.Token); err != nil { // not worth a question
		return models.Identity{}, err
	}
	if err := d.limiter.Take(ctx, ratelimit.Take{Purpose: limitAddress, Actor: who.Address, Limit: limit(d.limits.Address)}); err != nil {
		return models.Identity{}, err
	}
	id, err := d.sessions.Authenticate(ctx, who.Token)
	if err != nil {
		return models.Identity{}, err
	}
	take := ratelimit.Take{Purpose: limitHolders, Actor: id.UserID, Limit: limit(d.limits.User)}
	if purpose == endorse.ForConfirm || purpose == endorse.ForDownload {
		take = ratelimit.Take{Purpose: limitFetches, Actor: id.UserID, Limit: limit(d.limits.Certificates)}
	}
	return id, d.limiter.Take(ctx, take)
}

// AdmitLogIn is session.Gate's.
func (d *desk) AdmitLogIn(ctx context.Context, address string) error {
	return d.limiter.Take(ctx, ratelimit.Take{Purpose: limitLogIns, Actor: address, Limit: limit(d.limits.Login)})
}

// tellMisses adds what was counted to the day's totals; what cannot be told is counted on.
func (d *desk) tellMisses(ctx context.Context, to func(ctx context.Context, misses ...models.Miss) error) error {
	counted := d.tally.Drain()
	day := models.DateOf(d.now())
	var misses []models.Miss
	for b, n := range counted {
		misses = append(misses, models.Miss{Day: day, Channel: b.Channel, Reason: b.Reason, N: int64(n)})
	}
	if err := to(ctx, misses...); err != nil {
		for b, n := range counted {
			d.tally.Add(b, n)
		}
		return err
	}
	return nil
}
