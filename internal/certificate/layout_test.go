package certificate

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"yanzheng/models"
)

// documents are the shapes that a page has to take.
func documents() map[string]*models.Document {
	printed := func(change func(p *models.Printed)) *models.Document {
		return document(func(d *models.Document) { change(&d.Printed) })
	}
	return map[string]*models.Document{
		"short":            document(nil),
		"rare":             printed(func(p *models.Printed) { p.Name = "𬱖翯𬭎璟" }),
		"longest employer": printed(func(p *models.Printed) { p.Employer = longEmployer }),
		"longest name":     printed(func(p *models.Printed) { p.Name = strings.Repeat("欧阳示例一二三四五", 6)[:50*3] }),
		"Latin name":       printed(func(p *models.Printed) { p.Name = "Maximiliane-Alexandra Example von und zu Beispielhof" }),
		"accents":          printed(func(p *models.Printed) { p.Name = "Jose\u0301 Nguye\u0302\u0303n" }),
		"dots":             printed(func(p *models.Printed) { p.Name = "迪丽·示例·阿卜杜热合曼" }),
		"long numbers": printed(func(p *models.Printed) {
			p.CertificateNumber, p.SealNumber = strings.Repeat("京建证字〔2026〕", 4), strings.Repeat("88", 20)
		}),
		"constructor": printed(func(p *models.Printed) {
			p.Category, p.Specialty = models.CategoryConstructor1, "建筑工程、市政公用工程、机电工程"
		}),
		"everything at once": printed(func(p *models.Printed) {
			p.Category, p.Specialty = models.CategoryStructural1, strings.Repeat("岩土工程、", 10)
			p.Name, p.Employer = strings.Repeat("示例", 25), longEmployer
			p.CertificateNumber, p.SealNumber = strings.Repeat("8", 40), strings.Repeat("建", 40)
		}),
		"no birth date": printed(func(p *models.Printed) { p.BirthDate = 0 }),
		"long serial":   document(func(d *models.Document) { d.Identifier.Serial = strings.Repeat("W", 40) }),
	}
}

var longEmployer = strings.Repeat("示例建筑设计研究院（集团）股份有限公司第一分公司，", 4)[:100*3]

// TestNothingOverlaps measures every box of text and image on the page.
func TestNothingOverlaps(t *testing.T) {
	for name, d := range documents() {
		l, err := press(t).lay(d)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		const edge = frameInner + 1
		for i, a := range l.areas {
			if a.w <= 0 || a.x < edge || a.y < edge || a.x+a.w > pageWidth-edge || a.bottom() > pageHeight-edge {
				t.Errorf("%s: %s reaches out of the frame: %+v", name, a.name, a)
			}
			for _, b := range l.areas[i+1:] {
				if overlap(a, b) {
					t.Errorf("%s: %s lies on %s:\n%+v\n%+v", name, a.name, b.name, a, b)
				}
			}
			if a.name != "board" && overlap(a, boardSeal) || overlap(a, directorSeal) {
				t.Errorf("%s: a seal lies on %s", name, a.name)
			}
		}
	}
}

func overlap(a, b area) bool {
	const touch = 0.05
	return a.x+a.w > b.x+touch && b.x+b.w > a.x+touch && a.bottom() > b.y+touch && b.bottom() > a.y+touch
}

// TestOverlapIsNoticed: a test that cannot fail is none.
func TestOverlapIsNoticed(t *testing.T) {
	a := area{"a", 10, 10, 10, 10}
	for _, c := range []struct {
		b    area
		want bool
	}{{area{"b", 15, 15, 1, 1}, true}, {area{"b", 5, 5, 30, 30}, true}, {area{"b", 20, 10, 5, 5}, false}, {area{"b", 10, 20, 5, 5}, false}, {area{"b", 19, 19, 5, 5}, true}} {
		if overlap(a, c.b) != c.want || overlap(c.b, a) != c.want {
			t.Errorf("%+v: want %t", c.b, c.want)
		}
	}
}

func TestMissingGlyphIsNamed(t *testing.T) {
	for _, c := range []struct {
		change      func(d *models.Document)
		field, name string
	}{
		{func(d *models.Document) { d.Printed.Name = "张\U0002EBF0" }, "name", "U+2EBF0"},
		{func(d *models.Document) { d.Printed.Employer = "示例①设计院한" }, "employer", "한"},
		{func(d *models.Document) { d.Printed.Specialty = "建筑\U0001F3DB" }, "specialty", "U+1F3DB"},
		{func(d *models.Document) { d.Printed.SealNumber = "28\u202e1827" }, "seal_number", "U+202E"},
	} {
		_, err := press(t).Draw(document(c.change))
		e := models.AsError(err)
		if !errors.Is(err, ErrGlyph) || e.Kind != models.KindRule || e.Field != c.field ||
			!strings.Contains(e.Message.ZH, c.name) || !strings.Contains(e.Message.EN, c.name) {
			t.Errorf("%s: %v %+v", c.field, err, e)
		}
	}
}

