package picture

import (
	"errors"
	"fmt"
)

// Rules are all numbers that an upload is measured by. The architects' own collection rules are not
// confirmed (those of the constructors are: JPEG of at most 50 KB, one inch), so they are configuration.
type Rules struct {
	MaxBytes  int // of the file
	MaxPixels int // width × height
	MaxSide   int // pixels of the longer side
	MaxMemory int // bytes that the decoded picture may take, estimated from its header
	MaxScans  int // of a progressive JPEG; each costs time by the picture's size, whatever bytes it has

	Photo     PhotoRules
	Signature SignatureRules
}

// PhotoRules are those of the photo (一寸照).
type PhotoRules struct {
	MinWidth, MinHeight   int     // pixels, upright
	RatioWide, RatioHigh  int     // the shape asked for: wide to high
	RatioSlack            float64 // how far width ÷ height may be from it; what is too much is cut off evenly
	Width, Height         int     // pixels of what comes out; a smaller upload keeps its size
	MaxBytes              int     // of the JPEG that comes out
	MinQuality            int     // of that JPEG (1 to 100); what would need less is refused
	MinLight              int     // 0 to 255: from which brightness on a pixel of the border counts as light
	LightShare            float64 // of the border that has to be light
	BorderTop, BorderSide float64 // the border: a band along the top, by height, and along both sides, by width
	BorderDepth           float64 // how far down the bands at the sides go, by height: above the shoulders
}

// SignatureRules are those of the signature image.
type SignatureRules struct {
	Width, Height   int     // pixels that what comes out fits into; it is never enlarged
	MinInk          float64 // share of the whole picture that is ink
	MaxInk          float64 // share of what is left when the picture is cropped to the signature
	MinSide         int     // pixels of the signature's longer side in the upload
	MinPaper        int     // 0 to 255: brightness of the paper
	MinContrast     int     // 1 to 255: how much darker than the paper the ink is, the paper set to 255
	Trim            float64 // share of the picture left out on each side: scanners leave a dark line there
	WorkPixels      int     // a larger picture is reduced to about this many before the ink is looked for
	Margin          float64 // left around the signature, by its longer side
	SpeckPerMillion float64 // a spot smaller than this many millionths of the picture is dirt
}

// DefaultRules are the numbers in force unless configuration says otherwise.
func DefaultRules() Rules {
	return Rules{
		MaxBytes: 2 << 20, MaxPixels: 24_000_000, MaxSide: 12_000, MaxMemory: 192 << 20, MaxScans: 32,
		Photo: PhotoRules{
			MinWidth: 295, MinHeight: 413, RatioWide: 5, RatioHigh: 7, RatioSlack: 0.03,
			Width: 413, Height: 579, MaxBytes: 50 << 10, MinQuality: 40,
			MinLight: 175, LightShare: 0.8, BorderTop: 0.04, BorderSide: 0.05, BorderDepth: 0.4,
		},
		Signature: SignatureRules{
			Width: 600, Height: 240, MinInk: 0.002, MaxInk: 0.4, MinSide: 100, MinPaper: 100, MinContrast: 50,
			Trim: 0.01, WorkPixels: 4_000_000, Margin: 0.04, SpeckPerMillion: 8,
		},
	}
}

// Validate says what is wrong with rules that come from configuration, before anybody is refused by them.
func (r Rules) Validate() error {
	p, s := r.Photo, r.Signature
	var faults []error
	for _, n := range []struct {
		name        string
		value       float64
		least, most float64
	}{
		{"max_bytes", float64(r.MaxBytes), 1, 64 << 20},
		{"max_pixels", float64(r.MaxPixels), 1, 100_000_000},
		{"max_side", float64(r.MaxSide), 1, 65_535},
		{"max_memory", float64(r.MaxMemory), 1, 1 << 30},
		{"max_scans", float64(r.MaxScans), 1, 1000},
		{"photo.min_width", float64(p.MinWidth), 1, float64(r.MaxSide)},
		{"photo.min_height", float64(p.MinHeight), 1, float64(r.MaxSide)},
		{"photo.ratio_wide", float64(p.RatioWide), 1, 1000},
		{"photo.ratio_high", float64(p.RatioHigh), 1, 1000},
		{"photo.ratio_slack", p.RatioSlack, 0, 1},
		{"photo.width", float64(p.Width), 16, 4000},
		{"photo.height", float64(p.Height), 16, 4000},
		{"photo.max_bytes", float64(p.MaxBytes), 1 << 10, 8 << 20},
		{"photo.min_quality", float64(p.MinQuality), 1, 100},
		{"photo.min_light", float64(p.MinLight), 0, 255},
		{"photo.light_share", p.LightShare, 0, 1},
		{"photo.border_top", p.BorderTop, 0.01, 0.5},
		{"photo.border_side", p.BorderSide, 0.01, 0.5},
		{"photo.border_depth", p.BorderDepth, 0.01, 1},
		{"signature.width", float64(s.Width), 16, 4000},
		{"signature.height", float64(s.Height), 16, 4000},
		{"signature.min_ink", s.MinInk, 0, 1},
		{"signature.max_ink", s.MaxInk, s.MinInk, 1},
		{"signature.min_side", float64(s.MinSide), 1, float64(r.MaxSide)},
		{"signature.min_paper", float64(s.MinPaper), 1, 255},
		{"signature.min_contrast", float64(s.MinContrast), 1, 255},
		{"signature.trim", s.Trim, 0, 0.2},
		{"signature.work_pixels", float64(s.WorkPixels), 10_000, 16_000_000},
		{"signature.margin", s.Margin, 0.01, 1},
		{"signature.speck_per_million", s.SpeckPerMillion, 0, 10_000},
	} {
		if !(n.value >= n.least && n.value <= n.most) { // so that NaN is a fault too
			faults = append(faults, fmt.Errorf("picture: %s is %v, not between %v and %v", n.name, n.value, n.least, n.most))
		}
	}
	return errors.Join(faults...)
}
