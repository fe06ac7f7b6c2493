package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"yanzheng/internal/verify"
	"yanzheng/models"
)

// documents gives a finding for every status.
func documents() map[models.DocumentStatus]models.DocumentFinding {
	d := func(s models.DocumentStatus, r models.Reason) models.DocumentFinding {
		f := facts()
		return models.DocumentFinding{Status: s, Reason: r, UseFrom: f.UseFrom, UseUntil: f.UseUntil}
	}
	m := map[models.DocumentStatus]models.DocumentFinding{
		models.DocumentForged:    {Status: models.DocumentForged, Reason: models.ReasonBadSignature},
		models.DocumentUnknown:   {Status: models.DocumentUnknown, Reason: models.ReasonNoRecord},
		models.DocumentWithdrawn: d(models.DocumentWithdrawn, models.ReasonWithdrawn),
		models.DocumentExpired:   d(models.DocumentExpired, models.ReasonUsePassed),
		models.DocumentOutdated:  d(models.DocumentOutdated, models.ReasonChanged),
		models.DocumentValid:     d(models.DocumentValid, models.ReasonGenuine),
	}
	withdrawn, outdated := m[models.DocumentWithdrawn], m[models.DocumentOutdated]
	withdrawn.WithdrawnOn = models.MustDate("2026-11-11")
	withdrawn.Reasons = []models.Reason{models.ReasonKeyRevoked, models.ReasonUsePassed}
	outdated.Changed = []models.Field{models.FieldEmployer, models.FieldValidUntil}
	m[models.DocumentWithdrawn], m[models.DocumentOutdated] = withdrawn, outdated
	return m
}

// registrations gives a finding for every status, and for a penalty.
func registrations() map[string]*models.RegistrationFinding {
	m := map[string]*models.RegistrationFinding{}
	for _, s := range []models.RegistrationStatus{
		models.RegistrationInForce, models.RegistrationNotYet, models.RegistrationExpired, models.RegistrationSuspended,
		models.RegistrationCancelled, models.RegistrationWithdrawn, models.RegistrationRevoked,
	} {
		m[string(s)] = &models.RegistrationFinding{Status: s, Since: models.MustDate("2026-10-09"), Facts: facts()}
	}
	m["penalty"] = &models.RegistrationFinding{Status: models.RegistrationInForce, Blocks: []models.BlockKind{models.BlockPenalty}, Facts: facts()}
	return m
}

// The words that people see first, for each status.
var (
	documentWords = map[models.DocumentStatus][3]string{
		models.DocumentForged: {"伪造", "Forged", "bad"}, models.DocumentUnknown: {"无法识别", "Unknown", "unknown"},
		models.DocumentWithdrawn: {"已作废", "Withdrawn", "warn"}, models.DocumentExpired: {"已过使用时限", "Past its use limit", "warn"},
		models.DocumentOutdated: {"信息已变更", "Out of date", "warn"}, models.DocumentValid: {"真实有效", "Genuine and valid", "good"},
	}
	registrationWords = map[string][2]string{
		"in_force": {"注册有效", "In force"}, "not_yet": {"注册尚未生效", "Not yet in force"}, "expired": {"注册已过期", "Registration expired"},
		"suspended": {"注册已暂停", "Registration suspended"}, "cancelled": {"注册已注销", "Registration cancelled"},
		"withdrawn": {"注册已撤销", "Registration withdrawn"}, "revoked": {"注册已吊销", "Registration revoked"}, "penalty": {"处罚期内", "Under a penalty"},
	}
)

