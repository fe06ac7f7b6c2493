package main

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"yanzheng/internal/httpx"
	"yanzheng/miniprogram-api"
	"yanzheng/web"
)

// requestTimeout bounds what one request may wait for: beyond it the answer is 503, however silent the
// database is.
const requestTimeout = 2500 * time.Millisecond

// patience bounds it where one waits in line: for a file to be made, for a large body to arrive.
const patience = 50 * time.Second

// maxPatient bounds those who stand in any line.
const maxPatient = 8192

// maxAtOnce bounds the requests that are answered at once, maxConnections those who may come for it. Both are far
// above what a healthy process needs: a scan takes a millisecond.
const (
	maxAtOnce      = 1024
	maxConnections = 16384
)

// router puts the edges together on the public listener.
func (s *server) router(api *miniprogram.API, pages *web.Pages, files *miniprogram.Files) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.HandleMethodNotAllowed = true
	r.RedirectTrailingSlash = false // a redirect would leave before the checks below
	r.ContextWithFallback = true
	r.RemoteIPHeaders = nil // httpx.ClientIP alone decides whom to believe
	r.Use(httpx.Identify, httpx.Recover, httpx.Secure)
	if s.embedded != nil {
		r.Use(httpx.OnlyHosts(s.embedded.hosts(s.listeners[0].Addr())...))
	}
	shed := func() { s.metrics.shed.Add(1) }
	locate := httpx.Locate(s.config.TrustedProxies)
	// Before the next, with bounds of their own: the first must answer however full the house is, and those at the second wait.
	s.healthRoutes(r.Group("/", httpx.Deadline(requestTimeout)))
	patient := r.Group("/", waits(patience), httpx.Deadline(patience), httpx.Shed(maxPatient, shed), locate)
	files.Register(patient)
	r.Use(httpx.Deadline(requestTimeout), httpx.Shed(maxAtOnce, shed), locate)
	if s.embedded != nil && s.config.Demo {
		r.GET("/demo.json", s.embedded.demoJSON)
	}
	r.NoRoute(func(c *gin.Context) {
		if strings.Contains(c.GetHeader("Accept"), "text/html") { // a person's browser
			pages.Problem(c, httpx.ErrNoRoute)
			return
		}
		httpx.Fail(c, httpx.ErrNoRoute)
	})
	r.NoMethod(httpx.NoMethod)
	api.Register(r, patient, httpx.Ceiling(s.desk.Ceiling))
	pages.Register(r)
	r.Match([]string{http.MethodGet, http.MethodHead}, "/v/:code", func(c *gin.Context) {
		if httpx.PrefersJSON(c.Request) && !strings.HasSuffix(c.Param("code"), ".txt") { // WeChat's check files are no codes
			api.PublicAnswer(c, httpx.Looks(c.Request))
			return
		}
		pages.Certificate(c)
	})
	return r
}

// waits gives a connection the time that its request may take: the listener's own deadlines are shorter.
func waits(d time.Duration) gin.HandlerFunc {
	return func(c *gin.Context) {
		way, end := http.NewResponseController(c.Writer), time.Now().Add(d+writeTimeout)
		if err := errors.Join(way.SetReadDeadline(end), way.SetWriteDeadline(end)); err != nil {
			httpx.Fail(c, err)
		}
	}
}

// admin is the administration listener's surface, for those who run the service.
func (s *server) admin() http.Handler {
	r := gin.New()
	r.Use(httpx.Identify, httpx.Recover, httpx.Secure)
	r.NoRoute(func(c *gin.Context) { httpx.Fail(c, httpx.ErrNoRoute) })
	s.healthRoutes(r)
	r.GET("/metrics", gin.WrapH(s.metrics.handler()))
	return r
}
