package stand

import (
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Tally holds what a Load was told against what the database has.
type Tally struct {
	Acked   int
	Rows    int
	Lost    int // acknowledged, and no row with that id and that request
	Doubled int // rows of a request, or with an id, that another row has already
	Extra   int // rows whose answer never arrived: the connection broke first
	Foreign int // rows of no request that was ever made

	// When the first and the last of the lost scans were acknowledged, by the clock of the Load.
	OldestLost, NewestLost time.Duration
}

// Fault tells what may never be, or nothing. Whether Lost may be is for the caller to say.
func (t Tally) Fault() error {
	switch {
	case t.Doubled > 0:
		return fmt.Errorf("%d rows are there twice", t.Doubled)
	case t.Foreign > 0:
		return fmt.Errorf("%d rows are of no request that was made", t.Foreign)
	}
	return nil
}

// count makes a Tally while the rows go by; it keeps ids and bits, no rows.
type count struct {
	Tally
	acks []Ack
	ids  map[uuid.UUID]uint32 // of the request that this id was given to; 0 once its row was seen
	seen []bool               // by request
}

func newCount(acks []Ack, sent uint32) *count {
	c := &count{acks: acks, ids: make(map[uuid.UUID]uint32, len(acks)), seen: make([]bool, sent+1)}
	for _, a := range acks {
		if _, twice := c.ids[a.ID]; twice {
			c.Doubled++ // two answers name one scan
		}
		c.ids[a.ID] = a.Request
	}
	return c
}

func (c *count) row(text, note string) {
	c.Rows++
	id, err := uuid.Parse(text)
	request, ok := requestOf(note)
	if err != nil || !ok || request == 0 || int(request) >= len(c.seen) {
		c.Foreign++
		return
	}
	acked, known := c.ids[id]
	if known && acked != request && acked != 0 { // the id was given to another request, whose row is then missing
		c.Foreign++
		return
	}
	if c.seen[request] || known && acked == 0 {
		c.Doubled++
	} else if !known {
		c.Extra++
	}
	c.seen[request], c.ids[id] = true, 0
}

func (c *count) result() Tally {
	c.Acked = len(c.acks)
	for _, a := range c.acks {
		if c.ids[a.ID] == 0 {
			continue
		}
		if c.Lost++; c.Lost == 1 {
			c.OldestLost, c.NewestLost = a.At, a.At
		}
		c.OldestLost, c.NewestLost = min(c.OldestLost, a.At), max(c.NewestLost, a.At)
	}
	return c.Tally
}
