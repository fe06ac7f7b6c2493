package testkit

import (
	"context"
	"database/sql"
	"strings"
	"testing"
)

func open(t *testing.T, d Database) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", d.DSN("charset=utf8mb4"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestMySQLIsFreshAndSpeaksChinese(t *testing.T) {
	db := open(t, MySQL(t))
	// 㐂 and 𠮷 are names' characters; the second needs four bytes. Lower and upper case are different things in codes.
	for _, statement := range []string{
		"CREATE TABLE person (name VARCHAR(20) PRIMARY KEY)",
		"INSERT INTO person VALUES ('张㐂𠮷'), ('a'), ('A')",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	var name string
	if err := db.QueryRowContext(t.Context(), "SELECT name FROM person WHERE name LIKE '张%'").Scan(&name); err != nil {
		t.Fatal(err)
	}
	if name != "张㐂𠮷" {
		t.Errorf("got %q back", name)
	}
}

func TestMySQLGivesEachItsOwnAndDropsIt(t *testing.T) {
	outer := MySQL(t)
	var inner Database
	t.Run("inner/名", func(t *testing.T) { inner = MySQL(t) })
	if inner.Name == outer.Name {
		t.Fatal("two calls share a database")
	}
	var left int
	query := "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name IN (?, ?)"
	if err := open(t, outer).QueryRowContext(context.Background(), query, inner.Name, outer.Name).Scan(&left); err != nil {
		t.Fatal(err)
	}
	if left != 1 {
		t.Errorf("%d databases are left, want 1: the inner test's is to be gone", left)
	}
}

func TestDatabaseName(t *testing.T) {
	for _, test := range []string{"TestA", "Test/张三_`; DROP", strings.Repeat("TestLong", 20), ""} {
		name := databaseName(test)
		if len(name) > 64 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			t.Errorf("%q becomes %q", test, name)
		}
		if name == databaseName(test) {
			t.Errorf("%q is not unique", name)
		}
	}
}

func TestDSN(t *testing.T) {
	d := Database{Address: "127.0.0.1:3306", User: "u", Password: "p", Name: "n"}
	for parameters, want := range map[string]string{
		"":               "u:p@tcp(127.0.0.1:3306)/n",
		"parseTime=true": "u:p@tcp(127.0.0.1:3306)/n?parseTime=true",
	} {
		if got := d.DSN(parameters); got != want {
			t.Errorf("DSN(%q) = %q, want %q", parameters, got, want)
		}
	}
}
