package store

import (
	"context"
	"errors"
	"fmt"

	driver "github.com/go-sql-driver/mysql"
	"github.com/ncruces/go-sqlite3"
	"gorm.io/gorm"

	"yanzheng/models"
)

// Server errors after which the same transaction may succeed: deadlock, lock wait.
const (
	mysqlLockWait = 1205
	mysqlDeadlock = 1213
)

// serverIsAway are MySQL's errors that say "not now": too many connections, shutting down, read-only
// after a failover, killed.
var serverIsAway = map[uint16]bool{1040: true, 1053: true, 1290: true, 1317: true, 1836: true, 1203: true, 1226: true, 4031: true}

// refused are MySQL's errors that a wrong configuration makes: user or password, right, schema.
var refused = map[uint16]bool{1044: true, 1045: true, 1049: true, 1698: true}

// ErrRefused answers a database that does not let this configuration in.
var ErrRefused = models.NewError(models.KindInternal, "database_refuses",
	"数据库拒绝访问：请检查 database.user、password_file 和 name", "The database does not let us in: check database.user, password_file and name")

// wrap gives a database error its meaning: not found, changed meanwhile, away, or a fault of ours.
// What is not the server's own answer is the connection's, so the database is away.
func wrap(err error) error {
	var own *models.Error
	var server *driver.MySQLError
	var file *sqlite3.Error
	switch {
	case err == nil, errors.As(err, &own), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, gorm.ErrRecordNotFound):
		return models.ErrNotFound
	case errors.Is(err, gorm.ErrDuplicatedKey):
		return models.ErrConflict.Because(err)
	case errors.As(err, &server):
		if server.Number == mysqlDeadlock || server.Number == mysqlLockWait {
			return models.ErrConflict.Because(err)
		}
		if refused[server.Number] {
			return ErrRefused.Because(err)
		}
		if serverIsAway[server.Number] {
			return models.ErrUnavailable.Because(err)
		}
		return models.ErrInternal.Because(err)
	case errors.As(err, &file):
		switch file.Code() {
		case sqlite3.BUSY, sqlite3.LOCKED, sqlite3.IOERR, sqlite3.FULL, sqlite3.CANTOPEN, sqlite3.READONLY, sqlite3.INTERRUPT:
			return models.ErrUnavailable.Because(err)
		default:
			return models.ErrInternal.Because(err)
		}
	case errors.Is(err, gorm.ErrForeignKeyViolated), errors.Is(err, gorm.ErrInvalidData), errors.Is(err, gorm.ErrInvalidField):
		return models.ErrInternal.Because(err)
	}
	return models.ErrUnavailable.Because(err)
}

// attempts is how often a transaction is tried that met another one.
const attempts = 4

// ErrOutcomeUnknown is among the causes of an error when a commit was sent and its answer did not come: nobody here knows
// whether it took place.
var ErrOutcomeUnknown = errors.New("store: the commit was sent, and its answer did not come")

// transact runs f in a transaction, and again when it met another transaction. ErrOutcomeUnknown among the causes tells
// that it may have been committed; any other error, that it was not.
func (s *Store) transact(ctx context.Context, f func(tx *gorm.DB) error) error {
	var err error
	for range attempts {
		sent := false
		err = wrap(s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
			err := f(tx)
			sent = err == nil // the commit comes next
			return err
		}))
		if sent && errors.Is(err, models.ErrUnavailable) {
			return models.ErrUnavailable.Because(fmt.Errorf("%w: %w", ErrOutcomeUnknown, err))
		}
		if !errors.Is(err, models.ErrConflict) {
			return err
		}
	}
	return err
}
