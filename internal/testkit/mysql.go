package testkit

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Database is an empty database of one test alone.
type Database struct {
	Address  string // host:port
	User     string
	Password string
	Name     string
}

// DSN gives the data source name for go-sql-driver. The parameters are the caller's, as in a URL's query: "parseTime=true".
func (d Database) DSN(parameters string) string {
	dsn := fmt.Sprintf("%s:%s@tcp(%s)/%s", d.User, d.Password, d.Address, d.Name)
	if parameters != "" {
		dsn += "?" + parameters
	}
	return dsn
}

// MySQL makes a database (utf8mb4, utf8mb4_bin) on the server that YANZHENG_TEST_MYSQL names, and drops it when the test
// ends. A test that leaves a transaction open there fails, because the drop then has to wait for it.
func MySQL(t testing.TB) Database {
	t.Helper()
	dsn := os.Getenv("YANZHENG_TEST_MYSQL")
	if dsn == "" {
		missing(t, "YANZHENG_TEST_MYSQL is not set")
	}
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal("YANZHENG_TEST_MYSQL is not a DSN of go-sql-driver:", err)
	}
	d := Database{Address: config.Addr, User: config.User, Password: config.Passwd, Name: databaseName(t.Name())}
	config.DBName = ""
	if err := administer(t, config, "CREATE DATABASE "+d.Name+" CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"); err != nil {
		t.Fatal("cannot make a database; does the server of YANZHENG_TEST_MYSQL still run?", err)
	}
	t.Cleanup(func() {
		if err := administer(t, config, "DROP DATABASE IF EXISTS "+d.Name); err != nil {
			t.Errorf("cannot drop %s; is a transaction still open there? %v", d.Name, err)
		}
	})
	return d
}

// administer runs one statement on a connection of its own.
func administer(t testing.TB, config *mysql.Config, statement string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 15*time.Second)
	defer cancel()
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	_, err = db.ExecContext(ctx, statement)
	return err
}

// databaseName makes a name that tells whose the database is, and that needs no quotes; MySQL allows 64 bytes.
func databaseName(test string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(test))
	return "t_" + name[:min(len(name), 40)] + "_" + random(6)
}
