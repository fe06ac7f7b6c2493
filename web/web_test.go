package web

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"yanzheng/models"
)

func TestProblems(t *testing.T) {
	inner := errors.New("dial tcp 10.1.2.3: password hunter2")
	for _, c := range []struct {
		err              error
		status           int
		words, retry     string
		again, noVerdict bool
	}{
		{models.ErrUnavailable.Because(inner), 503, "暂无结果 No answer right now", "2", true, true},
		{models.NewError(models.KindTooMany, "too_many", "太快了", "Too fast").RetryIn(1500 * time.Millisecond), 429, "暂无结果", "2", true, true},
		{inner, 500, "系统故障 Something went wrong", "", true, true},
		{models.ErrNotFound.Because(inner), 404, "没有此页 Page not found", "", false, false},
		{models.ErrForbidden.Because(inner), 403, "无法完成", "", false, true},
	} {
		h := handler(&stub{err: c.err}, Options{})
		w := get(t, h, "/v/1")
		e := checkPage(t, w)
		if w.Code != c.status || w.Header().Get("Retry-After") != c.retry {
			t.Errorf("%v: %d, Retry-After %q", c.err, w.Code, w.Header().Get("Retry-After"))
		}
		band, main := one(t, e, "section", "band"), one(t, e, "main", "").text
		if !strings.Contains(band.text, c.words) || !strings.Contains(band.text, models.AsError(c.err).Message.ZH) || band.class != "band unknown" {
			t.Errorf("%v: %s %s", c.err, band.class, band.text)
		}
		if strings.Contains(main, "重试") != c.again || strings.Contains(main, "不能当作有效，也不能当作无效") != c.noVerdict {
			t.Errorf("%v: %s", c.err, main)
		}
		if id := w.Header().Get("X-Request-Id"); id == "" || !strings.Contains(main, id) {
			t.Errorf("%v: no request number %q", c.err, id)
		}
		for _, secret := range []string{"hunter2", "10.1.2.3", "dial", models.AsError(c.err).Code + ":"} {
			if strings.Contains(w.Body.String(), secret) {
				t.Errorf("%v: the page holds %q", c.err, secret)
			}
		}
		if head := ask(t, h, http.MethodHead, "/v/1", nil); head.Code != c.status || head.Body.Len() != 0 {
			t.Errorf("%v: HEAD %d, %d bytes", c.err, head.Code, head.Body.Len())
		}
	}
	w := get(t, handler(&stub{}, Options{}), "/nothing")
	if h1 := one(t, checkPage(t, w), "h1", "").text; w.Code != 404 || h1 != "没有此页 Page not found" {
		t.Errorf("no such address: %d %s", w.Code, h1)
	}
}

