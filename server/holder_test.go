package main

import (
	"bytes"
	"encoding/json"
	"image/jpeg"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yanzheng/internal/demo"
	"yanzheng/models"
)

// person gives a client of a WeChat account of its own, with roles.
func (w *world) person(t testing.TB, name string, roles ...models.Role) (*client, entered) {
	t.Helper()
	c := newClient(t, w.process)
	in := c.logIn(w.sandbox.IssueLoginCode(secret("an openid", "oPerson-"+strings.ReplaceAll(name, " ", "-")+"-of-this-test")))
	for _, role := range roles {
		must[map[string]any](t, w.env, "grant", in.User.ID, string(role))
	}
	return c.as(in.Token), in
}

// identify is the body by which somebody becomes known as the holder of a registration.
func identify(r models.Registration, change ...string) string {
	said := map[string]string{"name": r.Person.Name, "id_number": r.Person.IDNumber, "certificate_number": r.CertificateNumber}
	for i := 0; i < len(change); i += 2 {
		said[change[i]] = change[i+1]
	}
	raw, _ := json.Marshal(said) //nolint:errchkjson // strings
	return string(raw)
}

// own is /api/v1/me as far as tests look.
type own struct {
	User struct {
		Roles []string `json:"roles"`
	} `json:"user"`
	Holder *struct {
		Name     string `json:"name"`
		IDNumber string `json:"id_number"`
		Images   []struct {
			Kind, State, Reason, Digest string
		} `json:"images"`
		Registrations []registration `json:"registrations"`
	} `json:"holder"`
	Claim *struct{ State, Reason string } `json:"claim"`
}

func (c *client) me() (o own) {
	c.t.Helper()
	into(c.t, c.ask("GET", "/api/v1/me", ""), &o)
	return o
}

// cases lists what waits for a registrar.
func (c *client) cases(what string) (ids []string) {
	c.t.Helper()
	var list map[string][]struct{ ID string }
	into(c.t, c.ask("GET", "/api/v1/registrar/"+what, ""), &list)
	for _, one := range list[what] {
		ids = append(ids, one.ID)
	}
	return ids
}

func (c *client) decide(what, id, decision, reason string) answer {
	c.t.Helper()
	return c.ask("POST", "/api/v1/registrar/"+what+"/"+id+"/decision", `{"decision":"`+decision+`","reason":"`+reason+`"}`)
}

// pictured is a verdict's links.
type pictured struct {
	ScanID    string                `json:"scan_id"`
	Photo     *struct{ URL string } `json:"photo"`
	Signature *struct{ URL string } `json:"signature_image"`
	Document  struct {
		Status  string   `json:"status"`
		Changed []string `json:"changed"`
		Message text     `json:"message"`
	} `json:"document"`
}

type text struct{ ZH, EN string }

func (c *client) pictures(code string) (p pictured) {
	c.t.Helper()
	into(c.t, c.scanned(code), &p)
	return p
}

func uploads(t testing.TB) (photo, signature string) {
	t.Helper()
	p, s, err := demo.Images()
	if err != nil {
		t.Fatal(err)
	}
	return string(p), string(s)
}

