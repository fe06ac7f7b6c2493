package models

import (
	"errors"
	"strings"
	"testing"
)

var today = MustDate("2026-01-01")

func TestResidentID(t *testing.T) {
	for number, birth := range map[string]string{
		"11010519491231002X": "1949-12-31", // check 10 is X
		"11010519491231002x": "1949-12-31", // typed in lower case
		"440524188001010014": "",           // the check is right, the year is before any holder's
		"43010219640229031":  "",
		"430102196402290318": "1964-02-29",
		"43010219640230031X": "", // 30 February; the check is right
		"430102196302290310": "", // 29 February of a common year; the check is right
		"110105209912310010": "", // lies ahead; the check is right
		"110105202601010019": "2026-01-01",
		"430102190001010015": "1900-01-01",
		"430102189912310010": "",
		"110105198005200132": "1980-05-20",
	} {
		got, day, err := CheckIDNumber(IDResident, number, today)
		if birth == "" {
			if err == nil || got != "" || day != 0 {
				t.Errorf("%s was taken: %s, born %s", number, got, day)
			}
			continue
		}
		if err != nil || got != strings.ToUpper(number) || day.String() != birth {
			t.Errorf("%s: %s, born %s, %v; want %s", number, got, day, err, birth)
		}
	}
	// The day of birth is the last day that does not lie ahead.
	if _, _, err := CheckIDNumber(IDResident, "110105202601010019", today-1); !errors.Is(err, ErrIDBirth) {
		t.Errorf("born tomorrow: %v", err)
	}
}

func TestResidentIDRefusesEverySlip(t *testing.T) {
	const good = "11010519491231002X"
	for i := range good {
		for _, c := range "0123456789X" {
			slip := good[:i] + string(c) + good[i+1:]
			if slip == good {
				continue
			}
			if _, _, err := CheckIDNumber(IDResident, slip, today); !errors.Is(err, ErrIDNumber) {
				t.Errorf("%s: %v", slip, err)
			}
		}
	}
	for _, s := range []string{
		"", "X", good[:16] + "=X", good[:17], good + "1", " " + good, "110105491231002", "1101051949123100\uff12X", "110105194912310 2X",
		strings.Repeat("X", 18), strings.Repeat("\x00", 18), "11010519491231002\u0425", // a Cyrillic letter that looks like X
	} {
		if _, _, err := CheckIDNumber(IDResident, s, today); !errors.Is(err, ErrIDNumber) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestOtherIdentityPapers(t *testing.T) {
	for _, c := range []struct {
		kind   IDType
		number string
		want   string // empty: refused
	}{
		{IDHongKongMacau, "H12345678", "H12345678"}, {IDHongKongMacau, "m1234567801", "M1234567801"},
		{IDHongKongMacau, "A12345678", ""}, {IDHongKongMacau, "H123456789", ""},
		{IDTaiwan, "12345678", "12345678"}, {IDTaiwan, "1234567801", "1234567801"}, {IDTaiwan, "123456789", ""},
		{IDPassport, "e12345678", "E12345678"}, {IDPassport, "1234", ""}, {IDPassport, "E1234-678", ""},
		{IDPassport, strings.Repeat("A", 18), ""}, {IDPassport, "E12345678\n", ""},
		{IDForeignerPass, "CAN110180010100", "CAN110180010100"}, {IDForeignerPass, "CAN11018001010", ""},
		{IDResidencePass, "11010519491231002X", "11010519491231002X"}, {IDResidencePass, "110105194912310020", ""},
		{"library_card", "1", ""}, {"", "11010519491231002X", ""},
	} {
		got, birth, err := CheckIDNumber(c.kind, c.number, today)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s %q: %q, %v", c.kind, c.number, got, err)
		}
		if (birth != 0) != (c.want != "" && c.kind == IDResidencePass) {
			t.Errorf("%s %q: born %s", c.kind, c.number, birth)
		}
	}
}

func TestParseIDType(t *testing.T) {
	for s, want := range map[string]IDType{
		"": IDResident, "resident_id": IDResident, "居民身份证": IDResident, "护照": IDPassport,
		"港澳居民来往内地通行证": IDHongKongMacau, "taiwan_permit": IDTaiwan, "港澳台居民居住证": IDResidencePass,
		"外国人永久居留身份证": IDForeignerPass,
	} {
		if got, err := ParseIDType(s); got != want || err != nil {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
	if got, err := ParseIDType("借书证"); got != "" || !errors.Is(err, ErrIDType) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestMaskIDNumber(t *testing.T) {
	for number, want := range map[string]string{
		"11010519491231002X": "**************002X", "H12345678": "******678", "12345": "****5", "1234": "***4", "1": "*", "": "",
	} {
		if got := MaskIDNumber(number); got != want {
			t.Errorf("%q is shown as %q, want %q", number, got, want)
		}
	}
}

const usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// usccOf completes 17 characters to a code by GB 32100, worked out apart from the code under test:
// the check is the one character for which the weighted sum of all 18 is a multiple of 31. It is
// evaluated from the far end (Horner), so no table of weights can be shared.
func usccOf(t *testing.T, body string) string {
	t.Helper()
	sum := 0
	for i := len(body) - 1; i >= 0; i-- {
		v := strings.IndexByte(usccAlphabet, body[i])
		if v < 0 {
			t.Fatalf("%q is no character of a code", body[i])
		}
		sum = (sum*3 + v) % 31
	}
	for check := range usccAlphabet {
		if (sum+check)%31 == 0 {
			return body + usccAlphabet[check:check+1]
		}
	}
	panic("unreachable: one of 31 remainders fits")
}

func TestEmployerCode(t *testing.T) {
	bodies := []string{
		"11430000006122244", "00000000000000000", "YYYYYYYYYYYYYYYYY", "9111000000000000A", "12100000400000001",
		usccAlphabet[:17], usccAlphabet[14:],
	}
	for _, body := range bodies {
		good := usccOf(t, body)
		if err := CheckEmployerCode(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
		for i := range good { // 31 is prime and no weight is 0 mod 31: no single slip goes unseen
			for _, c := range "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabz-" {
				slip := good[:i] + string(c) + good[i+1:]
				if slip != good && !errors.Is(CheckEmployerCode(slip), ErrEmployerCode) {
					t.Errorf("%s was taken for %s", slip, good)
				}
			}
		}
	}
	// The issuer in the known good certificate identifier is itself a valid code.
	if usccOf(t, "11430000006122244") != "11430000006122244L" {
		t.Error("the issuer's code does not fit the formula")
	}
	for _, s := range []string{
		"", "11430000006122244", "11430000006122244L0", "11430000006122244l", " 1430000006122244L", "1143000000612224\uff14L",
	} {
		if !errors.Is(CheckEmployerCode(s), ErrEmployerCode) {
			t.Errorf("%q was taken", s)
		}
	}
}