func TestEveryVerdict(t *testing.T) {
	for ds, document := range documents() {
		for rs, registration := range registrations() {
			t.Run(fmt.Sprintf("%s/%s", ds, rs), func(t *testing.T) {
				v := models.Verdict{Document: document, Registration: registration}
				bare := ds == models.DocumentForged || ds == models.DocumentUnknown
				w := get(t, handler(&stub{answer: answerOf(v)}, Options{}), "/v/123")
				if w.Code != http.StatusOK {
					t.Fatalf("status %d", w.Code)
				}
				e := checkPage(t, w)
				band, title := one(t, e, "section", "band"), one(t, e, "title", "").text
				dw, rw := documentWords[ds], registrationWords[rs]

				head, cause, tone, say := "不可使用 Not usable", dw[0]+" "+dw[1], dw[2], document.Message()
				switch {
				case v.Usable():
					head, cause = "可以使用 Usable", "欧阳明远 · 一级注册建筑师 First-class registered architect"
				case bare:
					head, cause = dw[0]+" "+dw[1], "不可使用 Not usable"
				case rs != "in_force":
					cause, tone, say = rw[0]+" "+rw[1], "bad", registration.Message()
				}
				if got := one(t, e, "h1", "").text; got != head {
					t.Errorf("h1 = %q, want %q", got, head)
				}
				if got := one(t, e, "p", "cause").text; got != cause {
					t.Errorf("cause = %q, want %q", got, cause)
				}
				if got := one(t, e, "p", "say").text; got != say.ZH+" "+say.EN {
					t.Errorf("sentence = %q, want %q", got, say)
				}
				if band.class != "band "+tone || len(find(e, "svg", "icon")) == 0 {
					t.Errorf("band is %q, want %q", band.class, tone)
				}
				if !strings.HasPrefix(title, head+" · ") || strings.Contains(title, "欧阳明远") || !v.Usable() && !strings.Contains(title, strings.Fields(cause)[0]) {
					t.Errorf("title = %q", title)
				}
				text := one(t, e, "main", "").text
				if strings.Contains(text, "可以使用") != v.Usable() {
					t.Error("what the page says of usability is not the verdict")
				}

				cards := find(e, "section", "card")
				if want := map[bool]int{true: 1, false: 2}[bare]; len(cards) != want {
					t.Fatalf("%d cards, want %d", len(cards), want)
				}
				for _, want := range []string{"本份证书 This document", dw[0] + " " + dw[1]} {
					if !strings.Contains(cards[0].text, want) {
						t.Errorf("document card has no %q: %s", want, cards[0].text)
					}
				}
				if !strings.Contains(text, document.Message().ZH) || !strings.Contains(text, document.Message().EN) {
					t.Errorf("the document's sentence is missing")
				}
				if bare {
					if strings.Contains(text, "欧阳明远") || strings.Contains(text, "121500249") {
						t.Error("a document that is not ours shows somebody's registration")
					}
					return
				}
				for _, want := range []string{"使用时限 Use limit 2026-09-01 – 2027-02-28"} {
					if !strings.Contains(cards[0].text, want) {
						t.Errorf("document card has no %q: %s", want, cards[0].text)
					}
				}
				for _, want := range []string{
					"此人注册 This person's registration", rw[0] + " " + rw[1], "姓名 Name 欧阳明远", "一级注册建筑师", "证书编号 Certificate number 121500249",
					"Seal number 281827-007", "聘用单位 Employer 某某建筑设计院", "91310000MA1FL0AQ45", "注册有效期 Valid 2025-03-01 – 2027-12-31",
				} {
					if !strings.Contains(cards[1].text, want) {
						t.Errorf("registration card has no %q: %s", want, cards[1].text)
					}
				}
				if !strings.Contains(text, registration.Message().ZH) || !strings.Contains(text, registration.Message().EN) {
					t.Errorf("the registration's sentence is missing")
				}
				if strings.Contains(text, "注册专业") {
					t.Error("an empty specialty is shown")
				}
				for _, secret := range secrets {
					if strings.Contains(w.Body.String(), secret) {
						t.Errorf("the page holds %q", secret)
					}
				}
			})
		}
	}
}

