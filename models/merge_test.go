package models

import (
	"errors"
	"testing"
)

func TestMergeTakesTheFilesWord(t *testing.T) {
	for name, change := range map[string]func(r *Registration){
		"seal number":     func(r *Registration) { r.SealNumber = "281827-008" },
		"employer":        func(r *Registration) { r.Employer = "另一家设计院" },
		"employer's code": func(r *Registration) { r.EmployerCode = "91350100M000100Y43" },
		"specialty":       func(r *Registration) { r.Specialty = "建筑学" },
		"valid from":      func(r *Registration) { r.ValidFrom++ },
		"valid until":     func(r *Registration) { r.ValidUntil++ },
	} {
		for _, rule := range []MergeRule{Merge, MergeLifting} {
			old, in := newWorld().reg, newWorld().reg
			change(&in)
			changed, fault := rule(&old, &in, today)
			if !changed || fault != nil || PrintOf(&old) != PrintOf(&in) || old.EmployerCode != in.EmployerCode {
				t.Errorf("%s: %v, %v, %+v", name, changed, fault, old)
			}
			if old.StateSince != newWorld().reg.StateSince {
				t.Errorf("%s: the state is said to be new since %s", name, old.StateSince)
			}
			if changed, _ = rule(&old, &in, today+1); changed { // the same file a second time
				t.Errorf("%s: changed again by the same row", name)
			}
		}
	}
}

// The whole matrix: a file makes a state worse or keeps it; only a lifting import makes it better.
func TestMergeNeverLiftsByItself(t *testing.T) {
	for i, was := range allStates { // from in force to revoked
		for j, says := range allStates {
			old, in := newWorld().reg, newWorld().reg
			old.State, in.State, in.Employer = was, says, "另一家设计院"
			before := old.StateSince
			changed, fault := Merge(&old, &in, today)
			if j < i {
				if changed || !errors.Is(fault, ErrWouldRestore) || old.State != was || old.Employer != newWorld().reg.Employer {
					t.Errorf("%s to %s: %v, %v, and the row left %+v", was, says, changed, fault, old)
				}
				if changed, fault = MergeLifting(&old, &in, today); !changed || fault != nil {
					t.Errorf("lifting %s to %s: %v, %v", was, says, changed, fault)
				}
			}
			if old.State != says || (i == j) != (old.StateSince == before) || (i != j) != (old.StateSince == today) {
				t.Errorf("%s to %s: now %s since %s", was, says, old.State, old.StateSince)
			}
		}
	}
}

func TestPersonSameAs(t *testing.T) {
	one := newWorld().reg.Person
	other := one
	other.ID, other.IDNumberSealed, other.UpdatedAt = 99, []byte{1}, 5 // how it is kept is not who it is
	if !one.SameAs(&other) {
		t.Error("the same human being is taken for two")
	}
	for name, change := range map[string]func(p *Person){
		"name": func(p *Person) { p.Name = "李鸣" }, "sex": func(p *Person) { p.Sex = Female },
		"kind of paper": func(p *Person) { p.IDType = IDPassport }, "number": func(p *Person) { p.IDNumber = "1" },
		"birth date": func(p *Person) { p.BirthDate++ },
	} {
		other := one
		if change(&other); one.SameAs(&other) {
			t.Errorf("another %s is not seen", name)
		}
	}
}
