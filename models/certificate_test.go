package models

import (
	"bytes"
	"slices"
	"testing"
)

func TestCertificateIDInTheDatabase(t *testing.T) {
	id := CertificateID{0, 1, 2, 3, 0xfc, 0xfd, 0xfe, 0xff}
	if id.String() != "00010203fcfdfeff" {
		t.Errorf("written %s", id)
	}
	v, err := id.Value()
	stored, ok := v.([]byte)
	if err != nil || !ok || !bytes.Equal(stored, id[:]) {
		t.Fatalf("stored as %v, %v", v, err)
	}
	var back CertificateID
	if err := back.Scan(stored); err != nil || back != id {
		t.Errorf("read back as %s, %v", back, err)
	}
	stored[0] = 9 // a driver may use its buffer again
	if back != id {
		t.Error("the id lives in the driver's buffer")
	}
	for _, src := range []any{nil, "00010203fcfdfeff", []byte{1, 2, 3}, make([]byte, 9), 7} {
		before := back
		if err := back.Scan(src); err == nil || back != before {
			t.Errorf("%T %v was taken for %s, %v", src, src, back, err)
		}
	}
}

func TestFactsOfCarriesBothRows(t *testing.T) {
	w := newWorld()
	w.cert.WithdrawnAt = InstantOf(china("2021-09-15 23:59:59"))
	moved(w)
	penalty("2021-10-01", "")(w)
	f := FactsOf(&w.cert, &w.reg)
	if f.CertificateID != w.cert.ID || f.RegistrationID != 7 || f.PersonID != 70 || f.Version != 1 ||
		f.Kind != KindRegistrationCertificate || f.KeyNumber != 3 ||
		f.UseFrom != w.cert.UseFrom || f.UseUntil != w.cert.UseUntil {
		t.Errorf("certificate: %+v", f)
	}
	if f.WithdrawnOn.String() != "2021-09-15" || !slices.Equal(f.Changed, []Field{FieldEmployer}) || len(f.Blocks) != 1 {
		t.Errorf("what happened since: %+v", f)
	}
	if f.Name != "李明" || f.Category != CategoryArchitect1 || f.CertificateNumber != "121500249" ||
		f.SealNumber != "281827-007" || f.Employer != "另一家设计院" || f.EmployerCode != "11430000006122244L" ||
		f.ValidFrom != w.reg.ValidFrom || f.ValidUntil != w.reg.ValidUntil || f.State != StateInForce ||
		f.StateSince != w.reg.StateSince {
		t.Errorf("registration: %+v", f)
	}
	if f.IDNumberMasked != "**************001X" { // facts are cached, so the number may never be in them
		t.Errorf("the ID number stands as %q", f.IDNumberMasked)
	}
	if alone := RegistrationFacts(&w.reg); alone.CertificateID != (CertificateID{}) || alone.UseUntil != 0 || alone.Changed != nil {
		t.Errorf("a look-up by number speaks of a certificate: %+v", alone)
	}
}

// Facts sit in caches that many requests share, so a verdict may not hold on to what it could alter.
func TestVerdictDoesNotShareItsChanges(t *testing.T) {
	w := newWorld()
	moved(w)
	facts := FactsOf(&w.cert, &w.reg)
	v := Decide(w.read, &facts, china("2021-10-01 12:00:00"))
	v.Document.Changed[0] = FieldName
	if facts.Changed[0] != FieldEmployer {
		t.Error("altering a verdict altered the facts")
	}
}

func TestBlocksOfTwoKindsAreBothSaid(t *testing.T) {
	w := newWorld()
	penalty("2021-10-01", "")(w)
	w.reg.Blocks = append(w.reg.Blocks, Block{Kind: "court_order", From: MustDate("2021-10-01")})
	got := w.decide("2021-10-01 12:00:00").Registration.Blocks
	if !slices.Equal(got, []BlockKind{BlockPenalty, "court_order"}) {
		t.Errorf("blocks %v", got)
	}
}

func TestNobodyIsNotUsable(t *testing.T) {
	var none *RegistrationFinding
	if none.Usable() || (Verdict{}).Usable() || (Verdict{Document: DocumentFinding{Status: DocumentValid}}).Usable() {
		t.Error("usable without a registration")
	}
}
