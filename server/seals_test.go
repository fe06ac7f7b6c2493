package main

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"yanzheng/internal/certificate"
)

// sealList is what "keys seals" answers.
type sealList struct {
	Keys []toldSeal `json:"keys"`
}

// TestSealKeys: keys are added and revoked by command, and a running server takes that up by itself; what was issued stays.
func TestSealKeys(t *testing.T) {
	w := realWorld(t)
	c, _, wish := w.settled(t, "SEALS")
	ask := func(key string) answer { return c.ask("POST", ownAddress, wish, "Idempotency-Key", key) }
	own := decoded[ownAnswer](t, ask("before-the-leak"), http.StatusCreated)
	pdf := c.ask("GET", ownAddress+"/"+own.ID+"/file.pdf", "").body

	first := must[sealList](t, w.env, "keys", "seals", "list").Keys
	if !slices.Equal(roles(first), []certificate.Role{certificate.RoleRoot, certificate.RoleBoard, certificate.RoleDirector}) {
		t.Fatalf("the first keys: %+v", first)
	}
	for _, k := range first {
		if !strings.Contains(k.Subject, "演示") || k.Revoked {
			t.Errorf("%+v", k)
		}
		if k.Role != certificate.RoleRoot {
			must[map[string]any](t, w.env, "keys", "seals", "revoke", "--number", strconv.Itoa(k.Number))
		}
	}
	if r := command(t, w.env, "keys", "seals", "revoke", "--number", "99"); r.status != exitFailed || !strings.Contains(r.errors, "no_such_seal_key") && !strings.Contains(r.errors, "密钥") {
		t.Errorf("a key that is not there: %+v", r)
	}
	n := 0
	within(t, 30*time.Second, "a running server seals nothing more", func() bool {
		n++
		return ask("after-the-leak-"+strconv.Itoa(n)).status == http.StatusServiceUnavailable
	})
	ask("after-the-leak-x").refused(t, http.StatusServiceUnavailable, "no_seal_key")
	if got := newClient(t, w.process).check(pdf); got.File.Status != "issued" {
		t.Errorf("what was issued before is %+v", got)
	}

	added := must[sealList](t, w.env, "keys", "seals", "add").Keys
	if len(added) < 2 || slices.ContainsFunc(added, func(k toldSeal) bool {
		return slices.ContainsFunc(first, func(f toldSeal) bool { return f.Number == k.Number && k.Role != certificate.RoleRoot })
	}) {
		t.Errorf("added: %+v", added)
	}
	within(t, 30*time.Second, "a running server seals with the new keys", func() bool { return ask("with-new-keys").status == http.StatusCreated })
	revoked := 0
	for _, k := range must[sealList](t, w.env, "keys", "seals").Keys {
		if k.Revoked {
			revoked++
		}
	}
	if revoked != 2 {
		t.Errorf("%d keys are revoked", revoked)
	}
	testForeignSeals(t, w)
}

func roles(keys []toldSeal) (all []certificate.Role) {
	for _, k := range keys {
		all = append(all, k.Role)
	}
	return all
}

// testForeignSeals: the keys of another installation in the place of ours are used by no running server, and by none that starts;
// nor does one start without any.
func testForeignSeals(t *testing.T, w *world) {
	t.Helper()
	ours, other := w.env["KEYS_SEAL_DIR"], t.TempDir()
	if _, err := certificate.Make(other, today()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(ours, ours+".ours"); err != nil {
		t.Fatal(err)
	}
	within(t, 30*time.Second, "a lost ring is noticed", func() bool { return strings.Contains(w.log.String(), "keys for seals cannot be read") })
	if err := os.Rename(other, ours); err != nil {
		t.Fatal(err)
	}
	within(t, 30*time.Second, "another ring is noticed", func() bool { return strings.Contains(w.log.String(), "keys for seals of another installation") })
	w.stop(t)
	if r := command(t, w.env, "serve"); r.status != exitFailed || !strings.Contains(r.errors, "seal/") {
		t.Errorf("with another ring the next start is %+v", r)
	}
	if err := errors.Join(os.RemoveAll(ours), os.Mkdir(ours, 0o700)); err != nil {
		t.Fatal(err)
	}
	if r := command(t, w.env, "serve"); r.status != exitFailed || !strings.Contains(r.errors, "keys seals add") {
		t.Errorf("without a ring the next start is %+v", r)
	}
	if err := errors.Join(os.Remove(ours), os.Rename(ours+".ours", ours)); err != nil {
		t.Fatal(err)
	}
	serve(t, w.env)
}

// TestLostSealsAreRefused: the embedded mode makes keys where there are none, but not in the place of those its database knows.
func TestLostSealsAreRefused(t *testing.T) {
	env := environment{"LISTEN": "127.0.0.1:0", "DATA_DIR": filepath.Join(t.TempDir(), "data")}
	serve(t, env).stop(t)
	if err := os.RemoveAll(filepath.Join(env["DATA_DIR"], "keys", "seals")); err != nil {
		t.Fatal(err)
	}
	if r := command(t, env, "serve"); r.status != exitFailed || !strings.Contains(r.errors, "seal/") {
		t.Errorf("%+v", r)
	}
}
