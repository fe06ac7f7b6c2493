package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// A crowd that asks whether the service is ready costs one look a second, and each of the crowd is told.
func TestReadinessIsAskedOnce(t *testing.T) {
	now := testkit.NewClock(time.Date(2026, 3, 2, 10, 0, 0, 0, models.China))
	var asked atomic.Int32
	held := make(chan struct{})
	away := errors.New("away")
	var database error
	r := &readiness{
		now: now.Now, redis: func(context.Context) error { return away },
		database: func(context.Context) error { asked.Add(1); <-held; return database },
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if s := r.look(gone); s.ready {
		t.Error("who has left is told that it is ready")
	}
	var crowd sync.WaitGroup
	for range 100 {
		crowd.Go(func() {
			if s := r.look(t.Context()); !s.ready || s.parts["database"] != "ok" || s.parts["redis"] != "down" {
				t.Errorf("%+v", s)
			}
		})
	}
	close(held)
	crowd.Wait()
	if n := asked.Load(); n != 1 {
		t.Errorf("the database was asked %d times", n)
	}
	database = away
	now.Advance(healthFreshness - 1)
	if s := r.look(t.Context()); !s.ready || asked.Load() != 1 {
		t.Errorf("within the second: %+v, asked %d times", s, asked.Load())
	}
	now.Advance(1)
	if s := r.look(t.Context()); s.ready || s.parts["database"] != "down" || asked.Load() != 2 {
		t.Errorf("after it: %+v, asked %d times", s, asked.Load())
	}
}

// HEAD answers as GET does, without the body. What needs neither Redis nor database has the ceiling of the address, which
// health checks have not.
func TestPlainAddresses(t *testing.T) {
	w := limited(t, environment{"LIMITS_ADDRESS": "20/1h"})
	c := newClient(t, w.process)
	for _, path := range []string{"/healthz", "/readyz", "/keys.json", "/openapi.yaml"} {
		get, head := c.ask("GET", path, ""), c.ask("HEAD", path, "")
		if get.status != http.StatusOK || head.status != http.StatusOK || len(head.body) > 0 || head.header.Get("Content-Type") != get.header.Get("Content-Type") {
			t.Errorf("%s: GET %d, HEAD %d %s", path, get.status, head.status, head.header.Get("Content-Type"))
		}
	}
	refusedOften(t, "/keys.json", 20-4, func() answer { return c.ask("GET", "/keys.json", "") }).refused(t, http.StatusTooManyRequests, "rate_limited")
	for _, path := range []string{"/openapi.yaml", "/keys.json", "/v/" + strings.Repeat("0", 184)} { // of one ceiling
		for _, method := range []string{"GET", "HEAD"} {
			if a := c.ask(method, path, "", "Accept", "application/json"); a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
				t.Errorf("%s %s: %d", method, path, a.status)
			}
		}
	}
	for range 100 {
		for _, path := range []string{"/healthz", "/readyz"} {
			if a := c.ask("HEAD", path, ""); a.status != http.StatusOK {
				t.Fatalf("%s: %d", path, a.status)
			}
		}
	}
	w.redis.Kill()
	w.proxy.cut()
	within(t, 5*time.Second, "it is not ready", func() bool { return c.ask("HEAD", "/readyz", "").status == http.StatusServiceUnavailable })
	if a := c.ask("HEAD", "/healthz", ""); a.status != http.StatusOK {
		t.Errorf("/healthz: %d", a.status)
	}
}
