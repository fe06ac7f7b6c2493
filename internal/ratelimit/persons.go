package ratelimit

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/models"
)

// Window is a fixed span of time within which an actor's distinct persons are counted.
type Window struct {
	Name string // a word of the program, other than every other window's
	Ends time.Time
}

// Day is the day in China on which now falls.
func Day(now time.Time) Window {
	day := models.DateOf(now)
	return Window{day.String(), day.AddDays(1).Start()}
}

// lateness is how long a count outlives its window, for instances whose clocks are behind.
const lateness = time.Hour

// PersonsPending is an answer that waits for the pipeline it was queued in, and what a person is noted with after it.
type PersonsPending struct {
	limiter *Limiter
	key     string
	window  Window
	off     bool // Decide was told of no limit: nobody need be noted
	away    bool // Redis did not answer

	arguments [2]any // they point into here, which spares an allocation for each
	count     *redis.IntCmd
}

// QueuePersons asks how many distinct persons an actor has been shown in a window, in a pipeline that may carry other
// things too. Run the pipeline, Decide, and Note the person that is then shown. actor names its kind too, such as
// "user:42" beside "address:192.0.2.1". The count is a HyperLogLog, whose
// standard error is 0.8 %; requests that are under way at once do not see each other's persons.
func (l *Limiter) QueuePersons(ctx context.Context, pipe redis.Pipeliner, actor string, window Window) *PersonsPending {
	p := &PersonsPending{limiter: l, window: window, key: "yz:{p:" + window.Name + ":" + bounded(actor) + "}"}
	p.arguments = [2]any{"pfcount", &p.key}
	p.count = redis.NewIntCmd(ctx, p.arguments[:]...)
	_ = pipe.Process(ctx, p.count) // it only queues
	return p
}

// Decide gives nil as long as the actor has seen fewer persons than the limit, which may depend on what the same pipeline
// told of the actor and does not limit below 1; else ErrTooManyPersons until the window
// ends, for persons seen before too: who it will be is not known yet. What Redis does not answer is decided by what
// this process noted while Redis was away.
func (p *PersonsPending) Decide(limit int) error {
	if p.off = limit < 1; p.off {
		return nil
	}
	seen, err := p.count.Result()
	if err != nil {
		p.away = true
		seen = int64(p.limiter.notes.count(p.key))
	}
	if seen < int64(limit) {
		return nil
	}
	return ErrTooManyPersons.RetryIn(max(p.window.Ends.Sub(p.limiter.now()), time.Second))
}

// Note counts the persons that the actor is shown, in a pipeline that may carry other things too; each once a window,
// however often. Where Decide found Redis away it notes them in this process and queues nothing.
func (p *PersonsPending) Note(ctx context.Context, pipe redis.Pipeliner, persons ...int64) {
	if p.off || len(persons) == 0 {
		return
	}
	if p.away {
		p.limiter.notes.add(p.key, persons)
		return
	}
	elements := make([]any, len(persons))
	for i, id := range persons {
		elements[i] = strconv.FormatInt(id, 10)
	}
	pipe.PFAdd(ctx, p.key, elements...)
	pipe.PExpire(ctx, p.key, max(p.window.Ends.Sub(p.limiter.now()), 0)+lateness)
}
