package sheet

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// The quick look at a cell's ends must never disagree with the list of what is padding.
func TestTrimKnowsAllPadding(t *testing.T) {
	found := 0
	for r := rune(0); r <= 0xFFFF; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		c := string(r)
		want := "x"
		if padding(r) {
			found++
		} else {
			want = c + "x"
		}
		if got := trim(c + "x"); got != want {
			t.Errorf("%U in front: %q", r, got)
		}
		if padding(r) {
			want = "王"
		} else {
			want = "王" + c
		}
		if got := trim("王" + c); got != want {
			t.Errorf("%U behind: %q", r, got)
		}
	}
	if found != 26 || trim("") != "" || trim(" \u3000\t") != "" {
		t.Errorf("%d kinds of padding", found)
	}
}

func TestHasControl(t *testing.T) {
	for r := rune(0); r < 0x200; r++ {
		want := r < 0x20 || 0x7F <= r && r < 0xA0
		if got := hasControl("王" + string(r)); got != want {
			t.Errorf("%U: %v", r, got)
		}
	}
	if hasControl(strings.Repeat("买买提·阿布都", 3)) || !hasControl("王\x00") {
		t.Error("control characters taken for others")
	}
}
