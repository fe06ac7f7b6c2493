// Package storekit gives tests of the use cases an empty database of each kind that the product runs on.
package storekit

import (
	"encoding/hex"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"yanzheng/internal/store"
	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// Holder gives the binding of a person, whom a user of their own is bound to where nobody was.
func Holder(t testing.TB, s *store.Store, person int64) models.Binding {
	t.Helper()
	b, err := s.HolderOf(t.Context(), person)
	testkit.Must(t, err)
	if b == nil {
		name := fmt.Sprint("holder of ", person)
		u, err := s.EnsureUser(t.Context(), name, hex.EncodeToString([]byte(name)), 1)
		testkit.Must(t, err)
		_, _, err = s.Bind(t.Context(), person, u.ID, "form", 1)
		testkit.Must(t, err)
		b, err = s.HolderOf(t.Context(), person)
		testkit.Must(t, err)
	}
	return *b
}

// Keys are those of every test's database.
var Keys = store.Keys{Seal: [32]byte{1}, Index: [32]byte{2}}

// Databases gives the options of a fresh database, by the name of its kind.
var Databases = map[string]func(t testing.TB) store.Options{
	"SQLite": func(t testing.TB) store.Options {
		return store.Options{Driver: "sqlite", Path: filepath.Join(t.TempDir(), "register.db"), Keys: Keys}
	},
	"MariaDB": func(t testing.TB) store.Options {
		d := testkit.MySQL(t)
		return store.Options{
			Driver: "mysql", Network: "tcp", Address: d.Address, User: d.User, Password: d.Password, Name: d.Name, Keys: Keys,
			MaxOpen: 8, MaxIdle: 8, DialTimeout: time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
		}
	},
}
