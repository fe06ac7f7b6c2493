package httpx

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"yanzheng/models"
)

func TestEveryKindHasAStatus(t *testing.T) {
	want := map[models.Kind]int{
		models.KindInternal: 500, models.KindMalformed: 400, models.KindUnauthenticated: 401, models.KindForbidden: 403,
		models.KindNotFound: 404, models.KindConflict: 409, models.KindTooLarge: 413, models.KindRule: 422,
		models.KindTooMany: 429, models.KindUnavailable: 503,
	}
	for kind := models.KindInternal; kind <= models.KindUnavailable; kind++ {
		if got := Status(models.NewError(kind, "x", "x", "x")); got != want[kind] {
			t.Errorf("kind %d is %d, want %d", kind, got, want[kind])
		}
	}
	if len(statuses) != len(want) {
		t.Errorf("%d kinds have a status, want %d", len(statuses), len(want))
	}
	if got := Status(errors.New("foreign")); got != http.StatusInternalServerError {
		t.Errorf("a foreign error is %d", got)
	}
}

func TestProblemOf(t *testing.T) {
	got := ProblemOf(fmt.Errorf("while scanning: %w", models.ErrPlace.Because(errors.New("secret"))), "id-12345")
	want := Problem{
		Type: "about:blank", Status: 422, Code: "place_invalid", Title: models.ErrPlace.Message.ZH,
		TitleEN: models.ErrPlace.Message.EN, Field: "place", RequestID: "id-12345",
	}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := ProblemOf(errors.New("dial tcp 10.0.0.1:3306"), ""); got.Code != "internal" || got.Status != 500 {
		t.Errorf("a foreign error: %+v", got)
	}
}

// FuzzProblem: whatever the cause says, in whatever wrapping, the answer is that of the error without its cause.
func FuzzProblem(f *testing.F) {
	before := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // TestPrepareLogs looks at what is logged
	f.Cleanup(func() { slog.SetDefault(before) })
	f.Fuzz(func(t *testing.T, cause string, kind uint8, id string) {
		own := models.NewError(models.Kind(kind%10), "code", "中文", "English").On("field").RetryIn(time.Duration(kind) * 10 * time.Millisecond)
		answer := func(err error) (*httptest.ResponseRecorder, Problem) {
			w := serveOnce(t, nil, func(c *gin.Context) { Fail(c, err) }, func(r *http.Request) {
				r.Header.Set("X-Request-Id", id)
			})
			var p Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatalf("not JSON: %v: %q", err, w.Body)
			}
			given := w.Header().Get("X-Request-Id")
			if p.Status != w.Code || p.RequestID != given || !requestIDForm.MatchString(given) || requestIDForm.MatchString(id) && given != id {
				t.Errorf("%d %+v, asked with the id %q", w.Code, p, id)
			}
			w.Header().Del("X-Request-Id")
			p.RequestID = ""
			return w, p
		}
		foreign := errors.New(cause)
		for like, errs := range map[*models.Error][]error{
			models.ErrInternal: {foreign, fmt.Errorf("%s: %w", cause, foreign), errors.Join(foreign, foreign)},
			own: {
				own.Because(foreign), fmt.Errorf("%s: %w", cause, own), errors.Join(foreign, own),
				fmt.Errorf("%s: %w", cause, own.Because(models.ErrForbidden.Because(foreign))),
			},
		} {
			plain, want := answer(like)
			for _, err := range errs {
				if w, got := answer(err); got != want || !reflect.DeepEqual(w.Header(), plain.Header()) {
					t.Errorf("%v: %+v %v, without the cause %+v %v", err, got, w.Header(), want, plain.Header())
				}
			}
		}
	})
}

func TestFailHeaders(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want map[string]string
	}{
		"unavailable":        {models.ErrUnavailable, map[string]string{"Retry-After": "2", "WWW-Authenticate": ""}},
		"half a second":      {models.ErrUnavailable.RetryIn(500 * time.Millisecond), map[string]string{"Retry-After": "1"}},
		"a second and a bit": {models.ErrUnavailable.RetryIn(1001 * time.Millisecond), map[string]string{"Retry-After": "2"}},
		"unauthenticated":    {models.NewError(models.KindUnauthenticated, "x", "x", "x"), map[string]string{"WWW-Authenticate": `Bearer realm="yanzheng"`, "Retry-After": ""}},
		"internal":           {errors.New("x"), map[string]string{"Retry-After": "", "WWW-Authenticate": ""}},
	} {
		w := serveOnce(t, nil, func(ctx *gin.Context) {
			ctx.Header("Cache-Control", "public")
			Fail(ctx, c.err)
		}, nil)
		for header, want := range c.want {
			if got := w.Header().Get(header); got != want {
				t.Errorf("%s: %s %q, want %q", name, header, got, want)
			}
		}
		if got := w.Header().Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: an error may be kept: %q", name, got)
		}
		if got := w.Header().Get("Content-Type"); got != "application/problem+json; charset=utf-8" {
			t.Errorf("%s: Content-Type %q", name, got)
		}
	}
}

// TestFailEndsTheChain: what comes after an error never runs.
func TestFailEndsTheChain(t *testing.T) {
	ran := false
	w := serveOnce(t, []handler{func(c *gin.Context) { Fail(c, models.ErrForbidden) }}, func(*gin.Context) { ran = true }, nil)
	if ran || w.Code != http.StatusForbidden {
		t.Errorf("the handler behind the refusal ran: %v, %d", ran, w.Code)
	}
}
