package certificate

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"yanzheng/models"
)

// sealSpace is what is kept free for one signature, in bytes; ours take about half.
const sealSpace = 3 << 10

// Issue draws a document and seals it: first the Board, which certifies the file and allows no more than to fill in
// signatures, then the director, whose seal covers the whole file. Issuing twice gives two different files: store what comes.
func (p *Press) Issue(d *models.Document, ring *Ring) (models.File, error) {
	day := models.DateOf(d.At)
	board, err := ring.signer(RoleBoard, day)
	if err != nil {
		return models.File{}, err
	}
	director, err := ring.signer(RoleDirector, day)
	if err != nil {
		return models.File{}, err
	}
	page, err := p.draw(d)
	if err != nil {
		return models.File{}, err
	}
	if err := p.seal(page, board); err != nil {
		return models.File{}, err
	}
	if err := p.seal(page, director); err != nil {
		return models.File{}, err
	}
	return models.File{PDF: page.pdf, Digest: sha256.Sum256(page.pdf)}, nil
}

// The places in a signature dictionary that are filled in when all else is written.
var (
	rangePlace   = "/ByteRange[0 " + strings.Repeat("*", 9) + " " + strings.Repeat("*", 9) + " " + strings.Repeat("*", 9) + "]"
	contentPlace = "<" + strings.Repeat("0", 2*sealSpace) + ">"
)

// seal appends a revision (ISO 32000-1, 7.5.6) in which one field is signed and shows its seal, and signs all of it.
func (p *Press) seal(f *draft, k *Key) error {
	signature, look := f.objects, f.objects+1
	appearance := fmt.Sprintf("/V %d 0 R/AP<</N %d 0 R>>", signature, look)
	var r revision
	reference, who, art, place := "", p.imprint.Board, p.board, boardSeal
	switch k.Role {
	case RoleBoard:
		reference = "/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/P 2/V/1.2>>>>]"
		r.add(1, f.certified(signature))
		r.add(f.board, field("board", "发证机关电子签章", boardSeal, f.page, appearance))
	default:
		who, art, place = p.imprint.Director, p.director, directorSeal
		r.add(f.director, field("director", p.imprint.Director+"个人电子签章", directorSeal, f.page, appearance))
	}
	r.add(signature, fmt.Appendf(nil, "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached%s/Contents%s/M(%s)/Name%s/Reason%s%s>>",
		rangePlace, contentPlace, pdfTime(f.at), text(who+"（"+sealLegend+"）"), text("电子证照签章，"+sealLegend), reference))
	r.add(look, streamObject(fmt.Sprintf("/Type/XObject/Subtype/Form/BBox[0 0 %.3f %.3f]/Resources<</ExtGState<</Multiply<</Type/ExtGState/BM/Multiply>>>>>>/Filter/FlateDecode",
		place.w*mm, place.h*mm), art))
	f.objects += 2
	f.pdf, f.xref = r.append(f)
	return f.sign(k)
}

// certified is the catalog of a file that the Board certifies.
func (f *draft) certified(signature int) []byte {
	return catalog(f.form, f.metadata, fmt.Sprintf("/Perms<</DocMDP %d 0 R>>", signature))
}

// sign fills the last signature's places: where it is, and over all around it the signature itself.
func (f *draft) sign(k *Key) error {
	from := bytes.LastIndex(f.pdf, []byte(contentPlace))
	at := bytes.LastIndex(f.pdf, []byte(rangePlace))
	to := from + len(contentPlace)
	if from < 0 || at < 0 {
		return errors.New("certificate: no place for a signature")
	}
	copy(f.pdf[at:], fmt.Sprintf("/ByteRange[0 %09d %09d %09d]", from, to, len(f.pdf)-to))
	covered := append(bytes.Clone(f.pdf[:from]), f.pdf[to:]...)
	der, err := sign(covered, k)
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	if len(der) > sealSpace {
		return fmt.Errorf("certificate: a signature of %d bytes does not fit into %d", len(der), sealSpace)
	}
	hex.Encode(f.pdf[from+1:], der)
	return nil
}

// revision is what is appended to a file: objects, some of them in the place of earlier ones.
type revision struct {
	numbers []int
	bodies  [][]byte
}

func (r *revision) add(number int, body []byte) {
	r.numbers = append(r.numbers, number)
	r.bodies = append(r.bodies, body)
}

// append writes the revision behind the file, with a cross-reference table that leads on to the one before.
func (r *revision) append(f *draft) (pdf []byte, xref int) {
	out := bytes.NewBuffer(append(make([]byte, 0, len(f.pdf)+(16<<10)), f.pdf...))
	table := &bytes.Buffer{}
	for n, number := range r.numbers {
		fmt.Fprintf(table, "%d 1\n%010d 00000 n \n", number, out.Len())
		fmt.Fprintf(out, "%d 0 obj\n", number)
		out.Write(r.bodies[n])
		out.WriteString("\nendobj\n")
	}
	xref = out.Len()
	fmt.Fprintf(out, "xref\n%strailer\n<</Size %d/Root 1 0 R/Info %d 0 R/ID[<%s><%s>]/Prev %d>>\nstartxref\n%d\n%%%%EOF\n",
		table, f.objects, f.info, f.id, f.id, f.xref, xref)
	return out.Bytes(), xref
}
