package verify_test

import (
	"testing"
	"time"

	"yanzheng/models"
)

// Facts are cached, verdicts never: the same cached facts are answered differently a moment later, when the
// day in China has changed, with nothing that would have told the cache.
func TestVerdictTurnsAtMidnightInChina(t *testing.T) {
	for name, s := range map[string]struct {
		register      func(r *models.Registration)
		afterIssue    func(r *models.Registration)
		last          models.Date // the day before the change
		before, after models.DocumentStatus
		reg, regAfter models.RegistrationStatus
		usable        [2]bool
	}{
		"the use limit passes": {
			last: today.AddDays(180), before: models.DocumentValid, after: models.DocumentExpired,
			reg: models.RegistrationInForce, regAfter: models.RegistrationInForce, usable: [2]bool{true, false},
		},
		"the registration ends": {
			register: func(r *models.Registration) { r.ValidUntil = today.AddDays(30) },
			last:     today.AddDays(30), before: models.DocumentValid, after: models.DocumentExpired,
			reg: models.RegistrationInForce, regAfter: models.RegistrationExpired, usable: [2]bool{true, false},
		},
		"a penalty begins": {
			afterIssue: func(r *models.Registration) {
				r.Blocks = []models.Block{{RegistrationID: r.ID, Kind: models.BlockPenalty, From: today.AddDays(8), Until: today.AddDays(9)}}
			},
			last: today.AddDays(7), before: models.DocumentValid, after: models.DocumentValid,
			reg: models.RegistrationInForce, regAfter: models.RegistrationInForce, usable: [2]bool{true, false},
		},
		"a penalty ends": {
			afterIssue: func(r *models.Registration) {
				r.Blocks = []models.Block{{RegistrationID: r.ID, Kind: models.BlockPenalty, From: today, Until: today.AddDays(9)}}
			},
			last: today.AddDays(9), before: models.DocumentValid, after: models.DocumentValid,
			reg: models.RegistrationInForce, regAfter: models.RegistrationInForce, usable: [2]bool{false, true},
		},
		"a registration begins": {
			afterIssue: func(r *models.Registration) { r.ValidFrom = today.AddDays(5) },
			last:       today.AddDays(4), before: models.DocumentOutdated, after: models.DocumentOutdated,
			reg: models.RegistrationNotYet, regAfter: models.RegistrationInForce, usable: [2]bool{false, false},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCounter(t)
			r := c.admit(s.register)
			issued := c.issue(r)
			if s.afterIssue != nil {
				c.change(r, s.afterIssue)
			}
			midnight := s.last.AddDays(1).Start()
			c.clock.Set(midnight.Add(-10 * time.Minute))
			filled := c.scan(issued.Code) // into the cache

			c.clock.Set(midnight.Add(-time.Millisecond))
			a := c.scan(issued.Code)
			if a.Source != models.SourceCache || a.Verdict.Document.Status != s.before || a.Verdict.Registration.Status != s.reg || a.Verdict.Usable() != s.usable[0] {
				t.Errorf("before midnight %+v %+v", a.Verdict.Document, a.Verdict.Registration)
			}
			c.clock.Set(midnight)
			b := c.scan(issued.Code)
			if b.Source != models.SourceCache || b.Verdict.Document.Status != s.after || b.Verdict.Registration.Status != s.regAfter || b.Verdict.Usable() != s.usable[1] {
				t.Errorf("at midnight %+v %+v", b.Verdict.Document, b.Verdict.Registration)
			}
			if !a.AsOf.Equal(filled.AsOf) || !b.AsOf.Equal(filled.AsOf) || !b.At.Equal(midnight) {
				t.Errorf("as of %v, then %v", a.AsOf, b.AsOf)
			}
			if kept, err := c.store.Scan(t.Context(), b.ScanID); err != nil || kept.Usable != s.usable[1] || kept.DocumentStatus != s.after {
				t.Errorf("kept %+v, %v", kept, err)
			}
		})
	}
}

// The facts take their time, and meanwhile the day changes: the answer is of the day on which it is given.
func TestMidnightWhileTheFactsAreFetched(t *testing.T) {
	c := newCounter(t)
	issued := c.issue(c.admit(nil))
	midnight := issued.Certificate.UseUntil.AddDays(1).Start()
	c.clock.Set(midnight.Add(-time.Millisecond))
	c.facts.before = func() error { c.clock.Advance(2 * time.Millisecond); return nil }
	if a := c.scan(issued.Code); a.Verdict.Document.Status != models.DocumentExpired || a.Verdict.Usable() {
		t.Errorf("at %v: %+v", a.At, a.Verdict.Document)
	}
}