// What cannot be by the rules must still not look usable.
func TestNoVerdictIsNotUsable(t *testing.T) {
	all := registrations()
	strange := *all["in_force"]
	strange.Status = "promoted"
	for name, v := range map[string]models.Verdict{
		"nothing":             {},
		"valid, but nobody":   {Document: documents()[models.DocumentValid]},
		"strange document":    {Document: models.DocumentFinding{Status: "blessed"}, Registration: all["in_force"]},
		"strange status":      {Document: documents()[models.DocumentValid], Registration: &strange},
		"strange restriction": {Document: documents()[models.DocumentValid], Registration: &models.RegistrationFinding{Status: models.RegistrationInForce, Blocks: []models.BlockKind{"curfew"}}},
	} {
		e := checkPage(t, get(t, handler(&stub{answer: answerOf(v)}, Options{}), "/v/1"))
		if band := one(t, e, "section", "band"); band.class == "band good" || !strings.Contains(band.text, "不可使用") {
			t.Errorf("%s: %s: %s", name, band.class, band.text)
		}
	}
}

func TestDetails(t *testing.T) {
	page := func(v models.Verdict) string {
		return one(t, checkPage(t, get(t, handler(&stub{answer: answerOf(v)}, Options{}), "/v/1")), "main", "").text
	}
	person := registrations()["in_force"]
	for _, want := range []string{"已变更的信息 What changed 聘用单位 Employer 注册有效期截止日 Valid until", "重新下载", "download again"} {
		if got := page(models.Verdict{Document: documents()[models.DocumentOutdated], Registration: person}); !strings.Contains(got, want) {
			t.Errorf("outdated: no %q: %s", want, got)
		}
	}
	for _, want := range []string{"同时 Also 签发密钥已停用 Signing key no longer trusted 已过使用时限 Past its use limit", "2026-11-11"} {
		if got := page(models.Verdict{Document: documents()[models.DocumentWithdrawn], Registration: person}); !strings.Contains(got, want) {
			t.Errorf("withdrawn: no %q: %s", want, got)
		}
	}
	if got := page(models.Verdict{Document: documents()[models.DocumentForged]}); !strings.Contains(got, "举报") || !strings.Contains(got, "Do not accept it") {
		t.Errorf("forged: %s", got)
	}
	engineer := *person
	engineer.Facts.Category, engineer.Facts.Specialty = models.CategoryConstructor1, "建筑工程"
	engineer.Status, engineer.Blocks = models.RegistrationSuspended, []models.BlockKind{models.BlockPenalty}
	for _, want := range []string{"注册专业 Specialty 建筑工程", "限制 Restrictions 处罚期内 Under a penalty", "一级注册建造师"} {
		if got := page(models.Verdict{Document: documents()[models.DocumentValid], Registration: &engineer}); !strings.Contains(got, want) {
			t.Errorf("suspended: no %q: %s", want, got)
		}
	}
}

func TestCircumstances(t *testing.T) {
	a := answerOf(models.Verdict{Document: documents()[models.DocumentValid], Registration: registrations()["in_force"]})
	text := one(t, checkPage(t, get(t, handler(&stub{answer: a}, Options{}), "/v/1")), "section", "when").text
	for _, want := range []string{"查询时间 Checked at 2026-11-23 15:04:05 (UTC+8)", "注册信息截至 Register as of 2026-11-23 15:04:02 (UTC+8)", "查验编号 Scan number " + a.ScanID} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q: %s", want, text)
		}
	}
	a.ScanID, a.Source, a.Verdict = "", models.SourceNone, models.Verdict{Document: documents()[models.DocumentForged]}
	text = one(t, checkPage(t, get(t, handler(&stub{answer: a}, Options{}), "/v/1")), "section", "when").text
	for _, not := range []string{"注册信息截至", "查验编号"} {
		if strings.Contains(text, not) {
			t.Errorf("a forged code has no %q: %s", not, text)
		}
	}
}

