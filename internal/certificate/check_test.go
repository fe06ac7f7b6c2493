package certificate

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// desk is everything around one issued file: whoever knows it, and whoever tampers with it.
type desk struct {
	t     testing.TB
	ring  *Ring
	codes *codes
	own   string // the code of the certificate
	file  models.File
}

func newDesk(t testing.TB) *desk {
	k := &desk{t: t, ring: ring(t), codes: newCodes(t)}
	k.own = k.codes.next(t)
	k.file = issue(t, document(func(d *models.Document) { d.Code = k.own }), k.ring)
	return k
}

func (k *desk) check(pdf []byte) models.FileCheck {
	k.t.Helper()
	got, err := NewChecker(k.ring, k.codes).Check(context.Background(), bytes.NewReader(pdf), issuedFiles(k.file))
	if err != nil {
		k.t.Fatal(err)
	}
	return got
}

// sealed is a page with the seals of some roles on it; nobody recorded it.
func (k *desk) sealed(d *models.Document, roles ...Role) []byte {
	k.t.Helper()
	f, err := press(k.t).draw(d)
	if err != nil {
		k.t.Fatal(err)
	}
	for _, role := range roles {
		key, err := k.ring.signer(role, models.DateOf(madeAt))
		if err != nil {
			k.t.Fatal(err)
		}
		if err := press(k.t).seal(f, key); err != nil {
			k.t.Fatal(err)
		}
	}
	return f.pdf
}

func TestCheckIssued(t *testing.T) {
	k := newDesk(t)
	got := k.check(k.file.PDF)
	if got.Status != models.FileIssued || len(got.Reasons) != 0 || got.Issued == nil || *got.Issued != k.file.Digest || got.Code != k.own {
		t.Errorf("%+v", got)
	}
	// After a rotation the old seal still holds; without its key the file still is the one that was issued.
	lost := NewChecker(ring(t), k.codes)
	got, err := lost.Check(context.Background(), bytes.NewReader(k.file.PDF), issuedFiles(k.file))
	if err != nil || got.Status != models.FileIssued || !slices.Equal(got.Reasons, []models.FileReason{models.FileKeyUnknown}) {
		t.Errorf("with another ring: %+v, %v", got, err)
	}
}

func TestCheckTampered(t *testing.T) {
	k := newDesk(t)
	doc := document(func(d *models.Document) { d.Code = k.own })
	pdf := k.file.PDF
	for name, c := range map[string]struct {
		pdf     []byte
		status  models.FileStatus
		reasons []models.FileReason
	}{
		"a byte of the page": {flipped(pdf, len(pdf)/2), models.FileAltered, []models.FileReason{models.FileBoardBroken, models.FileDirectorBroken}},
		"a byte of the Board's signature": {flipped(pdf, bytes.Index(pdf, []byte("/Contents<3"))+300), models.FileAltered,
			[]models.FileReason{models.FileBoardBroken, models.FileDirectorBroken}},
		"a byte of the director's signature": {flipped(pdf, bytes.LastIndex(pdf, []byte("/Contents<3"))+300), models.FileAltered,
			[]models.FileReason{models.FileDirectorBroken}},
		"the space behind the director's signature": {flipped(pdf, bytes.LastIndex(pdf, []byte("0>/M("))), models.FileAltered, []models.FileReason{models.FileDirectorBroken}},
		"the last byte":                   {flipped(pdf, len(pdf)-1), models.FileAltered, []models.FileReason{models.FileDirectorBroken}},
		"a new line behind":               {append(bytes.Clone(pdf), '\n'), models.FileAppended, []models.FileReason{models.FileMoreBehind}},
		"1 MB behind":                     {append(bytes.Clone(pdf), make([]byte, 1<<20)...), models.FileAppended, []models.FileReason{models.FileMoreBehind}},
		"a revision behind":               {append(bytes.Clone(pdf), "900 0 obj<</Type/Annot>>endobj\n"...), models.FileAppended, []models.FileReason{models.FileMoreBehind, models.FileLaterRevision}},
		"cut in the middle":               {pdf[:len(pdf)/2], models.FileNotOurs, []models.FileReason{models.FileNoMark}}, // before anything that says whose it is
		"the end is cut off":              {pdf[:len(pdf)-300], models.FileAltered, []models.FileReason{models.FileDirectorBroken}},
		"no seal":                         {k.sealed(doc), models.FileSealMissing, []models.FileReason{models.FileBoardMissing, models.FileDirectorMissing}},
		"the Board's alone":               {k.sealed(doc, RoleBoard), models.FileSealMissing, []models.FileReason{models.FileDirectorMissing}},
		"the director's only":             {k.sealed(doc, RoleDirector), models.FileSealMissing, []models.FileReason{models.FileBoardMissing}},
		"sealed, not issued":              {k.sealed(doc, RoleBoard, RoleDirector), models.FileAltered, []models.FileReason{models.FileNoRecord}},
		"capital digits in the signature": {upperContents(pdf), models.FileAltered, []models.FileReason{models.FileDirectorBroken}},
	} {
		got := k.check(c.pdf)
		if name == "cut in the middle" || name == "the end is cut off" { // how broken a cut file reads is not the point
			got.Reasons = slices.DeleteFunc(got.Reasons, func(r models.FileReason) bool { return r == models.FileUnreadable || r == models.FileNoCode })
		}
		if got.Status != c.status || !sameSet(got.Reasons, c.reasons) {
			t.Errorf("%s: %s %v, want %s %v", name, got.Status, got.Reasons, c.status, c.reasons)
		}
		if (got.Status == models.FileAppended) != (got.Issued != nil) {
			t.Errorf("%s: %s and the issued file %v", name, got.Status, got.Issued)
		}
	}
}

