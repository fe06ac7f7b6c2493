package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/gin-gonic/gin"

	"yanzheng/internal/code"
	"yanzheng/internal/demo"
	"yanzheng/internal/durable"
	"yanzheng/internal/factcache"
	"yanzheng/internal/holder"
	"yanzheng/internal/httpx"
	"yanzheng/internal/wechat"
	"yanzheng/internal/wechat/sandbox"
	"yanzheng/models"
	"yanzheng/web"
)

// embedded is what stands in for the outside world when nothing is configured: a Redis in this process,
// a WeChat on loopback, and demo data.
type embedded struct {
	redis   *miniredis.Miniredis
	address factcache.Redis // how to reach it
	wechat  *http.Server
	sandbox *sandbox.Sandbox
	account wechat.Config
	stop    context.CancelFunc

	demo demoFile
}

// demoFile remembers the demo codes between starts.
type demoFile struct {
	Made  models.Date `json:"made"`
	URL   string      `json:"url"` // under which they were made: it is part of every code
	Codes []demo.Code `json:"codes"`
	// Holder tells that the demo's holder is somebody: an earlier version did not make one.
	Holder bool `json:"holder"`
}

// demoLife is how long demo codes answer what they were made for, well within their 180 days.
const demoLife = 90

// demoRoles are the people of the demo, one for each role.
var demoRoles = []models.Role{models.RoleInspector, models.RoleEmployer, models.RoleHolder, models.RoleRegistrar}

// redisTick is how often the in-process Redis lets time pass, which it only does when told.
const redisTick = 100 * time.Millisecond

func startEmbedded(ctx context.Context) (*embedded, error) {
	e := &embedded{redis: miniredis.NewMiniRedis()}
	password := rand.Text() // loopback is shared with everyone on this machine
	e.redis.RequireAuth(password)
	if err := e.redis.Start(); err != nil {
		return nil, err
	}
	e.address = factcache.Redis{Addresses: []string{e.redis.Addr()}, Password: password, Timeout: time.Second}
	e.account = wechat.Config{AppID: "wxdemo" + rand.Text()[:10], AppSecret: rand.Text()}
	e.sandbox = sandbox.New(sandbox.Config{AppID: e.account.AppID, AppSecret: e.account.AppSecret, Now: time.Now})
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		e.redis.Close()
		return nil, err
	}
	e.account.SandboxURL = "http://" + listener.Addr().String()
	e.wechat = &http.Server{Handler: e.sandbox, ReadHeaderTimeout: readHeaderTimeout}
	go e.wechat.Serve(listener) //nolint:errcheck // ends with close
	ticking, stop := context.WithCancel(context.WithoutCancel(ctx))
	e.stop = stop
	go every(ticking, redisTick, func() { e.redis.FastForward(redisTick) })
	return e, nil
}

func (e *embedded) close() {
	e.stop()
	_ = e.wechat.Close()
	e.redis.Close()
}

// prepare makes the demo's users, and its codes or finds those of an earlier start.
func (e *embedded) prepare(ctx context.Context, s *server) error {
	for _, role := range demoRoles {
		id := "udemo" + string(role)
		u, err := s.store.EnsureUser(ctx, demoOpenID(role), id, models.InstantOf(s.now()))
		if err != nil {
			return err
		}
		if role == models.RoleHolder { // follows from being bound
			continue
		}
		if _, _, err := s.roles().SetRole(ctx, u.ID, role, true, "demo"); err != nil {
			return err
		}
	}
	path := filepath.Join(s.home.dir, "demo.json")
	today := models.DateOf(s.now())
	raw, err := os.ReadFile(path) //nolint:gosec // below the data folder
	if err == nil && json.Unmarshal(raw, &e.demo) == nil && e.demo.URL == s.config.PublicURL && e.demo.Holder && today < e.demo.Made.AddDays(demoLife) {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return e.makeDemo(ctx, s, path, today) // also in the place of a file that cannot be read: it is only the demo
}

func (e *embedded) makeDemo(ctx context.Context, s *server, path string, today models.Date) error {
	seed, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return err
	}
	now, past := s.now, func() time.Time { return s.now().AddDate(0, 0, -200) }
	stage := &demo.Stage{
		Register: s.register(), Endorse: s.endorse(s.codes, now), Past: s.endorse(pastKeys{s.codes}, past),
		Stray: s.codes.URL,
		Maker: demo.NewMaker(seed.Uint64(), fmt.Sprintf("DEMO%06d", seed), today), Today: today,
	}
	codes, err := demo.Play(ctx, stage)
	if err != nil {
		return err
	}
	if err := e.settleHolder(ctx, s, &stage.Holder); err != nil {
		return err
	}
	e.demo = demoFile{Made: today, URL: s.config.PublicURL, Codes: codes, Holder: true}
	raw, err := json.MarshalIndent(e.demo, "", "  ")
	if err != nil {
		return err
	}
	return durable.WriteFile(path, raw, 0o600)
}

