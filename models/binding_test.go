package models

import (
	"strings"
	"testing"
	"time"
)

func TestBindingLockCounts(t *testing.T) {
	rule := BindingRule{Tries: 3, Window: 24 * time.Hour, Lock: 30 * time.Minute}
	const minute, hour = Instant(60_000), Instant(3_600_000)
	var l BindingLock
	for _, s := range []struct {
		at     Instant
		wrong  int64
		locked Instant
	}{
		{10 * hour, 1, 0}, {11 * hour, 2, 0}, {12 * hour, 3, 12*hour + 30*minute}, {13 * hour, 4, 14 * hour},
		{34*hour - 1, 5, 36*hour - 1}, {34 * hour, 1, 36*hour - 1}, {35 * hour, 2, 36*hour - 1}, {60 * hour, 1, 36*hour - 1},
		{61 * hour, 2, 36*hour - 1}, {61 * hour, 3, 61*hour + 30*minute}, {61 * hour, 4, 62 * hour}, {61 * hour, 5, 63 * hour}, {61 * hour, 6, 65 * hour},
		{61 * hour, 7, 69 * hour}, {61 * hour, 8, 77 * hour}, {61 * hour, 9, 85 * hour}, {61 * hour, 10, 85 * hour},
	} {
		l.Count(rule, s.at)
		if l.Wrong != s.wrong || l.LockedUntil != s.locked {
			t.Errorf("at %d: %d wrong, locked until %d, want %d and %d", s.at, l.Wrong, l.LockedUntil, s.wrong, s.locked)
		}
	}
}

func TestRoughPlace(t *testing.T) {
	for centi, deci := range map[int32]int32{0: 0, 4: 0, 5: 1, -4: 0, -5: -1, 3991: 399, 3995: 400, -11645: -1165, 18000: 1800, -9000: -900} {
		if got := (Place{centi, 0}).Rough().LatDeci; got != deci {
			t.Errorf("%d hundredths are %d tenths, want %d", centi, got, deci)
		}
	}
	if lat, lng := (RoughPlace{399, -1165}).Degrees(); lat != 39.9 || lng != -116.5 {
		t.Error(lat, lng)
	}
}

// A certificate that prints a photo or a signature image is out of date when another one counts (R3); one that prints none is not.
func TestImagesMakeOutOfDate(t *testing.T) {
	r := newWorld().reg
	none := PrintOf(&r)
	r.Person.PhotoDigest, r.Person.SignatureDigest = "p1", "s1"
	printed := PrintOf(&r)
	for _, s := range []struct {
		photo, signature string
		want             []Field
	}{
		{"p1", "s1", nil}, {"p2", "s1", []Field{FieldPhoto}}, {"p1", "s2", []Field{FieldSignatureImage}},
		{"p2", "s2", []Field{FieldPhoto, FieldSignatureImage}},
	} {
		r.Person.PhotoDigest, r.Person.SignatureDigest = s.photo, s.signature
		got := printed.Changed(&r)
		if len(got) != len(s.want) || len(got) > 0 && got[len(got)-1] != s.want[len(s.want)-1] {
			t.Errorf("%s %s: changed %v, want %v", s.photo, s.signature, got, s.want)
		}
		if got := none.Changed(&r); got != nil {
			t.Errorf("of a certificate without images %v changed", got)
		}
		d := DocumentFinding{Status: DocumentOutdated, Reason: ReasonChanged, Changed: got}
		for _, f := range got {
			if m := d.Message(); !strings.Contains(m.ZH, f.Label().ZH) || !strings.Contains(m.EN, f.Label().EN) {
				t.Errorf("the message does not name %s: %s", f, m.ZH)
			}
		}
	}
}
