package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"yanzheng/internal/store"
	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// call is one method of the store, with arguments that it could answer.
type call struct {
	name string
	run  func(ctx context.Context, s *store.Store) error
}

func (p *place) calls() []call {
	r := p.admit(p.maker.Registration())
	c := p.issue(r)
	u := p.user("away")
	s := session(u, 0x71)
	_, err := p.CreateSession(p.t.Context(), s, "")
	testkit.Must(p.t, err)
	testkit.Must(p.t, p.CheckSealingKeys(p.t.Context())) // the first one writes
	return []call{
		{"Ping", func(ctx context.Context, s *store.Store) error { return s.Ping(ctx) }},
		{"CheckSchema", func(ctx context.Context, s *store.Store) error { return s.CheckSchema(ctx) }},
		{"CheckSealingKeys", func(ctx context.Context, s *store.Store) error { return s.CheckSealingKeys(ctx) }},
		{"Facts", func(ctx context.Context, s *store.Store) error { _, err := s.Facts(ctx, c.ID); return err }},
		{"Facts of nothing", func(ctx context.Context, s *store.Store) error {
			_, err := s.Facts(ctx, models.CertificateID{})
			return err
		}},
		{"FindRegistration", func(ctx context.Context, s *store.Store) error {
			_, err := s.FindRegistration(ctx, r.CertificateNumber, r.Person.Name, "")
			return err
		}},
		{"RegistrationID", func(ctx context.Context, s *store.Store) error {
			_, err := s.RegistrationID(ctx, "", r.CertificateNumber)
			return err
		}},
		{"Registrations", func(ctx context.Context, s *store.Store) error {
			_, err := s.Registrations(ctx, r.CertificateNumber)
			return err
		}},
		{"ChangeRegistration", func(ctx context.Context, s *store.Store) error {
			_, _, err := s.ChangeRegistration(ctx, r.ID, later, func(r *models.Registration) (models.Event, error) {
				r.Employer = "变更的单位"
				return models.Event{Kind: models.EventChanged}, nil
			})
			return err
		}},
		{"Merge", func(ctx context.Context, s *store.Store) error {
			_, _, err := s.Merge(ctx, []models.Registration{r}, models.Merge, models.Event{}, at)
			return err
		}},
		{"IssueCertificate", func(ctx context.Context, s *store.Store) error {
			_, err := s.IssueCertificate(ctx, r.ID, "x", at, func(r *models.Registration) (models.Certificate, error) {
				return models.Certificate{}, errOnPurpose // so that it can be asked again and again
			})
			if errors.Is(err, errOnPurpose) {
				return nil
			}
			return err
		}},
		{"ChangeCertificate", func(ctx context.Context, s *store.Store) error {
			_, _, err := s.ChangeCertificate(ctx, c.ID, later, func(c *models.Certificate) (models.Event, error) {
				c.WithdrawnAt = later
				return models.Event{Kind: models.EventCertificateWithdrawn}, nil
			})
			return err
		}},
		{"CertificateIDs", func(ctx context.Context, s *store.Store) error {
			_, err := s.CertificateIDs(ctx, subject(r))
			return err
		}},
		{"PendingEvents", func(ctx context.Context, s *store.Store) error { _, err := s.PendingEvents(ctx, 0, 10); return err }},
		{"MarkPropagated", func(ctx context.Context, s *store.Store) error {
			_, err := s.MarkPropagated(ctx, []int64{1}, "e", at)
			return err
		}},
		{"Epoch", func(ctx context.Context, s *store.Store) error { _, err := s.Epoch(ctx); return err }},
		{"ReplaceEpoch", func(ctx context.Context, s *store.Store) error {
			_, err := s.ReplaceEpoch(ctx, "", models.Epoch{Name: "e"})
			return err
		}},
		{"EnsureUser", func(ctx context.Context, s *store.Store) error {
			_, err := s.EnsureUser(ctx, "away", "x", at)
			return err
		}},
		{"Identity", func(ctx context.Context, st *store.Store) error { _, err := st.Identity(ctx, s.TokenHash); return err }},
		{"SessionHashes", func(ctx context.Context, s *store.Store) error { _, err := s.SessionHashes(ctx, u.ID); return err }},
		{"SetRole", func(ctx context.Context, s *store.Store) error {
			_, err := s.SetRole(ctx, u.ID, models.RoleHolder, true, "x", at)
			return err
		}},
		{"AppendScans", func(ctx context.Context, s *store.Store) error { return s.AppendScans(ctx, emptyScan("away")) }},
		{"Scan", func(ctx context.Context, s *store.Store) error {
			_, err := s.Scan(ctx, "away")
			if errors.Is(err, models.ErrNotFound) {
				return nil
			}
			return err
		}},
		{"DeleteScansBefore", func(ctx context.Context, s *store.Store) error {
			_, err := s.DeleteScansBefore(ctx, at, 10)
			return err
		}},
		{"DeleteSessionsBefore", func(ctx context.Context, s *store.Store) error {
			_, err := s.DeleteSessionsBefore(ctx, at, 10)
			return err
		}},
	}
}

