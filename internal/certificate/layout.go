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
	fieldsEnd = 195.0
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

// fit is face.fit for a field of the page; what fits at no size is refused.
func (l *layout) fit(field models.Field, f *face, s string, sizes []float64, width float64, most int) ([]string, float64) {
	lines, size, ok := f.fit(s, sizes, width*mm, most)
	if !ok {
		l.fail(ErrTooLong.On(string(field)))
	}
	return lines, size
}

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

func (l *layout) cell(field models.Field, label models.Text, value string, x, w float64, most int, sizes ...float64) cell {
	c := cell{field: field, label: label, x: x, w: w, shade: ink}
	if value == "" {
		value = "—"
	}
	value = composed(value)
	if r, missing := l.press.regular.missing(value); missing {
		l.fail(glyphMissing(r, field))
		return c
	}
	c.lines, c.size = l.fit(field, l.press.regular, value, sizes, w, most)
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

// head is everything above the fields.
func (l *layout) head(d *models.Document) {
	title := d.Printed.Category.Title()
	middle := pageWidth / 2
	l.centered("kind", l.press.regular, "电子证照", middle, 30.5, 9.5, 5, gold)
	name := title.ZH + "注册证书"
	f := l.press.title
	if _, missing := f.missing(name); missing { // a category that came later
		f = l.press.regular
	}
	sizes := []float64{31, 28, 25, 22, 19}
	for n, size := range sizes {
		if f.width(name, size, size/6)/mm <= inner || n == len(sizes)-1 {
			l.centered("title", f, name, middle, 46, size, size/6, green)
			break
		}
	}
	l.centered("title in English", l.press.regular, strings.ToUpper("Registration certificate · "+title.EN), middle, 55, 8.5, 1.4, gold)
	l.centered("statement", l.press.regular, "兹证明下列人员已获准注册为"+title.ZH+"，注册信息以登记机关当日的记录为准。", middle, 72, 11, 0.3, ink)
	l.centered("statement in English", l.press.regular,
		"This certifies that the person named below is registered ("+strings.ToLower(title.EN)+"). What the register says today prevails.", middle, 77.3, 6.8, 0, muted)
}

// fields is the middle of the page.
func (l *layout) fields(d *models.Document) {
	p := &d.Printed
	beside := photoArea.x - left - 9
	half := (inner - 8) / 2
	second := left + half + 8
	number := []float64{13, 11.5, 10, 8.5, 7.5}
	short := (beside - 6) / 2
	label := models.Field.Label
	rows := []row{
		{l.cell(models.FieldName, label(models.FieldName), p.Name, left, beside, 2, 26, 22, 19, 16, 13.5, 12)},
		{
			l.cell(models.FieldSex, label(models.FieldSex), string(p.Sex), left, short, 1, 13),
			l.cell(models.FieldBirthDate, label(models.FieldBirthDate), day(p.BirthDate), left+short+6, short, 1, 13),
		},
		{
			l.cell(models.FieldCertificateNumber, label(models.FieldCertificateNumber), p.CertificateNumber, left, short, 3, number...),
			l.cell(models.FieldSealNumber, label(models.FieldSealNumber), p.SealNumber, left+short+6, short, 3, number...),
		},
		{l.cell(models.FieldEmployer, label(models.FieldEmployer), p.Employer, left, inner, 3, 14, 13, 12, 11, 10, 9)},
	}
	if p.Specialty != "" {
		rows = append(rows, row{l.cell(models.FieldSpecialty, label(models.FieldSpecialty), p.Specialty, left, inner, 2, 13, 12, 11, 10)})
	}
	valid := l.cell(models.FieldValidUntil, models.Text{ZH: "注册有效期", EN: "registration valid"}, period(p.ValidFrom, p.ValidUntil), left, half, 2, 12)
	use := l.cell("use_until", models.Text{ZH: "使用时限（含截止当日）", EN: "to be used until, that day included"}, period(d.UseFrom, d.UseUntil), second, half, 2, 12)
	use.shade = green
	identifier := l.cell("identifier", models.Text{ZH: "电子证照标识", EN: "identifier, GB/T 36904"}, d.Identifier.String(), left, inner, 2, 9, 8, 7)
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
