package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"yanzheng/models"
)

//go:embed migrations
var migrations embed.FS

func (s *Store) migrator() (*goose.Provider, error) {
	folder, dialect := "migrations/mysql", goose.DialectMySQL
	options := []goose.ProviderOption{goose.WithSlog(slog.New(slog.DiscardHandler)), goose.WithDisableGlobalRegistry(true)}
	if s.sqlite {
		folder, dialect = "migrations/sqlite", goose.DialectSQLite3
	} else {
		locker, err := lock.NewMySQLTableLocker(lock.WithTableLockTimeout(time.Second, 300)) // many processes may start at once
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithLocker(locker))
	}
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, s.sql, files, options...)
}

// Migrate brings the schema to this program's version and tells how many steps that took. Several
// processes may call it at once.
func (s *Store) Migrate(ctx context.Context) (steps int, err error) {
	p, err := s.migrator()
	if err != nil {
		return 0, fmt.Errorf("store: migrate: %w", err)
	}
	done, err := p.Up(ctx)
	for range attempts {
		if err == nil || !s.sqlite {
			break
		}
		done, err = p.Up(ctx) // SQLite has no lock for this: another process may have taken the step first
	}
	if err != nil {
		return len(done), fmt.Errorf("store: migrate: %w", err)
	}
	return len(done), nil
}

// CheckSchema is an error unless the schema is of this program's version.
func (s *Store) CheckSchema(ctx context.Context) error {
	p, err := s.migrator()
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	pending, err := p.HasPending(ctx)
	if err != nil {
		return wrap(err)
	}
	if pending {
		return ErrSchema
	}
	return nil
}

// ErrSchema answers a database that "server migrate" has not been run on.
var ErrSchema = models.NewError(models.KindUnavailable, "schema_outdated",
	"数据库结构不是当前版本，请先运行 server migrate", "The database schema is not of this version: run \"server migrate\" first")
