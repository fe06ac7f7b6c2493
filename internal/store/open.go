package store

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"github.com/ncruces/go-sqlite3/gormlite"
	"gorm.io/driver/mysql"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// Options say which database to open. Driver decides which of the rest count.
type Options struct {
	Driver string // "mysql" or "sqlite"

	Path string // SQLite: the file

	Network                       string // MySQL: "tcp" or "unix"
	Address, User, Password, Name string
	TLS                           *tls.Config
	MaxOpen, MaxIdle              int // connections
	MaxLifetime                   time.Duration
	DialTimeout, ReadTimeout      time.Duration // without them a silent server hangs its callers
	WriteTimeout                  time.Duration

	Keys   Keys
	Logger *slog.Logger
}

// Keys are the two separate secrets of the register's personal data.
type Keys struct {
	Seal  [32]byte // AES-256-GCM, what is stored
	Index [32]byte // HMAC-SHA-256, what it is found by
}

// Store is the database. It is safe for many goroutines.
type Store struct {
	db     *gorm.DB
	hot    *gorm.DB // with prepared statements, for the few that every scan runs
	sql    *sql.DB
	sealer *sealer
	sqlite bool
	facts  string // the column list of the facts query
}

// Open connects, checks that the database can hold every Chinese name, and prepares the statements.
// It does not migrate: see Migrate.
func Open(ctx context.Context, o Options) (*Store, error) {
	sealer, err := newSealer(o.Keys)
	if err != nil {
		return nil, err
	}
	dialector, err := dialector(o)
	if err != nil {
		return nil, err
	}
	db, err := gorm.Open(dialector, &gorm.Config{
		PrepareStmtMaxSize: 64, PrepareStmtTTL: time.Hour, SkipDefaultTransaction: true, TranslateError: true, DisableAutomaticPing: true,
		Logger: quiet(o.Logger),
	})
	if err != nil {
		return nil, fmt.Errorf("store: open: %w", err)
	}
	hot := db.Session(&gorm.Session{PrepareStmt: true})
	s := &Store{db: db, hot: hot, sealer: sealer, sqlite: o.Driver == "sqlite"}
	if s.sql, err = db.DB(); err != nil {
		return nil, fmt.Errorf("store: open: %w", err)
	}
	s.pool(o)
	if err := s.checkCharset(ctx); err != nil {
		s.Close() //nolint:errcheck,gosec // the first error counts
		return nil, err
	}
	if s.facts, err = factColumns(db); err != nil {
		return nil, err
	}
	return s, nil
}

func dialector(o Options) (gorm.Dialector, error) {
	switch o.Driver {
	case "sqlite":
		q := url.Values{"_txlock": {"immediate"}, "_pragma": {
			"busy_timeout(5000)", "journal_mode(wal)", "synchronous(normal)", "foreign_keys(on)",
		}}
		u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: o.Path}).EscapedPath(), RawQuery: q.Encode()}
		return gormlite.Open(u.String()), nil
	case "mysql":
		c := driver.NewConfig()
		c.Net, c.Addr, c.User, c.Passwd, c.DBName = o.Network, o.Address, o.User, o.Password, o.Name
		c.TLS = o.TLS
		c.Timeout, c.ReadTimeout, c.WriteTimeout = o.DialTimeout, o.ReadTimeout, o.WriteTimeout
		c.ParseTime = true // goose asks for it; our own dates take both forms
		c.Collation = "utf8mb4_bin"
		c.Logger = &driver.NopLogger{} // what it would print comes back as an error too
		c.InterpolateParams = true     // one round trip; sound because the connection is utf8mb4
		c.ClientFoundRows = true       // "affected" counts the rows that were found, as in SQLite
		connector, err := driver.NewConnector(c)
		if err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		return mysql.New(mysql.Config{Conn: sql.OpenDB(connector), SkipInitializeWithVersion: true}), nil
	}
	return nil, fmt.Errorf("store: no driver %q", o.Driver)
}

// pool bounds the connections. SQLite has one writer at a time; a few readers beside it are enough.
func (s *Store) pool(o Options) {
	if s.sqlite {
		o.MaxOpen, o.MaxIdle = 8, 8
	}
	s.sql.SetMaxOpenConns(o.MaxOpen)
	s.sql.SetMaxIdleConns(o.MaxIdle)
	s.sql.SetConnMaxLifetime(o.MaxLifetime)
}

// checkCharset refuses a MySQL database that would garble names: MariaDB without configuration
// makes databases latin1, and "utf8" of old holds nothing beyond U+FFFF.
func (s *Store) checkCharset(ctx context.Context) error {
	if s.sqlite {
		return wrap(s.sql.PingContext(ctx))
	}
	var charset string
	if err := s.sql.QueryRowContext(ctx, "SELECT @@character_set_database").Scan(&charset); err != nil {
		return wrap(err)
	}
	if charset != "utf8mb4" {
		return fmt.Errorf("store: the database's character set is %s, it must be utf8mb4: ALTER DATABASE … CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", charset)
	}
	return nil
}

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return wrap(s.sql.PingContext(ctx)) }

// Close gives the connections back.
func (s *Store) Close() error { return s.sql.Close() }

// quiet sends GORM's own warnings to the log without the values of a statement, which may be personal.
func quiet(log *slog.Logger) logger.Interface {
	if log == nil {
		return logger.Discard
	}
	return faults{logger.NewSlogLogger(log, logger.Config{
		SlowThreshold: time.Second, LogLevel: logger.Warn,
		ParameterizedQueries: true, IgnoreRecordNotFoundError: true,
	})}
}

// faults leaves out what is no fault of the database: a client that went away, and a row that somebody
// else wrote first, which is met by trying again.
type faults struct{ logger.Interface }

// Trace is called after every statement.
func (f faults) Trace(ctx context.Context, begin time.Time, statement func() (string, int64), err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, gorm.ErrDuplicatedKey) {
		err = nil
	}
	f.Interface.Trace(ctx, begin, statement, err)
}

// ParamsFilter leaves the values of statements out. GORM asks the outermost logger for it, by this name.
func (faults) ParamsFilter(_ context.Context, statement string, _ ...any) (string, []any) {
	return statement, nil
}
