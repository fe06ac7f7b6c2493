package register_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"yanzheng/internal/register"
	"yanzheng/internal/testkit"
	"yanzheng/internal/testkit/storekit"
	"yanzheng/models"
)

func (f *file) Next() (register.Row, error) {
	if len(f.rows) == 0 {
		if f.end != nil {
			return register.Row{}, f.end
		}
		return register.Row{}, io.EOF
	}
	r := f.rows[0]
	f.rows = f.rows[1:]
	return r, nil
}

// Every column with everything that can be wrong in it. A person has to find the cell from what is said.
func TestImportFaults(t *testing.T) {
	o := newOffice(t)
	sound := o.maker.Registration()
	sound.ValidFrom, sound.ValidUntil = today.AddDays(-10), today.AddDays(300)
	good := register.Cells(&sound)
	wrongDigit := sound.Person.IDNumber[:16] + string('0'+(sound.Person.IDNumber[16]-'0'+1)%10) + sound.Person.IDNumber[17:]
	long := func(n int) string { return strings.Repeat("长", n) }
	tests := []struct{ column, value, reason string }{
		{"category", "", "category_unknown"},
		{"category", "三级注册建筑师", "category_unknown"},
		{"certificate_number", "", "certificate_number_invalid"},
		{"certificate_number", "12 15", "certificate_number_invalid"},
		{"certificate_number", strings.Repeat("1", 41), "certificate_number_invalid"},
		{"seal_number", "", "seal_number_invalid"},
		{"seal_number", "281827;007", "seal_number_invalid"},
		{"name", "", "name_invalid"},
		{"name", "李", "name_invalid"},
		{"name", "李2明", "name_invalid"},
		{"name", "···", "name_invalid"},
		{"name", long(51), "name_invalid"},
		{"sex", "", "sex_invalid"},
		{"sex", "male", "sex_invalid"},
		{"id_number", "", "id_number_invalid"},
		{"id_number", wrongDigit, "id_number_invalid"},
		{"id_number", sound.Person.IDNumber[:17], "id_number_invalid"},
		{"id_number", "999999209001010012", "id_birth_date_invalid"},
		{"id_number", "999999199002300015", "id_birth_date_invalid"},
		{"id_type", "驾驶证", "id_type_unknown"},
		{"id_type", "passport", ""}, // 18 characters are too many for one, see below
		{"employer", "", "employer_invalid"},
		{"employer", "设计\x00院", "employer_invalid"},
		{"employer", "设计\xff院", "employer_invalid"},
		{"employer", long(101), "employer_invalid"},
		{"employer_code", "", "employer_code_invalid"},
		{"employer_code", "91999999MA0000000X", "employer_code_invalid"},
		{"employer_code", "9199999IMA0000001X", "employer_code_invalid"},
		{"specialty", long(51), "specialty_invalid"},
		{"valid_from", "", "date_invalid"},
		{"valid_from", "2026-02-30", "date_invalid"},
		{"valid_from", "2026/1/2", "date_invalid"},
		{"valid_from", "46000", "date_invalid"},
		{"valid_until", "", "date_invalid"},
		{"valid_until", "长期", "date_invalid"},
		{"valid_until", sound.ValidFrom.AddDays(-1).String(), "validity_reversed"},
		{"birth_date", "1970-02-30", "date_invalid"},
		{"birth_date", "70-01-01", "date_invalid"},
		{"status", "", "status_unknown"},
		{"status", "active", "status_unknown"},
		{"status", "expired", "status_disagrees_with_dates"},
		{"status", "not_yet", "status_disagrees_with_dates"},
	}
	var cells [][]string
	var want []string
	for i, c := range tests {
		cells = append(cells, with(good, c.column, c.value))
		if c.reason == "" {
			c.column, c.reason = "id_number", "id_number_invalid"
		}
		want = append(want, fmt.Sprintf("%d %s %s", i+2, c.column, c.reason))
	}
	report, faults, err := o.load(lines(cells...))
	testkit.Must(t, err)
	var got []string
	for _, f := range faults {
		got = append(got, fmt.Sprintf("%d %s %s", f.Line, f.Column, f.Reason))
		if f.Message.ZH == "" || f.Message.EN == "" {
			t.Errorf("line %d: no words for %s", f.Line, f.Reason)
		}
	}
	if !slices.Equal(got, want) {
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Errorf("got %q, want %q", got[i], want[i])
			}
		}
		t.Errorf("%d faults, want %d", len(got), len(want))
	}
	if want := (register.Report{Rows: len(tests), Rejected: len(tests)}); report != want {
		t.Errorf("report %+v, want %+v", report, want)
	}
	// Not a trace of any of them is in, and the row that they were made from is good.
	if found, err := o.store.Registrations(t.Context(), sound.CertificateNumber); err != nil || len(found) != 0 {
		t.Errorf("in the register: %+v, %v", found, err)
	}
	o.admit(sound)
}

