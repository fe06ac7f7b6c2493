package models

// PaperStatus says what a paper certificate is worth on a day (一(一)(二), R5).
type PaperStatus string

// The closed set of paper statuses.
const (
	PaperOnly      PaperStatus = "only"       // before electronic certificates: paper alone counts
	PaperEqual     PaperStatus = "equal"      // transition: no new paper, old paper and e-certificate equal
	PaperVoid      PaperStatus = "void"       // paper no longer counts
	PaperNotIssued PaperStatus = "not_issued" // this category never had paper
)

// PaperTransition is the way of one category from paper to electronic certificates; the zero value is
// a category that never had paper.
type PaperTransition struct {
	ElectronicFrom Date // first day of electronic certificates, last day of new paper the day before
	VoidFrom       Date // first day on which paper is void
}

// architectPaper: electronic from 2021-08-01, paper void from 2022-07-01 (一(一), 一(二)).
var architectPaper = PaperTransition{
	ElectronicFrom: MustDate("2021-08-01"),
	VoidFrom:       MustDate("2022-07-01"),
}

// PaperFinding is what a look-up says of a paper certificate, with the days of that state;
// From or Until is zero where the state has no such end.
type PaperFinding struct {
	Status      PaperStatus
	From, Until Date
	Message     Text
}

// On gives the paper's worth on a day.
func (p PaperTransition) On(day Date) PaperFinding {
	switch {
	case p == PaperTransition{}:
		return PaperFinding{Status: PaperNotIssued, Message: p.message(PaperNotIssued)}
	case day < p.ElectronicFrom:
		return PaperFinding{PaperOnly, 0, p.ElectronicFrom.AddDays(-1), p.message(PaperOnly)}
	case day < p.VoidFrom:
		return PaperFinding{PaperEqual, p.ElectronicFrom, p.VoidFrom.AddDays(-1), p.message(PaperEqual)}
	default:
		return PaperFinding{PaperVoid, p.VoidFrom, 0, p.message(PaperVoid)}
	}
}

// PaperOn gives what paper of this category is worth on a day; false where the category's rule is
// not confirmed.
func (c Category) PaperOn(day Date) (PaperFinding, bool) {
	p := c.policy()
	if p == nil || p.Paper == nil {
		return PaperFinding{}, false
	}
	return p.Paper.On(day), true
}

// Comparison is one line of "the paper says …" (R4): the register's word stands (二(三)).
type Comparison struct {
	Field        Field
	Same         bool
	RegisterSays string
}

// comparable lists the fields a look-up may compare: those that anyone may see anyway, so that
// guessing at paper tells nothing more than the look-up itself.
var comparable = []Field{
	FieldName, FieldCategory, FieldCertificateNumber, FieldSealNumber, FieldEmployer,
	FieldEmployerCode, FieldSpecialty, FieldValidFrom, FieldValidUntil,
}

// ComparePaper holds what a paper says against the registration, in the order of the form. A field
// that may not be compared is ErrPaperField.
func ComparePaper(paper map[Field]string, r Registration) ([]Comparison, error) {
	left := len(paper)
	var out []Comparison
	for _, f := range comparable {
		says, ok := paper[f]
		if !ok {
			continue
		}
		left--
		register := r.Value(f)
		same := foldWidth(NormalizeText(says)) == foldWidth(NormalizeText(register))
		if f == FieldCategory && !same { // the paper may use the category's other name
			c, err := ParseCategory(NormalizeText(says))
			same = err == nil && c == r.Category
		}
		out = append(out, Comparison{f, same, register})
	}
	if left > 0 {
		return nil, ErrPaperField
	}
	return out, nil
}

// ErrPaperField answers a comparison of something that is not a public field.
var ErrPaperField = NewError(KindRule, "paper_field_unknown", "只能比对公开的注册信息字段", "Only public registration fields can be compared").On("paper")
