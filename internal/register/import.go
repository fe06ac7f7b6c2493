package register

import (
	"context"
	"errors"
	"hash/maphash"
	"io"
	"time"

	"yanzheng/models"
)

// Columns of an import file; the header names them in any order.
var (
	RequiredColumns = []string{
		"category", "certificate_number", "seal_number", "name", "sex", "id_number", "employer",
		"employer_code", "specialty", "valid_from", "valid_until", "status",
	}
	OptionalColumns = []string{"id_type", "birth_date"}
)

// Positions of the columns in a Row's cells: RequiredColumns, then OptionalColumns.
const (
	colCategory = iota
	colCertificateNumber
	colSealNumber
	colName
	colSex
	colIDNumber
	colEmployer
	colEmployerCode
	colSpecialty
	colValidFrom
	colValidUntil
	colStatus
	colIDType
	colBirthDate
)

// Row is one row of a file. Line counts from 1, the header's. A row that could not be read says why in
// Fault and has no cells.
type Row struct {
	Line  int
	Cells []string // by position, trimmed
	Fault *RowError
}

// RowError is one thing wrong with one row. Reason is a stable code.
type RowError struct {
	Line    int         `json:"line"`
	Column  string      `json:"column"`
	Reason  string      `json:"reason"`
	Message models.Text `json:"-"`
}

// Rows gives the rows of a file, one after the other, then io.EOF.
type Rows interface {
	Next() (Row, error)
}

