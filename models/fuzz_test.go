package models

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

var allStates = []State{StateInForce, StateSuspended, StateCancelled, StateWithdrawn, StateRevoked}

// FuzzDecide holds every verdict to what no verdict may break, whatever the facts. Days count from
// 2021-08-01; flags: 1 key leaked, 2 withdrawn, 4 changed, 8 blocked, 16 no record.
func FuzzDecide(f *testing.F) {
	f.Fuzz(func(t *testing.T, outcome, state, flags uint8, useUntil, validFrom, validUntil, blockFrom, blockDays int16, now int64, later uint32) {
		const maxSeconds = 1 << 36 // two thousand years either way
		first := MustDate("2021-08-01")
		at := time.Unix(first.Start().Unix()+now%maxSeconds, 0)
		facts := Facts{
			CertificateID: CertificateID{1}, Kind: 1, KeyNumber: 1, UseFrom: first, UseUntil: first.AddDays(int(useUntil)),
			Category: CategoryArchitect1, ValidFrom: first.AddDays(int(validFrom)), ValidUntil: first.AddDays(int(validUntil)),
			State: allStates[int(state)%len(allStates)], StateSince: first,
		}
		read := Reading{
			Outcome: ReadOutcome(outcome % 5), ID: facts.CertificateID, UseUntil: facts.UseUntil, Kind: 1, KeyNumber: 1,
			KeyRevoked: flags&1 != 0,
		}
		if flags&2 != 0 {
			facts.WithdrawnOn = first
		}
		if flags&4 != 0 {
			facts.Changed = []Field{FieldEmployer}
		}
		if flags&8 != 0 {
			facts.Blocks = []Block{{Kind: BlockPenalty, From: first.AddDays(int(blockFrom)), Until: first.AddDays(int(blockFrom) + int(blockDays))}}
		}
		record := &facts
		if flags&16 != 0 {
			record = nil
		}
		v := Decide(read, record, at)
		checkShape(t, v)
		checkDay(t, v, read, record, at)
		checkNeverBetter(t, v.Usable(), read, facts, record, at)
		if passed(v) && !passed(Decide(read, record, at.Add(time.Duration(later)*time.Second))) {
			t.Errorf("a use limit that had passed at %s came back", at)
		}
		if v.Registration != nil && v.Registration.Status == RegistrationExpired {
			next := Decide(read, record, at.Add(time.Duration(later)*time.Second))
			if next.Registration.Status != RegistrationExpired {
				t.Errorf("an expired registration came back as %s", next.Registration.Status)
			}
		}
	})
}

// checkShape: the two halves fit each other and the reasons fit the status.
func checkShape(t *testing.T, v Verdict) {
	t.Helper()
	d := v.Document
	none := d.Status == DocumentForged || d.Status == DocumentUnknown
	if none != (v.Registration == nil) {
		t.Errorf("%s with registration %+v", d.Status, v.Registration)
	}
	if v.Usable() && (d.Status != DocumentValid || v.Registration.Status != RegistrationInForce || len(v.Registration.Blocks) > 0) {
		t.Errorf("usable: %+v", v)
	}
	if !v.Usable() && d.Status == DocumentValid && v.Registration.Status == RegistrationInForce && len(v.Registration.Blocks) == 0 {
		t.Errorf("nothing against it, and not usable: %+v", v)
	}
	all := append([]Reason{d.Reason}, d.Reasons...)
	slices.Sort(all)
	if len(slices.Compact(all)) != 1+len(d.Reasons) {
		t.Errorf("a reason is said twice: %s, %v", d.Reason, d.Reasons)
	}
	if want, ok := leadsTo[d.Reason]; !ok || want != d.Status {
		t.Errorf("reason %s for %s", d.Reason, d.Status)
	}
	if d.Message() == (Text{}) || (v.Registration != nil && v.Registration.Message() == (Text{})) {
		t.Errorf("without words: %+v", v)
	}
}

var leadsTo = map[Reason]DocumentStatus{
	ReasonBadSignature: DocumentForged, ReasonNotOurs: DocumentUnknown, ReasonUnreadable: DocumentUnknown,
	ReasonUnknownKey: DocumentUnknown, ReasonNoRecord: DocumentUnknown, ReasonKeyRevoked: DocumentWithdrawn,
	ReasonWithdrawn: DocumentWithdrawn, ReasonUsePassed: DocumentExpired, ReasonChanged: DocumentOutdated,
	ReasonGenuine: DocumentValid,
}

// checkDay: nothing but the day in China matters, neither the hour nor the zone of the clock.
func checkDay(t *testing.T, v Verdict, read Reading, facts *Facts, at time.Time) {
	t.Helper()
	start := DateOf(at).Start()
	for _, same := range []time.Time{
		start, start.Add(24*time.Hour - 1), at.UTC(), at.In(time.FixedZone("", -11*60*60)), at.In(time.FixedZone("", 14*60*60)),
	} {
		if other := Decide(read, facts, same); !reflect.DeepEqual(v, other) {
			t.Errorf("at %s %+v, at %s %+v", at, v, same, other)
		}
	}
}

