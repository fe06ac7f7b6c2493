package main

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/sync/singleflight"

	"yanzheng/internal/httpx"
	"yanzheng/models"
)

const (
	healthPatience  = 500 * time.Millisecond // for the database and Redis to say that they are there
	healthFreshness = time.Second            // how old the answer of /readyz may be, however many ask
)

// errNotReady is the one thing without which there is no service.
var errNotReady = &models.Error{
	Kind: models.ErrUnavailable.Kind, Code: models.ErrUnavailable.Code, RetryAfter: models.ErrUnavailable.RetryAfter,
	Message: models.Text{ZH: "数据库没有应答", EN: "The database does not answer"},
}

// standings are what /readyz tells: the service can do its work while the database answers; without Redis it is slower,
// not wrong.
type standings struct {
	ready bool
	parts map[string]string
}

// readiness answers /readyz. However often that is asked, and by whomever, database and Redis are asked once in
// healthFreshness, so the address has no limit that could lock a load balancer out.
type readiness struct {
	database, redis func(ctx context.Context) error
	now             func() time.Time

	flight singleflight.Group
	mu     sync.Mutex
	at     time.Time
	last   standings
}

// look gives how things stand, or how they stood a moment ago.
func (r *readiness) look(ctx context.Context) standings {
	if s, fresh := r.fresh(); fresh {
		return s
	}
	answer := r.flight.DoChan("", func() (any, error) {
		if s, fresh := r.fresh(); fresh { // a flight has landed since we looked
			return s, nil
		}
		return r.ask(context.WithoutCancel(ctx)), nil
	})
	select {
	case <-ctx.Done(): // the others still want to know
		return standings{}
	case a := <-answer:
		s, _ := a.Val.(standings)
		return s
	}
}

// fresh gives the last answer, and whether it is young enough to be given again.
func (r *readiness) fresh() (standings, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	age := r.now().Sub(r.at)
	return r.last, r.last.parts != nil && age >= 0 && age < healthFreshness
}

func (r *readiness) ask(ctx context.Context) standings {
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	var database, redis error
	var both sync.WaitGroup
	both.Go(func() { database = r.database(ctx) })
	both.Go(func() { redis = r.redis(ctx) })
	both.Wait()
	word := map[bool]string{true: "ok", false: "down"}
	s := standings{database == nil, map[string]string{"database": word[database == nil], "redis": word[redis == nil]}}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last, r.at = s, r.now()
	return s
}

// healthRoutes adds what load balancers ask: /healthz, this process; /readyz, what it stands on.
func (s *server) healthRoutes(r gin.IRouter) {
	methods := []string{http.MethodGet, http.MethodHead}
	r.Match(methods, "/healthz", func(c *gin.Context) { httpx.WriteJSON(c, map[string]string{"status": "ok"}) })
	r.Match(methods, "/readyz", func(c *gin.Context) {
		now := s.readiness.look(c.Request.Context())
		if !now.ready {
			httpx.Fail(c, errNotReady)
			return
		}
		httpx.WriteJSON(c, map[string]any{"status": "ready", "parts": now.parts})
	})
}
