package models

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

// randomFacts draws facts whose dates lie near a day, so that many of them turn soon.
func randomFacts(r *rand.Rand, day Date) Facts {
	near := func() Date { return day.AddDays(r.IntN(13) - 6) }
	f := Facts{
		UseFrom: near(), UseUntil: near(), ValidFrom: near(), ValidUntil: near(), KeyNumber: 1, Kind: 1,
		State: []State{StateInForce, StateInForce, StateSuspended, StateCancelled, StateRevoked}[r.IntN(5)],
	}
	if r.IntN(4) == 0 {
		f.WithdrawnOn = near()
	}
	for range r.IntN(3) {
		b := Block{Kind: BlockPenalty, From: near()}
		if r.IntN(3) > 0 {
			b.Until = b.From.AddDays(r.IntN(5))
		}
		f.Blocks = append(f.Blocks, b)
	}
	return f
}

func statuses(v Verdict) []any {
	return []any{v.Document.Status, v.Document.Reasons, v.Registration.Status, v.Registration.Blocks, v.Usable()}
}

// Until its next turn a verdict stays what it is, whenever it is asked for; so facts may be kept that long. At the
// turn it changes, or a block that ends meets another reason that goes on.
func TestNextTurn(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	now := time.Date(2026, 3, 2, 17, 30, 0, 0, China)
	changes, never := 0, 0
	for range 20_000 {
		f := randomFacts(r, DateOf(now))
		read := Reading{Outcome: ReadGenuine, UseUntil: f.UseUntil, Kind: 1, KeyNumber: 1}
		before := statuses(Decide(read, &f, now))
		turn := f.NextTurn(now)
		end := turn
		if turn.IsZero() {
			never++
			end = now.AddDate(0, 0, 60)
		} else if !turn.After(now) {
			t.Fatalf("%+v turns at %v, which is past", f, turn)
		}
		for at := now; at.Before(end); at = at.Add(6 * time.Hour) {
			if got := statuses(Decide(read, &f, at)); !reflect.DeepEqual(got, before) {
				t.Fatalf("%+v\nis %v at %v, was %v, and turns at %v", f, got, at, before, turn)
			}
		}
		if got := statuses(Decide(read, &f, end.Add(-time.Nanosecond))); !reflect.DeepEqual(got, before) {
			t.Fatalf("%+v\nis %v just before its turn, was %v", f, got, before)
		}
		if !turn.IsZero() && !reflect.DeepEqual(statuses(Decide(read, &f, turn)), before) {
			changes++
		}
	}
	if changes < 5000 || never < 50 {
		t.Errorf("%d verdicts changed at their turn, %d never turn: the test tests little", changes, never)
	}
}

// Final facts never come to be usable by the passing of time, and a registration that was not ended by a decision is
// never final, as it may be renewed.
func TestFinal(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	day := MustDate("2026-03-02")
	final := 0
	for range 20_000 {
		f := randomFacts(r, day)
		if !f.Final(day) {
			continue
		}
		final++
		if f.State == StateInForce || f.State == StateSuspended {
			t.Fatalf("%+v is final", f)
		}
		read := Reading{Outcome: ReadGenuine, UseUntil: f.UseUntil, Kind: 1, KeyNumber: 1}
		for d := range 60 {
			if v := Decide(read, &f, day.AddDays(d).Start()); v.Usable() || v.Document.Status == DocumentValid || !f.Final(day.AddDays(d)) {
				t.Fatalf("%+v is %s after %d days", f, v.Document.Status, d)
			}
		}
	}
	if final < 1000 {
		t.Errorf("only %d final", final)
	}
}
