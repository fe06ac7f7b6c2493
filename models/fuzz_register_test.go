package models

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// FuzzMerge: an import makes the register say what the file says, and never lifts what was decided unless it was told to;
// it says truly whether anything changed, and the same row again changes nothing.
func FuzzMerge(f *testing.F) {
	f.Fuzz(func(t *testing.T, oldState, newState, same uint8, text string, days int16, lift bool) {
		old, today := newWorld().reg, MustDate("2026-03-02")
		old.State = allStates[int(oldState)%len(allStates)]
		old.Blocks = []Block{{Kind: BlockPenalty, From: firstDay}}
		in := newWorld().reg
		in.State, in.StateSince, in.ID, in.Version, in.Blocks = allStates[int(newState)%len(allStates)], 0, 0, 0, nil
		for bit, change := range []func(){
			func() { in.Employer = text },
			func() { in.EmployerCode = text },
			func() { in.Specialty = text },
			func() { in.SealNumber = text },
			func() { in.ValidFrom = in.ValidFrom.AddDays(int(days)) },
			func() { in.ValidUntil = in.ValidUntil.AddDays(int(days)) },
			func() { in.Person.Name = text }, // the person is not this rule's
		} {
			if same>>bit&1 == 0 {
				change()
			}
		}
		rule, now, given := MergeRule(Merge), old, in
		if lift {
			rule = MergeLifting
		}
		changed, fault := rule(&now, &in, today)
		if !reflect.DeepEqual(in, given) {
			t.Errorf("the incoming row became %+v", in)
		}
		if refused := !lift && old.State.WorseThan(in.State); (fault != nil) != refused || refused && (changed || !reflect.DeepEqual(now, old)) {
			t.Fatalf("from %s to %s: %v, changed %v", old.State, in.State, fault, changed)
		}
		if fault != nil {
			return
		}
		want := old
		want.Employer, want.EmployerCode, want.Specialty, want.SealNumber = in.Employer, in.EmployerCode, in.Specialty, in.SealNumber
		want.ValidFrom, want.ValidUntil, want.State = in.ValidFrom, in.ValidUntil, in.State
		if in.State != old.State {
			want.StateSince = today
		}
		if !reflect.DeepEqual(now, want) {
			t.Errorf("merged into %+v, want %+v", now, want)
		}
		if changed == reflect.DeepEqual(now, old) {
			t.Errorf("changed %v: %+v to %+v", changed, old, now)
		}
		if !lift && (old.State.WorseThan(now.State) || len(now.Blocks) == 0) {
			t.Errorf("an import lifts %s to %s, blocks %v", old.State, now.State, now.Blocks)
		}
		if again, fault := rule(&now, &in, today.AddDays(1)); again || fault != nil || !reflect.DeepEqual(now, want) {
			t.Errorf("the same row again: changed %v, %v", again, fault)
		}
	})
}

// FuzzComparePaper: what a paper says is the same as the register only where both read alike to people; nothing that is not
// public can be asked for; and no answer depends on what else was asked.
func FuzzComparePaper(f *testing.F) {
	public := []Field{
		FieldName, FieldCategory, FieldCertificateNumber, FieldSealNumber, FieldEmployer, FieldEmployerCode, FieldSpecialty,
		FieldValidFrom, FieldValidUntil,
	}
	f.Fuzz(func(t *testing.T, field, says, registered string) {
		r := newWorld().reg
		r.Employer, r.Specialty = NormalizeText(registered), "建筑工程"
		asked := map[Field]string{Field(field): says}
		lines, err := ComparePaper(asked, r)
		if !slices.Contains(public, Field(field)) {
			if !errors.Is(err, ErrPaperField) || lines != nil {
				t.Errorf("%q is compared: %+v, %v", field, lines, err)
			}
			asked[FieldName] = "李明"
			if lines, err := ComparePaper(asked, r); err == nil || lines != nil {
				t.Errorf("%q among others is compared: %+v", field, lines)
			}
			return
		}
		if err != nil || len(lines) != 1 || lines[0].Field != Field(field) || lines[0].RegisterSays != r.Value(Field(field)) {
			t.Fatalf("%s %q: %+v, %v", field, says, lines, err)
		}
		alike := plainText(says) == plainText(r.Value(Field(field)))
		if Field(field) == FieldCategory {
			alike = alike || typed(says) == "first_class_architect"
		}
		if lines[0].Same != alike {
			t.Errorf("%s %q, registered %q: same %v", field, says, lines[0].RegisterSays, lines[0].Same)
		}
		all := map[Field]string{}
		for _, p := range public {
			all[p] = " " + wide(r.Value(p)) + "\u3000"
		}
		all[Field(field)] = says
		together, err := ComparePaper(all, r)
		if err != nil || len(together) != len(public) {
			t.Fatalf("%d lines of %d, %v", len(together), len(public), err)
		}
		for i, line := range together {
			want := line.Field != Field(field) || lines[0].Same
			if line.Field != public[i] || line.Same != want {
				t.Errorf("%s is line %d, same %v, want %v; the register says %q", line.Field, i, line.Same, want, line.RegisterSays)
			}
		}
	})
}

// plainText is what is left of a text when nobody minds how it was typed: one space for many, narrow forms, one middle dot.
func plainText(s string) string { return narrow(typed(s)) }

// typed is plainText without the narrow forms.
func typed(s string) string {
	dots := strings.NewReplacer("•", "·", "‧", "·", "∙", "·", "⋅", "·", "・", "·", "･", "·")
	return dots.Replace(strings.Join(strings.Fields(string([]rune(s))), " ")) // as runes: what is no UTF-8 is seen as U+FFFD
}

func narrow(s string) string {
	for c := '!'; c <= '~'; c++ {
		s = strings.ReplaceAll(s, string(c-'!'+'！'), string(c))
	}
	return s
}

// wide writes visible ASCII as its full-width forms.
func wide(s string) string {
	for c := '!'; c <= '~'; c++ {
		s = strings.ReplaceAll(s, string(c), string(c-'!'+'！'))
	}
	return s
}