// every runs all calls side by side and holds each to an error and a time. A nil want is "it works".
func every(t *testing.T, s *store.Store, calls []call, ctx context.Context, want error, within time.Duration) {
	t.Helper()
	var all sync.WaitGroup
	for _, c := range calls {
		all.Go(func() {
			since := time.Now()
			err := c.run(ctx, s)
			if took := time.Since(since); took > within {
				t.Errorf("%s took %v", c.name, took)
			}
			if !errors.Is(err, want) {
				t.Errorf("%s: error %v, want %v", c.name, err, want)
			}
			if err != nil && want != nil && errors.Is(err, models.ErrNotFound) {
				t.Errorf("%s: nobody knows, but it says there is none", c.name)
			}
		})
	}
	all.Wait()
}

func testErrors(t *testing.T, d dialect) {
	p := d.migrated(t)
	calls := p.calls()
	every(t, p.Store, calls, t.Context(), nil, 10*time.Second)
	t.Run("the caller went away", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		every(t, p.Store, calls, ctx, context.Canceled, time.Second)
	})
	t.Run("the caller's time is over", func(t *testing.T) {
		ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer cancel()
		every(t, p.Store, calls, ctx, models.ErrUnavailable, time.Second)
	})
	t.Run("closed", func(t *testing.T) {
		closed := open(t, p.options)
		testkit.Must(t, closed.Close())
		every(t, closed, calls, t.Context(), models.ErrUnavailable, time.Second)
	})
	every(t, p.Store, calls, t.Context(), nil, 10*time.Second)
}

func testAway(t *testing.T, d dialect) {
	p := d.migrated(t)
	calls := p.calls()
	if p.options.Driver == "sqlite" {
		t.Run("locked by another process", func(t *testing.T) { p.testLockedFile(t, calls) })
		return
	}
	t.Run("silent, down, and back", func(t *testing.T) { p.testServerAway(t, calls) })
	t.Run("cut in the middle", p.testCutInTheMiddle)
	t.Run("commit without an answer", p.testCommitUnanswered)
}

