package wechat

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"syscall"
	"time"

	"github.com/silenceper/wechat/v2/util"
)

// apiHost is the one host that may learn our secret.
const apiHost = "api.weixin.qq.com"

// maxAnswer bounds an answer in bytes, unpacked; WeChat's are a few hundred. The SDK reads all there is.
const maxAnswer = 1 << 20

// The SDK sends everything through one variable of its package util, which wechat.SetHTTPClient
// overwrites for the whole process: a second client in the process would redirect the first one's
// calls, secret included, and writing it during a call is a data race. So it is set once, to a client
// that belongs to nobody: each call carries its own guard in its context, and a request without one
// is refused. The SDK's functions that take no context (wxacode, subscribe, URL Link) are thereby
// refused too, instead of running without a deadline; such a call is to be made through the guard
// directly. The default value of the variable is http.DefaultClient, which is left as it is.
var takeOverSDK = sync.OnceFunc(func() {
	util.DefaultHTTPClient = &http.Client{
		Transport: switchboard{},
		// A redirect would carry the secret elsewhere. The SDK takes the 3xx for an error.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		// A second bound only: every call has its Config.Timeout.
		Timeout: maxTimeout + time.Second,
	}
})

// exchange goes with one call through the SDK: in with the way out, back with the HTTP status, which
// the SDK reports only inside a text that must not be used. One goroutine at a time touches it.
type exchange struct {
	through *guard
	status  int // 0 until there is an answer
}

type exchangeKey struct{}

func (e *exchange) mark(ctx context.Context) context.Context {
	return context.WithValue(ctx, exchangeKey{}, e)
}

var (
	errStray     = &cause{words: "request refused: not made by a Client"}
	errElsewhere = &cause{words: "request refused: not to https://" + apiHost}
)

// switchboard hands each of the SDK's requests to the guard of the call that it belongs to.
type switchboard struct{}

// RoundTrip implements http.RoundTripper.
func (switchboard) RoundTrip(req *http.Request) (*http.Response, error) {
	call, ok := req.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		closeBody(req)
		return nil, errStray
	}
	res, err := call.through.RoundTrip(req)
	if err == nil {
		call.status = res.StatusCode
	}
	return res, err
}

// guard is the way out for one Client: to WeChat over TLS, or to the sandbox, and nowhere else.
type guard struct {
	sandbox *url.URL // nil: the real WeChat
	pool    *http.Transport
	send    http.RoundTripper // pool; a test puts itself here
}

// newGuard opens nothing yet. Its error never repeats the URL, which may hold a password.
// timeout bounds what net/http does for a connection after the call that asked for it has given up.
func newGuard(sandboxURL string, timeout time.Duration) (*guard, error) {
	g := &guard{pool: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment, // TLS goes through it end to end
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    timeout,
		IdleConnTimeout:        time.Minute,
		MaxIdleConnsPerHost:    32,
		MaxResponseHeaderBytes: 64 << 10,
	}}
	dialer := net.Dialer{Timeout: timeout}
	if sandboxURL != "" {
		base, err := loopbackURL(sandboxURL)
		if err != nil {
			return nil, err
		}
		g.sandbox = base
		g.pool.Proxy = nil // plain HTTP must not leave the machine
		dialer.Control = loopbackOnly
	}
	g.pool.DialContext = dialer.DialContext
	g.send = g.pool
	return g, nil
}

// RoundTrip sends a request that the SDK made for https://api.weixin.qq.com and refuses any other.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" || req.URL.Host != apiHost || (req.Host != "" && req.Host != apiHost) {
		closeBody(req)
		return nil, errElsewhere
	}
	if g.sandbox != nil {
		req = req.Clone(req.Context()) // a RoundTripper may not change its argument
		req.URL.Scheme, req.URL.Host, req.Host = g.sandbox.Scheme, g.sandbox.Host, g.sandbox.Host
	}
	res, err := g.send.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	// Reading past the bound is an error, not an end: half an answer must not pass for a whole one.
	res.Body = http.MaxBytesReader(nil, res.Body, maxAnswer)
	return res, nil
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

func loopbackURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" || !loopbackHost(u.Hostname()) || u.User != nil ||
		u.Opaque != "" || (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, errors.New("wechat: SandboxURL: want http://127.0.0.1:PORT or another loopback address")
	}
	return u, nil
}

func loopbackHost(host string) bool {
	if host == "localhost" { // where it really leads is checked by loopbackOnly
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// loopbackOnly looks at the address about to be dialled, after name resolution.
func loopbackOnly(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !to.Addr().Unmap().IsLoopback() {
		return &cause{words: "request refused: the sandbox is not on loopback"}
	}
	return nil
}
