package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// proxy stands in front of a server, on an address that stays the same, and spoils what goes through.
type proxy struct {
	t       testing.TB
	address string
	toxi    *toxiproxy.Proxy
}

func newProxy(t testing.TB, target string) *proxy {
	t.Helper()
	quiet := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := &proxy{t: t, toxi: toxiproxy.NewProxy(quiet, t.Name(), "127.0.0.1:0", target)}
	p.mend()
	p.address = p.toxi.Listen // from now on it is this one
	t.Cleanup(p.cut)
	return p
}

// cut ends every connection; new ones are refused.
func (p *proxy) cut() { p.toxi.Stop() }

// mend lets connections through again.
func (p *proxy) mend() {
	p.t.Helper()
	within(p.t, 5*time.Second, "the proxy listens", func() bool { return p.toxi.Start() == nil })
}

// toxic is what goes wrong on the way, in toxiproxy's words.
type toxic struct {
	Type       string         `json:"type"`
	Stream     string         `json:"stream"` // downstream: what the server says; upstream: what it is told
	Attributes map[string]int `json:"attributes"`
}

// spoil lets connections, present and new, go wrong until the end is called.
func (p *proxy) spoil(x toxic) (end func()) {
	p.t.Helper()
	raw, err := json.Marshal(x)
	if err != nil {
		p.t.Fatal(err)
	}
	added, err := p.toxi.Toxics.AddToxicJson(strings.NewReader(string(raw)))
	if err != nil {
		p.t.Fatal(err)
	}
	return func() {
		if err := p.toxi.Toxics.RemoveToxic(p.t.Context(), added.Name); err != nil {
			p.t.Error(err)
		}
	}
}

// silence lets nothing through that the server says, as when it hangs. Connections that met it are closed at the end.
func (p *proxy) silence() (end func()) {
	return p.spoil(toxic{"timeout", "downstream", map[string]int{"timeout": 0}})
}