func sameSet(a, b []models.FileReason) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

func flipped(pdf []byte, at int) []byte {
	out := bytes.Clone(pdf)
	out[at] ^= 1
	return out
}

// upperContents writes the last signature in capital digits: the same signature, and another file.
func upperContents(pdf []byte) []byte {
	at := bytes.LastIndex(pdf, []byte("/Contents<"))
	return append(append(bytes.Clone(pdf[:at+10]), bytes.ToUpper(pdf[at+10:at+1000])...), pdf[at+1000:]...)
}

// long goes over many more places of a file, and takes minutes:
//
//	go test ./internal/certificate -run 'TestNoChangedByte|TestCheckHostile' -certificate.long
var long = flag.Bool("certificate.long", false, "go over many more places of a file")

// TestNoChangedByteIsIssued goes over the whole file, and over what says where the seals are; the long form over every byte there.
func TestNoChangedByteIsIssued(t *testing.T) {
	k := newDesk(t)
	pdf := bytes.Clone(k.file.PDF)
	check := func(at int, bit byte) {
		pdf[at] ^= bit
		got := k.check(pdf)
		pdf[at] ^= bit
		switch got.Status {
		case models.FileIssued:
			t.Errorf("byte %d changed, and issued", at)
		case models.FileAppended, models.FileQRMismatch:
			t.Errorf("byte %d changed, and %s", at, got.Status)
		case models.FileNotOurs:
			t.Errorf("byte %d changed, and nothing of ours was seen", at)
		}
	}
	places, step := 4, 40
	if *long {
		places, step = 1000, 1
	}
	for at := 20; at < len(pdf); at += len(pdf) / places {
		check(at, 1)
	}
	start := bytes.LastIndex(pdf, []byte("<</Type/Sig/"))
	for at := start; at < start+120; at += step {
		check(at, 2)
	}
}

