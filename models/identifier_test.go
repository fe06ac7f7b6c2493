package models

import (
	"errors"
	"strings"
	"testing"
)

// known is an identifier whose check characters are published.
var known = Identifier{Type: "11100000000013338W011", Issuer: "11430000006122244L", Serial: "20230000403", Version: "001"}

func TestIdentifierCheckCharacter(t *testing.T) {
	for version, want := range map[string]byte{"001": 'U', "002": 'S'} {
		i := known
		i.Version = version
		if got := i.CheckCharacter(); got != want {
			t.Errorf("version %s: check character %c, want %c", version, got, want)
		}
	}
	want := "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U"
	if got := known.String(); got != want {
		t.Errorf("printed as %s, want %s", got, want)
	}
	if got, err := ParseIdentifier(want); err != nil || got != known {
		t.Errorf("read back as %+v, %v", got, err)
	}
}

// TestIdentifierAgainstTheStandard computes the sum as ISO 7064 states it for checking, not as it is built.
func TestIdentifierAgainstTheStandard(t *testing.T) {
	holds := func(s string) bool { // the hybrid sum over all characters, the last added but not doubled, is 1 mod 36
		p := 36
		for n, c := range []byte(s) {
			v := strings.IndexByte(identifierAlphabet, c)
			p += v
			if n == len(s)-1 {
				return p%36 == 1
			}
			if p %= 36; p == 0 {
				p = 36
			}
			p = 2 * p % 37
		}
		return false
	}
	i := known
	for _, serial := range []string{"0", "1", "Z", "20230000403", "A1B2C3", strings.Repeat("9", 40)} {
		i.Serial = serial
		digits := strings.ReplaceAll(strings.TrimPrefix(i.String(), identifierRoot), ".", "")
		if !holds(digits) {
			t.Errorf("%s does not hold", i)
		}
		for n := range digits { // every change of one character is found
			c := []byte(digits)
			c[n] = identifierAlphabet[(strings.IndexByte(identifierAlphabet, c[n])+1)%36]
			if holds(string(c)) {
				t.Errorf("%s: a change at %d is not found", i, n)
			}
		}
	}
}

func TestIdentifierRefuses(t *testing.T) {
	for name, change := range map[string]func(*Identifier){
		"short type":         func(i *Identifier) { i.Type = i.Type[1:] },
		"long type":          func(i *Identifier) { i.Type += "0" },
		"small letter":       func(i *Identifier) { i.Type = strings.ToLower(i.Type) },
		"wrong issuer":       func(i *Identifier) { i.Issuer = "11430000006122245L" },
		"no serial":          func(i *Identifier) { i.Serial = "" },
		"dot in serial":      func(i *Identifier) { i.Serial = "2023.0403" },
		"long serial":        func(i *Identifier) { i.Serial = strings.Repeat("1", 41) },
		"letters in version": func(i *Identifier) { i.Version = "00A" },
		"short version":      func(i *Identifier) { i.Version = "01" },
		"Chinese serial":     func(i *Identifier) { i.Serial = "建筑" },
	} {
		i := known
		change(&i)
		if err := i.Check(); !errors.Is(err, ErrIdentifier) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := ParseIdentifier(i.String()); !errors.Is(err, ErrIdentifier) {
			t.Errorf("%s: read back: %v", name, err)
		}
	}
	if got := (Identifier{Type: "建"}).CheckCharacter(); got != 0 {
		t.Errorf("a check character %c for what has none", got)
	}
	for _, s := range []string{"", "1.2.156.3005.2", known.String() + ".", strings.TrimSuffix(known.String(), "U") + "V", "1.2.156.3005.3" + known.String()[14:], strings.TrimSuffix(known.String(), ".U")} {
		if _, err := ParseIdentifier(s); !errors.Is(err, ErrIdentifier) {
			t.Errorf("%q: %v", s, err)
		}
	}
}
