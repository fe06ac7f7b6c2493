package models

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	allStates = []State{StateInForce, StateSuspended, StateCancelled, StateWithdrawn, StateRevoked}
	firstDay  = MustDate("2021-08-01") // days of the fuzz targets count from here
)

// FuzzDecide holds every verdict to what no verdict may break, whatever the facts. Flags: 1 key leaked, 2 withdrawn,
// 4 a field changed, 8 blocked, 16 no record, 32 the record of another code, 64 blocked by something else too,
// 128 another field changed.
func FuzzDecide(f *testing.F) {
	f.Fuzz(func(t *testing.T, outcome, state, flags uint8, useUntil, validFrom, validUntil, blockFrom, blockDays int16, now int64, later uint32) {
		const maxSeconds = 1 << 36 // two thousand years either way
		c := &situation{at: time.Unix(firstDay.Start().Unix()+now%maxSeconds, 0)}
		c.facts = Facts{
			CertificateID: CertificateID{1}, Kind: 1, KeyNumber: 1, UseFrom: firstDay, UseUntil: firstDay.AddDays(int(useUntil)),
			Category: CategoryArchitect1, ValidFrom: firstDay.AddDays(int(validFrom)), ValidUntil: firstDay.AddDays(int(validUntil)),
			State: allStates[int(state)%len(allStates)], StateSince: firstDay,
		}
		c.read = Reading{
			Outcome: ReadOutcome(outcome % 6), ID: c.facts.CertificateID, UseUntil: c.facts.UseUntil, Kind: 1, KeyNumber: 1,
			KeyRevoked: flags&1 != 0,
		}
		if flags&2 != 0 {
			c.facts.WithdrawnOn = firstDay
		}
		if flags&4 != 0 {
			c.facts.Changed = append(c.facts.Changed, FieldEmployer)
		}
		if flags&8 != 0 {
			from := firstDay.AddDays(int(blockFrom))
			c.facts.Blocks = append(c.facts.Blocks, Block{Kind: BlockPenalty, From: from, Until: from.AddDays(int(blockDays))})
		}
		c.nobody = flags&16 != 0
		if c.another = flags&32 != 0; c.another {
			c.spoilRecord(int(later))
		}
		if flags&64 != 0 { // until lifted; and the penalty once more
			c.facts.Blocks = append(c.facts.Blocks, Block{Kind: "curfew", From: firstDay.AddDays(int(blockDays))},
				Block{Kind: BlockPenalty, From: firstDay.AddDays(int(blockDays))})
		}
		if flags&128 != 0 {
			c.facts.Changed = append(c.facts.Changed, FieldValidUntil)
		}
		v := c.decide()
		checkReasons(t, c, v)
		checkRegistration(t, c, v)
		checkDay(t, c, v)
		checkHalves(t, c, v)
		checkNeverBetter(t, c, v.Usable())
		checkLater(t, c, v, time.Duration(later)*time.Second)
	})
}

// situation is what a verdict is drawn from.
type situation struct {
	read            Reading
	facts           Facts
	nobody, another bool // no record, or that of another code
	at              time.Time
}

func (c *situation) decide() Verdict {
	if c.nobody {
		return Decide(c.read, nil, c.at)
	}
	given := c.facts
	given.Changed, given.Blocks = slices.Clone(c.facts.Changed), slices.Clone(c.facts.Blocks)
	v := Decide(c.read, &given, c.at)
	if !reflect.DeepEqual(given, c.facts) {
		panic("Decide changes the facts")
	}
	return v
}

// but gives the verdict if one more thing were so.
func (c situation) but(change func(c *situation)) Verdict {
	c.facts.Changed, c.facts.Blocks = slices.Clone(c.facts.Changed), slices.Clone(c.facts.Blocks)
	change(&c)
	return c.decide()
}

// spoilRecord makes the record say something else than the signature covers.
func (c *situation) spoilRecord(what int) {
	switch what % 4 {
	case 0:
		c.facts.CertificateID[7]++
	case 1:
		c.facts.UseUntil++
	case 2:
		c.facts.Kind++
	case 3:
		c.facts.KeyNumber++
	}
}

