package httpx_test

import (
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"yanzheng/internal/httpx"
	"yanzheng/internal/testkit"
)

// A body has its time from the first read on: waiting for one's turn is not held against its sender, dawdling is.
func TestHurry(t *testing.T) {
	gin.SetMode(gin.TestMode)
	turn, read := make(chan struct{}), make(chan error, 1)
	r := gin.New()
	r.POST("/", func(c *gin.Context) {
		httpx.Hurry(c, time.Now, 300*time.Millisecond)
		<-turn
		_, err := io.ReadAll(c.Request.Body)
		read <- err
	})
	server := httptest.NewServer(r)
	defer server.Close()
	send := func(all bool) error {
		t.Helper()
		way, err := net.Dial("tcp", server.Listener.Addr().String())
		testkit.Must(t, err)
		defer func() { _ = way.Close() }()
		_, err = io.WriteString(way, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
		testkit.Must(t, err)
		if all {
			_, err = io.WriteString(way, "67890")
			testkit.Must(t, err)
			time.Sleep(400 * time.Millisecond) // longer than it may take, before anybody reads
		}
		turn <- struct{}{}
		return <-read
	}
	testkit.Must(t, send(true))
	if err := send(false); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a body that never ends: %v", err)
	}
}
