package ratelimit

import (
	"crypto/sha256"
	"encoding/base64"
	"time"

	"yanzheng/models"
)

// Limit allows Rate requests in every Per, and Burst of them at once after a rest: a bucket of Burst tokens
// that fills at Rate ÷ Per (GCRA). The zero Limit, or one with anything below 1 in it, does not limit.
type Limit struct {
	Rate  int
	Per   time.Duration
	Burst int
}

// maxSpan bounds, in microseconds, what an empty bucket takes to fill (142 years): Redis's scripts reckon in
// doubles, which hold whole numbers up to 2^53, and the present instant takes a part of that.
const maxSpan = 1 << 52

// parts gives the microseconds from one token to the next and those in which an empty bucket fills. The first is
// rounded up, so that the limit is never exceeded; with no more than 10,000 tokens a second that costs less than 1 %.
// ok is false where nothing is limited.
func (l Limit) parts() (every, span int64, ok bool) {
	if l.Rate < 1 || l.Per < 1 || l.Burst < 1 {
		return 0, 0, false
	}
	token := min(int64(l.Rate), 1e12) * int64(time.Microsecond)
	every = min((int64(l.Per)-1)/token+1, maxSpan)
	return every, every * min(int64(l.Burst), maxSpan/every), true
}

// Take is one token of one actor's bucket.
type Take struct {
	Purpose string // a word of the program, without a colon: what is limited
	Actor   string // who: a user's id, an address
	Limit   Limit
}

// maxActor is the length up to which this process keeps an actor as it is, in bytes; users' ids and addresses are shorter.
const maxActor = 43

// bounded gives a longer actor as its SHA-256, whose 44 characters no actor has that stands as it is.
func bounded(actor string) string {
	if len(actor) <= maxActor {
		return actor
	}
	sum := sha256.Sum256([]byte(actor))
	return "#" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// The answers to those who ask too much. RetryAfter is when asking again is of use.
var (
	ErrTooMany        = models.NewError(models.KindTooMany, "rate_limited", "操作过于频繁，请稍后再试", "Too many requests, please try again later")
	ErrTooManyPersons = models.NewError(models.KindTooMany, "too_many_persons", "查验的不同人员已达上限，请稍后再试", "You have looked at as many different persons as the limit allows, please try again later")
)

// refusal is ErrTooMany for who has to wait; nil for who has not.
func refusal(wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	return ErrTooMany.RetryIn(wait)
}
