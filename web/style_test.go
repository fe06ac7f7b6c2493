package web

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// luminance is that of WCAG 2, for #rgb and #rrggbb.
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	hex := strings.TrimPrefix(colour, "#")
	if len(hex) == 3 {
		hex = strings.Map(func(r rune) rune { return r }, string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]}))
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatalf("%q is not a colour", colour)
		}
		v := float64(n) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum
}

func contrast(t *testing.T, a, b string) float64 {
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// colours gives the variables of a part of the style sheet, over those of what it builds on.
func colours(part string, under map[string]string) map[string]string {
	m := map[string]string{}
	for k, v := range under {
		m[k] = v
	}
	for _, found := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{3,6});`).FindAllStringSubmatch(part, -1) {
		m[found[1]] = found[2]
	}
	return m
}

func TestContrast(t *testing.T) {
	raw, err := files.ReadFile("assets/style.css")
	if err != nil {
		t.Fatal(err)
	}
	css := string(raw)
	dark, paper := strings.Index(css, "@media (prefers-color-scheme: dark)"), strings.Index(css, "@media print")
	if dark < 0 || paper < dark {
		t.Fatal("no dark or no print part")
	}
	light := colours(css[:dark], nil)
	for name, c := range map[string]map[string]string{
		"light": light, "dark": colours(css[dark:paper], light), "print": colours(css[paper:], light),
	} {
		for _, tone := range []string{"good", "bad", "warn", "unknown", "plain"} {
			if got := contrast(t, c[tone], c["on-"+tone]); got < 7 {
				t.Errorf("%s: the band %s has %.1f, want 7", name, tone, got)
			}
		}
		for _, pair := range [][2]string{{"ink", "card"}, {"ink", "ground"}, {"soft", "card"}, {"soft", "ground"}, {"link", "card"}, {"link", "ground"}} {
			if got := contrast(t, c[pair[0]], c[pair[1]]); got < 4.5 {
				t.Errorf("%s: %s on %s has %.1f, want 4.5", name, pair[0], pair[1], got)
			}
		}
	}
	for _, tone := range []tone{toneGood, toneBad, toneWarn, toneUnknown} {
		if tone.Theme() != light[string(tone)] {
			t.Errorf("%s is %s in the browser's bar and %s on the page", tone, tone.Theme(), light[string(tone)])
		}
	}
}
