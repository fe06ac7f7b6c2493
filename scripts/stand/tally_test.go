package stand

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestTally(t *testing.T) {
	id := func(n byte) uuid.UUID { return uuid.UUID{15: n} }
	type row struct {
		id   uuid.UUID
		note string
	}
	three := []Ack{{id(1), 1, time.Second}, {id(2), 2, 2 * time.Second}, {id(3), 3, 3 * time.Second}}
	const sent = 5
	for _, c := range []struct {
		name string
		acks []Ack
		rows []row
		want Tally
	}{
		{"all there", three, []row{{id(3), note(3)}, {id(1), note(1)}, {id(2), note(2)}}, Tally{Rows: 3}},
		{"an answer was cut off", three, []row{{id(1), note(1)}, {id(2), note(2)}, {id(3), note(3)}, {id(9), note(5)}}, Tally{Rows: 4, Extra: 1}},
		{"two are missing", three, []row{{id(2), note(2)}}, Tally{Rows: 1, Lost: 2, OldestLost: time.Second, NewestLost: 3 * time.Second}},
		{"an id twice", three, []row{{id(1), note(1)}, {id(1), note(1)}, {id(2), note(2)}, {id(3), note(3)}}, Tally{Rows: 4, Doubled: 1}},
		{"a request twice, its own id first", three, []row{{id(1), note(1)}, {id(8), note(1)}, {id(2), note(2)}, {id(3), note(3)}}, Tally{Rows: 4, Doubled: 1, Extra: 0}},
		{"a request twice, another id first", three, []row{{id(8), note(1)}, {id(1), note(1)}, {id(2), note(2)}, {id(3), note(3)}}, Tally{Rows: 4, Doubled: 1, Extra: 1}},
		{"two answers name one scan", append(three, Ack{id(3), 4, 4 * time.Second}), []row{{id(1), note(1)}, {id(2), note(2)}, {id(3), note(4)}}, Tally{Rows: 3, Doubled: 1}},
		{"an id of somebody else", three, []row{{id(1), note(4)}, {id(2), note(2)}, {id(3), note(3)}}, Tally{Rows: 3, Lost: 1, Foreign: 1, OldestLost: time.Second, NewestLost: time.Second}},
		{"never asked for", nil, []row{{id(1), note(6)}, {id(2), note(0)}, {id(3), "hello"}, {id(4), ""}, {id(5), "1"}}, Tally{Rows: 5, Foreign: 5}},
	} {
		counting := newCount(c.acks, sent)
		for _, r := range c.rows {
			counting.row(r.id.String(), r.note)
		}
		c.want.Acked = len(c.acks)
		got := counting.result()
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		if (got.Fault() != nil) != (c.want.Doubled+c.want.Foreign > 0) {
			t.Errorf("%s: fault %v", c.name, got.Fault())
		}
	}
}