// reasons is the table of the rules written out again: all reasons that apply, from the top.
func (c *situation) reasons() []Reason {
	switch c.read.Outcome {
	case ReadForged:
		return []Reason{ReasonBadSignature}
	case ReadNotOurs:
		return []Reason{ReasonNotOurs}
	case ReadUnknownKey:
		return []Reason{ReasonUnknownKey}
	case ReadGenuine:
	default:
		return []Reason{ReasonUnreadable}
	}
	if c.nobody || c.another {
		return []Reason{ReasonNoRecord}
	}
	var all []Reason
	for _, r := range []struct {
		applies bool
		reason  Reason
	}{
		{c.facts.WithdrawnOn != 0, ReasonWithdrawn}, {c.read.KeyRevoked, ReasonKeyRevoked},
		{!c.at.Before(c.facts.UseUntil.AddDays(1).Start()), ReasonUsePassed}, {len(c.facts.Changed) > 0, ReasonChanged},
	} {
		if r.applies {
			all = append(all, r.reason)
		}
	}
	if all == nil {
		return []Reason{ReasonGenuine}
	}
	return all
}

var leadsTo = map[Reason]DocumentStatus{
	ReasonBadSignature: DocumentForged, ReasonNotOurs: DocumentUnknown, ReasonUnreadable: DocumentUnknown,
	ReasonUnknownKey: DocumentUnknown, ReasonNoRecord: DocumentUnknown, ReasonKeyRevoked: DocumentWithdrawn,
	ReasonWithdrawn: DocumentWithdrawn, ReasonUsePassed: DocumentExpired, ReasonChanged: DocumentOutdated,
	ReasonGenuine: DocumentValid,
}

// checkReasons: the first reason that applies decides, the others are all told, and a document that is not ours tells
// nothing else.
func checkReasons(t *testing.T, c *situation, v Verdict) {
	t.Helper()
	d, want := v.Document, c.reasons()
	if got := append([]Reason{d.Reason}, d.Reasons...); !slices.Equal(got, want) || d.Status != leadsTo[want[0]] {
		t.Errorf("%s for %v, want %v", d.Status, got, want)
	}
	if d.Status == DocumentForged || d.Status == DocumentUnknown {
		if !reflect.DeepEqual(v, Verdict{Document: DocumentFinding{Status: d.Status, Reason: d.Reason}}) {
			t.Errorf("%s, and yet: %+v", d.Status, v)
		}
	} else if d.UseFrom != c.facts.UseFrom || d.UseUntil != c.facts.UseUntil || d.WithdrawnOn != c.facts.WithdrawnOn || !slices.Equal(d.Changed, c.facts.Changed) {
		t.Errorf("%+v of %+v", d, c.facts)
	}
	said := d.Message()
	for _, f := range d.Changed {
		if !strings.Contains(said.ZH, f.Label().ZH) || !strings.Contains(said.EN, f.Label().EN) {
			t.Errorf("%s changed, and %v does not say so", f, said)
		}
	}
	if said.ZH == "" || said.EN == "" {
		t.Errorf("without words: %+v", d)
	}
}

// checkRegistration: the second half is what the state, the dates and the blocks say, and both halves make it usable.
func checkRegistration(t *testing.T, c *situation, v Verdict) {
	t.Helper()
	r := v.Registration
	if r == nil {
		if v.Usable() {
			t.Errorf("usable without a registration: %+v", v)
		}
		return
	}
	over, begun := !c.at.Before(c.facts.ValidUntil.AddDays(1).Start()), !c.at.Before(c.facts.ValidFrom.Start())
	want := RegistrationStatus(c.facts.State) // what was decided, where it stands above the dates
	switch decided := c.facts.State != StateInForce && c.facts.State != StateSuspended; {
	case decided:
	case over:
		want = RegistrationExpired
	case c.facts.State == StateInForce && !begun:
		want = RegistrationNotYet
	}
	var blocks []BlockKind
	for _, b := range c.facts.Blocks {
		runs := !c.at.Before(b.From.Start()) && (b.Until == 0 || c.at.Before(b.Until.AddDays(1).Start()))
		if runs && !slices.Contains(blocks, b.Kind) {
			blocks = append(blocks, b.Kind)
		}
	}
	if r.Status != want || !slices.Equal(r.Blocks, blocks) || !reflect.DeepEqual(r.Facts, c.facts) {
		t.Errorf("%s with %v, want %s with %v", r.Status, r.Blocks, want, blocks)
	}
	if usable := v.Document.Status == DocumentValid && want == RegistrationInForce && blocks == nil; v.Usable() != usable {
		t.Errorf("usable %v, want %v: %+v", v.Usable(), usable, v)
	}
	if said := r.Message(); said.ZH == "" || said.EN == "" || r.Reason() == "" {
		t.Errorf("without words: %+v", r)
	}
}

