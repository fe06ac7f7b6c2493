package register_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"yanzheng/internal/demo"
	"yanzheng/internal/register"
	"yanzheng/models"
)

// paper stands where the store is: it keeps what it is given, for the targets here are about what reaches a store.
type paper struct {
	register.Store
	merged []models.Registration
	found  models.Registration
}

func (p *paper) Merge(_ context.Context, rows []models.Registration, _ models.MergeRule, _ models.Event, _ models.Instant) ([]models.MergeOutcome, []models.Event, error) {
	p.merged = append(p.merged, rows...)
	return slices.Repeat([]models.MergeOutcome{{Kind: models.MergeImported}}, len(rows)), nil, nil
}

func (p *paper) RegistrationID(context.Context, models.Category, string) (int64, error) {
	return p.found.ID, nil
}

func (p *paper) ChangeRegistration(_ context.Context, _ int64, _ models.Instant, change func(r *models.Registration) (models.Event, error)) (models.Registration, []models.Event, error) {
	r := p.found
	event, err := change(&r)
	if err != nil {
		return models.Registration{}, nil, err
	}
	p.found = r
	return r, []models.Event{event}, nil
}

func (p *paper) service() *register.Service {
	return register.New(p, &caches{there: true}, func() time.Time { return now })
}

// sample is a registration that the register takes.
func sample() models.Registration {
	r := demo.NewMaker(1, "R", today).Registration()
	r.Specialty, r.ValidFrom, r.ValidUntil = "建筑工程", today.AddDays(-100), today.AddDays(100)
	return r
}

var columns = slices.Concat(register.RequiredColumns, register.OptionalColumns)

// causes says which columns can be at fault because another one changed.
var causes = map[string][]string{
	"category": {"birth_date"}, "valid_from": {"valid_until", "status"}, "valid_until": {"status"},
	"id_type": {"id_number", "birth_date"}, "id_number": {"birth_date"},
}

// always are cells with which nothing is wrong whatever the others say.
var always = map[string][]string{
	"category": {"一级注册建筑师", "二级注册建筑师", "一级注册结构工程师", "first_class_architect"},
	"sex":      {"男", "女"}, "specialty": {"", "建筑工程"},
	"status": {"in_force", "suspended", "cancelled", "withdrawn", "revoked"},
}

// FuzzRow puts two cells, and the length, of a good row to the test. What is taken fits every rule of the domain, in its one
// written form, and comes back from its own cells as it is; what is not names the cells at fault, and only those.
func FuzzRow(f *testing.F) {
	f.Fuzz(func(t *testing.T, one uint8, first string, two uint8, second string, length uint8) {
		good := sample()
		cells := register.Cells(&good)
		cells[13] = good.Person.BirthDate.String()
		changed := map[string]bool{} // what may be at fault
		put := func(column uint8, text string) {
			name := columns[int(column)%len(cells)]
			cells[int(column)%len(cells)] = text
			changed[name] = changed[name] || !slices.Contains(always[name], text)
		}
		put(one, first)
		put(two, second)
		for n := int(length); n < len(cells); n++ {
			changed[columns[n]] = true
		}
		cells = cells[:min(int(length), len(cells))]
		for column, others := range causes {
			for _, other := range others {
				changed[other] = changed[other] || changed[column]
			}
		}
		r, faults := takeRow(t, cells)
		typed := slices.Clone(cells)
		for i := range typed {
			switch columns[i] {
			case "certificate_number", "seal_number", "name", "employer", "employer_code", "specialty":
				typed[i] = models.NormalizeText(typed[i])
			}
		}
		if same, others := takeRow(t, typed); !reflect.DeepEqual(same, r) || !slices.Equal(others, faults) {
			t.Errorf("%q: %+v, %+v; in the one written form %+v, %+v", cells, r, faults, same, others)
		}
		if r == nil {
			var told []string
			for _, e := range faults {
				if !changed[e.Column] || e.Reason == "" || e.Message.ZH == "" || e.Message.EN == "" || slices.Contains(told, e.Column) {
					t.Errorf("%q: %+v, after faults of %v", cells, e, told)
				}
				told = append(told, e.Column)
			}
			return
		}
		checkSound(t, *r)
		if status := models.RegistrationStatus(cells[11]); status != models.RegistrationStatus(r.State) && status != r.StatusOn(today) {
			t.Errorf("%s goes in as %s, which is %s today", status, r.State, r.StatusOn(today))
		}
		if again, faults := takeRow(t, register.Cells(r)); again == nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%+v comes back as %+v, %+v", r, again, faults)
		}
	})
}

// takeRow imports one row and gives what reached the store, or the faults.
func takeRow(t *testing.T, cells []string) (*models.Registration, []register.RowError) {
	t.Helper()
	const line = 77
	var p paper
	var faults []register.RowError
	report, err := p.service().Import(t.Context(), &file{rows: []register.Row{{Line: line, Cells: cells}}}, register.ImportOptions{
		Reject: func(e register.RowError) { faults = append(faults, e) },
	})
	taken := len(p.merged)
	if err != nil || report != (register.Report{Rows: 1, Imported: taken, Rejected: 1 - taken}) || (taken == 0) != (len(faults) > 0) {
		t.Fatalf("%q: %+v, %v, %d taken, faults %+v", cells, report, err, taken, faults)
	}
	for _, e := range faults {
		if e.Line != line {
			t.Errorf("a fault of line %d: %+v", line, e)
		}
	}
	if taken == 0 {
		return nil, faults
	}
	return &p.merged[0], nil
}

