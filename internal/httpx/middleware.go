package httpx

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"yanzheng/models"
)

const (
	requestIDKey    = "request_id"
	requestIDHeader = "X-Request-Id"
)

var requestIDForm = regexp.MustCompile(`^[0-9A-Za-z_-]{8,64}$`)

// Identify gives every request an id: the client's own where it has the form of one, else a new one.
func Identify(c *gin.Context) {
	id := c.GetHeader(requestIDHeader)
	if !requestIDForm.MatchString(id) {
		id = rand.Text()
	}
	c.Set(requestIDKey, id)
	c.Header(requestIDHeader, id)
}

// RequestID gives the request's id.
func RequestID(c *gin.Context) string { return c.GetString(requestIDKey) }

// Recover turns a panic into an internal error; the stack goes to the log only.
func Recover(c *gin.Context) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(p)
		}
		err := models.ErrInternal.Because(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		if c.Writer.Written() {
			Prepare(c, err)
			c.Abort()
			return
		}
		Fail(c, err)
	}()
	c.Next()
}

// Secure sets the headers that every answer carries: no sniffing, no framing, no referrer, and no cache
// on the way unless the handler says otherwise.
func Secure(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; style-src 'self'; img-src 'self'")
	h.Set("Cache-Control", "no-store")
	if c.Request.TLS != nil {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// Deadline bounds how long a request may wait for others.
func Deadline(d time.Duration) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx, cancel := context.WithTimeout(c.Request.Context(), d)
		defer cancel()
		c.Request = c.Request.WithContext(ctx)
		c.Next()
	}
}

// OnlyHosts refuses requests whose Host header is none of those given (host or host:port), so that a
// page of the open web cannot reach a server on this machine by rebinding its name.
func OnlyHosts(hosts ...string) gin.HandlerFunc {
	return func(c *gin.Context) {
		if !slices.Contains(hosts, strings.ToLower(c.Request.Host)) {
			Fail(c, errHost)
		}
	}
}

// Limit bounds the body of a request before anything reads it.
func Limit(bytes int64) gin.HandlerFunc {
	return func(c *gin.Context) {
		if c.Request.ContentLength > bytes {
			Fail(c, ErrBodyTooLarge)
			return
		}
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, bytes)
	}
}

// ClientIP gives the address of the client: the connection's, or, where that is a trusted proxy's, the
// last address in X-Forwarded-For that is not. IPv6 is cut to its /64, which is one subscriber.
func ClientIP(r *http.Request, trusted []netip.Prefix) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	addr = addr.Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && within(addr, trusted); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = next.Unmap().WithZone("")
	}
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return addr
}

func within(a netip.Addr, prefixes []netip.Prefix) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}
