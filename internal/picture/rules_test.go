package picture

import (
	"math"
	"strings"
	"testing"
)

func TestDefaultRules(t *testing.T) {
	r := DefaultRules()
	if err := r.Validate(); err != nil {
		t.Error(err)
	}
	// Those that certificate rules state; the rest is ours.
	if r.MaxBytes != 2<<20 || r.MaxPixels != 24_000_000 || r.Photo.MinWidth != 295 || r.Photo.MinHeight != 413 || r.Photo.RatioWide != 5 ||
		r.Photo.RatioHigh != 7 || r.Photo.RatioSlack != 0.03 || r.Photo.Width != 413 || r.Photo.Height != 579 || r.Photo.MaxBytes != 50<<10 ||
		r.Signature.Width != 600 || r.Signature.Height != 240 || r.Signature.MinInk != 0.002 || r.Signature.MaxInk != 0.4 {
		t.Errorf("%+v", r)
	}
}

func TestFaultsOfRulesAreNamed(t *testing.T) {
	for fault, change := range map[string]func(r *Rules){
		"max_bytes":              func(r *Rules) { r.MaxBytes = 0 },
		"max_memory":             func(r *Rules) { r.MaxMemory = 2 << 30 },
		"max_side":               func(r *Rules) { r.MaxSide = -1 },
		"photo.ratio_slack":      func(r *Rules) { r.Photo.RatioSlack = math.NaN() },
		"photo.min_quality":      func(r *Rules) { r.Photo.MinQuality = 101 },
		"photo.light_share":      func(r *Rules) { r.Photo.LightShare = 1.1 },
		"signature.max_ink":      func(r *Rules) { r.Signature.MaxInk = 0.001 },
		"signature.min_contrast": func(r *Rules) { r.Signature.MinContrast = 0 },
	} {
		r := DefaultRules()
		change(&r)
		if err := r.Validate(); err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("%s: %v", fault, err)
		}
	}
	if err := (Rules{}).Validate(); err == nil || strings.Count(err.Error(), "\n") < 15 {
		t.Errorf("no rules at all: %v", err)
	}
}
