package main

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"yanzheng/internal/httpx"
	"yanzheng/miniprogram-api"
	"yanzheng/models"
	"yanzheng/web"
)

// router puts the edges together on the public listener.
func (s *server) router(api *miniprogram.API, pages *web.Pages) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.HandleMethodNotAllowed = true
	r.ContextWithFallback = true
	r.RemoteIPHeaders = nil // httpx.ClientIP alone decides whom to believe
	r.Use(httpx.Identify, httpx.Recover, httpx.Secure)
	if s.embedded != nil {
		r.Use(httpx.OnlyHosts(s.embedded.hosts(s.listener.Addr())...))
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
	r.GET("/healthz", func(c *gin.Context) { httpx.WriteJSON(c, map[string]string{"status": "ok"}) })
	r.GET("/readyz", func(c *gin.Context) {
		ready, parts := s.health(c.Request.Context())
		if !ready {
			httpx.Fail(c, models.ErrUnavailable)
			return
		}
		httpx.WriteJSON(c, map[string]any{"status": "ready", "parts": parts})
	})
	api.Register(r)
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
