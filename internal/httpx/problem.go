package httpx

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"yanzheng/models"
)

// Problem is a problem document (RFC 9457). Title is Chinese, TitleEN English; both are for people.
type Problem struct {
	Type      string `json:"type"`
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Title     string `json:"title"`
	TitleEN   string `json:"title_en"`
	Field     string `json:"field,omitempty"`
	RequestID string `json:"request_id,omitempty"`
}

// statuses is the one table from the domain's kinds to HTTP.
var statuses = map[models.Kind]int{
	models.KindInternal:        http.StatusInternalServerError,
	models.KindMalformed:       http.StatusBadRequest,
	models.KindUnauthenticated: http.StatusUnauthorized,
	models.KindForbidden:       http.StatusForbidden,
	models.KindNotFound:        http.StatusNotFound,
	models.KindConflict:        http.StatusConflict,
	models.KindTooLarge:        http.StatusRequestEntityTooLarge,
	models.KindRule:            http.StatusUnprocessableEntity,
	models.KindTooMany:         http.StatusTooManyRequests,
	models.KindUnavailable:     http.StatusServiceUnavailable,
}

// Status gives the HTTP status of an error.
func Status(err error) int { return statuses[models.AsError(err).Kind] }

// ProblemOf gives the problem document of an error, without a trace of its cause.
func ProblemOf(err error, requestID string) Problem {
	e := models.AsError(err)
	return Problem{
		Type: "about:blank", Status: statuses[e.Kind], Code: e.Code,
		Title: e.Message.ZH, TitleEN: e.Message.EN, Field: e.Field, RequestID: requestID,
	}
}

// Fail answers with the problem document of an error and ends the chain. Faults of ours, and
// dependencies that are away, go to the log with their cause.
func Fail(c *gin.Context, err error) {
	Prepare(c, err)
	write(c, ProblemOf(err, RequestID(c)))
}

// NoMethod answers 405; the router has set Allow.
func NoMethod(c *gin.Context) {
	p := ProblemOf(errMethod, RequestID(c))
	p.Status = http.StatusMethodNotAllowed
	write(c, p)
}

func write(c *gin.Context, p Problem) {
	body, _ := json.Marshal(p) //nolint:errchkjson // plain strings and numbers
	c.Abort()
	c.Data(p.Status, "application/problem+json; charset=utf-8", append(body, '\n'))
}

var errMethod = models.NewError(models.KindMalformed, "method_not_allowed", "此地址不支持该请求方法", "This address does not take that method")

// Prepare logs an error and sets the headers that go with it, for an edge with a page of its own.
func Prepare(c *gin.Context, err error) {
	e := models.AsError(err)
	gone := c.Request.Context().Err() != nil && errors.Is(err, context.Canceled) // the client left: no fault of anybody
	switch {
	case gone:
	case e.Kind == models.KindInternal:
		slog.ErrorContext(c, "internal error", "request_id", RequestID(c), "path", c.FullPath(), "error", err)
	case e.Kind == models.KindUnavailable:
		slog.WarnContext(c, "dependency unavailable", "request_id", RequestID(c), "path", c.FullPath(), "error", err)
	case e.Kind == models.KindUnauthenticated:
		c.Header("WWW-Authenticate", `Bearer realm="yanzheng"`)
	}
	if e.RetryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	c.Header("Cache-Control", "no-store")
}