func TestHostileText(t *testing.T) {
	const hostile = `<script>alert("1")</script>'"><img src=x onerror=alert(1)>&amp;{{.}}`
	p := *registrations()["in_force"]
	p.Facts.Name, p.Facts.Employer, p.Facts.Specialty, p.Facts.CertificateNumber = hostile, hostile, hostile, hostile
	p.Facts.SealNumber, p.Facts.EmployerCode, p.Facts.Category = hostile, hostile, hostile
	a := answerOf(models.Verdict{Document: documents()[models.DocumentValid], Registration: &p})
	a.ScanID = hostile
	s := &stub{answer: a}
	w := get(t, handler(s, Options{}), "/v/%3Cscript%3E")
	e := parse(t, w.Body.Bytes())
	for _, name := range []string{"script", "img"} {
		if len(find(e, name, "")) > 0 {
			t.Errorf("a name became a %s", name)
		}
	}
	shown := 0
	for _, dd := range find(e, "dd", "") {
		if dd.text == hostile {
			shown++
		}
	}
	if shown < 6 {
		t.Errorf("%d fields are shown as they are, want 6 or more", shown)
	}
	if s.digits != "<script>" || strings.Contains(w.Body.String(), "%3Cscript") {
		t.Errorf("the code was taken as %q", s.digits)
	}
}

func TestPreviewSaysSo(t *testing.T) {
	a := answerOf(models.Verdict{Document: documents()[models.DocumentValid], Registration: registrations()["in_force"]})
	a.ScanID = ""
	s := &stub{answer: a}
	h := handler(s, Options{})
	e := checkPage(t, ask(t, h, http.MethodGet, "/v/1", http.Header{"Sec-Purpose": {"prefetch;prerender"}}))
	if title := one(t, e, "title", "").text; strings.Contains(title, "可以使用") || !strings.Contains(title, "不是查验") {
		t.Errorf("a chat would keep the title %q", title)
	}
	if again := one(t, e, "a", "button"); !strings.Contains(again.text, "立即查验") {
		t.Errorf("button = %q", again.text)
	}
	e = checkPage(t, get(t, h, "/v/1"))
	if len(find(e, "a", "button")) != 0 {
		t.Error("a real look is called a preview")
	}
	ask(t, h, http.MethodHead, "/v/1", nil)
	if want := []bool{false, true, false}; !slices.Equal(s.looks, want) {
		t.Errorf("looks = %v, want %v", s.looks, want)
	}
}

func TestHead(t *testing.T) {
	h := handler(&stub{answer: answerOf(models.Verdict{Document: documents()[models.DocumentForged]})}, Options{CheckFiles: map[string]string{"a": "b"}})
	for _, target := range []string{"/", "/v/1", "/v/a.txt", newEmbedded().style} {
		full, head := get(t, h, target), ask(t, h, http.MethodHead, target, nil)
		if head.Code != http.StatusOK || head.Body.Len() != 0 || full.Body.Len() == 0 {
			t.Errorf("%s: %d with %d bytes", target, head.Code, head.Body.Len())
		}
		for _, name := range []string{"Content-Type", "Cache-Control"} {
			if head.Header().Get(name) != full.Header().Get(name) {
				t.Errorf("%s: HEAD has %s %q, GET %q", target, name, head.Header().Get(name), full.Header().Get(name))
			}
		}
	}
}

// verdicts answers in turns, for requests at the same time.
type verdicts struct{}

func (verdicts) Public(context.Context, string, string, bool) (verify.Answer, error) {
	return answerOf(models.Verdict{Document: documents()[models.DocumentValid], Registration: registrations()["in_force"]}), nil
}

func TestTogether(t *testing.T) {
	h := handler(verdicts{}, Options{})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if w := get(t, h, "/v/1"); w.Code != http.StatusOK {
				t.Errorf("status %d", w.Code)
			}
		})
	}
	all.Wait()
}