// TestHolder goes the way of a holder, a registrar and an inspector, on two servers at once.
func TestHolder(t *testing.T) {
	w := realWorld(t)
	other := serve(t, w.env)
	elsewhere := func(c *client) *client {
		e := *c
		e.base = "http://" + other.address
		return &e
	}
	r, before := w.certified(t, "HOLDER")
	holder, in := w.person(t, "holder")
	registrar, _ := w.person(t, "registrar", models.RoleRegistrar)
	inspector, _ := w.person(t, "inspector", models.RoleInspector)
	user, _ := w.person(t, "user")
	photo, signature := uploads(t)

	if me := holder.me(); me.Holder != nil || me.Claim != nil || len(me.User.Roles) != 0 {
		t.Errorf("a newcomer is %+v", me)
	}
	elsewhere(holder).ask("POST", "/api/v1/me/photo", photo).refused(t, http.StatusForbidden, "not_a_holder")
	holder.ask("POST", "/api/v1/me/binding", identify(r, "name", "别人")).refused(t, http.StatusUnprocessableEntity, "identity_no_match")
	if a := holder.ask("POST", "/api/v1/me/binding", identify(r)); a.status != http.StatusOK || !strings.Contains(string(a.body), `"bound"`) {
		t.Fatalf("binding: %d %s", a.status, a.body)
	}
	if me := elsewhere(holder).me(); me.Holder == nil || me.Holder.IDNumber != r.Person.IDNumber || !slices.Contains(me.User.Roles, "holder") ||
		len(me.Holder.Registrations) != 1 || me.Holder.Registrations[0].IDNumber != "" {
		t.Errorf("on the other server the holder is %+v", me)
	}
	if n := w.count(t, "SELECT COUNT(*) FROM binding_tries WHERE user_id = ?", in.User.ID); n != 2 {
		t.Errorf("%d tries are recorded", n)
	}

	// Two images, which count once a registrar has accepted them.
	for kind, raw := range map[string]string{"photo": photo, "signature": signature} {
		if a := holder.ask("POST", "/api/v1/me/"+kind, raw); a.status != http.StatusOK {
			t.Fatalf("%s: %d %s", kind, a.status, a.body)
		}
		if a := elsewhere(holder).ask("GET", "/api/v1/me/"+kind, ""); a.status != http.StatusOK {
			t.Errorf("own %s: %d %s", kind, a.status, a.body)
		}
	}
	if p := user.pictures(before.Code); p.Photo != nil {
		t.Error("a link to what nobody accepted")
	}
	for _, id := range registrar.cases("images") {
		if a := registrar.ask("GET", "/api/v1/registrar/images/"+id, ""); a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), "image/") {
			t.Errorf("image %s: %d", id, a.status)
		}
		if a := registrar.decide("images", id, "accept", ""); a.status != http.StatusOK || !strings.Contains(string(a.body), `"propagated":true`) {
			t.Errorf("decision: %d %s", a.status, a.body)
		}
	}
	own, pdf := testConfirm(t, holder, elsewhere(holder), r)
	code := issued{Code: own.Code, CertificateID: own.ID}
	testChecks(t, w, pdf)

	// A scan knows it all, by the table "who may see what".
	if p := user.pictures(code.Code); p.Photo == nil || p.Signature != nil {
		t.Errorf("a user's links: %+v", p)
	} else {
		once(t, elsewhere(user).as(""), p.Photo.URL)
	}
	p := inspector.pictures(code.Code)
	if p.Photo == nil || p.Signature == nil {
		t.Fatalf("an inspector's links: %+v", p)
	}
	once(t, inspector.as(""), p.Signature.URL)
	if v := user.scan("https://example.com/v/1"); v.Registration != nil {
		t.Error("a foreign code shows somebody")
	}
	if a := user.ask("GET", "/v/"+code.digits(), "", "Accept", "application/json"); strings.Contains(string(a.body), "photo") {
		t.Error("a public look links to the photo")
	}
	testFindings(t, w, inspector, p.ScanID)

	// Another photo that is accepted makes certificates that print this one out of date, and says so in words.
	if a := holder.ask("POST", "/api/v1/me/photo", other2(t)); a.status != http.StatusOK {
		t.Fatalf("another photo: %d %s", a.status, a.body)
	}
	if p := user.pictures(code.Code); p.Document.Status != "valid" {
		t.Errorf("while it waits the certificate is %s", p.Document.Status)
	}
	registrar.decide("images", registrar.cases("images")[0], "accept", "")
	p = elsewhere(user).pictures(code.Code)
	if p.Document.Status != "outdated" || !slices.Equal(p.Document.Changed, []string{"photo"}) ||
		!strings.Contains(p.Document.Message.ZH, "照片") || !strings.Contains(p.Document.Message.EN, "photo") {
		t.Errorf("with another photo the certificate is %+v", p.Document)
	}
	if p := user.pictures(before.Code); p.Document.Status != "valid" {
		t.Errorf("a certificate that prints no photo is %s", p.Document.Status)
	}
	if got := newClient(t, w.process).check(pdf); got.File.Status != "issued" || got.Verdict == nil || !slices.Equal(got.Verdict.Document.Changed, []string{"photo"}) {
		t.Errorf("with another photo the file is %+v", got)
	}
	testEnds(t, w, holder, r, own, pdf)
	testWhoLooked(t, w, holder)
	testClaim(t, w, r, holder, elsewhere(holder), registrar)
	testOwnSessions(t, w)
}

