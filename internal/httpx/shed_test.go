package httpx

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"yanzheng/models"
)

// Beyond its places a request is turned away at once, with a time to come back; a place is given back also by a handler
// that panics.
func TestShed(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	inside, leave := make(chan struct{}), make(chan struct{})
	shed := 0
	r := gin.New()
	r.Use(Identify, Recover, Shed(2, func() { shed++ }))
	r.GET("/slow", func(*gin.Context) { inside <- struct{}{}; <-leave })
	r.GET("/panic", func(*gin.Context) { panic("x") })
	ask := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	for range 5 {
		if w := ask("/panic"); w.Code != http.StatusInternalServerError {
			t.Fatalf("a panic is %d", w.Code)
		}
	}
	done := make(chan int, 2)
	for range 2 {
		go func() { done <- ask("/slow").Code }()
		<-inside
	}
	if w := ask("/slow"); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "2" || shed != 1 {
		t.Errorf("the third is %d, Retry-After %q, %d shed", w.Code, w.Header().Get("Retry-After"), shed)
	}
	close(leave)
	for range 2 {
		if code := <-done; code != http.StatusOK {
			t.Errorf("one of the first two is %d", code)
		}
	}
}

// Whom the ceiling refuses is told so, with the rest of the chain left out; it is asked about the located address.
func TestCeiling(t *testing.T) {
	tooMany := models.NewError(models.KindTooMany, "too_many", "过多", "Too many").RetryIn(1500 * time.Millisecond)
	for _, err := range []error{nil, tooMany} {
		reached := false
		w := serveOnce(t, []handler{Locate(nil), Ceiling(func(address string) error {
			if address != "192.0.2.1" {
				t.Errorf("asked about %q", address)
			}
			return err
		})}, func(c *gin.Context) {
			reached = true
			WriteJSON(c, "here")
		}, func(r *http.Request) { r.RemoteAddr = "192.0.2.1:9" })
		if reached != (err == nil) || err != nil && (w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "2") {
			t.Errorf("%v: reached %t, %d %v", err, reached, w.Code, w.Header())
		}
	}
}
