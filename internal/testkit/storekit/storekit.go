// Package storekit gives tests of the use cases an empty database of each kind that the product runs on.
package storekit

import (
	"path/filepath"
	"testing"
	"time"

	"yanzheng/internal/store"
	"yanzheng/internal/testkit"
)

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
