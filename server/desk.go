package main

import (
	"context"
	"errors"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/redis/go-redis/v9"

	"yanzheng/config"
	"yanzheng/internal/factcache"
	"yanzheng/internal/photolink"
	"yanzheng/internal/ratelimit"
	"yanzheng/internal/scanlog"
	"yanzheng/internal/session"
	"yanzheng/internal/turns"
	"yanzheng/internal/verify"
	"yanzheng/models"
)

// desk is where session, limits, facts and scan log meet, so that a scan costs two round trips to Redis: one
// before the verdict and one after it.
type desk struct {
	line       *factcache.Line
	sessions   *session.Service
	identities *factcache.Identities
	facts      *factcache.Facts
	limiter    *ratelimit.Limiter
	local      *ratelimit.Local
	tally      *ratelimit.Tally
	untold     *flush // what was counted and perhaps not written down yet; nil: nothing
	log        *scanlog.Log
	limits     config.Limits
	links      *photolink.Links
	uses       session.Uses
	door       *turns.Line // where those wait for their log-in to be looked at who may wait
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
	limitUploads = "upload"
	limitFiles   = "file"
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
	if !known {
		return d.admitStranger(ctx, a, hash)
	}
	look := d.line.Look(ctx)
	who := d.identities.Queue(ctx, look, hash)
	t := d.queue(ctx, look, a, "user:"+owner, ratelimit.Day(d.now()), d.takes(a, owner, ratelimit.Take{Purpose: limitAddress, Actor: a.Address, Limit: limit(d.limits.Address)}))
	look.Exec(ctx)
	id, err := d.sessions.Judge(who.Get(ctx))
	if err != nil {
		if errors.Is(err, session.ErrSession) {
			d.owners.Remove(string(hash))
		}
		return verify.Entry{}, err
	}
	d.uses.Note(hash, models.InstantOf(d.now()))
	return t.entry(ctx, id, d.personsOf(id))
}

// admitStranger asks first, once for each session and process, whose the session is; made-up tokens are held against the
// address.
func (d *desk) admitStranger(ctx context.Context, a verify.Arrival, hash []byte) (verify.Entry, error) {
	first := d.line.Look(ctx)
	address := d.limiter.Queue(ctx, first.Pipe, ratelimit.Take{Purpose: limitAddress, Actor: a.Address, Limit: limit(d.limits.Address)})
	who := d.identities.Queue(ctx, first, hash)
	first.Exec(ctx)
	if err := address.Decide(ctx); err != nil {
		return verify.Entry{}, err
	}
	id, err := d.sessions.Judge(who.Get(ctx))
	if err != nil {
		return verify.Entry{}, err
	}
	d.owners.Add(string(hash), id.UserID)
	d.uses.Note(hash, models.InstantOf(d.now()))
	look := d.line.Look(ctx)
	t := d.queue(ctx, look, a, "user:"+id.UserID, ratelimit.Day(d.now()), d.takes(a, id.UserID))
	if first.Away() { // nobody waits for it twice
		look.Skip()
	} else {
		look.Exec(ctx)
	}
	return t.entry(ctx, id, d.personsOf(id))
}

// takes are what a user takes of the limits, beside more.
func (d *desk) takes(a verify.Arrival, user string, more ...ratelimit.Take) []ratelimit.Take {
	take := func(purpose string, l config.Limit) {
		more = append(more, ratelimit.Take{Purpose: purpose, Actor: user, Limit: limit(l)})
	}
	take(limitUser, d.limits.User)
	switch {
	case a.Purpose == verify.ForScan && a.Certificate == nil:
		take(limitMisses, d.limits.Misses)
	case a.Purpose == verify.ForUpload:
		take(limitUploads, d.limits.Uploads)
	case a.Purpose == verify.ForCertificate:
		take(limitFetches, d.limits.Certificates)
	}
	return more
}

// Pass is miniprogram.Gate's: somebody without a log-in.
func (d *desk) Pass(ctx context.Context, address string) error {
	return d.limiter.Take(ctx, ratelimit.Take{Purpose: limitAddress, Actor: address, Limit: limit(d.limits.Address)})
}

// Enter is miniprogram.Gate's: a logged-in user, in one round trip like a scan. Holders who may wait for their certificates wait
// here already: a thousand of them whose log-ins no cache knows would be more than the database is asked at once.
func (d *desk) Enter(ctx context.Context, token, address string, purpose verify.Purpose) (user models.Identity, err error) {
	enter := func(ctx context.Context) error {
		e, err := d.admitUser(ctx, verify.Arrival{Token: token, Address: address, Purpose: purpose})
		user = e.User
		return err
	}
	if purpose == verify.ForCertificate {
		err = d.door.Do(ctx, enter)
	} else {
		err = enter(ctx)
	}
	return user, err
}

