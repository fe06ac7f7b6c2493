package httpx

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
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