func TestCheckFile(t *testing.T) {
	s := &stub{}
	h := handler(s, Options{CheckFiles: map[string]string{"AbC": "0123456789abcdef"}})
	w := get(t, h, "/v/AbC.txt")
	if w.Code != 200 || w.Body.String() != "0123456789abcdef" || w.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("%d %q %q", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	for _, target := range []string{"/v/abc.txt", "/v/.txt", "/v/AbC.txt.txt"} {
		if w := get(t, h, target); w.Code != 404 || strings.Contains(w.Body.String(), "0123456789abcdef") {
			t.Errorf("%s: %d", target, w.Code)
		}
	}
	if len(s.looks) != 0 {
		t.Error("a check file was taken for a code")
	}
	p := New(s, Options{})
	if _, ok := p.CheckFile("AbC"); ok {
		t.Error("a check file that nobody set")
	}
}

func TestLanding(t *testing.T) {
	e := checkPage(t, get(t, handler(&stub{}, Options{}), "/"))
	text := one(t, e, "main", "").text
	if zh, en := strings.Index(text, "怎么查"), strings.Index(text, "How to check"); zh < 0 || en < zh {
		t.Errorf("Chinese at %d, English at %d", zh, en)
	}
	if len(find(e, "p", "demo")) != 0 || len(find(e, "ul", "codes")) != 0 || len(find(e, "form", "")) != 0 {
		t.Error("a real installation shows demonstration data or a form")
	}

	codes := []DemoCode{
		{Code: "0001", Document: models.DocumentValid, Registration: models.RegistrationInForce},
		{Code: "0002", Document: models.DocumentForged},
		{Code: `x"/><script>`, Document: models.DocumentExpired, Registration: models.RegistrationRevoked},
	}
	h := handler(&stub{}, Options{Demo: func(context.Context) []DemoCode { return codes }})
	e = checkPage(t, get(t, h, "/"))
	if list := one(t, e, "ul", "codes"); list.text != "真实有效 Genuine and valid 注册有效 In force 伪造 Forged 已过使用时限 Past its use limit 注册已吊销 Registration revoked" {
		t.Errorf("list = %q", list.text)
	}
	var links []string
	for _, a := range find(e, "a", "") {
		for _, attribute := range a.attributes {
			if attribute.Name.Local == "href" && strings.HasPrefix(attribute.Value, "/v/") {
				links = append(links, attribute.Value)
			}
		}
	}
	if len(links) != 3 || links[0] != "/v/0001" || links[1] != "/v/0002" || strings.ContainsAny(links[2], `"<>`) {
		t.Errorf("links = %q", links)
	}
	for _, target := range []string{"/", "/v/1", "/nothing"} {
		if demo := one(t, checkPage(t, get(t, h, target)), "p", "demo").text; !strings.Contains(demo, "演示数据") {
			t.Errorf("%s: %q", target, demo)
		}
	}
}

func TestAssets(t *testing.T) {
	h := handler(&stub{}, Options{})
	page := get(t, h, "/").Body.String()
	links := regexp.MustCompile(`href="(/assets/[^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(links) != 2 {
		t.Fatalf("links = %q", links)
	}
	for _, link := range links {
		if !regexp.MustCompile(`^/assets/(style\.[0-9a-f]{12}\.css|icon\.[0-9a-f]{12}\.svg)$`).MatchString(link[1]) {
			t.Errorf("no hash in %s", link[1])
		}
		w := get(t, h, link[1])
		if w.Code != 200 || w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || w.Header().Get("Content-Length") != strconv.Itoa(w.Body.Len()) {
			t.Errorf("%s: %d %q", link[1], w.Code, w.Header())
		}
		want := map[bool]string{true: "text/css; charset=utf-8", false: "image/svg+xml"}[strings.HasSuffix(link[1], ".css")]
		if got := w.Header().Get("Content-Type"); got != want {
			t.Errorf("%s: %q", link[1], got)
		}
	}
	for _, target := range []string{"/assets/style.css", "/assets/style.000000000000.css", "/assets/..%2fweb.go"} {
		if w := get(t, h, target); w.Code != 404 || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %q", target, w.Code, w.Header().Get("Cache-Control"))
		}
	}
}

// A page with everything that it can have must come through a poor network at once.
func TestWeight(t *testing.T) {
	const limit = 15 << 10
	p := *registrations()["suspended"]
	p.Facts.Name, p.Facts.Employer, p.Facts.Specialty = strings.Repeat("名", 50), strings.Repeat("司", 100), strings.Repeat("专", 50)
	p.Blocks = []models.BlockKind{models.BlockPenalty}
	d := documents()[models.DocumentWithdrawn]
	d.Changed = append(d.Changed,
		models.FieldName, models.FieldSex, models.FieldBirthDate, models.FieldCertificateNumber, models.FieldSealNumber,
		models.FieldEmployer, models.FieldValidFrom, models.FieldValidUntil, models.FieldSpecialty)
	h := handler(&stub{answer: answerOf(models.Verdict{Document: d, Registration: &p})}, Options{Demo: func(context.Context) []DemoCode { return nil }})
	html := ask(t, h, http.MethodGet, "/v/1", http.Header{"Purpose": {"prefetch"}}).Body.Len()
	style, icon := get(t, h, newEmbedded().style).Body.Len(), get(t, h, newEmbedded().icon).Body.Len()
	if html+style+icon > limit {
		t.Errorf("%d + %d + %d bytes, want at most %d", html, style, icon, limit)
	}
	t.Logf("page %d, style sheet %d, icon %d bytes", html, style, icon)
}
