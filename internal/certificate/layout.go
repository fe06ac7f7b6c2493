package certificate

import (
	"fmt"
	"strings"

	"yanzheng/models"
)

// run is a line of text on the page.
type run struct {
	face    *face
	text    string
	at      point   // where it begins, on its base line
	size    float64 // points
	spacing float64 // points behind every character
	shade   shade
}

// area is what something takes up on the page. Areas do not overlap; seals and background have none.
type area struct {
	name       string
	x, y, w, h float64
}

func (a area) bottom() float64 { return a.y + a.h }
func (a area) middle() point   { return point{a.x + a.w/2, a.y + a.h/2} }

// layout is a page before it is drawn.
type layout struct {
	press *Press
	runs  []run
	areas []area
	rules []area // hair lines under what is filled in
	panel area   // the ground of the use limit
	err   error  // the first
}

// The fixed places of the page. Between fieldsTop and fieldsEnd the fields are spread evenly.
const (
	left      = 25.0
	right     = 185.0
	inner     = right - left
	fieldsTop = 86.0
	fieldsEnd = 196.0
)

var (
	photoArea     = area{"photo", 150, 85, 35, 49}
	codeArea      = area{"code", left, 203.5, 41, 41} // with its quiet zone
	signatureArea = area{"signature image", 73, 209, 52, 17}
	boardSeal     = area{"board seal", 140, 200.2, 40, 40}
	directorSeal  = area{"director seal", 134.5, 248.5, 16, 16}
)

// size of a base line's box above and below it, in parts of the type size.
const (
	above = 0.88
	below = 0.22
)

func (l *layout) fail(err error) {
	if l.err == nil {
		l.err = err
	}
}

// text puts a line on the page and gives its width in millimetres.
func (l *layout) text(name string, f *face, s string, at point, size, spacing float64, c shade) float64 {
	if r, missing := f.missing(s); missing {
		l.fail(glyphMissing(r, models.Field(name)))
		return 0
	}
	w := f.width(s, size, spacing) / mm
	l.runs = append(l.runs, run{f, s, at, size, spacing, c})
	l.areas = append(l.areas, area{name, at.x, at.y - above*size/mm, w, (above + below) * size / mm})
	return w
}

// centered is text around the middle of the page, or of what is given.
func (l *layout) centered(name string, f *face, s string, middle, y, size, spacing float64, c shade) {
	l.text(name, f, s, point{middle - f.width(s, size, spacing)/mm/2, y}, size, spacing, c)
}

// way is one way to set a text: in that many lines at most, at the first size that does it.
type way struct {
	lines int
	sizes []float64
}

// fit sets a text in the first of the ways that does it; what fits in none is refused.
func (l *layout) fit(field models.Field, f *face, s string, width float64, ways ...way) ([]string, float64) {
	for _, w := range ways {
		if lines, size, ok := f.fit(s, w.sizes, width*mm, w.lines); ok {
			return lines, size
		}
	}
	l.fail(ErrTooLong.On(string(field)))
	return nil, 0
}

// The ways to set what a field holds.
var (
	nameWays     = []way{{1, []float64{26, 22, 19, 16}}, {2, []float64{16, 13.5, 12}}}
	numberWays   = []way{{1, []float64{13, 11.5, 10, 9}}, {2, []float64{9, 8, 7}}}
	employerWays = []way{{1, []float64{14, 13}}, {2, []float64{13, 12}}, {3, []float64{11.5, 11, 10, 9}}}
	plainWays    = []way{{1, []float64{13, 12}}, {2, []float64{11, 10}}}
	periodWays   = []way{{1, []float64{12, 11, 10}}}
	idWays       = []way{{1, []float64{9, 8}}, {2, []float64{8, 7}}}
)

// cell is one field: a label, and below it what is filled in.
type cell struct {
	field models.Field
	label models.Text
	lines []string
	size  float64
	x, w  float64
	shade shade
}

const (
	labelHeight = 4.4 // from the top of a cell to where its value begins
	leading     = 1.28
	cellEnd     = 1.6 // below the value, to the hair line
)

func (l *layout) cell(field models.Field, label models.Text, value string, x, w float64, ways []way) cell {
	c := cell{field: field, label: label, x: x, w: w, shade: ink}
	if value == "" {
		value = "—"
	}
	value = composed(value)
	if r, missing := l.press.regular.missing(value); missing {
		l.fail(glyphMissing(r, field))
		return c
	}
	c.lines, c.size = l.fit(field, l.press.regular, value, w, ways...)
	return c
}

func (c cell) height() float64 {
	return labelHeight + float64(len(c.lines))*c.size*leading/mm + cellEnd
}

// row is cells side by side.
type row []cell

func (r row) height() float64 {
	h := 0.0
	for _, c := range r {
		h = max(h, c.height())
	}
	return h
}

