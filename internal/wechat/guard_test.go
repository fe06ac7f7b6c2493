package wechat

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/silenceper/wechat/v2/util"
)

// recorder stands where the network would be.
type recorder struct{ seen []*http.Request }

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.seen = append(r.seen, req)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: req}, nil
}

func testGuard(t *testing.T, sandboxURL string) (*guard, *recorder) {
	t.Helper()
	g, err := newGuard(sandboxURL, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{}
	g.send = r
	return g, r
}

func send(g *guard, req *http.Request) error {
	res, err := g.RoundTrip(req)
	if err == nil {
		_ = res.Body.Close()
	}
	return err
}

func TestGuardRefusesElsewhere(t *testing.T) {
	for _, sandboxURL := range []string{"", "http://127.0.0.1:9"} {
		g, seen := testGuard(t, sandboxURL)
		for _, to := range []string{
			"http://api.weixin.qq.com/x", "https://api.weixin.qq.com:8443/x", "https://api.weixin.qq.com.example.org/x",
			"https://qyapi.weixin.qq.com/x", "https://API.weixin.qq.com/x", "https://192.0.2.1/x", "https:///x", "http://127.0.0.1:9/x",
		} {
			// Through the SDK, as a call of it would go.
			_, err := util.HTTPGetContext((&exchange{through: g}).mark(t.Context()), to)
			if !errors.Is(err, errElsewhere) && !strings.Contains(err.Error(), "no Host") {
				t.Errorf("%s: %v", to, err)
			}
		}
		forged, _ := http.NewRequest(http.MethodPost, "https://api.weixin.qq.com/x", strings.NewReader("body"))
		forged.Host = "example.org"
		if err := send(g, forged); !errors.Is(err, errElsewhere) {
			t.Errorf("another Host header: %v", err)
		}
		if len(seen.seen) != 0 {
			t.Errorf("sent: %v", seen.seen[0].URL)
		}
	}
}

func TestGuardReal(t *testing.T) {
	g, seen := testGuard(t, "")
	req, _ := http.NewRequest(http.MethodGet, "https://api.weixin.qq.com/sns/jscode2session?a=b", nil)
	if err := send(g, req); err != nil {
		t.Fatal(err)
	}
	if got := seen.seen[0]; got.URL.String() != "https://api.weixin.qq.com/sns/jscode2session?a=b" || got.Host != apiHost {
		t.Errorf("sent to %s, Host %s", got.URL, got.Host)
	}
	if g.pool.TLSClientConfig != nil && g.pool.TLSClientConfig.InsecureSkipVerify {
		t.Error("certificates are not checked")
	}
	if g.pool.Proxy == nil {
		t.Error("the proxy that the environment names is not used")
	}
}

func TestGuardSandbox(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://192.0.2.1:3128")
	g, seen := testGuard(t, "http://127.0.0.1:9/")
	req, _ := http.NewRequest(http.MethodGet, "https://api.weixin.qq.com/sns/jscode2session?a=b", nil)
	if err := send(g, req); err != nil {
		t.Fatal(err)
	}
	if got := seen.seen[0]; got.URL.String() != "http://127.0.0.1:9/sns/jscode2session?a=b" || got.Host != "127.0.0.1:9" {
		t.Errorf("sent to %s, Host %s", got.URL, got.Host)
	}
	if req.URL.Host != apiHost || req.Host != apiHost {
		t.Error("the caller's request was changed")
	}
	if g.pool.Proxy != nil {
		t.Error("a proxy would see the secret in clear")
	}
}

// A name such as localhost is believed only when the address behind it is loopback.
func TestSandboxDialsLoopbackOnly(t *testing.T) {
	for _, to := range []string{"127.0.0.1:80", "127.9.9.9:1", "[::1]:80", "[::ffff:127.0.0.1]:80"} {
		if err := loopbackOnly("tcp", to, nil); err != nil {
			t.Errorf("%s: %v", to, err)
		}
	}
	for _, to := range []string{"192.0.2.1:80", "[2001:db8::1]:80", "0.0.0.0:80", "localhost:80", ""} {
		if err := loopbackOnly("tcp", to, nil); err == nil {
			t.Errorf("%s: allowed", to)
		}
	}
	g, err := newGuard("http://127.0.0.1:9", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if conn, err := g.pool.DialContext(t.Context(), "tcp", "192.0.2.1:80"); err == nil {
		_ = conn.Close()
		t.Error("dialled a foreign address")
	} else if own := (*cause)(nil); !errors.As(err, &own) {
		t.Errorf("not refused by us: %v", err)
	}
}

// What does not come from a Client goes nowhere, and http.DefaultClient, which the SDK uses until
// told otherwise, stays as others know it.
func TestSDKIsTakenOver(t *testing.T) {
	w := newWorld(t, Config{}, nil)
	for _, call := range []func() ([]byte, error){
		func() ([]byte, error) { return util.HTTPGet("https://api.weixin.qq.com/x") },
		func() ([]byte, error) { return util.HTTPPost("https://api.weixin.qq.com/x", "{}") },
		func() ([]byte, error) { return util.PostJSON("https://api.weixin.qq.com/x", 1) },
		func() ([]byte, error) { return util.HTTPGet(w.guard.sandbox.String()) },
	} {
		if _, err := call(); !errors.Is(err, errStray) {
			t.Errorf("got %v", err)
		}
	}
	if w.hits.Load() != 0 {
		t.Error("a stray request arrived")
	}
	if d := http.DefaultClient; d.Transport != nil || d.CheckRedirect != nil || d.Timeout != 0 || util.DefaultHTTPClient == d {
		t.Errorf("http.DefaultClient: %+v", d)
	}
	if util.DefaultHTTPClient.Timeout <= 0 {
		t.Error("the SDK's client has no timeout")
	}
}
