package stand

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Conn is one connection to a server that is kept alive, and costs the machine little: requests are sent as they are
// given. One goroutine at a time may use it.
type Conn struct {
	conn net.Conn
	in   *bufio.Reader
	body bytes.Buffer
}

// Dial connects to the stand's server.
func (t *Stand) Dial(ctx context.Context) (*Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", strings.TrimPrefix(t.URL, "http://"))
	if err != nil {
		return nil, err
	}
	return &Conn{conn: conn, in: bufio.NewReader(conn)}, nil
}

// Ask sends a whole request and reads its answer. The body is good until the next one.
func (c *Conn) Ask(request []byte) (status int, body []byte, err error) {
	if err := c.conn.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return 0, nil, err
	}
	if _, err := c.conn.Write(request); err != nil {
		return 0, nil, err
	}
	answer, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	c.body.Reset()
	_, err = c.body.ReadFrom(io.LimitReader(answer.Body, 1<<20))
	return answer.StatusCode, c.body.Bytes(), err
}

// Close ends the connection.
func (c *Conn) Close() { c.conn.Close() } //nolint:errcheck,gosec // nothing is under way
