package stand

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"maps"
	"net"
	"os"
	"regexp"
	"sync"

	"github.com/go-sql-driver/mysql"
)

// Wire stands between a server and MariaDB and counts what is asked, by the shape of the statement. The database's own
// counters are of no use for that: they count what everybody else asks there, too.
type Wire struct {
	listener net.Listener
	target   string
	wait     sync.WaitGroup

	lock   sync.Mutex
	asked  Counts
	conns  map[net.Conn]struct{}
	closed bool
}

// Watch makes the servers and commands that are started from now on speak to the database through a Wire. Close it
// after the last of them.
func (t *Stand) Watch(ctx context.Context) (*Wire, error) {
	base, err := mysql.ParseDSN(os.Getenv("YANZHENG_TEST_MYSQL"))
	if err != nil {
		return nil, err
	}
	w, err := newWire(ctx, base.Addr)
	if err == nil {
		t.Env = append(t.Env, "YANZHENG_DATABASE_ADDRESS="+w.listener.Addr().String())
	}
	return w, err
}

func newWire(ctx context.Context, target string) (*Wire, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &Wire{listener: l, target: target, asked: Counts{}, conns: map[net.Conn]struct{}{}}
	w.wait.Go(w.accept)
	return w, nil
}

// Asked gives how often each statement was asked for: its text with ? for values and (?) for rows of them, or, in brackets, what is no statement.
func (w *Wire) Asked() Counts {
	w.lock.Lock()
	defer w.lock.Unlock()
	return maps.Clone(w.asked)
}

// Close cuts what is left.
func (w *Wire) Close() {
	w.listener.Close() //nolint:errcheck,gosec // the last act
	w.lock.Lock()
	w.closed = true
	for c := range w.conns {
		c.Close() //nolint:errcheck,gosec // the last act
	}
	w.lock.Unlock()
	w.wait.Wait()
}

func (w *Wire) accept() {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.wait.Go(func() { w.serve(client) })
	}
}

// hold gives false when there is no time for a new connection any more.
func (w *Wire) hold(c net.Conn) bool {
	w.lock.Lock()
	defer w.lock.Unlock()
	if !w.closed {
		w.conns[c] = struct{}{}
	}
	return !w.closed
}

func (w *Wire) drop(c net.Conn) {
	c.Close() //nolint:errcheck,gosec // both ends see it
	w.lock.Lock()
	defer w.lock.Unlock()
	delete(w.conns, c)
}

func (w *Wire) serve(client net.Conn) {
	defer w.drop(client)
	server, err := net.Dial("tcp", w.target) //nolint:noctx // loopback
	if err != nil {
		return
	}
	defer w.drop(server)
	if !w.hold(client) || !w.hold(server) {
		return
	}
	t := &talk{wire: w, prepared: map[uint32]string{}}
	w.wait.Go(func() {
		packets(server, client, t.answered)
		client.Close() //nolint:errcheck,gosec // ends the loop below
	})
	packets(client, server, t.asked)
}

// literals and rows are what differs between two askings of one statement.
var (
	literals = regexp.MustCompile(`(?:_binary)?'(?:[^'\\]|\\.|'')*(?:'|$)|\b-?[0-9][0-9.]*\b|\bNULL\b`)
	rows     = regexp.MustCompile(`\([?, ]+\)(?:,\s*\([?, ]+\))*`)
)

// shape is a statement without its values and without the number of its rows.
func shape(text string) string {
	return rows.ReplaceAllString(literals.ReplaceAllString(text, "?"), "(?)")
}

// headSize is as much of a packet as is looked at, which is more than the longest statement of ours.
const headSize = 16 << 10

// packets copies until one side ends, and shows the head of each packet before it is passed on.
func packets(from io.Reader, to io.Writer, see func(sequence byte, head []byte)) {
	in, out := bufio.NewReaderSize(from, headSize), bufio.NewWriter(to)
	for {
		var header [4]byte // length, little-endian in three bytes, and the place in the exchange
		if _, err := io.ReadFull(in, header[:]); err != nil {
			return
		}
		length := int(header[0]) | int(header[1])<<8 | int(header[2])<<16
		head, err := in.Peek(min(length, headSize))
		if err != nil {
			return
		}
		see(header[3], head)
		_, _ = out.Write(header[:]) // a failure is told by Flush
		if _, err := io.CopyN(out, in, int64(length)); err != nil {
			return
		}
		if in.Buffered() < len(header) && out.Flush() != nil { // the next one may wait for what this one brings
			return
		}
	}
}

// talk is one connection.
type talk struct {
	wire *Wire

	lock      sync.Mutex
	preparing string            // the statement whose number the next answer brings
	prepared  map[uint32]string // by number
}

// The commands of the protocol that a statement goes by.
const (
	comQuery, comPrepare, comExecute = 0x03, 0x16, 0x17
)

var otherCommands = map[byte]string{0x01: "(quit)", 0x0e: "(ping)", 0x19: "(close)", 0x1a: "(reset)", 0x1f: "(reset connection)"}

// asked looks at what the client says; what is not the first of an exchange is a log-in or the rest of a long packet.
func (t *talk) asked(sequence byte, head []byte) {
	if sequence != 0 || len(head) == 0 {
		return
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	text := string(head[1:])
	switch head[0] {
	case comQuery:
		text = shape(text)
	case comPrepare:
		t.preparing, text = shape(text), "(prepare)"
	case comExecute:
		if text = "(unknown statement)"; len(head) >= 5 {
			text = t.prepared[binary.LittleEndian.Uint32(head[1:])]
		}
	default:
		text = otherCommands[head[0]]
	}
	t.wire.lock.Lock()
	defer t.wire.lock.Unlock()
	t.wire.asked[text]++
}

// answered looks at what the server says for the number of a new statement.
func (t *talk) answered(_ byte, head []byte) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if t.preparing != "" && len(head) >= 5 && head[0] == 0 {
		t.prepared[binary.LittleEndian.Uint32(head[1:])] = t.preparing
	}
	t.preparing = ""
}
