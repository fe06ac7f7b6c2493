package httpx

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// Hurry gives the body of a request so long to arrive, from the moment on at which somebody begins to read it: until then its
// sender waits for us. Who is slower finds the connection closed.
func Hurry(c *gin.Context, now func() time.Time, d time.Duration) {
	c.Request.Body = &hurried{ReadCloser: c.Request.Body, begin: func() error {
		return http.NewResponseController(c.Writer).SetReadDeadline(now().Add(d))
	}}
}

type hurried struct {
	io.ReadCloser
	begin func() error // nil once it has begun
}

func (h *hurried) Read(b []byte) (int, error) {
	if h.begin != nil {
		if err := h.begin(); err != nil && !errors.Is(err, http.ErrNotSupported) { // a connection of the server's always can
			return 0, err
		}
		h.begin = nil
	}
	return h.ReadCloser.Read(b)
}