// settleHolder makes the demo's holder the person of the first code, with a photo and a signature image that a registrar has
// accepted, all by the front door. A holder of an earlier demo stays who they are.
func (e *embedded) settleHolder(ctx context.Context, s *server, r *models.Registration) error {
	user, registrar := "udemo"+string(models.RoleHolder), "udemo"+string(models.RoleRegistrar)
	_, err := s.holders.Bind(ctx, user, holder.Evidence{Identification: models.Identification{
		Name: r.Person.Name, IDType: r.Person.IDType, IDNumber: r.Person.IDNumber, Number: r.CertificateNumber,
	}})
	if errors.Is(err, models.ErrBound) {
		return nil
	}
	if err != nil {
		return err
	}
	photo, signature, err := demo.Images()
	if err != nil {
		return err
	}
	for kind, raw := range map[models.ImageKind][]byte{models.ImagePhoto: photo, models.ImageSignature: signature} {
		image, err := s.gallery.Upload(ctx, user, kind, raw)
		if err != nil {
			return err
		}
		if _, _, err := s.gallery.Decide(ctx, image.ID, true, registrar, ""); err != nil {
			return err
		}
	}
	return nil
}

// pastKeys signs demo certificates of long ago with today's key, as the demo's keys are new.
type pastKeys struct{ *code.Reader }

func (k pastKeys) SigningKey(models.Date) (uint8, error) {
	return k.Reader.SigningKey(models.DateOf(time.Now()))
}

// hosts lists the names under which the demo may be asked.
func (e *embedded) hosts(listen net.Addr) []string {
	host, port, err := net.SplitHostPort(listen.String())
	if err != nil {
		return nil
	}
	names := []string{host, "127.0.0.1", "localhost", "::1"}
	var hosts []string
	for _, n := range names {
		hosts = append(hosts, net.JoinHostPort(n, port))
		if port == "80" {
			hosts = append(hosts, strings.Trim(n, "[]"))
		}
	}
	return hosts
}

func demoOpenID(role models.Role) string { return "demo-" + string(role) }

type demoCode struct {
	Code         string                    `json:"code"`
	Document     models.DocumentStatus     `json:"document"`
	Registration models.RegistrationStatus `json:"registration,omitempty"`
	Note         string                    `json:"note"`
}

type demoLogin struct {
	Code  string        `json:"code"`
	Roles []models.Role `json:"roles"`
}

// demoJSON gives the demo codes, and a fresh log-in code for each role: like WeChat's, each works once
// and for five minutes.
func (e *embedded) demoJSON(c *gin.Context) {
	out := struct {
		Codes  []demoCode  `json:"codes"`
		Logins []demoLogin `json:"logins"`
	}{Codes: []demoCode{}}
	for _, d := range e.demo.Codes {
		out.Codes = append(out.Codes, demoCode{d.Code, d.Document, d.Registration, d.Note.ZH + " " + d.Note.EN})
	}
	for _, role := range demoRoles {
		out.Logins = append(out.Logins, demoLogin{e.sandbox.IssueLoginCode(demoOpenID(role)), []models.Role{role}})
	}
	httpx.WriteJSON(c, out)
}

// demoCodes lists those demo codes that are ours to answer at /v/.
func (e *embedded) demoCodes(context.Context) []web.DemoCode {
	var out []web.DemoCode
	for _, d := range e.demo.Codes {
		if digits, ours := strings.CutPrefix(d.Code, e.demo.URL+"/v/"); ours {
			out = append(out, web.DemoCode{Code: digits, Document: d.Document, Registration: d.Registration})
		}
	}
	return out
}

// greet prints what a newcomer needs: the address, a code to scan and where the others are.
func (e *embedded) greet(_ context.Context, out io.Writer, s *server) {
	fmt.Fprintf(out, "\n验证 yanzheng %s, embedded mode: %s\n", version, s.config.PublicURL)
	fmt.Fprintf(out, "data and keys: %s\n", s.home.dir)
	if len(e.demo.Codes) == 0 {
		return
	}
	fmt.Fprintf(out, "demo codes and log-ins: %s/demo.json\n\n", s.config.PublicURL)
	printQR(out, e.demo.Codes[0].Code)
	for _, d := range e.demo.Codes {
		fmt.Fprintf(out, "%-10s %-10s %s %s\n  %s\n", d.Document, d.Registration, d.Note.ZH, d.Note.EN, d.Code)
	}
	fmt.Fprintln(out)
}

// printQR draws a code in half blocks, dark on light whatever the terminal's colours are.
func printQR(out io.Writer, text string) {
	symbol, err := code.Symbol(text)
	if err != nil {
		return
	}
	const quiet = 2
	size := symbol.GetSize()
	for y := -quiet; y < size+quiet; y += 2 {
		fmt.Fprint(out, "  \x1b[30;107m")
		for x := -quiet; x < size+quiet; x++ {
			top, bottom := symbol.GetModule(x, y), symbol.GetModule(x, y+1)
			switch {
			case top && bottom:
				fmt.Fprint(out, "█")
			case top:
				fmt.Fprint(out, "▀")
			case bottom:
				fmt.Fprint(out, "▄")
			default:
				fmt.Fprint(out, " ")
			}
		}
		fmt.Fprintln(out, "\x1b[0m")
	}
}