// checkDay: nothing but the day in China matters, neither the hour nor the zone of the clock.
func checkDay(t *testing.T, c *situation, v Verdict) {
	t.Helper()
	start := DateOf(c.at).Start()
	for _, same := range []time.Time{
		start, start.Add(24*time.Hour - 1), c.at.UTC(), c.at.In(time.FixedZone("", -11*60*60)), c.at.In(time.FixedZone("", 14*60*60)),
	} {
		if other := c.but(func(c *situation) { c.at = same }); !reflect.DeepEqual(v, other) {
			t.Errorf("at %s %+v, at %s %+v", c.at, v, same, other)
		}
	}
}

// checkHalves: what happens to the document leaves the person alone, and the other way round.
func checkHalves(t *testing.T, c *situation, v Verdict) {
	t.Helper()
	if v.Registration == nil {
		return
	}
	document := c.but(func(c *situation) { c.read.KeyRevoked = !c.read.KeyRevoked })
	if !reflect.DeepEqual(document.Registration, v.Registration) {
		t.Errorf("a key decides on a person: %+v", document.Registration)
	}
	for _, change := range []func(c *situation){
		func(c *situation) { c.facts.State = StateRevoked },
		func(c *situation) { c.facts.ValidUntil = 1 },
		func(c *situation) { c.facts.Blocks = append(c.facts.Blocks, Block{Kind: BlockPenalty}) },
		func(c *situation) { c.facts.EmployerCode, c.facts.IDNumberMasked, c.facts.Version = "x", "x", 9 }, // not printed
	} {
		if person := c.but(change); !reflect.DeepEqual(person.Document, v.Document) {
			t.Errorf("what happened to a person changed a document: %+v, before %+v", person.Document, v.Document)
		}
	}
}

// checkNeverBetter: one more thing that is wrong always bars, and a shorter validity never helps.
func checkNeverBetter(t *testing.T, c *situation, usable bool) {
	t.Helper()
	bars := func(what string, change func(c *situation)) {
		t.Helper()
		if c.but(change).Usable() {
			t.Errorf("%s left it, or made it, usable: %+v", what, c.facts)
		}
	}
	for _, s := range allStates[1:] {
		bars(string(s), func(c *situation) { c.facts.State = s })
	}
	bars("a state no rule knows", func(c *situation) { c.facts.State = "frozen" })
	bars("withdrawing", func(c *situation) { c.facts.WithdrawnOn = c.facts.UseFrom })
	bars("a change", func(c *situation) { c.facts.Changed = append(c.facts.Changed, FieldName) })
	bars("a penalty", func(c *situation) {
		c.facts.Blocks = append(c.facts.Blocks, Block{Kind: BlockPenalty, From: DateOf(c.at)})
	})
	bars("a block that no rule knows", func(c *situation) {
		c.facts.Blocks = append(c.facts.Blocks, Block{From: DateOf(c.at), Until: DateOf(c.at)})
	})
	bars("a leaked key", func(c *situation) { c.read.KeyRevoked = true })
	bars("a broken signature", func(c *situation) { c.read.Outcome = ReadForged })
	bars("an outcome that no rule knows", func(c *situation) { c.read.Outcome = 99 })
	bars("no record", func(c *situation) { c.nobody = true })
	for what := range 4 {
		bars("the record of another code", func(c *situation) { *c = situation{read: c.read, facts: c.facts, at: c.at}; c.spoilRecord(what) })
	}
	if !usable {
		bars("an earlier end", func(c *situation) { c.facts.ValidUntil-- })
		bars("a later beginning", func(c *situation) { c.facts.ValidFrom++ })
	}
}

// checkLater: no document gets better by waiting, and what has ended has ended.
func checkLater(t *testing.T, c *situation, v Verdict, wait time.Duration) {
	t.Helper()
	ranks := []DocumentStatus{DocumentForged, DocumentUnknown, DocumentWithdrawn, DocumentExpired, DocumentOutdated, DocumentValid}
	for _, wait := range []time.Duration{wait, 24 * time.Hour} {
		next := c.but(func(c *situation) { c.at = c.at.Add(wait) })
		if slices.Index(ranks, next.Document.Status) > slices.Index(ranks, v.Document.Status) {
			t.Errorf("%s, and %s later %s", v.Document.Status, wait, next.Document.Status)
		}
		told := append([]Reason{next.Document.Reason}, next.Document.Reasons...)
		for _, r := range append([]Reason{v.Document.Reason}, v.Document.Reasons...) {
			if r != ReasonGenuine && !slices.Contains(told, r) {
				t.Errorf("%s applies, and %s later only %v", r, wait, told)
			}
		}
		if v.Registration != nil && v.Registration.Status == RegistrationExpired && next.Registration.Status != RegistrationExpired {
			t.Errorf("an expired registration came back as %s", next.Registration.Status)
		}
	}
}
