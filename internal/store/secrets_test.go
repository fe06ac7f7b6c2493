package store_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"yanzheng/models"
)

// record is a log that a test can read.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(b)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// Logs are read by people who may not see the register: neither they nor errors hold what is personal, least
// of all when something fails, which is when drivers like to quote.
func testSecrets(t *testing.T, d dialect) {
	p := d.migrated(t)
	var log record
	o := p.options
	o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := open(t, o)
	one, two := p.admit(p.maker.Registration()), p.admit(p.maker.Registration())
	var errs []error
	note := func(err error) {
		t.Helper()
		if err == nil {
			t.Error("nothing went wrong")
		}
		errs = append(errs, err)
	}
	change := func(ctx context.Context, f func(r *models.Registration)) {
		t.Helper()
		_, _, err := s.ChangeRegistration(ctx, two.ID, later, func(r *models.Registration) (models.Event, error) {
			f(r)
			return models.Event{Kind: models.EventChanged}, nil
		})
		note(err)
	}
	change(t.Context(), func(r *models.Registration) { r.Person.IDNumber, r.Person.Name = one.Person.IDNumber, "重复的人" })
	cancelled, cancel := context.WithCancel(t.Context())
	change(cancelled, func(r *models.Registration) { r.Person.Name = "中途离开"; cancel() })
	p.spoil("ALTER TABLE persons RENAME TO persons_away")
	_, _, err := s.Merge(t.Context(), []models.Registration{one}, models.Merge, models.Event{}, at)
	note(err)
	_, err = s.FindRegistration(t.Context(), one.CertificateNumber, one.Person.Name, "")
	note(err)
	p.spoil("ALTER TABLE persons_away RENAME TO persons")
	p.spoil("ALTER TABLE users RENAME TO users_away")
	_, err = s.EnsureUser(t.Context(), "openid-secret", "u-secret", at)
	note(err)
	p.spoil("ALTER TABLE users_away RENAME TO users")

	texts := map[string]string{"the log": log.String(), "an error": errors.Join(errs...).Error()}
	if texts["the log"] == "" {
		t.Error("nothing was logged")
	}
	for _, secret := range []string{
		one.Person.IDNumber, two.Person.IDNumber, one.Person.IDNumber[6:14], one.Person.Name, "重复的人", "中途离开", "openid-secret",
	} {
		for where, text := range texts {
			if strings.Contains(text, secret) {
				t.Errorf("%s tells %q:\n%s", where, secret, text)
			}
		}
	}
}
