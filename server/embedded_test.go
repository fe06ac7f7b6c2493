package main

import (
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// demonstration is /demo.json.
type demonstration struct {
	Codes []struct {
		Code         string `json:"code"`
		Document     string `json:"document"`
		Registration string `json:"registration"`
		Note         string `json:"note"`
	} `json:"codes"`
	Logins []struct {
		Code  string   `json:"code"`
		Roles []string `json:"roles"`
	} `json:"logins"`
}

func demoOf(t testing.TB, p *process) (d demonstration) {
	t.Helper()
	into(t, newClient(t, p).ask("GET", "/demo.json", ""), &d)
	return d
}

// The pages' words for each status.
var (
	documentWords = map[string]string{
		"forged": "伪造", "unknown": "无法识别", "withdrawn": "已作废", "expired": "已过使用时限", "outdated": "信息已变更", "valid": "真实有效",
	}
	registrationWords = map[string]string{
		"in_force": "注册有效", "not_yet": "注册尚未生效", "expired": "注册已过期", "suspended": "注册已暂停", "cancelled": "注册已注销",
		"withdrawn": "注册已撤销", "revoked": "注册已吊销",
	}
	pageChips = regexp.MustCompile(`(?s)<p class="state"><span class="chip \w+"><svg.*?</svg>(.*?) <span`)
	pageHead  = regexp.MustCompile(`<h1>(.*?) <span`)
)

// TestDemonstration starts as a newcomer does, without any configuration but a port and a folder of one's own, and holds
// every code of /demo.json to its promise in all three forms.
func TestDemonstration(t *testing.T) {
	p := serve(t, environment{"LISTEN": "127.0.0.1:0", "DATA_DIR": filepath.Join(t.TempDir(), "data")})
	d := demoOf(t, p)
	c := newClient(t, p)
	prefix := c.base + "/v/"
	user := c.as(c.logIn(d.Logins[0].Code).Token)
	documents, registrations, usable := map[string]bool{}, map[string]bool{}, 0
	for _, promised := range d.Codes {
		documents[promised.Document], registrations[promised.Registration] = true, true
		want := promised.Document + "/" + promised.Registration
		answers := []verdict{user.scan(promised.Code)}
		var page string
		digits, ours := strings.CutPrefix(promised.Code, prefix)
		if ours {
			answers = append(answers, c.public(digits))
			page = c.page(digits)
		} else if promised.Document != "unknown" {
			t.Errorf("%s begins with another prefix than %s", promised.Code, prefix)
		}
		for _, v := range answers {
			if v.is() != want {
				t.Errorf("%s: %s, promised is %s", promised.Note, v.is(), want)
			}
			must := want == "valid/in_force" && len(v.Registration.Blocks) == 0
			if v.Usable != must {
				t.Errorf("%s: usable is %v", promised.Note, v.Usable)
			}
		}
		if answers[0].Usable {
			usable++
		}
		if ours {
			checkPage(t, page, answers[0])
		}
	}
	if usable != 1 {
		t.Errorf("%d demo codes are usable, want the first alone", usable)
	}
	for status := range documentWords {
		if !documents[status] {
			t.Errorf("no demo code for the document status %s", status)
		}
	}
	for status := range registrationWords {
		if !registrations[status] {
			t.Errorf("no demo code for the registration status %s", status)
		}
	}
	for _, login := range d.Logins[1:] {
		if in := c.logIn(login.Code); !slices.Equal(in.User.Roles, login.Roles) {
			t.Errorf("logged in with roles %q, promised are %q", in.User.Roles, login.Roles)
		}
	}
	landing := string(c.ask("GET", "/", "").body)
	for _, promised := range d.Codes {
		if digits, ours := strings.CutPrefix(promised.Code, prefix); ours && !strings.Contains(landing, `href="/v/`+digits+`"`) {
			t.Errorf("the start page does not show: %s", promised.Note)
		}
	}
	if out := p.out.String(); !strings.Contains(out, d.Codes[0].Code) || !strings.Contains(out, c.base) {
		t.Errorf("the greeting shows neither the address nor a code:\n%s", out)
	}
	if status := p.stop(t); status != exitOK {
		t.Errorf("it ended with %d", status)
	}
}

// checkPage holds a page against the verdict: the words, and the largest of them.
func checkPage(t *testing.T, page string, v verdict) {
	t.Helper()
	want := []string{documentWords[v.Document.Status]}
	if v.Registration != nil {
		word := registrationWords[v.Registration.Status]
		if len(v.Registration.Blocks) > 0 && v.Registration.Status == "in_force" {
			word = "处罚期内"
		}
		want = append(want, word)
	}
	var got []string
	for _, m := range pageChips.FindAllStringSubmatch(page, -1) {
		got = append(got, m[1])
	}
	if !slices.Equal(got, want) {
		t.Errorf("the page of %s says %q, want %q", v.is(), got, want)
	}
	head := pageHead.FindStringSubmatch(page)
	if len(head) != 2 || (head[1] == "可以使用") != v.Usable {
		t.Errorf("the page of %s, usable %v, has the head %q", v.is(), v.Usable, head)
	}
	if v.Registration != nil && !strings.Contains(page, v.Registration.Name) {
		t.Errorf("the page of %s does not name the person", v.is())
	}
}

// TestHosts: a page of the open web that points its name at this machine is refused.
func TestHosts(t *testing.T) {
	p := serve(t, environment{"LISTEN": "127.0.0.1:0", "DATA_DIR": filepath.Join(t.TempDir(), "data"), "DEMO": "false"})
	c := newClient(t, p)
	port := p.address[strings.LastIndexByte(p.address, ':'):]
	for _, host := range []string{"evil.example", "evil.example" + port, "127.0.0.1", "127.0.0.1:1", "localhost.evil.example" + port, "0.0.0.0" + port} {
		for _, r := range [][2]string{{"GET", "/demo.json"}, {"GET", "/v/1"}, {"POST", "/api/v1/scans"}, {"GET", "/nothing"}, {"POST", "/healthz"}, {"GET", "/healthz/"}} {
			c.ask(r[0], r[1], "", "Host", host).refused(t, http.StatusForbidden, "host_refused")
		}
	}
	for _, host := range []string{"127.0.0.1" + port, "localhost" + port, "LocalHost" + port, "[::1]" + port} {
		if a := c.ask("GET", "/healthz", "", "Host", host); a.status != http.StatusOK {
			t.Errorf("%s: %d", host, a.status)
		}
	}
	if a := c.ask("GET", "/demo.json", ""); a.status != http.StatusNotFound {
		t.Errorf("without a demonstration /demo.json answers %d", a.status)
	}
}
