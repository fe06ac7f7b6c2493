package certificate

import (
	_ "embed"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/norm"

	"yanzheng/models"
)

// The fonts are Noto Serif SC under the SIL Open Font License (font/OFL.txt), cut down by scripts/font.
var (
	//go:embed font/regular.ttf
	regularTTF []byte
	//go:embed font/title.ttf
	titleTTF []byte
)

// face is one font: what it can draw, how wide that gets, and the outlines. It may be used by many at once.
type face struct {
	family string // as the PDF names it: a tag of six letters says that it is a subset
	raw    []byte
	font   *sfnt.Font
}

// perEm is the resolution at which glyphs are measured: the fonts' own, so nothing is rounded.
const perEm = 1000

func newFace(family string, raw []byte) (*face, error) {
	f, err := sfnt.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("certificate: font %s: %w", family, err)
	}
	if f.UnitsPerEm() != perEm {
		return nil, fmt.Errorf("certificate: font %s has %d units, not %d", family, f.UnitsPerEm(), perEm)
	}
	return &face{family, raw, f}, nil
}

// missing gives the first character that the font does not draw, and whether there is one.
func (f *face) missing(text string) (rune, bool) {
	var b sfnt.Buffer
	for _, r := range text {
		if g, err := f.font.GlyphIndex(&b, r); err != nil || g == 0 {
			return r, true
		}
	}
	return 0, false
}

// width is how far a text reaches at a size, with a space put behind every character but the last.
func (f *face) width(text string, size, spacing float64) float64 {
	var b sfnt.Buffer
	sum, n := 0, 0
	for _, r := range text {
		g, _ := f.font.GlyphIndex(&b, r)
		a, _ := f.font.GlyphAdvance(&b, g, fixed.I(perEm), font.HintingNone)
		sum += a.Round()
		n++
	}
	return float64(sum)*size/perEm + spacing*float64(max(0, n-1))
}

// outline fills one character with its origin at x, y, y pointing down, scaled to a size. It is drawn in the font's own
// units, which are whole numbers: half the bytes.
func (f *face) outline(p *pen, r rune, x, y, size float64) {
	var b sfnt.Buffer
	g, err := f.font.GlyphIndex(&b, r)
	if err != nil {
		return
	}
	segments, err := f.font.LoadGlyph(&b, g, fixed.I(perEm), nil)
	if err != nil || len(segments) == 0 {
		return // a space; what cannot be drawn was refused before
	}
	p.save()
	p.exact("cm", size/perEm, 0, 0, size/perEm, x, y)
	before := p.decimals
	p.decimals = whole
	p.glyph(segments)
	p.decimals = before
	p.fill()
	p.restore()
}

// glyph adds an outline to the path.
func (p *pen) glyph(segments sfnt.Segments) {
	at := func(v fixed.Point26_6) point { return point{float64(v.X) / 64, float64(v.Y) / 64} }
	var last point
	for i, s := range segments {
		a := at(s.Args[0])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if i > 0 {
				p.close()
			}
			p.move(a)
			last = a
		case sfnt.SegmentOpLineTo:
			p.line(a)
			last = a
		case sfnt.SegmentOpQuadTo:
			c, end := a, at(s.Args[1])
			p.curve(between(last, c, 2.0/3), between(end, c, 2.0/3), end)
			last = end
		case sfnt.SegmentOpCubeTo:
			last = at(s.Args[2])
			p.curve(a, at(s.Args[1]), last)
		}
	}
	p.close()
}

// outlines fills a line of text from x, y on.
func (f *face) outlines(p *pen, text string, x, y, size, spacing float64) {
	for _, r := range text {
		f.outline(p, r, x, y, size)
		x += f.width(string(r), size, 0) + spacing
	}
}

// composed writes accents together with their letters, which is how the font has them. Han is left as it is: some
// normal forms replace one shape by another.
func composed(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Mn, r) }) {
		return s
	}
	var out strings.Builder
	var cluster []rune
	flush := func() {
		if len(cluster) > 1 {
			out.WriteString(norm.NFC.String(string(cluster)))
		} else {
			out.WriteString(string(cluster))
		}
		cluster = cluster[:0]
	}
	for _, r := range s {
		if !unicode.Is(unicode.Mn, r) {
			flush()
		}
		cluster = append(cluster, r)
	}
	flush()
	return out.String()
}

// glyphMissing names the character that cannot be drawn, and the field it stands in.
func glyphMissing(r rune, field models.Field) error {
	name := fmt.Sprintf("“%c”（U+%04X）", r, r)
	if !unicode.IsPrint(r) {
		name = fmt.Sprintf("U+%04X", r)
	}
	e := *ErrGlyph.On(string(field))
	e.Message.ZH = "证书字库中没有字符" + name + "，请联系管理员补字"
	e.Message.EN = "The certificate's font has no character " + name + "; ask for it to be added"
	return &e
}

// ErrGlyph answers a text with a character that the certificate's font does not have. Its message names the character.
var ErrGlyph = models.NewError(models.KindRule, "glyph_missing", "证书字库中没有某个字符", "The certificate's font lacks a character")
