package models

import (
	"errors"
	"slices"
	"testing"
)

func TestParseCategory(t *testing.T) {
	for s, want := range map[string]Category{
		"first_class_architect": CategoryArchitect1, "一级注册建筑师": CategoryArchitect1,
		"second_class_architect": CategoryArchitect2, "二级注册建筑师": CategoryArchitect2,
		"first_class_constructor": CategoryConstructor1, "一级注册建造师": CategoryConstructor1, "一级建造师": CategoryConstructor1,
		"first_class_structural_engineer": CategoryStructural1, "一级注册结构工程师": CategoryStructural1,
	} {
		if got, err := ParseCategory(s); got != want || err != nil {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
	// Near misses are not guessed at: a wrong category is a wrong certificate.
	for _, s := range []string{"", "一级", "建筑师", "三级注册建筑师", "FIRST_CLASS_ARCHITECT", " 一级注册建筑师", "First-class registered architect"} {
		if got, err := ParseCategory(s); got != "" || !errors.Is(err, ErrCategory) {
			t.Errorf("%q was taken for %q", s, got)
		}
	}
}

func TestPolicyTable(t *testing.T) {
	names := map[string]Category{}
	for _, p := range Policies() {
		if got, ok := p.Category.Policy(); !ok || got.Title != p.Title {
			t.Errorf("%s: its row is %+v", p.Category, got)
		}
		if p.UseDays != 180 {
			t.Errorf("%s: %d days of use", p.Category, p.UseDays)
		}
		if (p.MaxAge == 65) != (p.Category == CategoryConstructor1) {
			t.Errorf("%s: age cap %d", p.Category, p.MaxAge)
		}
		if slices.Contains(p.Prints, FieldIDNumber) || slices.Contains(p.Prints, FieldEmployerCode) {
			t.Errorf("%s prints what is not printed: %v", p.Category, p.Prints)
		}
		for _, name := range append([]string{string(p.Category), p.Title.ZH}, p.Aliases...) {
			if other, taken := names[name]; taken {
				t.Errorf("%q names both %s and %s", name, other, p.Category)
			}
			names[name] = p.Category
		}
	}
	if _, ok := Category("astronaut").Policy(); ok {
		t.Error("a category outside the table has a row")
	}
	if got := Category("astronaut").Title(); got != (Text{"astronaut", "astronaut"}) {
		t.Errorf("a category outside the table is called %+v", got)
	}
}

// What a certificate prints has to be kept on it, or it could never be seen to change (R3).
func TestEveryPrintedFieldIsKept(t *testing.T) {
	for _, p := range Policies() {
		r := newWorld().reg
		r.Category, r.Specialty = p.Category, "建筑工程"
		r.Person.PhotoDigest, r.Person.SignatureDigest = "p1", "s1"
		kept := PrintOf(&r)
		for _, f := range p.Prints {
			if r.Value(f) == "" || kept.value(f) != r.Value(f) {
				t.Errorf("%s: %s is %q on the certificate, %q in the register", p.Category, f, kept.value(f), r.Value(f))
			}
		}
		if changed := kept.Changed(&r); changed != nil {
			t.Errorf("%s: changed at once: %v", p.Category, changed)
		}
	}
}

func TestCompareKeepsTheOrderOfTheForm(t *testing.T) {
	w := newWorld()
	constructor(w)
	lines, err := ComparePaper(map[Field]string{
		FieldSpecialty: "建筑工程", FieldEmployer: "别的单位", FieldName: "李明", FieldCategory: "一级建造师",
	}, w.reg)
	want := []Comparison{
		{FieldName, true, "李明"}, {FieldCategory, true, "一级注册建造师"},
		{FieldEmployer, false, "示范建筑设计院"}, {FieldSpecialty, true, "建筑工程"},
	}
	if err != nil || !slices.Equal(lines, want) {
		t.Errorf("%+v, %v", lines, err)
	}
	// One secret field spoils the whole question: nothing may be learned from the rest.
	lines, err = ComparePaper(map[Field]string{FieldName: "李明", FieldIDNumber: "1"}, w.reg)
	if lines != nil || !errors.Is(err, ErrPaperField) {
		t.Errorf("%+v, %v", lines, err)
	}
	if lines, err = ComparePaper(nil, w.reg); len(lines) != 0 || err != nil {
		t.Errorf("asked nothing: %+v, %v", lines, err)
	}
}

func TestPaperOfACategoryThatNeverHadAny(t *testing.T) {
	got := PaperTransition{}.On(MustDate("2021-08-01"))
	if got.Status != PaperNotIssued || got.From != 0 || got.Until != 0 || got.Message.ZH == "" {
		t.Errorf("%+v", got)
	}
}