// personsOf is how many distinct persons a user may be shown in a day (an address: in an hour, for many share it).
func (d *desk) personsOf(id models.Identity) int {
	if id.Has(models.RoleInspector) {
		return d.limits.PersonsInspector
	}
	return d.limits.PersonsUser
}

// admitAddress asks the same of somebody without a log-in.
func (d *desk) admitAddress(ctx context.Context, a verify.Arrival, takes ...ratelimit.Take) (verify.Entry, error) {
	look := d.line.Look(ctx)
	t := d.queue(ctx, look, a, "addr:"+a.Address, ratelimit.Hour(d.now()), takes)
	look.Exec(ctx)
	return t.entry(ctx, models.Identity{}, d.limits.PersonsAddress)
}

// trip is what was asked in the round trip before the verdict.
type trip struct {
	desk    *desk
	look    *factcache.Look
	limits  *ratelimit.Pending
	persons *ratelimit.PersonsPending
	facts   *factcache.FactsRead // nil where nobody asked
}

func (d *desk) queue(ctx context.Context, look *factcache.Look, a verify.Arrival, actor string, w ratelimit.Window, takes []ratelimit.Take) *trip {
	t := &trip{desk: d, look: look, limits: d.limiter.Queue(ctx, look.Pipe, takes...)}
	if a.Certificate != nil || a.Purpose == verify.ForLookUp {
		t.persons = d.limiter.QueuePersons(ctx, look.Pipe, actor, w)
	}
	if a.Certificate != nil {
		t.facts = d.facts.Queue(ctx, look, *a.Certificate)
	}
	return t
}

func (t *trip) entry(ctx context.Context, id models.Identity, persons int) (verify.Entry, error) {
	if err := t.limits.Decide(ctx); err != nil {
		return verify.Entry{}, err
	}
	if t.persons != nil {
		t.persons.Full(persons)
	}
	e := verify.Entry{User: id, Record: t.record, Shown: t.shown}
	if t.facts == nil {
		return e, nil
	}
	var err error
	if e.Facts, err = t.facts.Get(ctx); err == nil && e.Facts.Facts != nil {
		err = t.persons.Admit(ctx, e.Facts.Facts.PersonID)
	}
	return e, err
}

// record is the round trip after the verdict.
func (t *trip) record(ctx context.Context, scan models.Scan, person int64, show []models.ImageKind) ([]models.ImageLink, error) {
	pipe := t.desk.line.Client().Pipeline()
	kept := t.desk.log.Queue(ctx, pipe, scan)
	t.note(ctx, pipe, person)
	links := t.desk.links.Queue(ctx, pipe, scan.ID, person, show)
	t.exec(ctx, pipe)
	if err := kept.Confirm(ctx); err != nil {
		return nil, err
	}
	return links.Made(), nil
}

func (t *trip) shown(ctx context.Context, person int64) error {
	if t.persons != nil && person != 0 {
		if err := t.persons.Admit(ctx, person); err != nil {
			return err
		}
	}
	pipe := t.desk.line.Client().Pipeline()
	t.note(ctx, pipe, person)
	t.exec(ctx, pipe) // a Redis that is away counts in this process
	return nil
}

// exec makes the trip, unless Redis did not serve the one before. Each part knows its own outcome.
func (t *trip) exec(ctx context.Context, pipe redis.Pipeliner) {
	sent := !t.look.Away()
	if sent {
		t.desk.line.Exec(ctx, pipe)
	}
	if t.persons != nil {
		t.persons.Settle(sent)
	}
}

func (t *trip) note(ctx context.Context, pipe redis.Pipeliner, person int64) {
	if t.persons != nil && person != 0 {
		t.persons.Note(ctx, pipe, person)
	}
}

// Miss is verify.Desk's. Neither Redis nor the database hears of a code that the signature alone refuses. That costs
// little, so nobody is refused because others behind the same address mistype: only Ceiling holds.
func (d *desk) Miss(address string, reason models.Reason) error {
	err := d.Ceiling(address)
	if err != nil {
		reason = ratelimit.Refused
	}
	d.tally.Add(ratelimit.Outcome{Channel: models.ChannelPublic, Reason: reason}, 1)
	return err
}

// Ceiling holds an address against its general limit in this process alone, for what asks neither Redis nor the
// database.
func (d *desk) Ceiling(address string) error {
	ok, retry := d.local.Allow(ratelimit.Take{Purpose: limitAddress, Actor: address, Limit: limit(d.limits.Address)})
	if !ok {
		return ratelimit.ErrTooMany.RetryIn(retry)
	}
	return nil
}

// AdmitLogIn is session.Gate's.
func (d *desk) AdmitLogIn(ctx context.Context, address string) error {
	return d.limiter.Take(ctx, ratelimit.Take{Purpose: limitLogIns, Actor: address, Limit: limit(d.limits.Login)})
}
