package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"yanzheng/scripts/stand"
)

// link is a way from one client to one server, through a proxy in this process, that can be made to fail.
type link struct {
	address string // where the client connects
	proxy   *toxiproxy.Proxy
}

func newLink(to string) (*link, error) {
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	var err error
	for range 20 { // the port may be taken
		l := &link{address: fmt.Sprintf("127.0.0.1:%d", stand.LowPort())}
		l.proxy = toxiproxy.NewProxy(server, to, l.address, to)
		if err = l.proxy.Start(); err == nil {
			return l, nil
		}
	}
	return nil, err
}

// refuse ends every connection and takes no new one.
func (l *link) refuse() error {
	l.proxy.Stop()
	return nil
}

// accept ends refuse.
func (l *link) accept() error { return l.proxy.Start() }

// silence takes connections and swallows what is said, both ways.
func (l *link) silence() error {
	return l.toxics("timeout", `{"timeout": 0}`, "upstream", "downstream")
}

// reset ends every connection abruptly at the first word.
func (l *link) reset() error {
	return l.toxics("reset_peer", `{"timeout": 0}`, "upstream", "downstream")
}

// slow delays what is said by milliseconds, give or take as many, on each way.
func (l *link) slow(milliseconds int) error {
	return l.toxics("latency", latency(milliseconds), "upstream", "downstream")
}

// late delays the answers alone: what they tell was so some time ago.
func (l *link) late(milliseconds int) error {
	return l.toxics("latency", latency(milliseconds), "downstream")
}

func latency(milliseconds int) string {
	return fmt.Sprintf(`{"latency": %d, "jitter": %d}`, milliseconds, milliseconds)
}

func (l *link) toxics(kind, attributes string, ways ...string) error {
	for _, way := range ways {
		toxic := fmt.Sprintf(`{"type": %q, "stream": %q, "attributes": %s}`, kind, way, attributes)
		if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

// heal ends silence, reset and slow. Silent connections end with it, as what comes next would answer no question.
func (l *link) heal() error {
	l.proxy.Toxics.ResetToxics(context.Background())
	return nil
}

// lead makes the link lead elsewhere; every connection ends.
func (l *link) lead(to string) error {
	return l.proxy.Update(&toxiproxy.Proxy{Listen: l.address, Upstream: to, Enabled: true})
}
