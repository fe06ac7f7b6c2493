package stand

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// ChangeEvery changes every n-th of the people that IssueCodes imported (the n-th is the first of them): they move to
// another employer, by an import as a province sends it. It returns when the running servers' cache knows.
func (t *Stand) ChangeEvery(ctx context.Context, n int) error {
	changed := filepath.Join(t.Dir, "changes.csv")
	if err := moveEvery(t.people(), changed, n); err != nil {
		return err
	}
	if _, err := t.CLI(ctx, "import", changed); err != nil {
		return err
	}
	const patience = time.Minute
	for began := time.Now(); ; {
		var pending int
		err := t.admin.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+t.schema+".events WHERE propagated_at = 0").Scan(&pending)
		switch {
		case err != nil || pending == 0:
			return err
		case time.Since(began) > patience:
			return fmt.Errorf("%d changes are not told to the cache after %s\n%s", pending, patience, t.Complaint())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// moveEvery copies every n-th row of an import file, with another employer.
func moveEvery(from, to string, n int) (err error) {
	in, err := os.Open(from) //nolint:gosec // below the stand's folder
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to) //nolint:gosec // below the stand's folder
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	r, w := csv.NewReader(in), csv.NewWriter(out)
	employer := -1
	for line := 0; ; line++ {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			w.Flush()
			return w.Error()
		}
		switch {
		case err != nil:
			return err
		case line == 0:
			if employer = slices.Index(row, "employer"); employer < 0 {
				return errors.New("no column employer")
			}
		case line%n != 0:
			continue
		default:
			row[employer] += "（分院）"
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
}
