package holder_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"testing"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// slow is pictures that wait to be let go, and then refuse.
type slow struct{ entered, leave chan struct{} }

func (s *slow) Normalise(models.ImageKind, []byte) ([]byte, error) {
	s.entered <- struct{}{}
	<-s.leave
	return nil, errors.New("no picture")
}

func (s *slow) Mark(models.ImageKind, []byte, string) ([]byte, error) { return []byte("marked"), nil }

// made gives links to images of a person, as a scan makes them.
func (h *house) made(person int64, kinds ...models.ImageKind) []models.ImageLink {
	h.t.Helper()
	pipe := h.rdb.Pipeline()
	p := h.links.Queue(h.t.Context(), pipe, "0197f000-0000-7000-8000-000000000001", person, kinds)
	_, err := pipe.Exec(h.t.Context())
	testkit.Must(h.t, err)
	return p.Made()
}

func turnedPNG(t *testing.T, raw []byte) []byte {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(raw))
	testkit.Must(t, err)
	b := img.Bounds()
	out := image.NewRGBA(b)
	for y := range b.Dy() {
		for x := range b.Dx() {
			out.Set(b.Dx()-1-x, b.Dy()-1-y, img.At(x, y))
		}
	}
	var buffer bytes.Buffer
	testkit.Must(t, png.Encode(&buffer, out))
	return buffer.Bytes()
}