func TestWhatDoesNotFitIsRefused(t *testing.T) {
	unknown := document(func(d *models.Document) { d.Printed.Category = "doctor" })
	if _, err := press(t).Draw(unknown); !errors.Is(err, models.ErrCategory) {
		t.Errorf("a category without a row: %v", err)
	}
	for field, change := range map[string]func(d *models.Document){
		"name":               func(d *models.Document) { d.Printed.Name = strings.Repeat("长", 200) },
		"employer":           func(d *models.Document) { d.Printed.Employer = strings.Repeat("长", 400) },
		"certificate_number": func(d *models.Document) { d.Printed.CertificateNumber = strings.Repeat("8", 400) },
		"identifier":         func(d *models.Document) { d.Identifier.Serial = strings.Repeat("8", 400) },
	} {
		_, err := press(t).Draw(document(change))
		if !errors.Is(err, ErrTooLong) || models.AsError(err).Field != field {
			t.Errorf("%s: %v on %s", field, err, models.AsError(err).Field)
		}
	}
	for name, change := range map[string]func(d *models.Document){
		"no photo":             func(d *models.Document) { d.Photo = nil },
		"photo is PNG":         func(d *models.Document) { d.Photo = handwriting() },
		"photo is cut":         func(d *models.Document) { d.Photo = d.Photo[:20] },
		"signature is JPEG":    func(d *models.Document) { d.Signature = photo() },
		"signature is cut":     func(d *models.Document) { d.Signature = d.Signature[:200] },
		"signature has no air": func(d *models.Document) { d.Signature = opaque() },
	} {
		if _, err := press(t).Draw(document(change)); !errors.Is(err, ErrImage) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, text := range []string{"", strings.Repeat("x", 4000), prefix + strings.Repeat("x", 200)} {
		if _, err := press(t).Draw(document(func(d *models.Document) { d.Code = text })); !errors.Is(err, ErrCode) {
			t.Errorf("a code of %d bytes: %v", len(text), err)
		}
	}
}

func TestImprintIsChecked(t *testing.T) {
	for name, change := range map[string]func(i *Imprint){
		"no board":       func(i *Imprint) { i.Board = "" },
		"long board":     func(i *Imprint) { i.Board = strings.Repeat("示", 31) },
		"long director":  func(i *Imprint) { i.Director = "省注册建筑师委员会主任" },
		"no address":     func(i *Imprint) { i.CheckAt = "" },
		"unknown letter": func(i *Imprint) { i.Board = "示例\U0001F3DB" },
	} {
		i := imprint
		change(&i)
		if _, err := NewPress(i); models.AsError(err).Kind != models.KindRule {
			t.Errorf("%s: %v", name, err)
		}
	}
	longest := Imprint{Board: strings.Repeat("示例注册建筑师管理委", 3), Director: "注册管委会主任甲", CheckAt: "https://" + strings.Repeat("w", 48) + ".cn/"}
	p, err := NewPress(longest)
	if err != nil {
		t.Fatal(err)
	}
	l, err := p.lay(document(nil))
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range l.areas {
		for _, b := range l.areas[i+1:] {
			if overlap(a, b) {
				t.Errorf("%s lies on %s", a.name, b.name)
			}
		}
	}
}

func TestWrap(t *testing.T) {
	f := press(t).regular
	for _, c := range []struct {
		text  string
		width float64 // in characters
		want  []string
	}{
		{"一二三四五", 5, []string{"一二三四五"}},
		{"一二三四五", 3, []string{"一二三", "四五"}},
		{"一二三，四五", 3, []string{"一二", "三，四", "五"}},          // no comma begins a line
		{"一二（三四）五", 3, []string{"一二", "（三", "四）五"}},        // no bracket ends one
		{"示例 Institute", 4.5, []string{"示例", "Institute"}}, // a word stays whole
		{"Anexceedinglylongword", 4, []string{"Anexce", "edinglyl", "ongwor", "d"}},
		{"", 4, nil},
	} {
		if got := f.wrap(c.text, 10, c.width*10); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s in %v: %q, want %q", c.text, c.width, got, c.want)
		}
	}
	lines, size, ok := f.fit(strings.Repeat("长", 21), []float64{20, 10}, 200, 2)
	if !ok || size != 10 || len(lines) != 2 || len(lines[0]) > 12*3 {
		t.Errorf("21 characters at %v: %q", size, lines)
	}
}
