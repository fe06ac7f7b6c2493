package stand

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
)

// answering is a server that keeps what it was asked, and answers as a test wants.
type answering struct {
	*httptest.Server
	mu   sync.Mutex
	seen map[uint32]string // code by request
	ids  map[uuid.UUID]uint32
}

// serveAnswers starts one; answer is asked for the n-th request, from 1, whose scan has that id.
func serveAnswers(t *testing.T, answer func(n int, w http.ResponseWriter, id uuid.UUID)) *answering {
	a := &answering{seen: map[uint32]string{}, ids: map[uuid.UUID]uint32{}}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Code, Note string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.URL.Path != "/api/v1/scans" || r.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
		}
		number, ok := requestOf(in.Note)
		a.mu.Lock()
		if _, twice := a.seen[number]; twice || !ok || number == 0 {
			t.Errorf("request %q is wrong or was made before", in.Note)
		}
		id := uuid.New()
		a.seen[number], a.ids[id] = in.Code, number
		n := len(a.seen)
		a.mu.Unlock()
		answer(n, w, id)
	}))
	t.Cleanup(a.Close)
	return a
}

func TestLoadRemembersWhatWasAnsweredInWhole(t *testing.T) {
	ctx, enough := context.WithCancel(t.Context())
	told := map[uuid.UUID]bool{}
	var mu sync.Mutex
	server := serveAnswers(t, func(n int, w http.ResponseWriter, id uuid.UUID) {
		whole := func(more string) {
			mu.Lock()
			told[id] = true
			mu.Unlock()
			_, _ = io.WriteString(w, `{"scan_id":"`+id.String()+`"`+more+`}`)
		}
		switch {
		case n%7 == 0: // it dies before the answer
			panic(http.ErrAbortHandler)
		case n%7 == 1: // in the middle of it
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"scan_id":"`+id.String()+`"`)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		case n%7 == 2:
			w.WriteHeader(http.StatusServiceUnavailable)
		case n%7 == 3: // in chunks
			whole(`,"x":"` + strings.Repeat("y", 5000) + `"`)
		default:
			whole("")
		}
		if n >= 500 {
			enough()
		}
	})
	l := (&Stand{URL: server.URL, token: "secret"}).NewLoad([]string{"https://v.example.cn/v/1", "https://v.example.cn/v/2"})
	acks, err := l.Run(ctx, 4)
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	if int(l.Sent()) < len(server.seen) || len(server.seen) < 500 || int(l.Acked()) != len(acks) || l.Refused() == 0 {
		t.Errorf("%d sent, %d seen, %d acknowledged, %d remembered, %d refused", l.Sent(), len(server.seen), l.Acked(), len(acks), l.Refused())
	}
	if len(acks) != len(told) {
		t.Errorf("%d answers were given in whole, %d are remembered", len(told), len(acks))
	}
	for _, a := range acks {
		if server.ids[a.ID] != a.Request || !told[a.ID] {
			t.Errorf("%v is remembered", a)
		}
	}
	codes := map[string]bool{}
	for _, code := range server.seen {
		codes[code] = true
	}
	if len(codes) != 2 {
		t.Errorf("scanned %v", codes)
	}
}

func TestLoadEndsAtAWrongAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"unauthorized": {401, `{"code":"log_in"}`}, "limited": {429, `{}`}, "without an id": {200, `{}`}, "no id": {200, `{"scan_id":"x"}`},
	} {
		server := serveAnswers(t, func(_ int, w http.ResponseWriter, _ uuid.UUID) {
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})
		acks, err := (&Stand{URL: server.URL, token: "secret"}).NewLoad([]string{"1"}).Run(t.Context(), 3)
		if err == nil || errors.Is(err, context.Canceled) || len(acks) != 0 {
			t.Errorf("%s: %v, %v", name, acks, err)
		}
	}
}
