package web

import (
	"net/http"
	"time"

	"yanzheng/internal/httpx"
	"yanzheng/internal/verify"
	"yanzheng/models"
)

const siteName = "注册电子证书查验"

// certificatePage is the page of a verdict.
type certificatePage struct {
	frame
	Head         models.Text // the largest words
	Cause        models.Text // what stands against it; for a usable one, whose it is
	Say          sentence
	Advice       models.Text
	Document     card
	Registration *card
	At           stamp
	AsOf         *stamp // nil where the code alone decided
	ScanID       string
	Preview      bool // fetched ahead, so nothing was recorded
}

// card is one half of a verdict.
type card struct {
	Word word
	Say  sentence
	Rows []row
}

// row is one line of a card: what the register says (Values), our own words (Words), or a period.
type row struct {
	Label  models.Text
	Class  string // how the value is set: name, number or nothing
	Value  string
	Words  []models.Text
	Period *period
}

type period struct{ From, Until string }

// stamp is an instant for people and for machines.
type stamp struct{ Shown, Machine string }

func stampOf(t time.Time) stamp {
	t = t.In(models.China)
	return stamp{t.Format("2006-01-02 15:04:05"), t.Format(time.RFC3339)}
}

// certificateOf makes the page of an answer.
func certificateOf(a verify.Answer, looks bool) *certificatePage {
	v := a.Verdict
	if s := v.Document.Status; s == models.DocumentForged || s == models.DocumentUnknown {
		v.Registration = nil // such a document says nothing about anybody
	} else if v.Registration == nil { // no rule gives that; whatever it was, it vouches for nobody
		v.Document = models.DocumentFinding{Status: models.DocumentUnknown}
	}
	p := &certificatePage{Document: documentCard(&v.Document), Advice: advice(v), At: stampOf(a.At), ScanID: a.ScanID, Preview: !looks}
	p.band(v)
	p.Document.unless(p.Say)
	if v.Registration != nil {
		p.Registration = registrationCard(v.Registration)
		p.Registration.unless(p.Say)
	} else {
		p.Document.add(row{Label: models.Text{ZH: "注册信息", EN: "Registration"}, Words: []models.Text{notShown}})
	}
	if a.Source != models.SourceNone {
		asOf := stampOf(a.AsOf)
		p.AsOf = &asOf
	}
	p.Title = p.Head.ZH + " " + p.Head.EN + " · "
	if !v.Usable() { // a history of pages is no list of names
		p.Title += p.Cause.ZH + " · "
	}
	p.Title += siteName
	if p.Preview { // a chat keeps the title for good, the verdict may change tomorrow
		p.Title = "链接预览，不是查验 Preview, not a check · " + siteName
	}
	return p
}

// band chooses the words at the top. What bars the person stands above what is wrong with this copy: a new
// download would not help.
func (p *certificatePage) band(v models.Verdict) {
	d := documentWord(v.Document.Status)
	p.Say, p.Tone = sentence(v.Document.Message()), d.Tone
	switch {
	case v.Usable():
		who, category := v.Registration.Facts.Name, v.Registration.Facts.Category.Title()
		p.Head, p.Cause = usable, models.Text{ZH: who + " · " + category.ZH, EN: category.EN}
	case v.Registration == nil:
		p.Head, p.Cause = d.Text, notUsable
	case !v.Registration.Usable():
		r := registrationWord(v.Registration.Status, v.Registration.Blocks)
		p.Head, p.Cause, p.Say, p.Tone = notUsable, r.Text, sentence(v.Registration.Message()), r.Tone
	default:
		p.Head, p.Cause = notUsable, d.Text
	}
}

func documentCard(d *models.DocumentFinding) card {
	c := card{Word: documentWord(d.Status), Say: sentence(d.Message())}
	if d.UseFrom != 0 || d.UseUntil != 0 {
		c.add(row{Label: models.Text{ZH: "使用时限", EN: "Use limit"}, Period: &period{d.UseFrom.String(), d.UseUntil.String()}})
	}
	if len(d.Changed) > 0 {
		r := row{Label: models.Text{ZH: "已变更的信息", EN: "What changed"}}
		for _, f := range d.Changed {
			r.Words = append(r.Words, heading(f.Label()))
		}
		c.add(r)
	}
	also := row{Label: models.Text{ZH: "同时", EN: "Also"}}
	for _, reason := range d.Reasons {
		if reason != models.ReasonChanged { // said by the row above
			also.Words = append(also.Words, reasonText(reason))
		}
	}
	if len(also.Words) > 0 {
		c.add(also)
	}
	return c
}

