package models

import (
	"strings"
	"testing"
)

func TestEveryReasonHasItsSentence(t *testing.T) {
	seen := map[Text]Reason{}
	for _, r := range []Reason{
		ReasonBadSignature, ReasonNotOurs, ReasonUnreadable, ReasonUnknownKey, ReasonNoRecord, ReasonKeyRevoked,
		ReasonWithdrawn, ReasonUsePassed, ReasonChanged, ReasonGenuine,
	} {
		d := DocumentFinding{
			Reason: r, Changed: []Field{FieldEmployer, FieldValidUntil},
			UseUntil: MustDate("2022-01-28"), WithdrawnOn: MustDate("2021-09-15"),
		}
		got := d.Message()
		if got.ZH == "" || got.EN == "" || got.ZH == got.EN {
			t.Errorf("%s: %+v", r, got)
		}
		if other, taken := seen[got]; taken {
			t.Errorf("%s and %s say the same", r, other)
		}
		seen[got] = r
		for reason, want := range map[Reason][]string{
			ReasonUsePassed: {"2022-01-28"}, ReasonGenuine: {"2022-01-28"}, ReasonWithdrawn: {"2021-09-15"},
		} {
			for _, w := range want {
				if reason == r && (!strings.Contains(got.ZH, w) || !strings.Contains(got.EN, w)) {
					t.Errorf("%s does not say %s: %+v", r, w, got)
				}
			}
		}
		if r == ReasonChanged && (!strings.Contains(got.ZH, "聘用单位、注册有效期截止日") || !strings.Contains(got.EN, "employer, valid until")) {
			t.Errorf("it does not say what changed: %+v", got)
		}
	}
	if got := (&DocumentFinding{Reason: "made_up"}).Message(); got != (Text{}) {
		t.Errorf("a reason outside the set says %+v", got)
	}
}

func TestEveryRegistrationStatusHasItsSentence(t *testing.T) {
	facts := Facts{ValidUntil: MustDate("2024-12-31")}
	since := MustDate("2021-09-09")
	for status, want := range map[RegistrationStatus]string{
		RegistrationInForce: "2024-12-31", RegistrationNotYet: "2021-09-09", RegistrationExpired: "2024-12-31",
		RegistrationSuspended: "2021-09-09", RegistrationCancelled: "2021-09-09", RegistrationWithdrawn: "2021-09-09",
		RegistrationRevoked: "2021-09-09",
	} {
		got := (&RegistrationFinding{Status: status, Since: since, Facts: facts}).Message()
		if !strings.Contains(got.ZH, want) || !strings.Contains(got.EN, want) {
			t.Errorf("%s does not say %s: %+v", status, want, got)
		}
		// A day that is not known leaves no hole in the sentence.
		got = (&RegistrationFinding{Status: status, Facts: facts}).Message()
		if got.ZH == "" || strings.Contains(got.ZH, "()") || strings.HasSuffix(got.EN, "since ") {
			t.Errorf("%s without a day: %+v", status, got)
		}
	}
	penalty := &RegistrationFinding{Status: RegistrationInForce, Blocks: []BlockKind{BlockPenalty}, Facts: facts}
	if penalty.Reason() != ReasonUnderPenalty {
		t.Errorf("a penalty is called %s", penalty.Reason())
	}
	if got := penalty.Message(); !strings.Contains(got.ZH, "处罚") || !strings.Contains(got.EN, "penalty") {
		t.Errorf("a penalty is kept quiet: %+v", got)
	}
	if got := (&RegistrationFinding{Status: "made_up"}).Message(); got != (Text{}) {
		t.Errorf("a status outside the set says %+v", got)
	}
}

func TestEveryFieldHasItsLabelAndValue(t *testing.T) {
	w := newWorld()
	constructor(w)
	seen := map[Text]bool{}
	for _, f := range []Field{
		FieldName, FieldSex, FieldBirthDate, FieldCategory, FieldCertificateNumber, FieldSealNumber, FieldEmployer,
		FieldEmployerCode, FieldSpecialty, FieldValidFrom, FieldValidUntil, FieldIDNumber,
	} {
		if l := f.Label(); l.ZH == "" || l.EN == "" || seen[l] {
			t.Errorf("%s is called %+v", f, l)
		}
		seen[f.Label()] = true
		if w.reg.Value(f) == "" {
			t.Errorf("%s has no value", f)
		}
	}
	if got := w.reg.Value(FieldIDNumber); got != "**************001X" {
		t.Errorf("the ID number is given as %q", got)
	}
	if got := w.reg.Value("made_up"); got != "" {
		t.Errorf("a field outside the set has the value %q", got)
	}
}
