package config

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"yanzheng/models"
)

// The parsers answer whether a text is what its setting wants; the words are in the table.

var (
	hostLabel   = regexp.MustCompile(`^[0-9A-Za-z]([0-9A-Za-z-]{0,61}[0-9A-Za-z])?$`)
	identifier  = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)
	masterName  = regexp.MustCompile(`^[0-9A-Za-z._-]{1,128}$`)
	wechatAppID = regexp.MustCompile(`^wx[0-9A-Za-z]{16}$`)
	limitShape  = regexp.MustCompile(`^([0-9]{1,6})/([0-9a-z.]{2,20})(?: burst ([0-9]{1,6}))?$`)
	typeCode    = regexp.MustCompile(`^[0-9A-Z]{21}$`)
	visible     = regexp.MustCompile(`^[!-~]{1,1000}$`)
)

// matching makes a parser of a pattern.
func matching(pattern *regexp.Regexp) func(string) (string, bool) {
	return func(s string) (string, bool) { return s, pattern.MatchString(s) }
}

// printable makes a parser of a text of 1 to limit bytes in which every character can be seen.
func printable(limit int) func(string) (string, bool) {
	return func(s string) (string, bool) {
		hidden := func(r rune) bool { return !unicode.IsPrint(r) }
		return s, s != "" && len(s) <= limit && utf8.ValidString(s) && !strings.ContainsFunc(s, hidden)
	}
}

// characters makes a parser of a text of 1 to most characters in which every one can be seen.
func characters(most int) func(string) (string, bool) {
	return func(s string) (string, bool) {
		text, ok := printable(4 * most)(s)
		return text, ok && utf8.RuneCountInString(text) <= most
	}
}

func parseCreditCode(s string) (string, bool) { return s, models.CheckEmployerCode(s) == nil }

func parseBool(s string) (value, ok bool) {
	return s == "true", s == "true" || s == "false"
}

func parseInt(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil
}

func parseDuration(s string) (time.Duration, bool) {
	d, err := time.ParseDuration(s)
	return d, err == nil
}

// What a limit may be, and in words. The bounds keep the arithmetic of the limits exact.
const (
	maxTokens     = 100_000
	leastPerToken = 10 * time.Microsecond // 100,000 a second
	longestPer    = 24 * time.Hour
	limitForm     = "a limit such as 120/1m or 120/1m burst 20: the numbers 1 to 100000, the duration 1s to 24h, " +
		"at most 100000 a second, and a burst that is made up for in 24h"
)

// parseLimit reads N/duration, or N/duration burst M; without M the burst is N.
func parseLimit(s string) (Limit, bool) {
	part := limitShape.FindStringSubmatch(s)
	if part == nil {
		return Limit{}, false
	}
	rate, ok := parseInt(part[1])
	per, ok2 := parseDuration(part[2])
	burst, ok3 := parseInt(cmp.Or(part[3], part[1]))
	if !ok || !ok2 || !ok3 || rate < 1 || rate > maxTokens || burst < 1 || burst > maxTokens || per < time.Second || per > longestPer {
		return Limit{}, false
	}
	perToken := per / time.Duration(rate)
	return Limit{rate, per, burst}, perToken >= leastPerToken && perToken*time.Duration(burst) <= longestPer
}

func parseLevel(s string) (slog.Level, bool) {
	switch s {
	case "debug":
		return slog.LevelDebug, true
	case "info":
		return slog.LevelInfo, true
	case "warn":
		return slog.LevelWarn, true
	case "error":
		return slog.LevelError, true
	}
	return 0, false
}

// parseKey reads 32 bytes from 64 hex digits or from base64, the usual or the URL alphabet, padded or not.
func parseKey(s string) ([32]byte, bool) {
	raw, err := hex.DecodeString(s)
	if err != nil {
		s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimSuffix(s, "="))
		raw, err = base64.RawStdEncoding.Strict().DecodeString(s)
	}
	if err != nil || len(raw) != 32 || bytes.Count(raw, raw[:1]) == 32 {
		return [32]byte{}, false // 32 times the same byte is a placeholder
	}
	return [32]byte(raw), true
}

func parseFormat(s string) (string, bool) { return s, s == "text" || s == "json" }

func parseDriver(s string) (string, bool) { return s, s == MySQL || s == SQLite }

// parseListen reads host:port; an empty host is every address of the machine.
func parseListen(s string) (string, bool) {
	host, port, ok := splitAddress(s)
	if !ok || (host != "" && !validHost(host)) {
		return "", false
	}
	if port == 0 && !loopbackHost(host) {
		return "", false
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.String() // an IPv6 address has many spellings, and browsers send this one
	}
	return net.JoinHostPort(strings.ToLower(host), strconv.Itoa(port)), true
}

