package stand

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// Load scans codes through POST /api/v1/scans, as fast as the server answers, and remembers every answer. Each request
// is sent once, with a number of its own in its note: what became of it can be read from the database afterwards, and
// one request that was written twice is found, whatever ids the two rows have.
//
// A server that is away is knocked at until it is back. One Load may run several times, one after the other.
type Load struct {
	address  string
	requests [][]byte // ready to send, the number aside, which comes at numberAt from the end
	began    time.Time

	sent    atomic.Uint32
	acked   atomic.Int64
	refused atomic.Int64
}

// Ack is a scan that was answered with 200.
type Ack struct {
	ID      uuid.UUID
	Request uint32        // its number, from 1
	At      time.Duration // since the load was made
}

const (
	numberAt     = len(`00000000"}`)
	answerWithin = 10 * time.Second // longer than any answer of the server takes
	knockEvery   = 5 * time.Millisecond
)

// NewLoad prepares a load of these codes on a server that was started once.
func (t *Stand) NewLoad(codes []string) *Load {
	l := &Load{address: strings.TrimPrefix(t.URL, "http://"), began: time.Now()}
	for _, code := range codes {
		quoted, _ := json.Marshal(code) // of a string: no error
		body := `{"code":` + string(quoted) + `,"note":"` + note(0) + `"}`
		l.requests = append(l.requests, fmt.Appendf(nil,
			"POST /api/v1/scans HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			l.address, t.token, len(body), body))
	}
	return l
}

// note is what the note of a request says.
func note(request uint32) string { return fmt.Sprintf("%08x", request) }

// Sent gives how many requests have been made.
func (l *Load) Sent() uint32 { return l.sent.Load() }

// Acked gives how many were answered 200.
func (l *Load) Acked() int64 { return l.acked.Load() }

// Refused gives how many were answered 503.
func (l *Load) Refused() int64 { return l.refused.Load() }

// Age is the time on the clock of Ack.At.
func (l *Load) Age() time.Duration { return time.Since(l.began) }

// Run keeps that many connections busy until ctx ends, and gives what was answered 200 meanwhile. Requests that are
// under way then are waited for. An answer that is neither 200 nor 503 ends it with an error.
func (l *Load) Run(ctx context.Context, connections int) ([]Ack, error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	all := make([][]Ack, connections)
	errs := make([]error, connections)
	var wait sync.WaitGroup
	for i := range connections {
		wait.Go(func() {
			if all[i], errs[i] = l.connection(ctx); errs[i] != nil {
				fail(errs[i])
			}
		})
	}
	wait.Wait()
	var acks []Ack
	for i := range all {
		if errs[i] != nil {
			return nil, errs[i]
		}
		acks = append(acks, all[i]...)
	}
	return acks, nil
}

// connection makes one request after the other, on a new connection whenever the old one broke.
func (l *Load) connection(ctx context.Context) (acks []Ack, err error) {
	for ctx.Err() == nil {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", l.address)
		if err != nil {
			time.Sleep(knockEvery)
			continue
		}
		acks, err = l.talk(ctx, conn, acks)
		conn.Close()
		if err != nil {
			return acks, err
		}
	}
	return acks, nil
}

// talk returns without error when the connection broke.
func (l *Load) talk(ctx context.Context, conn net.Conn, acks []Ack) ([]Ack, error) {
	in := bufio.NewReader(conn)
	var out []byte
	var body bytes.Buffer
	for ctx.Err() == nil {
		number := l.sent.Add(1)
		out = append(out[:0], l.requests[int(number)%len(l.requests)]...)
		copy(out[len(out)-numberAt:], note(number))
		_ = conn.SetDeadline(time.Now().Add(answerWithin))
		if _, err := conn.Write(out); err != nil {
			return acks, nil
		}
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			return acks, nil
		}
		body.Reset()
		_, err = body.ReadFrom(io.LimitReader(answer.Body, 1<<20))
		answer.Body.Close()
		if err != nil {
			return acks, nil
		}
		switch answer.StatusCode {
		case http.StatusOK:
			id, err := scanID(body.Bytes())
			if err != nil {
				return acks, err
			}
			acks = append(acks, Ack{ID: id, Request: number, At: l.Age()})
			l.acked.Add(1)
		case http.StatusServiceUnavailable:
			l.refused.Add(1)
			time.Sleep(knockEvery)
		default:
			return acks, fmt.Errorf("a scan is answered %s: %.300s", answer.Status, body.Bytes())
		}
	}
	return acks, nil
}

// scanID reads the one member that counts here; decoding all of the verdict would cost more than sending the request.
func scanID(body []byte) (uuid.UUID, error) {
	const name = `"scan_id":"`
	if at := bytes.Index(body, []byte(name)); at >= 0 {
		if value, _, ok := bytes.Cut(body[at+len(name):], []byte(`"`)); ok {
			return uuid.ParseBytes(value)
		}
	}
	return uuid.Nil, fmt.Errorf("an answer without scan_id: %.300s", body)
}

// requestOf reads a note.
func requestOf(note string) (uint32, bool) {
	n, err := strconv.ParseUint(note, 16, 32)
	return uint32(n), err == nil && len(note) == numberAt-len(`"}`)
}