// once uses a link from many sides at the same moment.
func once(t *testing.T, c *client, url string) {
	t.Helper()
	answers := make([]answer, 12)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = c.ask("GET", url, "") })
	}
	all.Wait()
	given := 0
	for _, a := range answers {
		if a.status != http.StatusOK {
			a.refused(t, http.StatusNotFound, "link_used")
			continue
		}
		given++
		if _, err := jpeg.Decode(bytes.NewReader(a.body)); err != nil {
			t.Error(err)
		}
	}
	if given != 1 {
		t.Errorf("the link was good %d times", given)
	}
}

// other2 is another photo: the same, with a light.
func other2(t *testing.T) string {
	t.Helper()
	photo, _ := uploads(t)
	img, err := jpeg.Decode(strings.NewReader(photo))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 40}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func testFindings(t *testing.T, w *world, inspector *client, scan string) {
	t.Helper()
	path := "/api/v1/scans/" + scan + "/signature"
	// The scan may be on its way into the database; that is a 503 that says when to come back.
	within(t, 10*time.Second, "the finding is kept", func() bool {
		a := inspector.ask("POST", path, `{"finding":"differs","remark":"笔迹不同"}`)
		if a.status == http.StatusServiceUnavailable {
			a.refused(t, http.StatusServiceUnavailable, "scan_on_its_way")
			return false
		}
		return a.status == http.StatusOK
	})
	if n := w.count(t, "SELECT COUNT(*) FROM signature_findings WHERE scan_id = ? AND finding = 'differs'", scan); n != 1 {
		t.Errorf("%d findings", n)
	}
	second, _ := w.person(t, "second inspector", models.RoleInspector)
	second.ask("POST", path, `{"finding":"match"}`).refused(t, http.StatusNotFound, "no_such_scan")
	foreign := inspector.scan("https://example.com/v/1")
	w.drained(t)
	inspector.ask("POST", "/api/v1/scans/"+foreign.ScanID+"/signature", `{"finding":"match"}`).refused(t, http.StatusConflict, "nothing_signed")
}

// testWhoLooked: when, what kind of user, roughly where; never who.
func testWhoLooked(t *testing.T, w *world, holder *client) {
	t.Helper()
	w.drained(t)
	var all []string
	for next := ""; ; {
		var page struct {
			Looks []struct {
				Viewer string
				Place  *struct{ Lat, Lng float64 }
			} `json:"looks"`
			Next string `json:"next"`
		}
		a := holder.ask("GET", "/api/v1/me/looks?limit=3&cursor="+next, "")
		into(t, a, &page)
		if strings.Contains(string(a.body), "user_id") || strings.Contains(string(a.body), `"u`+"x") {
			t.Error("it says who looked")
		}
		for _, l := range page.Looks {
			all = append(all, l.Viewer)
		}
		if next = page.Next; next == "" {
			break
		}
	}
	if n := len(all); n < 6 || !slices.Contains(all, "inspector") || !slices.Contains(all, "user") || !slices.Contains(all, "public") {
		t.Errorf("who looked: %v", all)
	}
}

