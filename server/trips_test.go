package main

import (
	"context"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"yanzheng/config"
	"yanzheng/internal/testkit/storekit"
	"yanzheng/internal/verify"
	"yanzheng/models"
)

// trips counts what goes to Redis: a pipeline is one.
type trips struct{ n atomic.Int64 }

func (h *trips) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (h *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		h.n.Add(1)
		return next(ctx, cmd)
	}
}

func (h *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		h.n.Add(1)
		return next(ctx, cmds)
	}
}

// TestScanIsTwoTrips: a scan asks Redis twice, links to images and all. Whatever else a logged-in user does asks once.
func TestScanIsTwoTrips(t *testing.T) {
	w := realEnvironment(t)
	r, code := w.certified(t, "TRIPS")
	c, err := config.Load("", w.env.list())
	if err != nil {
		t.Fatal(err)
	}
	s, err := newServer(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := s.relay.Turn(t.Context()); err != nil {
		t.Fatal(err)
	}
	found, err := s.store.Registrations(t.Context(), r.CertificateNumber)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []models.ImageKind{models.ImagePhoto, models.ImageSignature} {
		image, _, err := s.store.AddImage(t.Context(), storekit.Holder(t, s.store, found[0].PersonID), models.Image{PersonID: found[0].PersonID, Kind: kind, Name: string(kind), Digest: string(kind), Size: 1, UploadedAt: 1})
		if err != nil {
			t.Fatal(err)
		}
		_, events, err := s.store.DecideImage(t.Context(), image.ID, true, "registrar", "", 1)
		if err != nil || !s.Propagate(t.Context(), events) {
			t.Fatal(err)
		}
	}
	in, err := s.desk.sessions.LogIn(t.Context(), "127.0.0.1", w.code(), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.roles().SetRole(t.Context(), in.Identity.UserID, models.RoleInspector, true, "test"); err != nil {
		t.Fatal(err)
	}
	if err := s.relay.Turn(t.Context()); err != nil {
		t.Fatal(err)
	}
	scan := func() verify.Answer {
		t.Helper()
		a, err := s.verifier.Scan(t.Context(), verify.Request{Token: in.Token, Address: "127.0.0.1", Code: code.Code})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	scan() // the first fills the caches
	var count trips
	s.line.Client().AddHook(&count)
	if a := scan(); len(a.Links) != 2 || a.Source != models.SourceCache {
		t.Errorf("links %+v from %s", a.Links, a.Source)
	}
	if n := count.n.Swap(0); n != 2 {
		t.Errorf("a scan is %d round trips, want 2", n)
	}
	for _, purpose := range []verify.Purpose{verify.ForAccount, verify.ForUpload, verify.ForCertificate} {
		if id, err := s.desk.Enter(t.Context(), in.Token, "127.0.0.1", purpose); err != nil || !id.Has(models.RoleInspector) {
			t.Errorf("entered as %+v, %v", id, err)
		}
		if n := count.n.Swap(0); n != 1 {
			t.Errorf("entering for %d is %d round trips, want 1", purpose, n)
		}
	}
}