func (l *layout) place(r row, y float64) {
	h := r.height()
	for _, c := range r {
		w := l.text(string(c.field)+" label", l.press.regular, c.label.ZH, point{c.x, y + 2.9}, 8.5, 0.4, muted)
		l.text(string(c.field)+" label", l.press.regular, c.label.EN, point{c.x + w + 1.8, y + 2.9}, 6.5, 0, muted)
		base := y + labelHeight + (above+(leading-1)/2)*c.size/mm
		for n, line := range c.lines {
			l.text(string(c.field), l.press.regular, line, point{c.x, base + float64(n)*c.size*leading/mm}, c.size, 0, c.shade)
		}
		l.rules = append(l.rules, area{string(c.field), c.x, y + h, c.w, 0})
	}
}

// spread places rows from one height to another, with equal space between them.
func (l *layout) spread(rows []row, from, to float64) {
	free := to - from
	for _, r := range rows {
		free -= r.height()
	}
	gap := free / float64(len(rows))
	if gap < 1 {
		l.fail(ErrTooLong)
		return
	}
	for _, r := range rows {
		l.place(r, from)
		from += r.height() + gap
	}
}

// day writes a day in Chinese.
func day(d models.Date) string {
	if d == 0 {
		return ""
	}
	t := d.Start()
	return fmt.Sprintf("%d年%d月%d日", t.Year(), t.Month(), t.Day())
}

func period(from, until models.Date) string { return day(from) + " 至 " + day(until) }

// oneLine is centered text in the largest of the sizes at which it fits between the margins.
func (l *layout) oneLine(name string, f *face, s string, y float64, sizes []float64, spacing float64, c shade) {
	for _, size := range sizes {
		if f.width(s, size, spacing*size)/mm <= inner {
			l.centered(name, f, s, pageWidth/2, y, size, spacing*size, c)
			return
		}
	}
	l.fail(ErrTooLong.On(name))
}

// head is everything above the fields.
func (l *layout) head(d *models.Document) {
	if _, ok := d.Printed.Category.Policy(); !ok {
		l.fail(models.ErrCategory)
		return
	}
	title := d.Printed.Category.Title()
	regular := l.press.regular
	l.oneLine("kind", regular, "电子证照", 30.5, []float64{9.5}, 0.5, gold)
	l.oneLine("title", l.press.heavier(title.ZH+titleEnd), title.ZH+titleEnd, 46, []float64{31, 28, 25, 22, 19, 16, 13}, 1.0/6, green)
	l.oneLine("title in English", regular, strings.ToUpper("Registration certificate · "+title.EN), 55, []float64{8.5, 7.5, 6.5}, 0.16, gold)
	l.oneLine("statement", regular, "兹证明下列人员已获准注册为"+title.ZH+"，注册信息以登记机关当日的记录为准。", 72, []float64{11, 10, 9, 8}, 0.03, ink)
	l.oneLine("statement in English", regular,
		"This certifies that the person named below is registered ("+strings.ToLower(title.EN)+"). What the register says today prevails.", 77.3, []float64{6.8, 6}, 0, muted)
}

// titleEnd makes a certificate's title of a category's.
const titleEnd = "注册证书"

// fields is the middle of the page.
func (l *layout) fields(d *models.Document) {
	p := &d.Printed
	beside := photoArea.x - left - 9
	half := (inner - 8) / 2
	second := left + half + 8
	short := (beside - 6) / 2
	label := models.Field.Label
	rows := []row{
		{l.cell(models.FieldName, label(models.FieldName), p.Name, left, beside, nameWays)},
		{
			l.cell(models.FieldSex, label(models.FieldSex), string(p.Sex), left, short, plainWays),
			l.cell(models.FieldBirthDate, label(models.FieldBirthDate), day(p.BirthDate), left+short+6, short, plainWays),
		},
		{
			l.cell(models.FieldCertificateNumber, label(models.FieldCertificateNumber), p.CertificateNumber, left, short, numberWays),
			l.cell(models.FieldSealNumber, label(models.FieldSealNumber), p.SealNumber, left+short+6, short, numberWays),
		},
		{l.cell(models.FieldEmployer, label(models.FieldEmployer), p.Employer, left, inner, employerWays)},
	}
	if p.Specialty != "" {
		rows = append(rows, row{l.cell(models.FieldSpecialty, label(models.FieldSpecialty), p.Specialty, left, inner, plainWays)})
	}
	valid := l.cell(models.FieldValidUntil, models.Text{ZH: "注册有效期", EN: "registration valid"}, period(p.ValidFrom, p.ValidUntil), left, half, periodWays)
	use := l.cell("use_until", models.Text{ZH: "使用时限（含截止当日）", EN: "to be used until, that day included"}, period(d.UseFrom, d.UseUntil), second, half, periodWays)
	use.shade = green
	identifier := l.cell("identifier", models.Text{ZH: "电子证照标识", EN: "identifier, GB/T 36904"}, d.Identifier.String(), left, inner, idWays)
	rows = append(rows, row{valid, use}, row{identifier})
	l.spread(rows, fieldsTop, fieldsEnd)
	for _, r := range l.rules {
		if r.name == "use_until" {
			h := use.height()
			l.panel = area{"use limit", r.x - 2, r.y - h - 1, r.w + 4, h + 2}
		}
	}
}

// ErrTooLong answers a document whose texts do not fit on the page.
var ErrTooLong = models.NewError(models.KindRule, "certificate_text_too_long", "内容过长，证书版面放不下", "The text is too long for the certificate")
