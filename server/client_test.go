package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// client is somebody who asks the server, with a token or without.
type client struct {
	t     testing.TB
	http  *http.Client
	base  string
	token string
}

func newClient(t testing.TB, p *process) *client {
	way := &http.Transport{}
	t.Cleanup(way.CloseIdleConnections)
	return &client{
		t: t, base: "http://" + p.address,
		http: &http.Client{
			Transport: watched{t, way}, Timeout: 30 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ask sends a request. Headers are name, value, name, value …; the name Host is the Host header.
func (c *client) ask(method, path, body string, headers ...string) answer {
	c.t.Helper()
	return c.send(method, path, strings.NewReader(body), headers...)
}

func (c *client) send(method, path string, body io.Reader, headers ...string) answer {
	c.t.Helper()
	a, err := c.try(method, path, body, headers...)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// try is send for those who expect that no answer may come.
func (c *client) try(method, path string, body io.Reader, headers ...string) (answer, error) {
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, body)
	if err != nil {
		return answer{}, err
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	res, err := c.http.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, raw}, err
}

// as gives a client with another token.
func (c *client) as(token string) *client {
	other := *c
	other.token = token
	return &other
}

// problem is a problem document, as far as tests look.
type problem struct {
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Field     string `json:"field"`
	RequestID string `json:"request_id"`
}

func (a answer) problem(t testing.TB) (p problem) {
	t.Helper()
	if err := json.Unmarshal(a.body, &p); err != nil || !strings.HasPrefix(a.header.Get("Content-Type"), "application/problem+json") {
		t.Errorf("%d is no problem document: %s", a.status, a.body)
	}
	return p
}

// refused checks an error: its status and its code.
func (a answer) refused(t testing.TB, status int, code string) problem {
	t.Helper()
	p := a.problem(t)
	if a.status != status || p.Code != code {
		t.Errorf("answered %d %s, want %d %s: %.500s", a.status, p.Code, status, code, a.body)
	}
	return p
}

// verdict is a verdict as a client reads it.
type verdict struct {
	ScanID   string `json:"scan_id"`
	At       string `json:"at"`
	AsOf     string `json:"as_of"`
	Source   string `json:"source"`
	Usable   bool   `json:"usable"`
	Document struct {
		Status  string   `json:"status"`
		Reason  string   `json:"reason"`
		Reasons []string `json:"reasons"`
		Changed []string `json:"changed"`
	} `json:"document"`
	Registration *registration `json:"registration"`
}

type registration struct {
	Status            string   `json:"status"`
	Reason            string   `json:"reason"`
	Blocks            []string `json:"blocks"`
	Name              string   `json:"name"`
	CertificateNumber string   `json:"certificate_number"`
	Employer          string   `json:"employer"`
	IDNumber          string   `json:"id_number"`
}

// is tells the two halves in one text: "valid/in_force", "forged/".
func (v verdict) is() string {
	if v.Registration == nil {
		return v.Document.Status + "/"
	}
	return v.Document.Status + "/" + v.Registration.Status
}

func (a answer) verdict(t testing.TB) (v verdict) {
	t.Helper()
	if a.status != http.StatusOK || json.Unmarshal(a.body, &v) != nil {
		t.Fatalf("answered %d instead of a verdict: %s", a.status, a.body)
	}
	return v
}

// scan scans a code as a logged-in user.
func (c *client) scan(code string) verdict {
	c.t.Helper()
	return c.scanned(code).verdict(c.t)
}

func (c *client) scanned(code string) answer {
	c.t.Helper()
	body, err := json.Marshal(map[string]string{"code": code})
	if err != nil {
		c.t.Fatal(err)
	}
	return c.ask("POST", "/api/v1/scans", string(body))
}

// public asks for the public verdict on the digits of a code.
func (c *client) public(digits string) verdict {
	c.t.Helper()
	return c.ask("GET", "/v/"+digits, "", "Accept", "application/json").verdict(c.t)
}

// page asks for the page of a code's digits, with a browser.
func (c *client) page(digits string) string {
	c.t.Helper()
	a := c.ask("GET", "/v/"+digits, "", "Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	if a.status != http.StatusOK {
		c.t.Fatalf("the page is %d: %s", a.status, a.body)
	}
	return string(a.body)
}

// entered is an answer to a log-in.
type entered struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
	User      struct {
		ID    string   `json:"id"`
		Roles []string `json:"roles"`
	} `json:"user"`
}

// logIn logs in with a code of WeChat's.
func (c *client) logIn(code string) entered {
	c.t.Helper()
	a := c.entering(code)
	if a.status != http.StatusOK {
		c.t.Fatalf("the log-in is %d: %s", a.status, a.body)
	}
	return read[entered](c.t, string(bytes.TrimSpace(a.body)))
}

func (c *client) entering(code string) answer {
	c.t.Helper()
	body, err := json.Marshal(map[string]string{"code": code})
	if err != nil {
		c.t.Fatal(err)
	}
	return c.ask("POST", "/api/v1/login", string(body))
}
