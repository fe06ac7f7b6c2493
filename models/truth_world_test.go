package models

import "testing"

// world is one certificate, the registration behind it and its code as a scanner read it.
type world struct {
	reg    Registration
	cert   Certificate
	read   Reading
	nobody bool // the register has no such certificate
}

// step is one thing that happened, or that is otherwise than in newWorld.
type step func(w *world)

// newWorld is a certificate that its holder confirmed on the day electronic certificates began.
func newWorld() *world {
	w := &world{reg: Registration{
		ID: 7, PersonID: 70, Category: CategoryArchitect1, Version: 1,
		Person: Person{
			ID: 70, Name: "李明", Sex: Male, BirthDate: MustDate("1980-05-20"),
			IDType: IDResident, IDNumber: "11010519800520001X",
		},
		CertificateNumber: "121500249", SealNumber: "281827-007",
		Employer: "示范建筑设计院", EmployerCode: "11430000006122244L",
		ValidFrom: MustDate("2020-01-01"), ValidUntil: MustDate("2024-12-31"),
		State: StateInForce, StateSince: MustDate("2020-01-01"),
	}}
	w.cert = Certificate{
		ID: CertificateID{1, 2, 3, 4, 5, 6, 7, 8}, RegistrationID: 7, Kind: KindRegistrationCertificate,
		KeyNumber: 3, UseFrom: MustDate("2021-08-01"), UseUntil: MustDate("2022-01-28"),
		Printed: PrintOf(&w.reg),
	}
	w.sign()
	return w
}

// sign makes the code say what the certificate says.
func (w *world) sign() {
	w.read = Reading{
		Outcome: ReadGenuine, ID: w.cert.ID, UseUntil: w.cert.UseUntil, Kind: w.cert.Kind, KeyNumber: w.cert.KeyNumber,
	}
}

func (w *world) decide(now string) Verdict {
	if w.nobody {
		return Decide(w.read, nil, china(now))
	}
	facts := FactsOf(&w.cert, &w.reg)
	return Decide(w.read, &facts, china(now))
}

// register is a change of the register after the certificate was made.
func register(change func(r *Registration)) step { return func(w *world) { change(&w.reg) } }

// printed is how the registration already was when the certificate was made.
func printed(change func(r *Registration)) step {
	return func(w *world) {
		change(&w.reg)
		w.cert.Printed = PrintOf(&w.reg)
	}
}

// useUntil gives the certificate, and so its code, another use limit.
func useUntil(day string) step {
	return func(w *world) {
		w.cert.UseUntil = MustDate(day)
		w.sign()
	}
}

// code is a code that reads otherwise than the certificate on record.
func code(change func(r *Reading)) step { return func(w *world) { change(&w.read) } }

func state(s State) step { return register(func(r *Registration) { r.State = s }) }

func validFrom(day string) func(*Registration) {
	return func(r *Registration) { r.ValidFrom = MustDate(day) }
}

func validUntil(day string) func(*Registration) {
	return func(r *Registration) { r.ValidUntil = MustDate(day) }
}

func penalty(from, until string) step {
	return register(func(r *Registration) {
		b := Block{Kind: BlockPenalty, From: MustDate(from)}
		if until != "" {
			b.Until = MustDate(until)
		}
		r.Blocks = append(r.Blocks, b)
	})
}

func constructor(w *world) {
	printed(func(r *Registration) {
		r.Category, r.Specialty = CategoryConstructor1, "建筑工程"
	})(w)
}

// Steps that many rows share.
var (
	withdrawn  step = func(w *world) { w.cert.WithdrawnAt = InstantOf(china("2021-09-15 08:00:00")) }
	keyRevoked      = code(func(r *Reading) { r.KeyRevoked = true })
	moved           = register(func(r *Registration) { r.Employer = "另一家设计院" })
	noRecord   step = func(w *world) { w.nobody = true }
)

// Columns of a table of verdicts.
var (
	verdictHead = []string{
		"情形 situation", "查验时刻 now (UTC+8, UTC)", "电子证书 document", "理由 reasons", "变更字段 changed",
		"注册 registration", "限制 blocks", "结论 usable",
	}
	verdictWords = []map[string]string{documentWords, reasonWords, fieldWords, registrationWords, blockWords}
)

// verdict is a row of such a table; want is "document | reasons | changed | registration | blocks | usable".
func verdict(situation, now, want string, steps ...step) row {
	return row{[]string{situation, clocks(now)}, func() string {
		w := newWorld()
		for _, s := range steps {
			s(w)
		}
		return sentence(w.decide(now))
	}, want}
}

// sentence writes a verdict as cells; the reason that decided stands first.
func sentence(v Verdict) string {
	status, blocks := "-", "-"
	if r := v.Registration; r != nil {
		status, blocks = string(r.Status), list(r.Blocks...)
	}
	reasons := list(append([]Reason{v.Document.Reason}, v.Document.Reasons...)...)
	return string(v.Document.Status) + " | " + reasons + " | " + list(v.Document.Changed...) +
		" | " + status + " | " + blocks + " | " + yes(v.Usable())
}

// TestWorldIsLawful keeps the table's starting point within the rules that it is there to show.
func TestWorldIsLawful(t *testing.T) {
	w := newWorld()
	window, err := EndorseWindow(&w.reg, w.cert.UseFrom)
	if err != nil || window.Until != w.cert.UseUntil {
		t.Errorf("window %+v, %v; the certificate says %s", window, err, w.cert.UseUntil)
	}
	if faults := w.reg.Check(w.cert.UseFrom); len(faults) > 0 {
		t.Errorf("the register would refuse it: %v", faults)
	}
}
