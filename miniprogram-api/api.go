package miniprogram

import (
	"context"
	_ "embed" // the contract
	"net/http"

	"github.com/gin-gonic/gin"

	"yanzheng/internal/httpx"
	"yanzheng/internal/session"
	"yanzheng/internal/verify"
	"yanzheng/models"
)

// maxBody bounds every JSON body; a scan is the largest, with a code of some 210 characters and a note.
const maxBody = 16 << 10

//go:embed openapi.yaml
var contract []byte

// Verifier answers scans and look-ups.
type Verifier interface {
	Scan(ctx context.Context, r verify.Request) (verify.Answer, error)
	Public(ctx context.Context, address, digits string, look bool) (verify.Answer, error)
	LookUp(ctx context.Context, r verify.LookUpRequest) (verify.LookUp, error)
}

// Sessions logs in.
type Sessions interface {
	LogIn(ctx context.Context, address, loginCode string, device models.Device) (session.LogIn, error)
}

// Keys gives the document /keys.json.
type Keys interface {
	Document() []byte
}

// API is the surface.
type API struct {
	verifier Verifier
	sessions Sessions
	keys     Keys
	own      Own
	reading  chan struct{} // places of those whose upload is being read
}

// New puts the surface together.
func New(v Verifier, s Sessions, k Keys, o Own) *API {
	return &API{verifier: v, sessions: s, keys: k, own: o, reading: make(chan struct{}, uploadsAtOnce)}
}

// Register adds the surface's addresses, all but /v/{code}, which it shares with the public page: see
// PublicAnswer. At patient one may have to wait for one's turn. What is ready and needs no use case stands behind the ceiling.
func (a *API) Register(r, patient gin.IRouter, ceiling gin.HandlerFunc) {
	ready, methods := r.Group("", ceiling), []string{http.MethodGet, http.MethodHead}
	ready.Match(methods, "/keys.json", a.keysJSON)
	ready.Match(methods, "/openapi.yaml", func(c *gin.Context) {
		c.Data(http.StatusOK, "application/yaml; charset=utf-8", contract)
	})
	v1 := r.Group("/api/v1", httpx.Limit(maxBody))
	v1.POST("/login", a.logIn)
	v1.POST("/lookups", a.lookUp)
	v1.POST("/scans", a.scan)
	a.registerOwn(r, v1)
	a.registerPatient(patient.Group("/api/v1", httpx.Limit(maxBody)))
}

// keysJSON lets anyone, from any page, check codes offline.
func (a *API) keysJSON(c *gin.Context) {
	c.Header("Access-Control-Allow-Origin", "*")
	c.Header("Cross-Origin-Resource-Policy", "cross-origin")
	c.Header("Cache-Control", "public, max-age=300")
	c.Data(http.StatusOK, "application/json; charset=utf-8", a.keys.Document())
}
