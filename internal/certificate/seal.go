package certificate

import (
	"math"

	"yanzheng/models"
)

// sealLegend is on every seal, whatever the configuration says.
const sealLegend = "演示"

// boardSealArt draws the Board's round seal in a square of that size: its name along the rim, 演示 in the middle.
// No star, no emblem: nothing that a state seal has.
func (p *Press) boardSealArt(size float64) ([]byte, error) {
	name := p.imprint.Board
	if r, missing := p.regular.missing(name); missing {
		return nil, glyphMissing(r, "board")
	}
	w := &pen{}
	w.exact("cm", mm, 0, 0, -mm, 0, size*mm)
	w.op("/Multiply gs") // what is printed below stays readable
	c, r := point{size / 2, size / 2}, size/2
	w.strokeColor(vermilion)
	w.fillColor(vermilion)
	w.width(1.1)
	w.circle(c, r-0.65)
	w.stroke()
	w.width(0.22)
	w.circle(c, r-1.9)
	w.stroke()

	// The name along the upper rim, 演示 in the middle, and along the lower rim, from left to right, what the seal is worth.
	rim := r - 6.2
	runes := []rune(name)
	step := min(4.5/rim, 1.16*math.Pi/float64(len(runes)))
	for n, char := range runes {
		angle := -math.Pi/2 + step*(float64(n)-float64(len(runes)-1)/2)
		w.turnedGlyph(p.heavier(name), char, polar(c, angle, rim), angle+math.Pi/2, min(4.3, step*rim*0.98))
	}
	w.centredGlyphs(p.heavier(sealLegend), sealLegend, point{c.x, c.y + 2}, 8.2, 0.9)
	lower := []rune("演示用章不具效力")
	for n, char := range lower {
		angle := math.Pi/2 - 0.175*(float64(n)-float64(len(lower)-1)/2)
		w.turnedGlyph(p.heavier(string(lower)), char, polar(c, angle, r-3), angle-math.Pi/2, 2.5)
	}
	return w.buf.Bytes(), nil
}

// directorSealArt draws the director's square seal, white on red, read from the right.
func (p *Press) directorSealArt(size float64) []byte {
	w := &pen{}
	w.exact("cm", mm, 0, 0, -mm, 0, size*mm)
	w.fillColor(vermilion)
	w.rounded(0, 0, size, size, 1.1)
	w.fill()
	w.strokeColor(white)
	w.width(0.32)
	w.rounded(0.85, 0.85, size-1.7, size-1.7, 0.6)
	w.stroke()
	w.fillColor(white)
	legend := sealLegend + "之印"
	cell := (size - 3.2) / 2
	for n, char := range []rune(legend) {
		column, line := float64(1-n/2), float64(n%2)
		p.heavier(legend).outline(w, char, 1.6+column*cell, 1.6+line*cell+cell*0.88, cell)
	}
	return w.buf.Bytes()
}

// heavier gives the title's weight where it can draw the text.
func (p *Press) heavier(text string) *face {
	if _, missing := p.title.missing(text); missing {
		return p.regular
	}
	return p.title
}

// turnedGlyph draws one character with the middle of its base line at a point, turned by an angle.
func (p *pen) turnedGlyph(f *face, r rune, at point, angle, size float64) {
	p.save()
	p.exact("cm", math.Cos(angle), math.Sin(angle), -math.Sin(angle), math.Cos(angle), at.x, at.y)
	f.outline(p, r, -f.width(string(r), size, 0)/2, 0, size)
	p.restore()
}

func (p *pen) centredGlyphs(f *face, text string, at point, size, spacing float64) {
	f.outlines(p, text, at.x-f.width(text, size, spacing)/2, at.y, size, spacing)
}

// Imprint is what a configuration says about the issuer.
type Imprint struct {
	Board    string // the issuer's name, printed and on its seal: 1 to 30 characters
	Director string // what the director is called, 主任委员: 1 to 8 characters
	CheckAt  string // the address where a file can be checked: 1 to 60 characters
}

func (i Imprint) check() error {
	for _, one := range []struct {
		field, text string
		most        int
	}{{"board", i.Board, 30}, {"director", i.Director, 8}, {"check_at", i.CheckAt, 60}} {
		if n := len([]rune(one.text)); n == 0 || n > one.most {
			return ErrImprint.On(one.field)
		}
	}
	return nil
}

// ErrImprint answers a configuration that names no issuer, or in more characters than there is room for.
var ErrImprint = models.NewError(models.KindRule, "imprint_invalid", "发证机关信息为空或过长", "The issuer's names are empty or too long")