// testClaim: a second user who knows it all as well does not take over; a registrar decides, and then the first is out at once.
func testClaim(t *testing.T, w *world, r models.Registration, holder, elsewhere, registrar *client) {
	t.Helper()
	wrong, _ := w.person(t, "wrong")
	if a := wrong.ask("POST", "/api/v1/me/binding", identify(r)); a.status != http.StatusOK {
		t.Fatalf("claim: %d %s", a.status, a.body)
	}
	refused := registrar.cases("claims")
	if a := registrar.decide("claims", refused[0], "refuse", "不是本人"); a.status != http.StatusOK {
		t.Fatalf("decision: %d %s", a.status, a.body)
	}
	wrong.ask("POST", "/api/v1/me/binding", identify(r)).refused(t, http.StatusConflict, "claim_refused")
	second, _ := w.person(t, "second")
	for range 2 {
		if a := second.ask("POST", "/api/v1/me/binding", identify(r)); a.status != http.StatusOK || !strings.Contains(string(a.body), `"claimed"`) {
			t.Fatalf("claim: %d %s", a.status, a.body)
		}
	}
	if me := second.me(); me.Holder != nil || me.Claim == nil || me.Claim.State != "open" {
		t.Errorf("the claimant is %+v", me)
	}
	claims := registrar.cases("claims")
	if len(claims) != 1 {
		t.Fatalf("claims %v", claims)
	}
	var open struct {
		Claims []struct {
			User    string
			Holder  struct{ User, Since string }
			Earlier []struct{ User, State, Reason string }
		}
	}
	into(t, registrar.ask("GET", "/api/v1/registrar/claims", ""), &open)
	c := open.Claims[0]
	if c.Holder.User == "" || c.Holder.User == c.User || c.Holder.Since == "" || len(c.Earlier) != 1 || c.Earlier[0].State != "refused" || c.Earlier[0].Reason != "不是本人" {
		t.Errorf("what a registrar sees of a claim: %+v", c)
	}
	registrar.decide("claims", claims[0], "accept", "").refused(t, http.StatusUnprocessableEntity, "reason_required")
	if a := registrar.decide("claims", claims[0], "accept", "现场核实"); a.status != http.StatusOK {
		t.Fatalf("decision: %d %s", a.status, a.body)
	}
	for _, c := range []*client{holder, elsewhere} {
		c.ask("GET", "/api/v1/me", "").refused(t, http.StatusUnauthorized, "session_invalid")
	}
	if me := second.me(); me.Holder == nil || me.Holder.Name != r.Person.Name || me.Claim.Reason != "现场核实" {
		t.Errorf("the claimant is %+v", me)
	}
	registrar.decide("claims", claims[0], "accept", "再次").refused(t, http.StatusConflict, "already_decided")
}

func testOwnSessions(t *testing.T, w *world) {
	t.Helper()
	c, _ := w.person(t, "sessions")
	second, _ := w.person(t, "sessions")
	third, _ := w.person(t, "sessions")
	var list struct {
		Sessions []struct {
			ID      string
			Present bool
		} `json:"sessions"`
	}
	into(t, c.ask("GET", "/api/v1/me/sessions", ""), &list)
	if len(list.Sessions) != 3 || !list.Sessions[2].Present || list.Sessions[0].Present {
		t.Fatalf("sessions %+v", list)
	}
	if a := c.ask("DELETE", "/api/v1/me/sessions/"+list.Sessions[0].ID, ""); a.status != http.StatusOK {
		t.Errorf("ending one: %d %s", a.status, a.body)
	}
	third.ask("GET", "/api/v1/me", "").refused(t, http.StatusUnauthorized, "session_invalid")
	c.ask("DELETE", "/api/v1/me/sessions/"+list.Sessions[0].ID, "").refused(t, http.StatusNotFound, "no_such_session")
	if second.me(); t.Failed() {
		return
	}
	if a := c.ask("DELETE", "/api/v1/me/sessions", ""); a.status != http.StatusOK || !strings.Contains(string(a.body), `"ended":2`) {
		t.Errorf("ending all: %d %s", a.status, a.body)
	}
	for _, one := range []*client{c, second} {
		one.ask("GET", "/api/v1/me", "").refused(t, http.StatusUnauthorized, "session_invalid")
	}
	again, _ := w.person(t, "sessions")
	var logins struct {
		Logins []struct{ Network string } `json:"logins"`
		Next   string                     `json:"next"`
	}
	into(t, again.ask("GET", "/api/v1/me/logins?limit=3", ""), &logins)
	if len(logins.Logins) != 3 || logins.Next == "" || logins.Logins[0].Network != "127.0.0.0/24" {
		t.Errorf("log-ins %+v", logins)
	}
}
