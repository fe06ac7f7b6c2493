package store_test

import (
	"bytes"
	"net"
	"sync"
	"testing"

	"yanzheng/internal/testkit"
)

// proxy stands between a store and its server, and can fall silent or go away like one.
type proxy struct {
	address string
	target  string

	mu       sync.Mutex
	listener net.Listener
	open     []net.Conn
	silent   bool
	last     string // falls silent once this was asked; empty: never
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Must(t, err)
	p := &proxy{address: listener.Addr().String(), target: target, listener: listener}
	go p.serve(listener)
	t.Cleanup(p.refuse)
	return p
}

func (p *proxy) serve(listener net.Listener) {
	for {
		near, err := listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = near.Close()
			continue
		}
		p.mu.Lock()
		p.open = append(p.open, near, far)
		p.mu.Unlock()
		go p.carry(near, far)
		go p.carry(far, near)
	}
}

// carry swallows what comes while the proxy is silent.
func (p *proxy) carry(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		p.mu.Lock()
		silent := p.silent
		p.mu.Unlock()
		if !silent && n > 0 {
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
			p.mu.Lock()
			p.silent = p.silent || p.last != "" && bytes.Contains(b[:n], []byte(p.last))
			p.mu.Unlock()
		}
		if err != nil {
			return
		}
	}
}

// fallSilent keeps every connection and answers nothing more, on new ones either.
func (p *proxy) fallSilent() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent = true
}

// cut ends the connections there are; new ones come through.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.open {
		_ = c.Close()
	}
	p.open = nil
}

// refuse is a server that is down.
func (p *proxy) refuse() {
	p.mu.Lock()
	listener := p.listener
	p.mu.Unlock()
	_ = listener.Close()
	p.cut()
}

// comeBack is a server that is up again, on its old address.
func (p *proxy) comeBack(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", p.address)
	testkit.Must(t, err)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent, p.listener = false, listener
	go p.serve(listener)
}