// checkSound holds a registration that was taken to what the register promises of all of them.
func checkSound(t *testing.T, r models.Registration) {
	t.Helper()
	again := r
	again.Normalize()
	if faults := again.Check(today); len(faults) > 0 || !reflect.DeepEqual(again, r) {
		t.Errorf("taken, but not sound: %+v: %v", r, faults)
	}
	for _, text := range append(register.Cells(&r), string(r.Category)) {
		hidden := func(c rune) bool { return !unicode.IsPrint(c) && !unicode.Is(unicode.Mn, c) }
		if !utf8.ValidString(text) || strings.ContainsFunc(text, hidden) || utf8.RuneCountInString(text) > 100 || text != strings.TrimSpace(text) {
			t.Errorf("%q is in the register", text)
		}
	}
	if r.ValidFrom == 0 || r.ValidUntil < r.ValidFrom || r.Person.BirthDate > today || !r.State.Valid() {
		t.Errorf("%+v is in the register", r)
	}
	if models.CheckEmployerCode(r.EmployerCode) != nil || models.CheckName(r.Person.Name) != nil || r.Employer == "" {
		t.Errorf("%+v is in the register", r)
	}
	policy, ok := r.Category.Policy()
	if birth := r.Person.BirthDate; !ok || birth == 0 && (policy.MaxAge > 0 || r.Person.IDType == models.IDResident) {
		t.Errorf("without a birth date: %+v", r)
	}
}

// FuzzChange: what a registrar's change leaves behind fits every rule, and is just what was asked for; whatever is refused
// has changed nothing, and the field at fault is named.
func FuzzChange(f *testing.F) {
	all := []models.Field{
		models.FieldName, models.FieldSex, models.FieldBirthDate, models.FieldCategory, models.FieldCertificateNumber,
		models.FieldSealNumber, models.FieldEmployer, models.FieldEmployerCode, models.FieldSpecialty, models.FieldValidFrom,
		models.FieldValidUntil, models.FieldIDNumber, models.FieldIDType, "status", "",
	}
	fixed := []models.Field{models.FieldCategory, models.FieldCertificateNumber, "status", ""}
	f.Fuzz(func(t *testing.T, one uint8, first string, two uint8, second, reason string) {
		p := &paper{found: sample()}
		before := p.found
		fields := map[models.Field]string{all[int(one)%len(all)]: first, all[int(two)%len(all)]: second}
		change := func() (register.Outcome, error) {
			d := decision(p.found)
			d.Reason = reason
			return p.service().Change(t.Context(), d, fields)
		}
		out, err := change()
		if n := utf8.RuneCountInString(models.NormalizeText(reason)); (n == 0 || n > 500) != errors.Is(err, register.ErrReason) {
			t.Errorf("reason %q: %v", reason, err)
		}
		if err != nil {
			if !reflect.DeepEqual(p.found, before) {
				t.Errorf("refused with %v, and changed to %+v", err, p.found)
			}
			e := models.AsError(err)
			known := e.Kind == models.KindRule && (e.Field != "" || errors.Is(err, register.ErrField)) || errors.Is(err, register.ErrNoChange)
			if !known {
				t.Errorf("%q: %v of kind %d about %q", fields, err, e.Kind, e.Field)
			}
			for field, asked := range fields {
				said := slices.Contains([]models.Field{models.FieldIDNumber, models.FieldIDType, models.FieldBirthDate}, field) || before.Value(field) == models.NormalizeText(asked)
				if errors.Is(err, register.ErrNoChange) && (slices.Contains(fixed, field) || !said) {
					t.Errorf("%s %q is called nothing to change", field, asked)
				}
			}
			return
		}
		checkSound(t, p.found)
		if reflect.DeepEqual(p.found, before) || !out.Propagated {
			t.Errorf("%q changed nothing, and is told as a change: %+v", fields, out)
		}
		for _, field := range all {
			asked, ok := fields[field]
			switch got := p.found.Value(field); {
			case ok && slices.Contains(fixed, field):
				t.Errorf("%q was changed", field)
			case !ok && got != before.Value(field) && !(field == models.FieldBirthDate && fields[models.FieldIDNumber] != ""):
				t.Errorf("%s was not asked for, and is %q now", field, got)
			case ok && field != models.FieldIDNumber && field != models.FieldIDType && field != models.FieldBirthDate && got != models.NormalizeText(asked):
				t.Errorf("%s is %q, asked for %q", field, got, asked)
			}
		}
		rest, was := p.found, before
		rest.Person, was.Person = models.Person{}, models.Person{}
		for _, r := range []*models.Registration{&rest, &was} {
			r.SealNumber, r.Employer, r.EmployerCode, r.Specialty, r.ValidFrom, r.ValidUntil = "", "", "", "", 0, 0
		}
		if !reflect.DeepEqual(rest, was) {
			t.Errorf("something else changed: %+v, before %+v", rest, was)
		}
		if _, err := change(); !errors.Is(err, register.ErrNoChange) {
			t.Errorf("the same again: %v", err)
		}
	})
}
