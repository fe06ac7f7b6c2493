package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"time"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/code"
	"yanzheng/internal/store"
	"yanzheng/models"
	"yanzheng/scripts/stand"
)

// What the checker must find fault with: a cache as tutorials have it. A reader that misses asks the database and sets the
// key for a minute; a writer commits, then deletes the key.

const (
	roleNaive = "naive-server"
	naiveLife = time.Minute
)

func naiveKey(id models.CertificateID) string { return "naive:" + id.String() }

// naivePropagator deletes the keys of what was committed.
type naivePropagator struct {
	rdb   redis.UniversalClient
	store *store.Store
}

// Propagate deletes, and says so.
func (p naivePropagator) Propagate(ctx context.Context, events []models.Event) bool {
	for _, e := range events {
		ids, err := p.store.CertificateIDs(ctx, e.SubjectID)
		if err != nil {
			return false
		}
		for _, id := range ids[e.SubjectID] {
			if err := p.rdb.Del(ctx, naiveKey(id)).Err(); err != nil {
				return false
			}
		}
	}
	return true
}

// beginNaive starts this program as a naive server.
func beginNaive(ctx context.Context, log string, env []string) (*stand.Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return stand.Begin(ctx, log, []string{self, roleNaive}, func(address string) []string {
		return append(env[:len(env):len(env)], "YANZHENG_LISTEN="+address)
	})
}

type naiveServer struct {
	codes *code.Reader
	store *store.Store
	rdb   *redis.Client
}

// serveNaive runs until ctx ends, configured as the real server is.
func serveNaive(ctx context.Context, env []string) error {
	s, err := newNaiveServer(ctx, env)
	if err != nil {
		return err
	}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	routes.HandleFunc("GET /v/{code}", func(w http.ResponseWriter, r *http.Request) {
		s.answer(w, r, s.codes.ReadDigits(r.PathValue("code")))
	})
	routes.HandleFunc("POST /api/v1/scans", func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Code string }
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.answer(w, r, s.codes.Read(asked.Code))
	})
	h := &http.Server{Addr: setting(env, "LISTEN"), Handler: routes, ReadHeaderTimeout: time.Second}
	go func() {
		<-ctx.Done()
		_ = h.Close()
	}()
	if err := h.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func newNaiveServer(ctx context.Context, env []string) (*naiveServer, error) {
	ring, err := code.Load(setting(env, "KEYS_CODE_DIR"))
	if err != nil {
		return nil, err
	}
	password, err := secret(env, "REDIS_PASSWORD_FILE")
	if err != nil {
		return nil, err
	}
	s := &naiveServer{
		codes: code.NewReader(setting(env, "PUBLIC_URL")+"/v/", ring),
		rdb:   redis.NewClient(&redis.Options{Addr: setting(env, "REDIS_ADDRESSES"), Password: password}),
	}
	s.store, err = openStore(ctx, env)
	return s, err
}

// answer shows as much of a verdict as the checker reads.
func (s *naiveServer) answer(w http.ResponseWriter, r *http.Request, read models.Reading) {
	facts, source, err := s.facts(r.Context(), read.ID)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	verdict := models.Decide(read, facts, time.Now())
	said := map[string]any{"source": source}
	if f := verdict.Registration; f != nil {
		said["registration"] = map[string]any{"status": f.Status, "employer": f.Facts.Employer}
	}
	_ = json.NewEncoder(w).Encode(said)
}

func (s *naiveServer) facts(ctx context.Context, id models.CertificateID) (*models.Facts, models.Source, error) {
	if held, err := s.rdb.Get(ctx, naiveKey(id)).Bytes(); err == nil {
		var facts models.Facts
		if json.Unmarshal(held, &facts) == nil {
			return &facts, models.SourceCache, nil
		}
	}
	facts, err := s.store.Facts(ctx, id)
	if err != nil || facts == nil {
		return nil, models.SourceNone, err
	}
	held, err := json.Marshal(facts)
	if err == nil {
		err = s.rdb.Set(ctx, naiveKey(id), held, naiveLife).Err()
	}
	return facts, models.SourceDatabase, err
}