// parseServer reads the address of a server to connect to: host:port or the path of a socket.
func parseServer(s string) (string, bool) {
	if strings.HasPrefix(s, "/") {
		return printable(100)(s) // the system takes 108 bytes at most
	}
	host, port, ok := splitAddress(s)
	return s, ok && port > 0 && validHost(host)
}

// splitAddress reads host:port with a number for the port.
func splitAddress(s string) (host string, port int, ok bool) {
	host, digits, err := net.SplitHostPort(s)
	if err != nil {
		return "", 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	return host, int(n), err == nil
}

// validHost says whether it is an IP address or a host name. A last label of digits only would be
// taken for a number of an IP address by some and for a name by others, so it is neither.
func validHost(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Zone() == ""
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if !hostLabel.MatchString(label) {
			return false
		}
	}
	_, err := strconv.ParseUint(labels[len(labels)-1], 0, 64)
	return err != nil && len(host) <= 253
}

// loopbackHost says whether a host can be reached from this machine only. Of all names it trusts
// "localhost" alone; what another name means is not known here.
func loopbackHost(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// localServer says whether the way to a server does not leave this machine.
func localServer(address string) bool {
	if strings.HasPrefix(address, "/") {
		return true
	}
	host, _, ok := splitAddress(address)
	return ok && loopbackHost(host)
}

// parsePublicURL reads scheme://host[:port] and gives it in lower case without the scheme's own port.
func parsePublicURL(s string) (string, bool) {
	u, err := url.Parse(s)
	if err != nil || !strings.EqualFold(u.Scheme+"://"+u.Host, s) {
		return "", false // a user, path, query or fragment, were it empty, would be lost
	}
	host, ownPort := u.Hostname(), ":443"
	if u.Scheme == "http" {
		ownPort = ":80"
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopbackHost(host)) {
		return "", false
	}
	if !validHost(host) || strings.HasSuffix(u.Host, ":") {
		return "", false
	}
	if port := u.Port(); port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
			return "", false
		}
	}
	return strings.ToLower(u.Scheme + "://" + strings.TrimSuffix(u.Host, ownPort)), true
}

// derivedURL is the public URL of a listener on loopback that has no other.
func derivedURL(listen string) string {
	s, ok := parsePublicURL("http://" + listen)
	if !ok {
		return "http://" + listen // port 0: of no use until WithListener
	}
	return s
}

// parseSandbox reads an http URL on loopback.
func parseSandbox(s string) (string, bool) {
	s, ok := parsePublicURL(s)
	return s, ok && strings.HasPrefix(s, "http://")
}

// loopbackURL says whether a URL from parsePublicURL can be reached from this machine only.
func loopbackURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && loopbackHost(u.Hostname())
}

// parsePrefix reads a network or a single address.
func parsePrefix(s string) (netip.Prefix, bool) {
	if ip, err := netip.ParseAddr(s); err == nil {
		ip = ip.Unmap()
		return netip.PrefixFrom(ip, ip.BitLen()), ip.Zone() == ""
	}
	p, err := netip.ParsePrefix(s)
	// Peers are compared unmapped, so a network of mapped addresses would match nobody.
	return p.Masked(), err == nil && p.Bits() > 0 && !p.Addr().Is4In6()
}

// loopbackPrefix says whether every address of the network is on loopback.
func loopbackPrefix(p netip.Prefix) bool {
	if p.Addr().Is4() {
		return p.Addr().IsLoopback() && p.Bits() >= 8
	}
	return p.Addr().IsLoopback() && p.IsSingleIP()
}

// parseBucket reads where files lie. What stands in it in particular is the vault's to say.
func parseBucket(s string) (string, bool) {
	u, err := url.Parse(s)
	if err != nil || u.User != nil || u.Opaque != "" || len(s) > 1000 {
		return "", false
	}
	switch u.Scheme {
	case "file":
		return s, u.Host == "" && strings.HasPrefix(u.Path, "/") && u.RawQuery == ""
	case "s3":
		return s, u.Host != ""
	}
	return "", false
}

// parseRatio reads 5:7.
func parseRatio(s string) (ratio [2]int, ok bool) {
	wide, high, found := strings.Cut(s, ":")
	for i, text := range []string{wide, high} {
		n, ok := parseInt(text)
		if !found || !ok || n < 1 || n > 100 {
			return [2]int{}, false
		}
		ratio[i] = n
	}
	return ratio, true
}
