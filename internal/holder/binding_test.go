package holder_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"yanzheng/internal/holder"
	"yanzheng/internal/testkit"
	"yanzheng/models"
)

func TestBind(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.admit()
		u := h.user()
		me, err := h.Me(t.Context(), u)
		if err != nil || me.Binding != nil || me.Claim != nil {
			t.Errorf("before: %+v, %v", me, err)
		}
		_, err = h.Looks(t.Context(), u, "", 10)
		testkit.WantErr(t, err, models.ErrNotHolder)
		e := evidence(r)
		e.Name, e.IDNumber, e.Number, e.IDType = " "+e.Name+" ", strings.ToLower(e.IDNumber), e.Number+"\u3000", "" // as people type
		claimed, err := h.Bind(t.Context(), u, e)
		if err != nil || claimed {
			t.Fatalf("bound: %t, %v", claimed, err)
		}
		me, err = h.Me(t.Context(), u)
		if err != nil || me.Binding == nil || me.Binding.Way != "form" || me.Person.IDNumber != r.Person.IDNumber || len(me.Registrations) != 1 ||
			me.Registrations[0].Status != models.RegistrationInForce {
			t.Errorf("after: %+v, %v", me, err)
		}
		if claimed, err := h.Bind(t.Context(), u, evidence(r)); err != nil || claimed {
			t.Errorf("again: %t, %v", claimed, err)
		}
		_, err = h.Bind(t.Context(), u, evidence(h.admit()))
		testkit.WantErr(t, err, models.ErrBound)

		second := h.user()
		if claimed, err := h.Bind(t.Context(), second, evidence(r)); err != nil || !claimed {
			t.Fatalf("a second user: %t, %v", claimed, err)
		}
		claims, err := h.Claims(t.Context(), 0, 10)
		if err != nil || len(claims) != 1 || claims[0].Person.Name != r.Person.Name || claims[0].UserID != second {
			t.Fatalf("claims %+v, %v", claims, err)
		}
		for _, reason := range []string{"", "  ", strings.Repeat("理", 501)} {
			_, _, err = h.DecideClaim(t.Context(), claims[0].ID, models.ClaimRuling{Accept: true, Actor: "registrar", Reason: reason})
			testkit.WantErr(t, err, holder.ErrReason)
		}
		_, _, err = h.DecideClaim(t.Context(), 999, models.ClaimRuling{Accept: true, Actor: "registrar", Reason: "无"})
		testkit.WantErr(t, err, holder.ErrNoSuchCase)
		c, propagated, err := h.DecideClaim(t.Context(), claims[0].ID, models.ClaimRuling{Accept: true, Actor: "registrar", Reason: "现场核实"})
		if err != nil || !propagated || c.State != models.ClaimAccepted {
			t.Errorf("decided %+v, %t, %v", c, propagated, err)
		}
		if me, err := h.Me(t.Context(), second); err != nil || me.Binding == nil || me.Claim.Reason != "现场核实" {
			t.Errorf("the claimant is %+v, %v", me, err)
		}
	})
}

// Whatever is wrong the answer is the same; three of them lock, and say for how long.
func TestWrongIsWrong(t *testing.T) {
	h := newHouse(t, "SQLite")
	r, other := h.admit(), h.admit()
	for name, change := range map[string]func(e *holder.Evidence){
		"name": func(e *holder.Evidence) { e.Name = "别人" }, "ID number": func(e *holder.Evidence) { e.IDNumber = other.Person.IDNumber },
		"no ID number at all": func(e *holder.Evidence) { e.IDNumber = "12345" }, "number": func(e *holder.Evidence) { e.Number = other.CertificateNumber },
		"no such number": func(e *holder.Evidence) { e.Number = "NONE" }, "type": func(e *holder.Evidence) { e.IDType = "nonsense" },
		"far too long": func(e *holder.Evidence) { e.Name = strings.Repeat("长", 5000) },
	} {
		h.clock.Advance(25 * time.Hour)
		e := evidence(r)
		change(&e)
		began := time.Now()
		_, err := h.Bind(t.Context(), h.user(), e)
		testkit.WantErr(t, err, holder.ErrIdentity)
		if models.AsError(err).Field != "" {
			t.Errorf("%s: the answer names a field", name)
		}
		if took := time.Since(began); took < 20*time.Millisecond {
			t.Errorf("%s: answered after %v, before the beat", name, took)
		}
	}
	h.clock.Advance(25 * time.Hour)
	u, wrong := h.user(), evidence(r)
	wrong.Name = "别人"
	for range 3 {
		_, err := h.Bind(t.Context(), u, wrong)
		testkit.WantErr(t, err, holder.ErrIdentity)
	}
	for _, e := range []holder.Evidence{wrong, evidence(r), evidence(other)} {
		_, err := h.Bind(t.Context(), u, e)
		testkit.WantErr(t, err, holder.ErrLocked)
		if wait := models.AsError(err).RetryAfter; wait <= 0 || wait > rule.Lock {
			t.Errorf("come back in %v", wait)
		}
	}
	h.clock.Advance(rule.Lock)
	if _, err := h.Bind(t.Context(), u, evidence(r)); err != nil {
		t.Error(err)
	}
}

// A portal can take the form's place: what it says is believed, and the rest is the same.
func TestAnotherWayIn(t *testing.T) {
	h := newHouse(t, "SQLite")
	r := h.admit()
	s := holder.New(portal{r.PersonID}, h.store, h.relay, h.clock.Now)
	u := h.user()
	_, err := s.Bind(t.Context(), u, holder.Evidence{Ticket: "forged"})
	testkit.WantErr(t, err, holder.ErrIdentity)
	if _, err := s.Bind(t.Context(), u, holder.Evidence{Ticket: "good"}); err != nil {
		t.Fatal(err)
	}
	if me, err := s.Me(t.Context(), u); err != nil || me.Binding.Way != "portal" {
		t.Errorf("%+v, %v", me, err)
	}
}

// Who meets others of the same thing, again and again, is told to come back, not that something is wrong.
func TestMetOthers(t *testing.T) {
	h := newHouse(t, "SQLite")
	f := holder.NewForm(crowded{}, rule, h.clock.Now)
	_, err := f.Identify(t.Context(), "u", evidence(h.admit()))
	testkit.WantErr(t, err, models.ErrUnavailable)
}

type crowded struct{}

func (crowded) TryIdentify(context.Context, string, string, models.Identification, models.BindingRule, models.Instant) (int64, models.Instant, error) {
	return 0, 0, models.ErrConflict
}
