package certificate

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"
	"unicode/utf16"

	"yanzheng/models"
)

// draft is a page that is ready to be sealed: its bytes, and where in them a seal has to go.
type draft struct {
	pdf             []byte
	at              time.Time
	objects         int // how many; the next has this number
	xref            int // where the last cross-reference table begins
	info            int
	form, metadata  int
	id              string
	board, director int // the signature fields
	page            int
}

// binder puts the objects of a PDF together (ISO 32000-1, 7.3.10). Their numbers are their places, from 1.
type binder struct{ objects [][]byte }

func (b *binder) add(body []byte) int {
	b.objects = append(b.objects, body)
	return len(b.objects)
}

func (b *binder) addf(format string, args ...any) int {
	return b.add(fmt.Appendf(nil, format, args...))
}

func (b *binder) stream(dict string, content []byte) int { return b.add(streamObject(dict, content)) }

func streamObject(dict string, content []byte) []byte {
	out := fmt.Appendf(nil, "<<%s/Length %d>>\nstream\n", dict, len(content))
	return append(append(out, content...), "\nendstream"...)
}

// split takes a file of gopdf apart by its cross-reference table.
func split(pdf []byte) (*binder, error) {
	at := bytes.LastIndex(pdf, []byte("startxref\n"))
	if at < 0 {
		return nil, errors.New("certificate: gopdf gave no cross-reference table")
	}
	end, err := strconv.Atoi(string(bytes.TrimSuffix(pdf[at+len("startxref\n"):], []byte("\n%%EOF\n"))))
	if err != nil || end > at {
		return nil, errors.New("certificate: gopdf gave a cross-reference table of another form")
	}
	offsets := regexp.MustCompile(`(?m)^(\d{10}) 00000 n $`).FindAllSubmatch(pdf[end:at], -1)
	b := &binder{}
	for n, m := range offsets {
		from, _ := strconv.Atoi(string(m[1]))
		to := end
		if n+1 < len(offsets) {
			to, _ = strconv.Atoi(string(offsets[n+1][1]))
		}
		if from > to || to > len(pdf) {
			return nil, errors.New("certificate: gopdf gave objects out of order")
		}
		body, opened := bytes.CutPrefix(pdf[from:to], fmt.Appendf(nil, "%d 0 obj\n", n+1))
		body, closed := bytes.CutSuffix(body, []byte("endobj\n\n"))
		if !opened || !closed {
			return nil, errors.New("certificate: gopdf gave an object of another form")
		}
		b.add(bytes.TrimRight(body, "\n"))
	}
	return b, nil
}

// find gives the number of the one object that has a text.
func (b *binder) find(text string) (int, error) {
	found := 0
	for n, body := range b.objects {
		if bytes.Contains(body, []byte(text)) {
			if found != 0 {
				return 0, fmt.Errorf("certificate: gopdf gave two objects with %q", text)
			}
			found = n + 1
		}
	}
	if found == 0 {
		return 0, fmt.Errorf("certificate: gopdf gave no object with %q", text)
	}
	return found, nil
}

