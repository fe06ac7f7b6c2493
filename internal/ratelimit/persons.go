package ratelimit

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/models"
)

// Window is a fixed span of time within which an actor's distinct persons are counted.
type Window struct {
	Name string // a word of the program, without a colon, other than every other window's
	Ends time.Time
}

// Day is the day in China on which now falls.
func Day(now time.Time) Window {
	day := models.DateOf(now)
	return Window{day.String(), day.AddDays(1).Start()}
}

// Hour is the hour in China in which now falls.
func Hour(now time.Time) Window {
	begins := now.In(models.China).Truncate(time.Hour)
	return Window{begins.Format("2006-01-02T15"), begins.Add(time.Hour)}
}

// lateness is how long a count outlives its window, for instances whose clocks are behind.
const lateness = time.Hour

// marks is how many elements of the HyperLogLog one person is. They make it a filter too: a person was seen before when
// none of the marks changes anything. With one mark that would be said of 11 % of all persons once 3,000 were seen, with
// three of 3 %, and of 0.2 % once 1,000 were.
const marks = 3

// tryMarks tells whether the marks ARGV would change the count KEYS[1], without changing it. KEYS[2] is a place on the
// same slot to try that. The embedded mode's Redis says "changed" too often as long as a count is small: there the counts
// are compared, which is as good; beyond, their rounding would let thrice as many strangers pass.
var tryMarks = redis.NewScript(`
redis.call('PFMERGE', KEYS[2], KEYS[1])
local before = redis.call('PFCOUNT', KEYS[2])
local changed = redis.call('PFADD', KEYS[2], unpack(ARGV))
if changed == 1 and before < 5000 and redis.call('PFCOUNT', KEYS[2]) == before then changed = 0 end
redis.call('DEL', KEYS[2])
return changed`)

// PersonsPending is an answer that waits for the pipeline it was queued in, and what a person is noted with after it.
type PersonsPending struct {
	limiter *Limiter
	key     string
	window  Window
	limit   int  // Full's; below 1 nobody need be noted
	full    bool // Full's answer
	away    bool // Redis did not answer
	noted   []int64
	sent    *redis.IntCmd // what notes them in Redis

	arguments [2]any // they point into here, which spares an allocation for each
	count     *redis.IntCmd
}

// QueuePersons asks how many distinct persons an actor has been shown in a window, in a pipeline that may carry other
// things too. Run the pipeline, ask Full, Admit the person once it is known who it will be, and Note whom the actor was
// shown. actor names its kind too, such as "user:42" beside "address:192.0.2.1". The count is a HyperLogLog, whose
// standard error is 0.8 %; requests that are under way at once do not see each other's persons.
func (l *Limiter) QueuePersons(ctx context.Context, pipe redis.Pipeliner, actor string, window Window) *PersonsPending {
	p := &PersonsPending{limiter: l, window: window, key: l.names.key("p", window.Name, actor)}
	p.arguments = [2]any{"pfcount", &p.key}
	p.count = redis.NewIntCmd(ctx, p.arguments[:]...)
	_ = pipe.Process(ctx, p.count) // it only queues
	return p
}

// Full tells whether the actor has been shown as many persons as the limit, which may depend on what the same pipeline
// told of the actor and does not limit below 1. What Redis does not answer is decided by what this process noted while
// Redis was away.
func (p *PersonsPending) Full(limit int) bool {
	p.limit = limit
	if limit < 1 {
		p.full = false
		return false
	}
	count, err := p.count.Result()
	seen := int((count + marks/2) / marks)
	if err != nil {
		p.away = true
		seen = p.limiter.notes.count(p.key)
	}
	// A Redis that answers and takes nothing down, being full or a replica, leaves it to this process, too.
	p.full = max(seen, p.limiter.notes.count(p.key)) >= limit
	return p.full
}

// Admit gives nil as long as the actor may be shown this person: anybody before it is Full, then only those who were
// seen in the same window already; else ErrTooManyPersons, until the window ends. It asks Redis once more only for an
// actor that is Full.
func (p *PersonsPending) Admit(ctx context.Context, person int64) error {
	if !p.full || p.seen(ctx, person) {
		return nil
	}
	return ErrTooManyPersons.RetryIn(max(p.window.Ends.Sub(p.limiter.now()), time.Second))
}

func (p *PersonsPending) seen(ctx context.Context, person int64) bool {
	if !p.away {
		changed, err := tryMarks.Run(ctx, p.limiter.rdb, []string{p.key, p.key + ":try"}, elementsOf(person)...).Int()
		if err == nil {
			return changed == 0
		}
		p.away = true
		var refused redis.Error
		if !errors.As(err, &refused) && p.limiter.notes.count(p.key) < p.limit {
			return true // Redis went away meanwhile: what this process noted decides, as in Full
		}
	}
	return p.limiter.notes.has(p.key, person)
}

// Note counts the persons that the actor is shown, in a pipeline that may carry other things too; each once a window,
// however often. Where Redis was found away it notes them in this process and queues nothing.
func (p *PersonsPending) Note(ctx context.Context, pipe redis.Pipeliner, persons ...int64) {
	if p.limit < 1 || len(persons) == 0 {
		return
	}
	if p.away {
		p.limiter.notes.add(p.key, persons)
		return
	}
	p.noted, p.sent = persons, pipe.PFAdd(ctx, p.key, elementsOf(persons...)...)
	pipe.PExpire(ctx, p.key, max(p.window.Ends.Sub(p.limiter.now()), 0)+lateness)
}

// Settle makes sure that what Note queued is counted: in this process, where Redis did not confirm it. Call it once the
// pipeline was sent; sent false: it was not.
func (p *PersonsPending) Settle(sent bool) {
	if p.sent != nil && (!sent || p.sent.Err() != nil) {
		p.limiter.notes.add(p.key, p.noted)
	}
	p.sent = nil
}

// elementsOf gives the marks of persons.
func elementsOf(persons ...int64) []any {
	elements := make([]any, 0, marks*len(persons))
	for _, person := range persons {
		id := strconv.FormatInt(person, 10)
		all := id + "a" + id + "b" + id + "c" // one allocation for the texts of all marks
		for i := range marks {
			elements = append(elements, all[i*len(all)/marks:(i+1)*len(all)/marks])
		}
	}
	return elements
}
