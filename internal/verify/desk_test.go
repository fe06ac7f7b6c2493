package verify_test

import (
	"reflect"
	"testing"

	"yanzheng/internal/testkit"
	"yanzheng/internal/verify"
	"yanzheng/models"
)

// What the desk is told of everybody who comes, and whom it is told to count.
func TestEverybodyPassesTheDesk(t *testing.T) {
	c := newCounter(t)
	r := c.admit(nil)
	issued := c.issue(r)
	id := issued.Certificate.ID
	for name, w := range map[string]struct {
		ask     func() error
		arrival verify.Arrival
		misses  []models.Reason
		persons int
	}{
		"scan": {func() error {
			_, err := c.Scan(t.Context(), verify.Request{Token: token, Address: "a", Code: issued.Code})
			return err
		}, verify.Arrival{Purpose: verify.ForScan, Token: token, Address: "a", Certificate: &id}, nil, 1},
		"scan, forged": {func() error {
			_, err := c.Scan(t.Context(), verify.Request{Token: token, Address: "a", Code: forged(issued.Code)})
			return err
		}, verify.Arrival{Purpose: verify.ForScan, Token: token, Address: "a"}, nil, 0},
		"public": {func() error {
			_, err := c.Public(t.Context(), "a", digits(issued.Code), true)
			return err
		}, verify.Arrival{Purpose: verify.ForPublic, Address: "a", Certificate: &id}, nil, 1},
		"public, forged": {func() error {
			_, err := c.Public(t.Context(), "a", digits(forged(issued.Code)), true)
			return err
		}, verify.Arrival{}, []models.Reason{models.ReasonBadSignature}, 0},
		"look-up": {func() error {
			_, err := c.LookUp(t.Context(), verify.LookUpRequest{Address: "a", Name: r.Person.Name, CertificateNumber: r.CertificateNumber})
			return err
		}, verify.Arrival{Purpose: verify.ForLookUp, Address: "a"}, nil, 1},
		"look-up of nobody": {func() error {
			_, err := c.LookUp(t.Context(), verify.LookUpRequest{Address: "a", Name: "无", CertificateNumber: r.CertificateNumber})
			testkit.WantErr(t, err, verify.ErrNoMatch)
			return nil
		}, verify.Arrival{Purpose: verify.ForLookUp, Address: "a"}, nil, 0},
	} {
		c.arrivals, c.misses, c.log.persons = nil, nil, nil
		if err := w.ask(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var want []verify.Arrival
		if w.arrival != (verify.Arrival{}) {
			want = append(want, w.arrival)
		}
		if !reflect.DeepEqual(c.arrivals, want) || !reflect.DeepEqual(c.misses, w.misses) {
			t.Errorf("%s: arrivals %+v, misses %v", name, c.arrivals, c.misses)
		}
		counted := 0
		for _, person := range c.log.persons {
			if person != 0 {
				counted++
			}
		}
		if counted != w.persons {
			t.Errorf("%s: the persons %v are counted, want %d", name, c.log.persons, w.persons)
		}
	}
}

// Who is turned away is told nothing, and nothing of it is a scan.
func TestTurnedAway(t *testing.T) {
	c := newCounter(t)
	r := c.admit(nil)
	issued := c.issue(r)
	c.keptOut = map[string]bool{"crowd": true}
	for name, ask := range map[string]func() (verify.Answer, error){
		"scan": func() (verify.Answer, error) {
			return c.Scan(t.Context(), verify.Request{Token: token, Address: "crowd", Code: issued.Code})
		},
		"public": func() (verify.Answer, error) { return c.Public(t.Context(), "crowd", digits(issued.Code), true) },
		"public, forged": func() (verify.Answer, error) {
			return c.Public(t.Context(), "crowd", digits(forged(issued.Code)), true)
		},
		"look-up": func() (verify.Answer, error) {
			a, err := c.LookUp(t.Context(), verify.LookUpRequest{Address: "crowd", Name: r.Person.Name, CertificateNumber: r.CertificateNumber})
			return a.Answer, err
		},
	} {
		a, err := ask()
		testkit.WantErr(t, err, tooMany)
		if !reflect.DeepEqual(a, verify.Answer{}) {
			t.Errorf("%s: answered %+v", name, a)
		}
	}
	c.oneTooMany = true // only where it is known late, or not recorded, who is shown
	if a, err := c.LookUp(t.Context(), verify.LookUpRequest{Address: "a", Name: r.Person.Name, CertificateNumber: r.CertificateNumber}); !reflect.DeepEqual(a, verify.LookUp{}) {
		t.Errorf("look-up: answered %+v, %v", a, err)
	} else {
		testkit.WantErr(t, err, tooMany)
	}
	if a, err := c.Public(t.Context(), "a", digits(issued.Code), false); !reflect.DeepEqual(a, verify.Answer{}) {
		t.Errorf("preview: answered %+v, %v", a, err)
	} else {
		testkit.WantErr(t, err, tooMany)
	}
	if len(c.log.kept()) != 0 || len(c.log.persons) != 0 {
		t.Errorf("kept %+v, counted %v", c.log.kept(), c.log.persons)
	}
}