// bind completes what gopdf set: background, code, signature image, fields for two seals, and the facts about the file.
func (p *Press) bind(set, art []byte, ink *inked, d *models.Document) (*draft, error) {
	b, err := split(set)
	if err != nil {
		return nil, err
	}
	page, err := b.find("/Type /Page\n")
	if err != nil {
		return nil, err
	}
	content, err := b.find("/Filter/FlateDecode/Length")
	if err != nil {
		return nil, err
	}
	resources, err := b.find("/ExtGState <<")
	if err != nil {
		return nil, err
	}
	b.repairUnicode(&p.packer)
	names := ""
	for _, f := range p.forms {
		names += fmt.Sprintf("/%s %d 0 R", f.name, b.stream("/Type/XObject/Subtype/Form/BBox[-80 -80 80 80]/Filter/FlateDecode", f.content))
	}
	at := d.At.In(models.China)
	mark := p.packer.deflated(p.watermark(sealLegend + " DEMO " + at.Format("2006-01-02 15:04:05")))
	names += fmt.Sprintf("/Mark %d 0 R", b.stream("/Type/XObject/Subtype/Form/BBox[-80 -20 80 20]/Filter/FlateDecode", mark))
	mask := b.stream(fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode",
		ink.width, ink.height), ink.mask)
	names += fmt.Sprintf("/Ink %d 0 R", b.stream(fmt.Sprintf(
		"/Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8/SMask %d 0 R", mask), []byte{inkShade}))
	with := bytes.Replace(b.objects[resources-1], []byte("/XObject <<\n"), []byte("/XObject <<"+names+"\n"), 1)
	if len(with) == len(b.objects[resources-1]) {
		return nil, errors.New("certificate: gopdf gave resources of another form")
	}
	b.objects[resources-1] = with

	under := b.stream("/Filter/FlateDecode", p.background)
	over := b.stream("/Filter/FlateDecode", p.packer.deflated(art))
	link := b.addf("<</Type/Annot/Subtype/Link/Rect%s/Border[0 0 0]/F 4/A<</S/URI/URI%s>>>>", rectangle(codeArea), literal(d.Code))
	board := b.add(field("board", "发证机关电子签章", boardSeal, page, ""))
	director := b.add(field("director", p.imprint.Director+"个人电子签章", directorSeal, page, ""))
	b.objects[page-1] = fmt.Appendf(nil, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 %.2f %.2f]/Resources %d 0 R/Contents[%d 0 R %d 0 R %d 0 R]/Annots[%d 0 R %d 0 R %d 0 R]>>",
		pageWidth*mm, pageHeight*mm, resources, under, over, content, link, board, director)
	metadata := b.stream("/Type/Metadata/Subtype/XML", xmp(title(d), at))
	form := b.addf("<</Fields[%d 0 R %d 0 R]/SigFlags 3>>", board, director)
	info := b.addf("<</Title%s/Author%s/Subject%s/Creator%s/Keywords%s/Producer(yanzheng, gopdf)/CreationDate(%s)/ModDate(%s)>>",
		text(title(d)), text(sealLegend), text("电子证照，演示样本"), text("yanzheng 验证"), literal(d.Code), pdfTime(at), pdfTime(at))
	b.objects[0] = catalog(form, metadata, "")
	f := b.write(info)
	f.at, f.board, f.director, f.page, f.form, f.metadata = at, board, director, page, form, metadata
	return f, nil
}

// catalog is the first object of the file.
func catalog(form, metadata int, more string) []byte {
	return fmt.Appendf(nil, "<</Type/Catalog/Pages 2 0 R/Lang(zh-CN)/ViewerPreferences<</DisplayDocTitle true>>/AcroForm %d 0 R/Metadata %d 0 R%s>>",
		form, metadata, more)
}

// field is a signature field and its place on the page, printed and locked.
func field(name, label string, a area, page int, more string) []byte {
	return fmt.Appendf(nil, "<</Type/Annot/Subtype/Widget/FT/Sig/T(%s)/TU%s/Rect%s/F 132/P %d 0 R%s>>", name, text(label), rectangle(a), page, more)
}

func rectangle(a area) string {
	return fmt.Sprintf("[%.3f %.3f %.3f %.3f]", a.x*mm, (pageHeight-a.y-a.h)*mm, (a.x+a.w)*mm, (pageHeight-a.y)*mm)
}

// write gives the whole file, with an id that is the digest of what it says.
func (b *binder) write(info int) *draft {
	var out bytes.Buffer
	out.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	offsets := make([]int, len(b.objects))
	for n, body := range b.objects {
		offsets[n] = out.Len()
		fmt.Fprintf(&out, "%d 0 obj\n", n+1)
		out.Write(body)
		out.WriteString("\nendobj\n")
	}
	sum := sha256.Sum256(out.Bytes())
	f := &draft{objects: len(b.objects) + 1, xref: out.Len(), info: info, id: fmt.Sprintf("%X", sum[:16])}
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", f.objects)
	for _, at := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&out, "trailer\n<</Size %d/Root 1 0 R/Info %d 0 R/ID[<%s><%s>]>>\nstartxref\n%d\n%%%%EOF\n", f.objects, info, f.id, f.id, f.xref)
	f.pdf = out.Bytes()
	return f
}

// beyond is what gopdf writes for a character beyond U+FFFF in its table from glyphs to text.
var beyond = regexp.MustCompile(`(<[0-9A-F]{4}><[0-9A-F]{4}>)<([0-9A-F]{5,6})>`)

// repairUnicode lets characters beyond U+FFFF be copied and searched: the table must have them as two halves.
func (b *binder) repairUnicode(p *packer) {
	for n, body := range b.objects {
		from := bytes.Index(body, []byte("stream\n"))
		if !bytes.Contains(body, []byte("begincmap")) || from < 0 {
			continue
		}
		table := bytes.TrimSuffix(bytes.TrimRight(body[from+len("stream\n"):], "\n"), []byte("endstream"))
		table = beyond.ReplaceAllFunc(table, func(line []byte) []byte {
			m := beyond.FindSubmatch(line)
			r, _ := strconv.ParseInt(string(m[2]), 16, 32)
			high, low := utf16.EncodeRune(rune(r))
			return fmt.Appendf(nil, "%s<%04X%04X>", m[1], high, low)
		})
		b.objects[n] = streamObject("/Filter/FlateDecode", p.deflated(table))
	}
}