// Another process that holds SQLite's one write lock must not hold our callers longer than they wait.
func (p *place) testLockedFile(t *testing.T, calls []call) {
	testkit.Must(t, p.CheckSealingKeys(t.Context())) // remembered once, it is only read
	conn, err := p.raw.Conn(t.Context())
	testkit.Must(t, err)
	defer conn.Close()
	_, err = conn.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	testkit.Must(t, err)
	var reads, writes []call
	for _, c := range calls {
		switch c.name {
		case "ChangeRegistration", "Merge", "IssueCertificate", "ChangeCertificate", "SetRole", "MarkPropagated", "ReplaceEpoch", "AppendScans":
			writes = append(writes, c)
		case "DeleteScansBefore", "DeleteSessionsBefore": // these have nothing to delete
		default:
			reads = append(reads, c)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	every(t, p.Store, writes, ctx, models.ErrUnavailable, 2*time.Second)
	every(t, p.Store, reads, t.Context(), nil, 2*time.Second) // a writer stops no reader
	_, err = conn.ExecContext(t.Context(), "ROLLBACK")
	testkit.Must(t, err)
	every(t, p.Store, calls, t.Context(), nil, 10*time.Second)
}

// The server behind a proxy: each call ends by the timeouts of the options, without the caller's help.
func (p *place) testServerAway(t *testing.T, calls []call) {
	way := newProxy(t, p.options.Address)
	o := p.options
	const patience = 500 * time.Millisecond
	o.Address, o.DialTimeout, o.ReadTimeout, o.WriteTimeout = way.address, patience, patience, patience
	s := open(t, o)
	every(t, s, calls, t.Context(), nil, 10*time.Second) // leaves connections and prepared statements
	way.cut()
	every(t, s, calls, t.Context(), nil, 10*time.Second) // cut while idle: noticed and replaced

	way.fallSilent()
	every(t, s, calls, t.Context(), models.ErrUnavailable, 4*patience)
	way.refuse()
	every(t, s, calls, t.Context(), models.ErrUnavailable, patience)
	way.comeBack(t)
	every(t, s, calls, t.Context(), nil, 10*time.Second)
}

// The connection ends in the middle of a change: it is none, and the caller is not told otherwise.
func (p *place) testCutInTheMiddle(t *testing.T) {
	p = p.within(t)
	way := newProxy(t, p.options.Address)
	o := p.options
	o.Address = way.address
	s := open(t, o)
	r := p.admit(p.maker.Registration())
	events := len(p.pending())
	_, _, err := s.ChangeRegistration(t.Context(), r.ID, later, func(r *models.Registration) (models.Event, error) {
		way.cut()
		r.Employer = "不应保存"
		return models.Event{Kind: models.EventChanged}, nil
	})
	testkit.WantErr(t, err, models.ErrUnavailable)
	if n := len(p.pending()); n != events {
		t.Errorf("%d events in the outbox, want %d", n, events)
	}
	if stored := p.registration(r.Category, r.CertificateNumber); stored.Version != 1 || stored.Employer != r.Employer {
		t.Errorf("half a change: %+v", stored)
	}
}

// The commit is sent and its answer does not come: it took place, and nobody is told that it did not.
func (p *place) testCommitUnanswered(t *testing.T) {
	p = p.within(t)
	way := newProxy(t, p.options.Address)
	o := p.options
	o.Address, o.ReadTimeout = way.address, time.Second
	s := open(t, o)
	r := p.admit(p.maker.Registration())
	way.mu.Lock()
	way.last = "COMMIT"
	way.mu.Unlock()
	_, _, err := s.ChangeRegistration(t.Context(), r.ID, later, func(r *models.Registration) (models.Event, error) {
		r.Employer = "已提交的单位"
		return models.Event{Kind: models.EventChanged}, nil
	})
	testkit.WantErr(t, err, models.ErrUnavailable)
	testkit.WantErr(t, err, store.ErrOutcomeUnknown)
	for end := time.Now().Add(10 * time.Second); p.registration(r.Category, r.CertificateNumber).Employer != "已提交的单位"; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the server did not commit")
		}
	}
	way.fallSilent()
	_, _, err = s.ChangeRegistration(t.Context(), r.ID, later, func(*models.Registration) (models.Event, error) { return models.Event{}, nil })
	testkit.WantErr(t, err, models.ErrUnavailable)
	if errors.Is(err, store.ErrOutcomeUnknown) {
		t.Errorf("no commit was sent: %v", err)
	}
}

// A folder that cannot be written is an answer in words of ours too.
func TestSQLiteWithoutItsFolder(t *testing.T) {
	_, err := store.Open(t.Context(), store.Options{Driver: "sqlite", Path: filepath.Join(t.TempDir(), "none", "x.db"), Keys: keys})
	testkit.WantErr(t, err, models.ErrUnavailable)
}