func TestImportTellsAllThatIsWrongWithARow(t *testing.T) {
	o := newOffice(t)
	r := o.maker.Registration()
	good := register.Cells(&r)
	bad := with(with(with(with(good, "category", "?"), "name", ""), "valid_from", "?"), "status", "?")
	report, faults, err := o.load(lines(good[:3], bad, nil))
	testkit.Must(t, err)
	columns := map[int][]string{}
	for _, f := range faults {
		columns[f.Line] = append(columns[f.Line], f.Column)
	}
	slices.Sort(columns[3])
	if !slices.Equal(columns[3], []string{"category", "name", "status", "valid_from"}) {
		t.Errorf("line 3: %q, want each column at fault once", columns[3])
	}
	for line, n := range map[int]int{2: 8, 4: 11} { // what a short row lacks: all but specialty, id_type and birth_date
		slices.Sort(columns[line])
		if len(columns[line]) != n || len(slices.Compact(columns[line])) != n {
			t.Errorf("line %d: %q, want %d columns", line, columns[line], n)
		}
	}
	if want := (register.Report{Rows: 3, Rejected: 3}); report != want {
		t.Errorf("report %+v: a row counts once, however much is wrong", report)
	}
}

// What people write in other ways than the register does.
func TestImportUnderstands(t *testing.T) {
	o := newOffice(t)
	r := o.maker.Registration()
	cells := register.Cells(&r)
	for i, c := range []struct {
		column, value string
		check         func(r models.Registration) bool
	}{
		{"category", "一级注册建筑师", func(r models.Registration) bool { return r.Category == models.CategoryArchitect1 }},
		{"category", "一级建造师", func(r models.Registration) bool { return r.Category == models.CategoryConstructor1 }},
		{"category", "second_class_architect", func(r models.Registration) bool { return r.Category == models.CategoryArchitect2 }},
		{"employer", "  示范   设计院 ", func(r models.Registration) bool { return r.Employer == "示范 设计院" }},
		{"status", "suspended", func(r models.Registration) bool { return r.State == models.StateSuspended }},
		{"status", "revoked", func(r models.Registration) bool { return r.State == models.StateRevoked }},
		{"id_type", "居民身份证", func(r models.Registration) bool { return r.Person.IDType == models.IDResident }},
		{"id_type", "", func(r models.Registration) bool { return r.Person.IDType == models.IDResident }},
	} {
		number := fmt.Sprintf("U%d", i)
		report, faults, err := o.load(lines(with(with(cells, "certificate_number", number), c.column, c.value)))
		testkit.Must(t, err)
		found, err := o.store.Registrations(t.Context(), number)
		testkit.Must(t, err)
		if report.Imported != 1 || len(faults) != 0 || len(found) != 1 || !c.check(found[0]) {
			t.Errorf("%s %q: %+v %+v %+v", c.column, c.value, report, faults, found)
		}
	}
	passport := o.maker.Registration()
	passport.Category, passport.Person.IDType, passport.Person.IDNumber = models.CategoryConstructor1, models.IDPassport, "E12345678"
	for birth, reason := range map[string]string{"": "birth_date_needed", "2026-03-03": "birth_date_needed", "1980-01-31": ""} {
		report, faults, err := o.load(lines(with(register.Cells(&passport), "birth_date", birth)))
		testkit.Must(t, err)
		if reason == "" && (report.Imported != 1 || o.get(passport).Person.BirthDate != models.MustDate(birth)) || reason != "" && (len(faults) != 1 || faults[0].Reason != reason || faults[0].Column != "birth_date") {
			t.Errorf("born %q: %+v, %+v", birth, report, faults)
		}
	}
	other := o.maker.Registration()
	other.Person.Name = "买买提•艾力" // a bullet for the dot
	other.ValidFrom, other.ValidUntil, other.State = today.AddDays(-700), today.AddDays(-1), models.StateInForce
	cells = with(register.Cells(&other), "status", "expired")
	ahead := o.maker.Registration()
	ahead.ValidFrom, ahead.ValidUntil = today.AddDays(1), today.AddDays(100)
	report, faults, err := o.load(lines(cells, with(register.Cells(&ahead), "status", "not_yet")))
	testkit.Must(t, err)
	if report.Imported != 2 || len(faults) != 0 {
		t.Fatalf("%+v %+v", report, faults)
	}
	if got := o.get(other); got.Person.Name != "买买提·艾力" || got.State != models.StateInForce {
		t.Errorf("%+v", got)
	}
}

