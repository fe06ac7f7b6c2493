package store

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"testing"

	driver "github.com/go-sql-driver/mysql"
	_ "github.com/ncruces/go-sqlite3/driver"
	"gorm.io/gorm"

	"yanzheng/models"
)

// What a database may answer, and what that means for whoever asked. Only "away" may be tried again later,
// and a fault of ours must not hide behind it.
func TestWrap(t *testing.T) {
	server := func(number uint16) error { return &driver.MySQLError{Number: number, Message: "…"} }
	own := models.ErrForbidden.Because(io.EOF)
	for name, c := range map[string]struct{ err, want error }{
		"nothing":                     {nil, nil},
		"an answer of the domain":     {own, own},
		"the caller went away":        {context.Canceled, context.Canceled},
		"the caller's time is over":   {context.DeadlineExceeded, models.ErrUnavailable},
		"no such row":                 {gorm.ErrRecordNotFound, models.ErrNotFound},
		"a key twice":                 {gorm.ErrDuplicatedKey, models.ErrConflict},
		"a row that is pointed to":    {gorm.ErrForeignKeyViolated, models.ErrInternal},
		"deadlock":                    {server(1213), models.ErrConflict},
		"waited for a lock":           {server(1205), models.ErrConflict},
		"too many connections":        {server(1040), models.ErrUnavailable},
		"shutting down":               {server(1053), models.ErrUnavailable},
		"read-only after a failover":  {server(1290), models.ErrUnavailable},
		"read-only, MySQL's other":    {server(1836), models.ErrUnavailable},
		"killed query":                {server(1317), models.ErrUnavailable},
		"disconnected for idleness":   {server(4031), models.ErrUnavailable},
		"no such table":               {server(1146), models.ErrInternal},
		"too long for its column":     {server(1406), models.ErrInternal},
		"access denied":               {server(1045), ErrRefused},
		"no right to the schema":      {server(1044), ErrRefused},
		"no such schema":              {server(1049), ErrRefused},
		"the connection broke":        {driver.ErrInvalidConn, models.ErrUnavailable},
		"the connection ended":        {io.ErrUnexpectedEOF, models.ErrUnavailable},
		"the pool was closed":         {sql.ErrConnDone, models.ErrUnavailable},
		"SQLite, locked":              {busy(t), models.ErrUnavailable},
		"SQLite, read-only":           {query(t, "file:"+t.TempDir()+"/a.db?mode=rwc&_pragma=query_only(1)", "CREATE TABLE t (i)"), models.ErrUnavailable},
		"SQLite, no such file":        {query(t, "file:"+t.TempDir()+"/none/a.db", "SELECT 1"), models.ErrUnavailable},
		"SQLite, no such table":       {query(t, "file:"+t.TempDir()+"/b.db", "SELECT * FROM nothing"), models.ErrInternal},
		"SQLite, a broken constraint": {query(t, "file:"+t.TempDir()+"/c.db", "CREATE TABLE t (i CHECK (i > 0)); INSERT INTO t VALUES (0)"), models.ErrInternal},
	} {
		got := wrap(c.err)
		if c.err != nil && got == nil {
			t.Errorf("%s: lost", name)
		}
		if !errors.Is(got, c.want) {
			t.Errorf("%s: %v becomes %v, want %v", name, c.err, got, c.want)
		}
	}
}

// query runs a statement on SQLite and gives its error.
func query(t *testing.T, dsn, statement string) error {
	t.Helper()
	db, err := sql.Open("sqlite3", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err = db.ExecContext(t.Context(), statement); err == nil {
		t.Errorf("%s: no error", statement)
	}
	return err
}

// busy is what SQLite says to the second of two writers, at once.
func busy(t *testing.T) error {
	t.Helper()
	dsn := "file:" + t.TempDir() + "/busy.db?_pragma=busy_timeout(0)"
	db, err := sql.Open("sqlite3", dsn+"&_txlock=exclusive")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	return query(t, dsn, "CREATE TABLE t (i)")
}
