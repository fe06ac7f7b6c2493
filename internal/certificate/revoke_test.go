package certificate

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"yanzheng/models"
)

// TestRevoke: a leaked key seals nothing more; what was issued stays issued, what was only sealed is told apart.
func TestRevoke(t *testing.T) {
	dir := t.TempDir()
	makeKeys(t, dir, "2026-01-01")
	k := &desk{t: t, ring: load(t, dir), codes: newCodes(t)}
	k.own = k.codes.next(t)
	d := document(func(d *models.Document) { d.Code = k.own })
	k.file = issue(t, d, k.ring)
	sealed := k.sealed(d, RoleBoard, RoleDirector)
	office := NewOffice(press(t), k.codes, k.ring)

	first := time.Date(2026, 8, 1, 1, 2, 3, 0, time.UTC)
	if err := Revoke(dir, 1, first); err != nil {
		t.Fatal(err)
	}
	if err := Revoke(dir, 1, first.AddDate(1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	for _, number := range []int{-1, 3} {
		if err := Revoke(dir, number, first); !errors.Is(err, ErrNoSuchSealKey) {
			t.Errorf("key %d: %v", number, err)
		}
	}
	office.Use(load(t, dir))
	if got := office.Ring().Keys(); !got[1].RevokedAt.Equal(first) || !got[1].Revoked() || got[2].Revoked() {
		t.Errorf("%+v", got)
	}
	if _, err := office.Issue(d); !errors.Is(err, ErrNoSealKey) {
		t.Errorf("issued with a revoked key: %v", err)
	}
	for name, c := range map[string]struct {
		pdf    []byte
		status models.FileStatus
	}{"issued": {k.file.PDF, models.FileIssued}, "sealed, not issued": {sealed, models.FileAltered}} {
		got, err := office.Check(context.Background(), bytes.NewReader(c.pdf), issuedFiles(k.file))
		if err != nil || got.Status != c.status || !slices.Contains(got.Reasons, models.FileKeyRevoked) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	makeKeys(t, dir, "2026-01-01") // a rotation puts it right
	office.Use(load(t, dir))
	if f, err := office.Issue(d); err != nil || len(f.PDF) == 0 {
		t.Errorf("after a rotation: %v", err)
	}
	if err := Revoke(dir, 0, first); err != nil { // the root takes all with it
		t.Fatal(err)
	}
	if err := load(t, dir).CanSeal(models.MustDate("2026-09-01")); !errors.Is(err, ErrNoSealKey) {
		t.Errorf("with its root revoked: %v", err)
	}
	made := makeKeys(t, dir, "2026-01-01")
	if len(made) != 3 || load(t, dir).CanSeal(models.MustDate("2026-09-01")) != nil {
		t.Errorf("after the root was revoked a rotation makes %+v", made)
	}
}