// A file in which a key stands twice is contradictory, however the second row is written.
func TestImportDuplicateKey(t *testing.T) {
	o := newOffice(t)
	var rows [][]string
	for range 505 { // over the border of a batch
		r := o.maker.Registration()
		rows = append(rows, register.Cells(&r))
	}
	first := rows[0]
	rows = append(rows,
		first,
		with(first, "category", "一级注册建筑师"),
		with(with(first, "certificate_number", "  "+first[1]+" "), "employer", "别的单位"),
		with(first, "category", string(models.CategoryArchitect2)), // another key
	)
	faulty := with(first, "certificate_number", "NEW1")
	rows = append(rows, with(faulty, "sex", "?"), faulty) // a row that did not go in takes no key
	report, faults, err := o.load(lines(rows...))
	testkit.Must(t, err)
	if want := (register.Report{Rows: 511, Imported: 507, Rejected: 4}); report != want {
		t.Errorf("report %+v, want %+v", report, want)
	}
	for i, f := range faults[:min(3, len(faults))] {
		if f.Line != 507+i || f.Column != "certificate_number" || f.Reason != "duplicate_key" {
			t.Errorf("fault %+v", f)
		}
	}
}

// One import with everything in it, on each database: new, changed, unchanged, refused and unreadable.
func TestImportMixed(t *testing.T) {
	for name := range storekit.Databases {
		t.Run(name, func(t *testing.T) {
			o := officeOn(t, name)
			same, changed, revoked, taken := o.maker.Registration(), o.maker.Registration(), o.maker.Registration(), o.maker.Registration()
			revoked.State = models.StateRevoked
			o.admit(same, changed, revoked, taken)
			if heard := o.caches.take(); len(heard) != 0 {
				t.Errorf("new registrations have no certificates, and yet the caches hear %+v", heard)
			}
			fresh := o.maker.Registration()
			changed.Employer = "导入后的新单位"
			revoked.State = models.StateInForce
			stranger := o.maker.Registration()
			stranger.CertificateNumber = taken.CertificateNumber
			f := lines(register.Cells(&fresh), register.Cells(&changed), register.Cells(&same), register.Cells(&revoked), register.Cells(&stranger))
			f.rows = append(f.rows, register.Row{Line: 9, Fault: &register.RowError{Line: 9, Column: "", Reason: "unreadable"}})
			report, faults, err := o.load(f)
			testkit.Must(t, err)
			if want := (register.Report{Rows: 6, Imported: 1, Changed: 1, Unchanged: 1, Rejected: 3}); report != want {
				t.Errorf("report %+v, want %+v", report, want)
			}
			var told []string
			for _, f := range faults {
				told = append(told, fmt.Sprint(f.Line, f.Column, f.Reason))
			}
			if want := []string{"9unreadable", "5statusstatus_would_restore", "6id_numberholder_differs"}; !slices.Equal(told, want) {
				t.Errorf("faults %q, want %q", told, want)
			}
			heard := o.caches.take()
			if len(heard) != 1 || heard[0].Kind != models.EventImported || heard[0].Actor != "importer" || heard[0].Version != 2 {
				t.Errorf("the caches heard %+v", heard)
			}
			if got := o.get(changed); got.Employer != changed.Employer {
				t.Errorf("changed into %+v", got)
			}
			// Told to lift, the same row goes in.
			report, err = o.Import(t.Context(), register.RowsOf(revoked), register.ImportOptions{Lift: true, Reject: func(e register.RowError) { t.Errorf("%+v", e) }})
			if err != nil || report.Changed != 1 || o.get(revoked).State != models.StateInForce {
				t.Errorf("lifted: %+v, %v", report, err)
			}
		})
	}
}

