package models

import "strconv"

// MergeOutcome says what became of one row of an import.
type MergeOutcome struct {
	Kind  MergeKind
	Fault *Error // why a row was refused
}

// MergeKind is what became of a row.
type MergeKind uint8

// What can become of a row.
const (
	MergeUnchanged MergeKind = iota
	MergeImported
	MergeChanged
	MergeRefused
)

// MergeRule decides what an incoming row does to the registration that is there: it changes old and
// tells whether anything changed, or why it may not. It does not look at the person.
type MergeRule func(old, in *Registration, today Date) (changed bool, fault *Error)

// Merge is the rule of an import (ours): the file's word stands for what a certificate prints, but it
// may only make a state worse. An old file must never lift a revocation decided since; that takes a
// registrar's restore, or an import told to lift (MergeLifting).
func Merge(old, in *Registration, today Date) (bool, *Error) {
	if old.State.WorseThan(in.State) {
		return false, ErrWouldRestore
	}
	return mergeFields(old, in, today), nil
}

// MergeLifting is Merge for a file that may lift states as well.
func MergeLifting(old, in *Registration, today Date) (bool, *Error) {
	return mergeFields(old, in, today), nil
}

func mergeFields(old, in *Registration, today Date) bool {
	changed := false
	for _, s := range []struct{ to, from *string }{
		{&old.SealNumber, &in.SealNumber}, {&old.Employer, &in.Employer},
		{&old.EmployerCode, &in.EmployerCode}, {&old.Specialty, &in.Specialty},
	} {
		changed = changed || *s.to != *s.from
		*s.to = *s.from
	}
	changed = changed || old.ValidFrom != in.ValidFrom || old.ValidUntil != in.ValidUntil
	old.ValidFrom, old.ValidUntil = in.ValidFrom, in.ValidUntil
	if old.State != in.State {
		old.State, old.StateSince = in.State, today
		changed = true
	}
	return changed
}

// The answers to rows and numbers that do not fit the register.
var (
	ErrWouldRestore  = NewError(KindConflict, "status_would_restore", "登记中的状态更严重（如已吊销），导入不能恢复；请用 restore 命令", "The register holds a graver status; an import cannot lift it, use the restore command").On("status")
	ErrHolderDiffers = NewError(KindRule, "holder_differs", "该证书编号在登记中属于另一证件号码", "The register has this certificate number under another ID number").On(string(FieldIDNumber))
	ErrPersonDiffers = NewError(KindRule, "person_differs", "同一证件号码在登记中的姓名或性别不同，请用 change 命令更正", "The register has another name or sex under this ID number; correct it with the change command").On(string(FieldName))
	ErrIDNumberTaken = NewError(KindConflict, "id_number_taken", "该证件号码已属于登记中的另一人", "The register has another person under this ID number").On(string(FieldIDNumber))
	ErrAmbiguous     = NewError(KindRule, "category_needed", "多个类别有此证书编号，请指明类别", "Several categories have this certificate number: name the category").On(string(FieldCategory))
)

// OneRegistration gives the one registration that was found for a certificate number: ErrNotFound, or ErrAmbiguous where a
// category must be named.
func OneRegistration(found []int64, number string) (int64, error) {
	switch len(found) {
	case 0:
		return 0, ErrNotFound.On(string(FieldCertificateNumber)).Because(errNumber(number))
	case 1:
		return found[0], nil
	}
	return 0, ErrAmbiguous
}

type errNumber string

func (e errNumber) Error() string { return "no registration " + strconv.Quote(string(e)) }
