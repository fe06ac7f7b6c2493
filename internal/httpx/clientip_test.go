package httpx

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

var proxies = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("fd00::/8"),
}

func request(remote string, forwarded ...string) *http.Request {
	return &http.Request{RemoteAddr: remote, Header: http.Header{"X-Forwarded-For": forwarded}}
}

func TestClientIP(t *testing.T) {
	for name, c := range map[string]struct {
		remote    string
		forwarded []string
		want      string
	}{
		"direct":                      {"203.0.113.7:4711", nil, "203.0.113.7"},
		"direct, and lies":            {"203.0.113.7:4711", []string{"198.51.100.1"}, "203.0.113.7"},
		"through a proxy":             {"10.0.0.1:80", []string{"203.0.113.7"}, "203.0.113.7"},
		"through two":                 {"10.0.0.1:80", []string{"203.0.113.7, 10.9.9.9"}, "203.0.113.7"},
		"in two headers":              {"10.0.0.1:80", []string{"203.0.113.7", "10.9.9.9"}, "203.0.113.7"},
		"lies before the proxy":       {"10.0.0.1:80", []string{"198.51.100.1, 203.0.113.7"}, "203.0.113.7"},
		"claims to be a proxy":        {"10.0.0.1:80", []string{"198.51.100.1, 10.1.1.1, 203.0.113.7"}, "203.0.113.7"},
		"a proxy's own request":       {"10.0.0.1:80", nil, "10.0.0.1"},
		"proxies all the way":         {"10.0.0.1:80", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		"garbage ends it":             {"10.0.0.1:80", []string{"203.0.113.7, unknown"}, "10.0.0.1"},
		"garbage behind the client":   {"10.0.0.1:80", []string{"unknown, 203.0.113.7"}, "203.0.113.7"},
		"an empty header":             {"10.0.0.1:80", []string{""}, "10.0.0.1"},
		"IPv6, as its network":        {"[2001:db8:1:2:3:4:5:6]:4711", nil, "2001:db8:1:2::"},
		"IPv6 with a zone":            {"[fe80::1%eth0]:4711", nil, "fe80::"},
		"IPv6 through a proxy":        {"[fd00::1]:80", []string{"2001:db8:1:2:ffff::1"}, "2001:db8:1:2::"},
		"a zone in the header":        {"10.0.0.1:80", []string{"fe80::1%eth0"}, "fe80::"},
		"IPv4 in IPv6":                {"[::ffff:203.0.113.7]:4711", nil, "203.0.113.7"},
		"a proxy as IPv4 in IPv6":     {"[::ffff:10.0.0.1]:80", []string{"203.0.113.7"}, "203.0.113.7"},
		"a client as IPv4 in IPv6":    {"10.0.0.1:80", []string{"::ffff:203.0.113.7"}, "203.0.113.7"},
		"a proxy hop in IPv4 in IPv6": {"10.0.0.1:80", []string{"203.0.113.7, ::ffff:10.2.2.2"}, "203.0.113.7"},
		"without a port":              {"203.0.113.7", nil, "203.0.113.7"},
		"no address at all":           {"@", []string{"203.0.113.7"}, "invalid IP"},
	} {
		if got := ClientIP(request(c.remote, c.forwarded...), proxies).String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if got := ClientIP(request("10.0.0.1:80", "203.0.113.7"), nil).String(); got != "10.0.0.1" {
		t.Errorf("without trusted proxies: %s", got)
	}
}

// FuzzClientIP: nobody but a trusted proxy has a say, one subscriber is one address, what a client writes before what a
// proxy wrote changes nothing, and nobody is given an address that nobody named.
func FuzzClientIP(f *testing.F) {
	trusted := func(a netip.Addr) bool {
		if a.Is6() { // cut to its network, which is trusted as a whole or not at all
			return netip.MustParsePrefix("fd00::/8").Contains(a.WithZone(""))
		}
		return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	f.Fuzz(func(t *testing.T, remote, forwarded, lie string) {
		got := ClientIP(request(remote, forwarded), proxies)
		direct := ClientIP(request(remote), proxies)
		if !trusted(direct) && got != direct {
			t.Errorf("%q is no proxy, and X-Forwarded-For %q makes it %v", remote, forwarded, got)
		}
		if none := ClientIP(request(remote, forwarded), nil); none != direct {
			t.Errorf("nobody is trusted, and X-Forwarded-For %q makes %v of %v", forwarded, none, direct)
		}
		if got.Is6() {
			if b := got.As16(); !slices.Equal(b[8:], make([]byte, 8)) || got.Zone() != "" {
				t.Errorf("%v is not a network of 64 bits", got)
			}
		}
		if got.Is4In6() {
			t.Errorf("%v is an IPv4 address in disguise", got)
		}
		hops := strings.Split(forwarded, ",")
		named := got == direct
		for _, hop := range hops {
			named = named || got == ClientIP(request(strings.TrimSpace(hop)), nil)
		}
		if !named {
			t.Errorf("%v is neither %q nor in %q", got, remote, forwarded)
		}
		if behind := ClientIP(request(remote, forwarded, "unknown"), proxies); behind != direct {
			t.Errorf("behind a hop that nobody can read, %q makes %v of %v", forwarded, behind, direct)
		}
		if a, err := netip.ParseAddrPort(remote); err == nil && a.Addr().Is4() {
			if mapped := ClientIP(request("[::ffff:"+a.Addr().String()+"]:80", forwarded), proxies); mapped != got {
				t.Errorf("%q: %v, as IPv6 %v", remote, got, mapped)
			}
		}
		if split := ClientIP(request(remote, hops...), proxies); split != got {
			t.Errorf("in %d headers: %v, in one: %v", len(hops), split, got)
		}
		last, err := netip.ParseAddr(strings.TrimSpace(hops[len(hops)-1]))
		if trusted(direct) && err == nil && !trusted(last.Unmap()) {
			if with := ClientIP(request(remote, lie+","+forwarded), proxies); with != got {
				t.Errorf("%q before %q makes %v of %v", lie, forwarded, with, got)
			}
			if with := ClientIP(request(remote, lie, forwarded), proxies); with != got {
				t.Errorf("%q in a header before %q makes %v of %v", lie, forwarded, with, got)
			}
		}
	})
}
