package certificate

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"yanzheng/internal/code"
	"yanzheng/models"
)

// imprint is an issuer that does not exist.
var imprint = Imprint{Board: "示例注册建筑师管理委员会", Director: "主任委员", CheckAt: "https://check.example.org/"}

var onePress = sync.OnceValues(func() (*Press, error) { return NewPress(imprint) })

func press(t testing.TB) *Press {
	t.Helper()
	p, err := onePress()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// madeAt is a moment in the evening of 5 July in London, and in the morning of 6 July in China.
var madeAt = time.Date(2026, 7, 5, 17, 20, 30, 0, time.UTC)

// ring makes keys for seals that are good when the documents of the tests are made.
func ring(t testing.TB) *Ring {
	t.Helper()
	dir := t.TempDir()
	if _, err := Make(dir, models.MustDate("2026-01-01")); err != nil {
		t.Fatal(err)
	}
	return load(t, dir)
}

func load(t testing.TB, dir string) *Ring {
	t.Helper()
	r, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// codes makes a reader with keys of its own, and gives codes that it reads as genuine.
type codes struct {
	*code.Reader
	n byte
}

const prefix = "https://check.example.org/v/"

func newCodes(t testing.TB) *codes {
	t.Helper()
	dir := t.TempDir()
	if _, err := code.Add(dir, models.MustDate("2026-01-01")); err != nil {
		t.Fatal(err)
	}
	r, err := code.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &codes{Reader: code.NewReader(prefix, r)}
}

func (c *codes) next(t testing.TB) string {
	t.Helper()
	c.n++
	url, err := c.URL(&models.Certificate{ID: models.CertificateID{c.n}, Kind: 1, UseUntil: models.MustDate("2027-01-01")})
	if err != nil {
		t.Fatal(err)
	}
	return url
}

// someCode has the form of a code; nobody signed it.
var someCode = prefix + strings.Repeat("0123456789", 18) + "0123"

// document is an ordinary one; change makes another of it.
func document(change func(d *models.Document)) *models.Document {
	d := &models.Document{
		Printed: models.Printed{
			Name: "张三", Sex: models.Male, BirthDate: models.MustDate("1980-05-20"), Category: models.CategoryArchitect1,
			CertificateNumber: "121500249", SealNumber: "281827-007", Employer: "示例建筑设计研究院有限公司",
			ValidFrom: models.MustDate("2025-07-01"), ValidUntil: models.MustDate("2027-06-30"),
		},
		UseFrom: models.MustDate("2026-07-06"), UseUntil: models.MustDate("2027-01-02"),
		Identifier: models.Identifier{Type: "11100000000013338W011", Issuer: "11430000006122244L", Serial: "20230000403", Version: "001"},
		Code:       someCode, Photo: photo(), Signature: handwriting(), At: madeAt,
	}
	if change != nil {
		change(d)
	}
	return d
}

// photo is nobody: a shape before a light ground.
var photo = sync.OnceValue(func() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 413, 579))
	inside := func(x, y, cx, cy, rx, ry float64) bool { return math.Hypot((x-cx)/rx, (y-cy)/ry) < 1 }
	for y := range 579 {
		for x := range 413 {
			fx, fy := float64(x), float64(y)
			c := color.RGBA{0xe4, 0xeb, 0xf1, 0xff}
			if inside(fx, fy, 206, 640, 190, 215) || inside(fx, fy, 206, 240, 100, 130) || inside(fx, fy, 206, 400, 52, 90) {
				c = color.RGBA{0x7d, 0x8f, 0x9e, 0xff}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, img, &jpeg.Options{Quality: 85})
	return b.Bytes()
})

// handwriting is a curve of ink on a transparent ground.
var handwriting = sync.OnceValue(func() []byte {
	img := image.NewNRGBA(image.Rect(0, 0, 600, 200))
	for i := range 6000 {
		s := float64(i) / 6000
		x := 40 + 510*s + 34*math.Sin(s*41)
		y := 104 + 58*math.Sin(s*33)*math.Cos(s*2.3) + 14*math.Sin(s*71)
		r := 2.2 + 1.6*math.Sin(s*17+1)
		for dy := -4; dy <= 4; dy++ {
			for dx := -4; dx <= 4; dx++ {
				if math.Hypot(float64(dx), float64(dy)) < r {
					img.SetNRGBA(int(x)+dx, int(y)+dy, color.NRGBA{0x10, 0x18, 0x30, 0xff})
				}
			}
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img)
	return b.Bytes()
})

func issue(t testing.TB, d *models.Document, r *Ring) models.File {
	t.Helper()
	f, err := press(t).Issue(d, r)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// issuedFiles remembers digests as a store would.
func issuedFiles(files ...models.File) Find {
	return func(_ context.Context, digest models.FileDigest) (bool, error) {
		for _, f := range files {
			if f.Digest == digest {
				return true, nil
			}
		}
		return false, nil
	}
}

// tool runs one of poppler's programs on a file, and gives what it says.
func tool(t testing.TB, pdf []byte, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "certificate.pdf")
	if err := os.WriteFile(path, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		args[i] = strings.Replace(a, "FILE", path, 1)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s\n(poppler-utils is missing? scripts/test installs it)", name, err, stderr.String())
	}
	if strings.Contains(stderr.String(), "Error") {
		t.Errorf("%s complains: %s", name, stderr.String())
	}
	return string(out)
}

// render draws the first page at that many pixels an inch.
func render(t testing.TB, pdf []byte, resolution string) image.Image {
	t.Helper()
	out := tool(t, pdf, "pdftoppm", "-png", "-r", resolution, "FILE")
	img, err := png.Decode(strings.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// opaque is a PNG without any transparent pixel.
func opaque() []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, 60, 20)))
	return b.Bytes()
}
