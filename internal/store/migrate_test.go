package store_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"yanzheng/internal/store"
	"yanzheng/internal/testkit"
	"yanzheng/models"
)

func testMigrate(t *testing.T, d dialect) {
	t.Run("from nothing, twice", func(t *testing.T) {
		p := d.empty(t)
		testkit.WantErr(t, p.CheckSchema(t.Context()), store.ErrSchema)
		if steps, err := p.Migrate(t.Context()); err != nil || steps == 0 {
			t.Fatalf("first: %d steps, %v", steps, err)
		}
		testkit.Must(t, p.CheckSchema(t.Context()))
		r := p.admit(p.maker.Registration())
		if steps, err := p.Migrate(t.Context()); err != nil || steps != 0 {
			t.Fatalf("again: %d steps, %v", steps, err)
		}
		if got := p.registration(r.Category, r.CertificateNumber); got.ID != r.ID {
			t.Errorf("after the second run the registration is %+v", got)
		}
	})
	// Several processes have as many pools and no lock in common but the database's.
	t.Run("several processes at once", func(t *testing.T) { migrateAtOnce(t, d.empty(t)) })
	// With the table of versions there already, nothing holds one back but the lock.
	t.Run("several processes at once, at a later step", func(t *testing.T) {
		p := d.migrated(t)
		for _, table := range slices.Backward(tables) {
			p.spoil("DROP TABLE " + table)
		}
		p.spoil("DELETE FROM goose_db_version WHERE version_id > 0")
		testkit.WantErr(t, p.CheckSchema(t.Context()), store.ErrSchema)
		migrateAtOnce(t, p)
	})
	t.Run("without tables", func(t *testing.T) {
		p := d.empty(t)
		if _, err := p.Facts(t.Context(), models.CertificateID{1}); err == nil || errors.Is(err, models.ErrNotFound) {
			t.Errorf("a look into a database without tables gives %v", err)
		}
	})
}

func migrateAtOnce(t *testing.T, p *place) {
	t.Helper()
	processes := []*store.Store{p.Store, open(t, p.options), open(t, p.options)}
	for _, s := range processes {
		testkit.Must(t, s.Ping(t.Context())) // so that they begin together
	}
	steps := make([]int, len(processes))
	errs := make([]error, len(processes))
	begin := make(chan struct{})
	var all sync.WaitGroup
	for i, s := range processes {
		all.Go(func() {
			<-begin
			steps[i], errs[i] = s.Migrate(t.Context())
		})
	}
	close(begin)
	all.Wait()
	testkit.Must(t, errors.Join(errs...))
	// SQLite has no lock for this, so that there several may have done a part.
	slices.Sort(steps)
	known := p.count("SELECT COUNT(DISTINCT version_id) FROM goose_db_version WHERE version_id > 0")
	if steps[2] == 0 || steps[0]+steps[1]+steps[2] > known || (p.options.Driver == "mysql" && steps[2] != known) {
		t.Errorf("steps %v of %d", steps, known)
	}
	if n := p.count("SELECT COUNT(*) - COUNT(DISTINCT version_id) FROM goose_db_version"); n != 0 {
		t.Errorf("%d steps were taken twice", n)
	}
	testkit.Must(t, p.CheckSchema(t.Context()))
	p.admit(p.maker.Registration())
}

// A name with a character beyond U+FFFF must never be stored as question marks.
func TestCharsetIsRefused(t *testing.T) {
	for _, charset := range []string{"latin1", "utf8mb3"} {
		d := testkit.MySQL(t)
		raw := openRaw(t, "mysql", d.DSN(""))
		if _, err := raw.ExecContext(t.Context(), "ALTER DATABASE "+d.Name+" CHARACTER SET "+charset); err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(t.Context(), mysqlOptions(d))
		if err == nil {
			_ = s.Close()
			t.Fatalf("%s: opened", charset)
		}
		if !strings.Contains(err.Error(), charset) || !strings.Contains(err.Error(), "utf8mb4") {
			t.Errorf("%s: %v does not say what is wrong and what is right", charset, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	one := [32]byte{7}
	for name, o := range map[string]store.Options{
		"an unknown driver":            {Driver: "postgres", Keys: keys},
		"one key for both purposes":    {Driver: "sqlite", Path: t.TempDir() + "/x.db", Keys: store.Keys{Seal: one, Index: one}},
		"keys that nobody set":         {Driver: "sqlite", Path: t.TempDir() + "/x.db"},
		"a folder that does not exist": {Driver: "sqlite", Path: t.TempDir() + "/none/x.db", Keys: keys},
	} {
		s, err := store.Open(t.Context(), o)
		if err == nil {
			_ = s.Close()
			t.Errorf("opened with %s", name)
		}
	}
}

// A path is a path, whatever a URL would make of its characters.
func TestSQLitePathIsTakenLiterally(t *testing.T) {
	path := t.TempDir() + "/登记 册?mode=memory#1%41.db"
	o := store.Options{Driver: "sqlite", Path: path, Keys: keys}
	first := open(t, o)
	_, err := first.Migrate(t.Context())
	testkit.Must(t, err)
	testkit.Must(t, first.Close())
	testkit.Must(t, open(t, o).CheckSchema(t.Context()))
}