// registrationCard takes the public columns, and nothing else, out of the facts.
func registrationCard(r *models.RegistrationFinding) *card {
	f := &r.Facts
	c := &card{Word: registrationWord(r.Status, r.Blocks), Say: sentence(r.Message())}
	c.add(row{Label: heading(models.FieldName.Label()), Value: f.Name, Class: "name"})
	c.add(row{Label: heading(models.FieldCategory.Label()), Words: []models.Text{f.Category.Title()}})
	c.add(row{Label: heading(models.FieldCertificateNumber.Label()), Value: f.CertificateNumber, Class: "number"})
	c.add(row{Label: heading(models.FieldSealNumber.Label()), Value: f.SealNumber, Class: "number"})
	c.add(row{Label: heading(models.FieldEmployer.Label()), Value: f.Employer})
	c.add(row{Label: heading(models.FieldEmployerCode.Label()), Value: f.EmployerCode, Class: "number"})
	if f.Specialty != "" {
		c.add(row{Label: heading(models.FieldSpecialty.Label()), Value: f.Specialty})
	}
	c.add(row{Label: models.Text{ZH: "注册有效期", EN: "Valid"}, Period: &period{f.ValidFrom.String(), f.ValidUntil.String()}})
	if len(r.Blocks) > 0 {
		limits := row{Label: models.Text{ZH: "限制", EN: "Restrictions"}}
		for _, k := range r.Blocks {
			limits.Words = append(limits.Words, blockText(k))
		}
		c.add(limits)
	}
	return c
}

func (c *card) add(r row) { c.Rows = append(c.Rows, r) }

// unless takes the card's sentence away where the band has said it already.
func (c *card) unless(said sentence) {
	if c.Say == said {
		c.Say = sentence{}
	}
}

// problemPage says that there is no answer.
type problemPage struct {
	frame
	Head      models.Text
	Say       sentence
	Status    int
	RequestID string
	Again     bool // asking once more may help
	Missing   bool // there is nothing here
}

// problemOf makes the page of an error from the words that are meant for people; its cause stays inside.
func problemOf(err error, requestID string) *problemPage {
	e := models.AsError(err)
	p := &problemPage{
		Head: models.Text{ZH: "无法完成", EN: "Not possible"},
		Say:  sentence(e.Message), Status: httpx.Status(err), RequestID: requestID,
	}
	p.Tone = toneUnknown
	switch p.Status {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		p.Head, p.Again = models.Text{ZH: "暂无结果", EN: "No answer right now"}, true
	case http.StatusInternalServerError:
		p.Head, p.Again = models.Text{ZH: "系统故障", EN: "Something went wrong"}, true
	case http.StatusNotFound:
		p.Head, p.Missing = models.Text{ZH: "没有此页", EN: "Page not found"}, true
	}
	p.Title = p.Head.ZH + " " + p.Head.EN + " · " + siteName
	return p
}

// landingPage says what this is.
type landingPage struct {
	frame
	Legend []legend
	Codes  []demoLink
}

type legend struct {
	Tone tone
	Text models.Text
}

type demoLink struct {
	Code         string
	Document     word
	Registration *word
}

func landingOf(codes []DemoCode) *landingPage {
	p := &landingPage{frame: frame{Title: siteName + " Certificate check", Tone: tonePlain}}
	p.Legend = []legend{
		{toneGood, models.Text{ZH: "可以使用：证书真实有效，此人注册有效。", EN: "Usable: the certificate is genuine and valid, the person is registered."}},
		{toneBad, models.Text{ZH: "伪造，或此人目前不得执业。", EN: "Forged, or the person may not practise now."}},
		{toneWarn, models.Text{ZH: "这一份已过时限、已变更或已作废，请持证人重新下载。", EN: "This copy is past its limit, out of date or withdrawn; the holder downloads again."}},
		{toneUnknown, models.Text{ZH: "无法识别，或暂无结果：不能当作有效。", EN: "Not recognised, or no answer right now: never take it for valid."}},
	}
	for _, c := range codes {
		l := demoLink{Code: c.Code, Document: documentWord(c.Document)}
		if c.Registration != "" {
			w := registrationWord(c.Registration, nil)
			l.Registration = &w
		}
		p.Codes = append(p.Codes, l)
	}
	return p
}