func TestCheckForeign(t *testing.T) {
	k := newDesk(t)
	other := newDesk(t) // the same program elsewhere: other keys for seals, and for codes
	for name, c := range map[string]struct {
		pdf    []byte
		reason models.FileReason
	}{
		"nothing":                {nil, models.FileNotPDF},
		"text":                   {[]byte("not a PDF"), models.FileNotPDF},
		"a picture":              {photo(), models.FileNotPDF},
		"an empty PDF":           {[]byte("%PDF-1.7\n"), models.FileNoMark},
		"somebody's PDF":         {[]byte("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj 3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj trailer<</Root 1 0 R>>"), models.FileNoMark},
		"another installation's": {other.file.PDF, models.FileNoMark},
	} {
		got := k.check(c.pdf)
		if got.Status != models.FileNotOurs || !slices.Contains(got.Reasons, c.reason) || got.Code != "" || got.Issued != nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestCheckPastedCode(t *testing.T) {
	k := newDesk(t)
	theirs := k.codes.next(t)
	foreign := "https://check.examp1e.org/v/" + strings.Repeat("7", 184)
	for name, c := range map[string]struct {
		text   string
		reason models.FileReason
	}{"another certificate's": {theirs, models.FileOtherCode}, "a stranger's": {foreign, models.FileForeignCode}} {
		for how, paste := range map[string]func(t testing.TB, pdf []byte, text string) []byte{
			"as an image": pasteImage, "as drawing": pasteDrawing, "as a stamp": pasteStamp, "as a packed inline image": pasteInline,
		} {
			got := k.check(paste(t, k.file.PDF, c.text))
			if got.Status != models.FileQRMismatch || !slices.Contains(got.Reasons, c.reason) || !slices.Contains(got.Reasons, models.FileLaterRevision) ||
				!slices.Contains(got.Shown, c.text) || slices.Contains(got.Shown, k.own) || got.Code != k.own {
				t.Errorf("%s %s: %s %v, shows %d codes", name, how, got.Status, got.Reasons, len(got.Shown))
			}
			if out := tool(t, paste(t, k.file.PDF, c.text), "pdfsig", "FILE"); strings.Count(out, "Signature is Valid") != 2 {
				t.Errorf("%s %s is not the attack: strangers' programs do not say valid", name, how)
			}
		}
	}
	// Beside our own, not over it.
	got := k.check(pasteAt(t, k.file.PDF, theirs, 300, 500))
	if got.Status != models.FileQRMismatch || len(got.Shown) != 2 {
		t.Errorf("beside: %+v", got)
	}
	// Our own code again is an addition like any other.
	if got := k.check(pasteImage(t, k.file.PDF, k.own)); got.Status != models.FileAppended {
		t.Errorf("its own code pasted over: %+v", got)
	}
	// Drawn anew without seals, stating one code and showing another.
	doc := document(func(d *models.Document) { d.Code = k.own })
	if got := k.check(pasteImage(t, k.sealed(doc), theirs)); got.Status != models.FileQRMismatch {
		t.Errorf("on a copy without seals: %+v", got)
	}
}

func TestCheckBoundsTheFile(t *testing.T) {
	k := newDesk(t)
	checker := NewChecker(k.ring, k.codes)
	endless := &counting{r: io.LimitReader(zeros{}, 2<<30)}
	_, err := checker.Check(context.Background(), endless, issuedFiles())
	if !errors.Is(err, models.ErrFileTooLarge) || endless.n > MaxFile+64<<10 {
		t.Errorf("2 GB: %v after %d bytes", err, endless.n)
	}
	full := append(bytes.Clone(k.file.PDF), make([]byte, MaxFile-len(k.file.PDF))...)
	if got := k.check(full); got.Status != models.FileAppended {
		t.Errorf("the largest file: %+v", got)
	}
	broken := errors.New("line cut")
	if _, err := checker.Check(context.Background(), io.MultiReader(bytes.NewReader(k.file.PDF), failing{broken}), issuedFiles()); !errors.Is(err, broken) {
		t.Errorf("a line that was cut: %v", err)
	}
	away := func(context.Context, models.FileDigest) (bool, error) { return false, models.ErrUnavailable }
	for _, pdf := range [][]byte{k.file.PDF, nil} {
		if _, err := checker.Check(context.Background(), bytes.NewReader(pdf), away); !errors.Is(err, models.ErrUnavailable) {
			t.Errorf("the store is away: %v", err)
		}
	}
	second := func(_ context.Context, d models.FileDigest) (bool, error) { // gone between two questions
		if d == k.file.Digest {
			return false, models.ErrUnavailable
		}
		return false, nil
	}
	if _, err := checker.Check(context.Background(), bytes.NewReader(append(bytes.Clone(k.file.PDF), '\n')), second); !errors.Is(err, models.ErrUnavailable) {
		t.Errorf("the store went away: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type counting struct {
	r io.Reader
	n int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestCheckHostileInside: what is packed or claimed inside a file does no harm, on a file of ours too.
func TestCheckHostileInside(t *testing.T) {
	k := newDesk(t)
	// Without the long form each kind of harm is done once: what stands behind a file of ours is read as what stands alone.
	behind := []string{"a form within itself", "many objects", "signatures without end"}
	twice := []string{"a bomb on the page", "endless comments"}
	for name, body := range hostile() {
		if *long || !slices.Contains(twice, name) {
			if alone := k.check([]byte("%PDF-1.7\n" + body)); alone.Status != models.FileNotOurs {
				t.Errorf("%s: %+v", name, alone)
			}
		}
		if !*long && !slices.Contains(behind, name) {
			continue
		}
		if got := k.check(append(bytes.Clone(k.file.PDF), body...)); got.Status != models.FileAppended || got.Code != k.own {
			t.Errorf("%s behind a file of ours: %+v", name, got)
		}
	}
}

// hostile gives objects that are meant to do harm.
func hostile() map[string]string {
	page := func(content string) string {
		return fmt.Sprintf("90 0 obj<</Type/Catalog/Pages 91 0 R>>endobj 91 0 obj<</Type/Pages/Kids[92 0 R]>>endobj 92 0 obj<</Type/Page/MediaBox[0 0 595 842]/Contents 93 0 R/Resources<</XObject<</A 93 0 R/B 94 0 R>>>>>>endobj 93 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 1 1]/Length %d/Resources<</XObject<</A 93 0 R/B 94 0 R>>>>>>stream\n%s\nendstream endobj ", len(content), content)
	}
	bomb := string(testkit.Bomb(200))
	return map[string]string{
		"a bomb":                  fmt.Sprintf("90 0 obj<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%s\nendstream endobj", len(bomb), bomb),
		"a bomb on the page":      strings.Replace(page(bomb), "/Type/XObject", "/Filter/FlateDecode/Type/XObject", 1),
		"a bomb in a bomb":        strings.Replace(page(string(deflated([]byte(bomb)))), "/Type/XObject", "/Filter[/FlateDecode/FlateDecode/FlateDecode]/Type/XObject", 1),
		"a stream of 2 GB":        "90 0 obj<</Length 2147483648>>stream\nx\nendstream endobj",
		"a stream of less than 0": "90 0 obj<</Length -1>>stream\nx\nendstream endobj",
		"a form within itself":    page(strings.Repeat("/A Do ", 500)),
		"lists within lists":      "90 0 obj" + strings.Repeat("[", 100_000),
		"dictionaries":            "90 0 obj" + strings.Repeat("<</A", 100_000),
		"endless brackets":        strings.Repeat("90 0 obj(", 20_000),
		"endless digits":          strings.Repeat("90 0 obj<", 20_000),
		"endless comments":        strings.Repeat("90 0 obj%", 20_000),
		"no end of streams":       strings.Repeat("90 0 obj<<>>stream ", 20_000),
		"many objects":            strings.Repeat("90 0 obj 1 endobj ", 60_000),
		"references in a ring":    "90 0 obj 91 0 R endobj 91 0 obj 90 0 R endobj 92 0 obj<</Type/Catalog/Pages 90 0 R>>endobj",
		"its own kid":             "90 0 obj<</Type/Catalog/Pages 91 0 R>>endobj 91 0 obj<</Type/Pages/Kids[91 0 R]>>endobj",
		"a huge picture":          page("q 595 0 0 842 0 0 cm /B Do Q") + "94 0 obj<</Type/XObject/Subtype/Image/Width 2000000000/Height 2000000000/BitsPerComponent 8/ColorSpace/DeviceGray/Length 1>>stream\nx\nendstream endobj",
		"signatures without end":  strings.Repeat("95 0 obj<</FT/Sig/V 96 0 R>>endobj 96 0 obj<</Type/Sig/ByteRange[0 1 2 3]/Contents<3080>>>endobj ", 500),
		"huge numbers":            page("1e300 0 0 1e300 0 0 cm 0 0 1e300 1e300 re f 99999999999999999999999999999999 0 0 1 re f"),
		"rectangles without end":  page(strings.Repeat("0 0 595 842 re f\n", 20_000)),
	}
}
