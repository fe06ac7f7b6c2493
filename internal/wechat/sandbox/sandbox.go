// Package sandbox plays WeChat's server for tests and for the embedded mode, which has no network.
//
// Promise: over HTTP it looks like api.weixin.qq.com to the SDK (same paths, same JSON, errors as HTTP
// 200 with an errcode), as far as this program calls it. The one rule: it serves loopback only, since
// whoever reaches it can log in as anybody whose code he holds. It opens no listener: it is an
// http.Handler.
package sandbox

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"
)

// CodeLife is how long a log-in code can be used; WeChat's is the same.
const CodeLife = 5 * time.Minute

// WeChat's errcodes that the sandbox answers by itself; Fault can make it answer any.
const (
	invalidGrantType = 40002
	invalidAppID     = 40013
	invalidCode      = 40029
	invalidSecret    = 40125
	codeUsed         = 40163
	appIDMissing     = 41002
	secretMissing    = 41004
	codeMissing      = 41008
	wantGET          = 43001
)

// Config says which mini-program the sandbox knows.
type Config struct {
	AppID     string
	AppSecret string
	Now       func() time.Time // required; says when codes expire
	MaxCodes  int              // codes kept, used ones included; 0 means 4096
}

// Sandbox is an http.Handler, safe for concurrent use.
type Sandbox struct {
	cfg Config

	mu     sync.Mutex
	codes  map[string]*loginCode
	order  []string // of issue, hence of expiry
	faults []Fault
}

type loginCode struct {
	openID  string
	expires time.Time
	used    bool
}

// New makes a sandbox that knows no codes yet. Without a clock it panics: that is a slip in the
// program, not in its configuration.
func New(cfg Config) *Sandbox {
	if cfg.Now == nil {
		panic("sandbox: Config.Now is nil")
	}
	if cfg.MaxCodes <= 0 {
		cfg.MaxCodes = 4096
	}
	return &Sandbox{cfg: cfg, codes: make(map[string]*loginCode)}
}

// IssueLoginCode does what wx.login does for the user: it gives a code of 32 characters that nobody
// can guess, good for one log-in within CodeLife. When more than Config.MaxCodes are kept, the oldest
// is forgotten. openID is answered as it is; WeChat's are 28 letters, digits, - and _.
func (s *Sandbox) IssueLoginCode(openID string) string {
	code := random(24, base64.RawURLEncoding)
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.order) > 0 && (len(s.order) >= s.cfg.MaxCodes || !now.Before(s.codes[s.order[0]].expires)) {
		delete(s.codes, s.order[0])
		s.order = s.order[1:]
	}
	s.codes[code] = &loginCode{openID: openID, expires: now.Add(CodeLife)}
	s.order = append(s.order, code)
	return code
}

// redeem marks the code used and gives its openid, or an errcode.
func (s *Sandbox) redeem(code string) (openID string, errCode int) {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.codes[code]
	switch {
	case !ok || !now.Before(c.expires):
		return "", invalidCode
	case c.used:
		return "", codeUsed
	}
	c.used = true
	return c.openID, 0
}

// ServeHTTP answers GET /sns/jscode2session. It refuses (403) a caller that is not on loopback, and a
// Host that is not: a web page could otherwise reach it through a name that it points at 127.0.0.1.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !fromLoopback(r) {
		http.Error(w, "loopback only", http.StatusForbidden)
		return
	}
	if r.URL.Path != "/sns/jscode2session" {
		http.NotFound(w, r)
		return
	}
	if s.fail(w, r) {
		return
	}
	s.code2Session(w, r)
}

func (s *Sandbox) code2Session(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	appID, secret, code := q.Get("appid"), q.Get("secret"), q.Get("js_code")
	switch {
	case r.Method != http.MethodGet:
		s.refuse(w, wantGET)
	case appID == "":
		s.refuse(w, appIDMissing)
	case appID != s.cfg.AppID:
		s.refuse(w, invalidAppID)
	case secret == "":
		s.refuse(w, secretMissing)
	case subtle.ConstantTimeCompare([]byte(secret), []byte(s.cfg.AppSecret)) != 1:
		s.refuse(w, invalidSecret)
	case q.Get("grant_type") != "authorization_code":
		s.refuse(w, invalidGrantType)
	case code == "":
		s.refuse(w, codeMissing)
	default:
		openID, errCode := s.redeem(code)
		if errCode != 0 {
			s.refuse(w, errCode)
			return
		}
		answer(w, struct {
			SessionKey string `json:"session_key"`
			OpenID     string `json:"openid"`
		}{random(16, base64.StdEncoding), openID})
	}
}

// meaning is WeChat's text for an errcode.
func meaning(errCode int) string {
	switch errCode {
	case -1:
		return "system error"
	case invalidGrantType:
		return "invalid grant_type"
	case invalidAppID:
		return "invalid appid"
	case invalidCode:
		return "invalid code"
	case invalidSecret:
		return "invalid appsecret"
	case codeUsed:
		return "code been used"
	case 40226:
		return "code blocked"
	case appIDMissing:
		return "appid missing"
	case secretMissing:
		return "appsecret missing"
	case codeMissing:
		return "missing code"
	case wantGET:
		return "require GET method"
	case 45009:
		return "reach max api daily quota limit"
	case 45011:
		return "api minute-quota reach limit  mustslower  retry next minute"
	default:
		return "error"
	}
}

// refuse answers as WeChat does: HTTP 200, the fault in the body, a request id in its text.
func (s *Sandbox) refuse(w http.ResponseWriter, errCode int) {
	answer(w, struct {
		ErrCode int    `json:"errcode"`
		ErrMsg  string `json:"errmsg"`
	}{errCode, fmt.Sprintf("%s, rid: %08x-%s", meaning(errCode), s.cfg.Now().Unix(), random(6, base64.RawURLEncoding))})
}

func answer(w http.ResponseWriter, body any) {
	b, err := json.Marshal(body)
	if err != nil { // cannot happen to the two structs above
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(b) // a client that went away is no fault of ours
}

func random(bytes int, as *base64.Encoding) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails: it ends the program instead
	return as.EncodeToString(b)
}

func fromLoopback(r *http.Request) bool {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !remote.Addr().Unmap().IsLoopback() {
		return false
	}
	host := (&url.URL{Host: r.Host}).Hostname() // without port and brackets
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
