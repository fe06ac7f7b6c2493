package certificate

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"image"
	"image/jpeg"
	"strings"
	"sync"

	"github.com/signintech/gopdf"

	"yanzheng/models"
)

// Press draws certificates. It may be used by many at once, and keeps nothing of what it draws.
type Press struct {
	imprint        Imprint
	regular, title *face
	fonts          *gopdf.FontContainer
	forms          []form // what the background repeats
	background     []byte // deflated
	board          []byte // the seals' appearances, deflated
	director       []byte
	packer         packer

	groundOnce sync.Once // of the picture for an album
	ground     *image.RGBA
	groundErr  error
}

// form is a drawing that a page can repeat by its name.
type form struct {
	name    string
	content []byte // deflated
}

// NewPress reads the fonts and draws once what is the same on every certificate.
func NewPress(imprint Imprint) (*Press, error) {
	if err := imprint.check(); err != nil {
		return nil, err
	}
	p := &Press{imprint: imprint, fonts: &gopdf.FontContainer{}, background: deflated(background())}
	var err error
	if p.regular, err = newFace("YZSUBA+NotoSerifSC-Regular", regularTTF); err != nil {
		return nil, err
	}
	if p.title, err = newFace("YZSUBB+NotoSerifSC-SemiBold", titleTTF); err != nil {
		return nil, err
	}
	for _, f := range []*face{p.regular, p.title} {
		if err := p.fonts.AddTTFFontData(f.family, f.raw); err != nil {
			return nil, fmt.Errorf("certificate: font %s: %w", f.family, err)
		}
	}
	drawings := forms()
	for _, name := range []string{"Wave", "Petal", "Inner", "Corner"} {
		p.forms = append(p.forms, form{name, deflated(drawings[name])})
	}
	board, err := p.boardSealArt(boardSeal.w)
	if err != nil {
		return nil, err
	}
	p.board, p.director = deflated(board), deflated(p.directorSealArt(directorSeal.w))
	// What the configuration prints must print: better now than with the first certificate.
	if _, err := p.lay(&models.Document{Printed: models.Printed{Name: sealLegend, Category: models.CategoryArchitect1}}); err != nil {
		return nil, err
	}
	return p, nil
}

// Draw gives the page of a document, not yet sealed. The same document gives the same bytes. A character that the font does
// not have is ErrGlyph, a text too long for the page ErrTooLong, an image of another kind ErrImage.
func (p *Press) Draw(d *models.Document) ([]byte, error) {
	page, err := p.draw(d)
	if err != nil {
		return nil, err
	}
	return page.pdf, nil
}

func (p *Press) draw(d *models.Document) (*draft, error) {
	l, err := p.lay(d)
	if err != nil {
		return nil, err
	}
	q, err := symbol(d.Code)
	if err != nil {
		return nil, err
	}
	ink, err := p.inkOf(d.Signature)
	if err != nil {
		return nil, err
	}
	set, err := p.set(l, d.Photo)
	if err != nil {
		return nil, err
	}
	art := &pen{}
	art.save()
	art.topLeft()
	art.watermarks()
	art.fillIn(l)
	art.code(q, codeArea)
	art.ink(ink, signatureArea)
	art.restore()
	return p.bind(set, art.buf.Bytes(), ink, d)
}

// fillIn draws the lines and grounds that lie under the text.
func (p *pen) fillIn(l *layout) {
	p.fillColor(paleGreen)
	p.rounded(l.panel.x, l.panel.y, l.panel.w, l.panel.h, 1)
	p.fill()
	p.strokeColor(paleGold)
	p.width(0.18)
	for _, r := range l.rules {
		switch r.name {
		case "handwritten":
			continue
		case "use_until":
			p.strokeColor(green)
		}
		p.move(point{r.x, r.y})
		p.line(point{r.x + r.w, r.y})
		p.stroke()
		p.strokeColor(paleGold)
	}
	p.strokeColor(gold) // above the lower part
	p.move(point{left, 198.3})
	p.line(point{right, 198.3})
	p.stroke()
	p.move(point{left, 266.6})
	p.line(point{right, 266.6})
	p.stroke()
	p.strokeColor(ink)
	p.width(0.25)
	for _, r := range l.rules {
		if r.name == "handwritten" {
			p.move(point{r.x, r.y})
			p.line(point{r.x + r.w, r.y})
			p.stroke()
		}
	}
	p.fillColor(white)
	p.strokeColor(paleGold)
	p.width(0.2)
	a := photoArea
	p.rect(a.x-1, a.y-1, a.w+2, a.h+2)
	p.op("B")
	a = codeArea
	p.rect(a.x-0.3, a.y-0.3, a.w+0.6, a.h+0.6)
	p.op("B")
}

// set has gopdf set the text and embed the photo.
func (p *Press) set(l *layout, photo []byte) ([]byte, error) {
	var g gopdf.GoPdf
	g.Start(gopdf.Config{PageSize: gopdf.Rect{W: pageWidth * mm, H: pageHeight * mm}})
	g.SetCompressLevel(zlib.BestSpeed)
	g.AddPage()
	for _, f := range []*face{p.regular, p.title} {
		if err := g.AddTTFFontFromFontContainer(f.family, p.fonts); err != nil {
			return nil, err
		}
	}
	if cfg, err := jpeg.DecodeConfig(bytes.NewReader(photo)); err != nil || cfg.Width*cfg.Height > maxPhotoPixels {
		return nil, ErrImage.On("photo").Because(err)
	}
	holder, err := gopdf.ImageHolderByBytes(photo)
	if err != nil {
		return nil, ErrImage.On("photo").Because(err)
	}
	if err := g.ImageByHolder(holder, photoArea.x*mm, photoArea.y*mm, &gopdf.Rect{W: photoArea.w * mm, H: photoArea.h * mm}); err != nil {
		return nil, ErrImage.On("photo").Because(err)
	}
	for _, r := range l.runs {
		if err := g.SetFont(r.face.family, "", r.size); err != nil {
			return nil, err
		}
		if err := g.SetCharSpacing(r.spacing); err != nil {
			return nil, err
		}
		g.SetTextColor(r.shade.rgb())
		g.SetXY(r.at.x*mm, r.at.y*mm)
		if err := g.Text(r.text); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	if _, err := g.WriteTo(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// title is what a reader shows as the name of the document.
func title(d *models.Document) string {
	return strings.Join([]string{d.Printed.Category.Title().ZH + titleEnd, d.Printed.Name}, " ")
}

// maxPhotoPixels is far more than a photo of one inch needs.
const maxPhotoPixels = 2 << 20

// ErrImage answers a photo that is no JPEG, or a signature image that is no PNG, or one that is far too large.
var ErrImage = models.NewError(models.KindRule, "certificate_image_invalid", "照片或签名图像无法用于证书", "The photo or signature image cannot be used on a certificate")