// The same file again, and again with a later clock: nothing changes and nobody is told.
func TestImportTwice(t *testing.T) {
	o := newOffice(t)
	var rows []models.Registration
	for range 1100 { // three batches
		r := o.maker.Registration()
		r.Specialty = "建筑"
		rows = append(rows, r)
	}
	o.admit(rows...)
	before := o.get(rows[700])
	o.clock.Advance(48 * 3600e9)
	var progress []register.Report
	report, err := o.Import(t.Context(), register.RowsOf(rows...), register.ImportOptions{
		Reject: func(e register.RowError) { t.Errorf("%+v", e) }, Progress: func(r register.Report) { progress = append(progress, r) },
	})
	if want := (register.Report{Rows: 1100, Unchanged: 1100}); err != nil || report != want {
		t.Errorf("%+v, %v, want %+v", report, err, want)
	}
	if len(progress) != 3 || progress[0] != (register.Report{Rows: 500, Unchanged: 500}) || progress[2] != report {
		t.Errorf("progress %+v", progress)
	}
	if after := o.get(rows[700]); !reflect.DeepEqual(before, after) || len(o.caches.take()) != 0 {
		t.Errorf("before %+v\nafter %+v", before, after)
	}
}

// A file that cannot be read to its end: what stood before goes in and is counted.
func TestImportOfABrokenFile(t *testing.T) {
	o := newOffice(t)
	errBroken := errors.New("the file ends in the middle")
	var cells [][]string
	for range 7 {
		r := o.maker.Registration()
		cells = append(cells, register.Cells(&r))
	}
	f := lines(cells...)
	f.end = errBroken
	report, faults, err := o.load(f)
	testkit.WantErr(t, err, errBroken)
	if want := (register.Report{Rows: 7, Imported: 7}); report != want || len(faults) != 0 {
		t.Errorf("report %+v, %+v, want %+v", report, faults, want)
	}
	if report, _, err := o.load(lines()); err != nil || report != (register.Report{}) {
		t.Errorf("a file without rows: %+v, %v", report, err)
	}
}

// Whoever ends an import early has what was committed, and the report says so.
func TestImportCancelled(t *testing.T) {
	o := newOffice(t)
	var rows []models.Registration
	for range 600 {
		rows = append(rows, o.maker.Registration())
	}
	ctx, cancel := context.WithCancel(t.Context())
	report, err := o.Import(ctx, register.RowsOf(rows...), register.ImportOptions{
		Reject: func(e register.RowError) { t.Errorf("%+v", e) }, Progress: func(register.Report) { cancel() },
	})
	testkit.WantErr(t, err, context.Canceled)
	if report.Imported != 500 {
		t.Errorf("report %+v", report)
	}
	report, faults, err := o.load(register.RowsOf(rows...))
	if want := (register.Report{Rows: 600, Imported: 100, Unchanged: 500}); err != nil || report != want || len(faults) != 0 {
		t.Errorf("again: %+v, %+v, %v, want %+v", report, faults, err, want)
	}
}