// checkNeverBetter: one more thing that is wrong always bars, and a shorter validity never helps.
func checkNeverBetter(t *testing.T, usable bool, read Reading, facts Facts, record *Facts, at time.Time) {
	t.Helper()
	worse := func(what string, read Reading, change func(f *Facts)) {
		var p *Facts
		if record != nil {
			f := facts
			change(&f)
			p = &f
		}
		if Decide(read, p, at).Usable() {
			t.Errorf("%s made it usable: %+v", what, facts)
		}
	}
	for _, s := range allStates {
		if s.WorseThan(facts.State) {
			worse("becoming "+string(s), read, func(f *Facts) { f.State = s })
		}
	}
	worse("a state no rule knows", read, func(f *Facts) { f.State = "frozen" })
	worse("withdrawing", read, func(f *Facts) { f.WithdrawnOn = f.UseFrom })
	worse("a change", read, func(f *Facts) { f.Changed = append(slices.Clone(f.Changed), FieldName) })
	worse("a penalty", read, func(f *Facts) {
		f.Blocks = append(slices.Clone(f.Blocks), Block{Kind: BlockPenalty, From: DateOf(at)})
	})
	if !usable {
		worse("an earlier end", read, func(f *Facts) { f.ValidUntil-- })
		worse("a later beginning", read, func(f *Facts) { f.ValidFrom++ })
	}
	leaked, forged := read, read
	leaked.KeyRevoked, forged.Outcome = true, ReadForged
	worse("a leaked key", leaked, func(*Facts) {})
	worse("a broken signature", forged, func(*Facts) {})
}

func passed(v Verdict) bool {
	return v.Document.Reason == ReasonUsePassed || slices.Contains(v.Document.Reasons, ReasonUsePassed)
}

// FuzzIDNumber: no input panics, and what is taken is in its one written form.
func FuzzIDNumber(f *testing.F) {
	for _, s := range []string{"11010519491231002x", "430102196402290318", "H12345678", "1234567801", "E12345678", "CAN110180010100", ""} {
		f.Add(s, uint8(0))
	}
	kinds := []IDType{IDResident, IDResidencePass, IDHongKongMacau, IDTaiwan, IDPassport, IDForeignerPass, "other"}
	f.Fuzz(func(t *testing.T, s string, pick uint8) {
		for _, kind := range []IDType{IDResident, kinds[int(pick)%len(kinds)]} {
			number, birth, err := CheckIDNumber(kind, s, today)
			if err != nil {
				if number != "" || birth != 0 {
					t.Errorf("%s %q was refused with %q, %s", kind, s, number, birth)
				}
				continue
			}
			again, sameBirth, err := CheckIDNumber(kind, number, today)
			if again != number || sameBirth != birth || err != nil {
				t.Errorf("%s %q: %q, then %q, %v", kind, s, number, again, err)
			}
			if strings.Trim(number, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || birth > today {
				t.Errorf("%s %q was taken as %q, born %s", kind, s, number, birth)
			}
			if kind == IDResident && (birth == 0 || strings.ReplaceAll(birth.String(), "-", "") != number[6:14]) {
				t.Errorf("%q is said to be born %s", number, birth)
			}
			if mask := MaskIDNumber(number); len(mask) != len(number) || mask == number {
				t.Errorf("%q is shown as %q", number, mask)
			}
		}
		_ = CheckEmployerCode(s)
	})
}

// FuzzName: no input panics, normalizing twice is normalizing once, and what is taken is a name.
func FuzzName(f *testing.F) {
	for _, s := range []string{"李明", " 古丽•买买提 ", "王𬭚", "Conan O'Brien", "\xff\xfe", "李\u200b明", "e\u0301\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := NormalizeText(s)
		if again := NormalizeText(n); again != n {
			t.Errorf("%q becomes %q, then %q", s, n, again)
		}
		if n != strings.TrimSpace(n) || strings.Contains(n, "  ") || !utf8.ValidString(n) || utf8.RuneCountInString(n) > utf8.RuneCountInString(s) {
			t.Errorf("%q is normalized to %q", s, n)
		}
		if CheckName(n) != nil {
			return
		}
		if c := utf8.RuneCountInString(n); c < 2 || c > 50 {
			t.Errorf("a name of %d characters: %q", c, n)
		}
		for _, r := range n {
			if unicode.IsDigit(r) || unicode.IsControl(r) || unicode.Is(unicode.So, r) || unicode.Is(unicode.Co, r) || r == utf8.RuneError || strings.ContainsRune(`<>&"/\`, r) {
				t.Errorf("%q in the name %q", r, n)
			}
		}
	})
}
