package miniprogram

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"yanzheng/internal/httpx"
	"yanzheng/internal/session"
	"yanzheng/internal/verify"
	"yanzheng/models"
)

// stage stands behind the surface and remembers what it was asked.
type stage struct {
	answer verify.Answer
	lookUp verify.LookUp
	in     session.LogIn
	err    error

	scanned *verify.Request
	digits  string
	look    bool
	asked   *verify.LookUpRequest
	code    string
	device  models.Device
	address string
}

func (s *stage) Scan(_ context.Context, r verify.Request) (verify.Answer, error) {
	if r.Token != "token" {
		return verify.Answer{}, session.ErrSession
	}
	s.scanned = &r
	return s.answer, s.err
}

func (s *stage) Public(_ context.Context, address, digits string, look bool) (verify.Answer, error) {
	s.address, s.digits, s.look = address, digits, look
	return s.answer, s.err
}

func (s *stage) LookUp(_ context.Context, r verify.LookUpRequest) (verify.LookUp, error) {
	s.asked = &r
	return s.lookUp, s.err
}

func (s *stage) LogIn(_ context.Context, address, code string, device models.Device) (session.LogIn, error) {
	s.address, s.code, s.device = address, code, device
	return s.in, s.err
}

func (s *stage) Document() []byte { return []byte("{}\n") }

// ask sends one request to the surface in front of the stage.
func (s *stage) ask(t testing.TB, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Use(httpx.Identify, httpx.Recover, httpx.Secure, httpx.Locate(nil))
	api := New(s, s, s, Own{})
	api.Register(engine, engine, func(*gin.Context) {})
	engine.GET("/v/:code", func(c *gin.Context) { api.PublicAnswer(c, c.Query("look") != "") })
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	engine.ServeHTTP(w, r)
	return w
}

func (s *stage) scan(t testing.TB, body string) *httptest.ResponseRecorder {
	t.Helper()
	return s.ask(t, http.MethodPost, "/api/v1/scans", body, "Authorization", "Bearer token")
}

// usable is the stage on which every scan is of the example's valid certificate.
func usable() *stage {
	f := exampleFacts()
	read := models.Reading{Outcome: models.ReadGenuine, ID: f.CertificateID, UseUntil: f.UseUntil, Kind: f.Kind, KeyNumber: f.KeyNumber}
	finding := models.DecideRegistration(f, models.DateOf(exampleAt))
	s := &stage{answer: verify.Answer{
		ScanID: exampleScanID, At: exampleAt, AsOf: exampleAsOf, Source: models.SourceCache, Verdict: models.Decide(read, &f, exampleAt),
	}}
	s.lookUp.Answer = verify.Answer{At: exampleAt, AsOf: exampleAt, Source: models.SourceDatabase, Verdict: models.Verdict{Registration: &finding}}
	s.in = session.LogIn{Token: "token", ExpiresAt: exampleAt.Add(time.Hour), Identity: models.Identity{UserID: "u1"}}
	return s
}