// Report is what an import did. Counts are of rows.
type Report struct {
	Rows      int `json:"rows"`
	Imported  int `json:"imported"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Rejected  int `json:"rejected"`
}

// ImportOptions say how to import.
type ImportOptions struct {
	Actor    string
	Reason   string              // kept in the history: which file it was
	Lift     bool                // the file may lift suspensions and revocations
	Reject   func(RowError)      // hears of everything wrong, in the order of the file within a batch
	Progress func(Report)        // hears of every committed batch
	Wait     func(time.Duration) // waits between tries; nil: really
}

// importBatch is how many rows go in together. The database's cost per row is flat from here on.
const importBatch = 500

// Import brings the rows in. Good rows go in, bad ones are told to opts.Reject; the report counts what is
// committed, also when an error ends the import early: the same file then goes on where it stopped,
// because rows that are in change nothing.
func (s *Service) Import(ctx context.Context, rows Rows, opts ImportOptions) (Report, error) {
	i := importing{service: s, opts: opts, seed: maphash.MakeSeed(), seen: map[uint64]struct{}{}, today: models.DateOf(s.now())}
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			err := i.flush(ctx) // before the report is read: the two have no order within one return
			return i.report, err
		}
		if err != nil {
			err = errors.Join(err, i.flush(ctx))
			return i.report, err
		}
		if err := ctx.Err(); err != nil {
			return i.report, err
		}
		i.take(row)
		if len(i.batch) == importBatch {
			if err := i.flush(ctx); err != nil {
				return i.report, err
			}
		}
	}
}

type importing struct {
	service *Service
	opts    ImportOptions
	report  Report
	today   models.Date
	batch   []models.Registration
	lines   []int
	// seen holds a digest of every key of the file: about 36 bytes a row, however long the rows are. Two
	// keys with one digest: 1 in 370,000 for a file of 10 million rows; the seed changes with each run.
	seed maphash.Seed
	seen map[uint64]struct{}
}

func (i *importing) take(row Row) {
	i.report.Rows++
	if row.Fault != nil {
		i.reject(*row.Fault)
		return
	}
	r, faults := parseRow(row.Cells, i.today)
	if len(faults) > 0 {
		i.refuse(row.Line, faults...)
		return
	}
	key := maphash.String(i.seed, string(r.Category)+"\x00"+r.CertificateNumber)
	if _, twice := i.seen[key]; twice {
		i.refuse(row.Line, ErrDuplicateKey)
		return
	}
	i.seen[key] = struct{}{}
	i.batch, i.lines = append(i.batch, r), append(i.lines, row.Line)
}

func (i *importing) refuse(line int, faults ...*models.Error) {
	i.report.Rejected++
	for _, f := range faults {
		i.opts.Reject(RowError{line, f.Field, f.Code, f.Message})
	}
}

func (i *importing) reject(e RowError) {
	i.report.Rejected++
	i.opts.Reject(e)
}

// flush commits the batch; a database that is away is tried again for about half a minute.
func (i *importing) flush(ctx context.Context) error {
	if len(i.batch) == 0 {
		return nil
	}
	rule := models.Merge
	if i.opts.Lift {
		rule = models.MergeLifting
	}
	event := models.Event{Kind: models.EventImported, Actor: i.opts.Actor, Reason: i.opts.Reason}
	var outcomes []models.MergeOutcome
	var events []models.Event
	var err error
	for wait := 500 * time.Millisecond; ; wait *= 2 {
		outcomes, events, err = i.service.store.Merge(ctx, i.batch, rule, event, models.InstantOf(i.service.now()))
		again := errors.Is(err, models.ErrUnavailable) || errors.Is(err, models.ErrConflict)
		if !again || wait > 16*time.Second || !i.wait(ctx, wait) {
			break
		}
	}
	if err != nil {
		return err
	}
	if len(events) > 0 { // what the caches do not hear now, the relay tells them
		i.service.propagator.Propagate(ctx, events)
	}
	for n, o := range outcomes {
		switch o.Kind {
		case models.MergeImported:
			i.report.Imported++
		case models.MergeChanged:
			i.report.Changed++
		case models.MergeUnchanged:
			i.report.Unchanged++
		case models.MergeRefused:
			i.refuse(i.lines[n], o.Fault)
		}
	}
	i.batch, i.lines = i.batch[:0], i.lines[:0]
	if i.opts.Progress != nil {
		i.opts.Progress(i.report)
	}
	return nil
}

// wait waits between two tries; false when the import is to end.
func (i *importing) wait(ctx context.Context, d time.Duration) bool {
	if i.opts.Wait != nil {
		i.opts.Wait(d)
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// parseRow reads a row's cells into a checked registration, or tells all that is wrong with them.
func parseRow(cells []string, today models.Date) (models.Registration, []*models.Error) {
	var faults []*models.Error
	note := func(column string, err error) {
		if err != nil {
			faults = append(faults, models.AsError(err).On(column))
		}
	}
	cell := func(n int) string {
		if n < len(cells) {
			return cells[n]
		}
		return ""
	}
	r := models.Registration{
		CertificateNumber: cell(colCertificateNumber), SealNumber: cell(colSealNumber),
		Employer: cell(colEmployer), EmployerCode: cell(colEmployerCode), Specialty: cell(colSpecialty),
		Person: models.Person{Name: cell(colName), Sex: models.Sex(cell(colSex)), IDNumber: cell(colIDNumber)},
	}
	var err error
	if r.Category, err = models.ParseCategory(cell(colCategory)); err != nil {
		note("category", err)
	}
	if r.Person.IDType, err = models.ParseIDType(cell(colIDType)); err != nil {
		note("id_type", err)
	}
	if r.ValidFrom, err = models.ParseDate(cell(colValidFrom)); err != nil {
		note("valid_from", err)
	}
	if r.ValidUntil, err = models.ParseDate(cell(colValidUntil)); err != nil {
		note("valid_until", err)
	}
	if birth := cell(colBirthDate); birth != "" {
		if r.Person.BirthDate, err = models.ParseDate(birth); err != nil {
			note("birth_date", err)
		}
	}
	status := models.RegistrationStatus(cell(colStatus))
	r.State = stateOf(status)
	r.Normalize()
	for _, f := range r.Check(today) {
		if !told(faults, f) {
			faults = append(faults, f)
		}
	}
	computed := status == models.RegistrationExpired || status == models.RegistrationNotYet
	if len(faults) == 0 && computed && r.StatusOn(today) != status {
		note("status", ErrStatusDates)
	}
	return r, faults
}

// stateOf gives what the register decided where a file gives a status; those that follow from the dates
// are in force as far as decisions go.
func stateOf(s models.RegistrationStatus) models.State {
	switch s {
	case models.RegistrationInForce, models.RegistrationExpired, models.RegistrationNotYet:
		return models.StateInForce
	case models.RegistrationSuspended, models.RegistrationCancelled, models.RegistrationWithdrawn, models.RegistrationRevoked:
		return models.State(s)
	}
	return ""
}

// told tells whether something wrong with the same column was noted already.
func told(faults []*models.Error, f *models.Error) bool {
	for _, g := range faults {
		if g.Field == f.Field || (f.Code == models.ErrIDType.Code && g.Code == f.Code) {
			return true
		}
	}
	return false
}

// The answers to rows that cannot go in.
var (
	ErrDuplicateKey = models.NewError(models.KindRule, "duplicate_key", "文件中已有同一类别和证书编号的行", "The file has this category and certificate number already").On("certificate_number")
	ErrStatusDates  = models.NewError(models.KindRule, "status_disagrees_with_dates", "状态与注册有效期不符", "The status does not agree with the dates").On("status")
)
