package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// tool runs one of poppler's programs and gives what it said.
func tool(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput() //nolint:gosec // a fixed name, and a path below the stand
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return string(out), err
}

// file keeps the downloaded file where tools can read it.
func (r *road) file() (string, error) {
	path := filepath.Join(r.Dir, "certificate.pdf")
	return path, os.WriteFile(path, r.pdf, 0o600)
}

func (r *road) seals(ctx context.Context) (string, error) {
	path, err := r.file()
	if err != nil {
		return "", err
	}
	out, err := tool(ctx, "pdfsig", path)
	if err != nil {
		return "", err
	}
	var said []string
	for line := range strings.Lines(out) {
		if strings.Contains(line, "Signer Certificate Common Name") {
			_, name, _ := strings.Cut(line, ": ")
			said = append(said, strings.TrimSpace(name))
		}
	}
	return "valid: " + strings.Join(said, ", "), errors.Join(want("valid signatures", strings.Count(out, "Signature is Valid"), 2),
		want("of the whole file", strings.Contains(out, "Total document signed"), true))
}

// picture renders the page as a phone or a printer would, and reads its code off the pixels.
func (r *road) picture(ctx context.Context) (string, error) {
	path, err := r.file()
	if err != nil {
		return "", err
	}
	if _, err := tool(ctx, "pdftoppm", "-png", "-r", "150", "-singlefile", path, strings.TrimSuffix(path, ".pdf")); err != nil {
		return "", err
	}
	raw, err := os.ReadFile(strings.TrimSuffix(path, ".pdf") + ".png")
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(r.out, raw, 0o644); err != nil { //nolint:gosec // a picture of made-up people
		return "", err
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return "", err
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		return "", err
	}
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		return "", fmt.Errorf("the code cannot be read off the picture: %w", err)
	}
	r.code = result.GetText()
	return fmt.Sprintf("%d×%d pixels, a code of %d characters", img.Bounds().Dx(), img.Bounds().Dy(), len(r.code)), nil
}
