// Package web is the page that everybody sees who scans a certificate's code with any scanner.
//
// Its promise: one HTML page without scripts that says in colour, shape and words whether the certificate may be used, on
// any phone, and an honest page when that cannot be told. Its one rule: a template is given finished words and the public
// columns alone, never a fact or an error of the domain, so that nothing else can slip into a page.
package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"yanzheng/internal/httpx"
	"yanzheng/internal/verify"
	"yanzheng/models"
)

// Verifier gives the public verdict on the digits of a code; look is false for what is not a scan.
type Verifier interface {
	Public(ctx context.Context, address, digits string, look bool) (verify.Answer, error)
}

// DemoCode is one code of the demonstration data: its digits, and the verdict that it leads to.
type DemoCode struct {
	Code         string
	Document     models.DocumentStatus
	Registration models.RegistrationStatus // empty where the document has none
}

// Options are what differs between one installation and another.
type Options struct {
	Demo       func(ctx context.Context) []DemoCode // nil when the data is not a demonstration
	CheckFiles map[string]string                    // WeChat's check files: name → content of /v/<name>.txt
}

// Pages serves the public pages.
type Pages struct {
	verifier Verifier
	options  Options
	embedded *embedded
}

// New makes the pages.
func New(v Verifier, o Options) *Pages {
	return &Pages{verifier: v, options: o, embedded: newEmbedded()}
}

// Register adds the landing page and the static files. /v/:code is the server's to add, because it chooses there
// between Certificate and the JSON answer.
func (p *Pages) Register(r gin.IRouter) {
	methods := []string{http.MethodGet, http.MethodHead}
	r.Match(methods, "/", p.landing)
	r.Match(methods, "/assets/:file", p.asset)
}

// Certificate answers GET and HEAD /v/:code with the page of the verdict, or with a check file of WeChat's where the
// parameter ends in .txt. Every verdict is a 200: the question was answered.
func (p *Pages) Certificate(c *gin.Context) {
	code := c.Param("code")
	if name, ok := strings.CutSuffix(code, ".txt"); ok {
		p.checkFile(c, name)
		return
	}
	looks := httpx.Looks(c.Request)
	answer, err := p.verifier.Public(c.Request.Context(), httpx.Address(c), code, looks)
	if err != nil {
		p.Problem(c, err)
		return
	}
	p.render(c, http.StatusOK, "certificate", certificateOf(answer, looks))
}

// CheckFile gives the content of /v/<name>.txt.
func (p *Pages) CheckFile(name string) (content string, ok bool) {
	content, ok = p.options.CheckFiles[name]
	return content, ok
}

// Problem answers with the page of an error and ends the chain.
func (p *Pages) Problem(c *gin.Context, err error) {
	httpx.Prepare(c, err)
	c.Abort()
	p.render(c, httpx.Status(err), "problem", problemOf(err, httpx.RequestID(c)))
}

func (p *Pages) landing(c *gin.Context) {
	var codes []DemoCode
	if p.options.Demo != nil {
		codes = p.options.Demo(c.Request.Context())
	}
	p.render(c, http.StatusOK, "landing", landingOf(codes))
}

func (p *Pages) checkFile(c *gin.Context, name string) {
	content, ok := p.CheckFile(name)
	if !ok {
		p.Problem(c, httpx.ErrNoRoute)
		return
	}
	send(c, http.StatusOK, "text/plain; charset=utf-8", []byte(content))
}

func (p *Pages) asset(c *gin.Context) {
	a, ok := p.embedded.assets[c.Param("file")]
	if !ok {
		p.Problem(c, httpx.ErrNoRoute)
		return
	}
	c.Header("Cache-Control", "public, max-age=31536000, immutable") // the name changes with the content
	send(c, http.StatusOK, a.mediaType, a.body)
}

// render answers with a page. A page that fails must not leave half of itself, so it is made in full first.
func (p *Pages) render(c *gin.Context, status int, name string, f framed) {
	body, err := p.embedded.page(name, f, p.options.Demo != nil)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.Header("Cache-Control", "no-store") // tomorrow's verdict may be another
	send(c, status, "text/html; charset=utf-8", body)
}

// send writes an answer. HEAD gets no length: it is no scan, and a page without a scan number is a shorter one.
func send(c *gin.Context, status int, mediaType string, body []byte) {
	c.Header("Content-Type", mediaType)
	c.Status(status)
	if c.Request.Method == http.MethodHead {
		c.Writer.WriteHeaderNow()
		return
	}
	c.Header("Content-Length", strconv.Itoa(len(body)))
	_, _ = c.Writer.Write(body) // a client that left has nobody to tell
}
