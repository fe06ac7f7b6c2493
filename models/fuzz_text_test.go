package models

import (
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// FuzzIDNumber: of the numbers of GB 11643 those are taken that another way of reckoning finds right, in their one written
// form, and no single slip of the pen is.
func FuzzIDNumber(f *testing.F) {
	kinds := []IDType{IDResident, IDResidencePass, IDHongKongMacau, IDTaiwan, IDPassport, IDForeignerPass, "other"}
	f.Fuzz(func(t *testing.T, s string, pick uint8, right bool) {
		kind := kinds[int(pick)%len(kinds)]
		resident := kind == IDResident || kind == IDResidencePass
		if right && resident && len(s) >= 17 { // nobody finds a check digit by chance
			s = s[:17] + string(checkDigit(s[:17]))
		}
		number, birth, err := CheckIDNumber(kind, s, today)
		if resident {
			if want := residentIDIsRight(strings.ReplaceAll(s, "x", "X")); (err == nil) != want {
				t.Fatalf("%s %q: %v, want it taken: %v", kind, s, err, want)
			}
		}
		if err != nil {
			if number != "" || birth != 0 {
				t.Errorf("%s %q was refused with %q, %s", kind, s, number, birth)
			}
			return
		}
		again, sameBirth, err := CheckIDNumber(kind, number, today)
		if again != number || sameBirth != birth || err != nil {
			t.Errorf("%s %q: %q, then %q, %v", kind, s, number, again, err)
		}
		if strings.Trim(number, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || !strings.EqualFold(number, s) {
			t.Errorf("%s %q was taken as %q", kind, s, number)
		}
		mask := MaskIDNumber(number)
		if shown := strings.TrimLeft(mask, "*"); len(mask) != len(number) || len(shown) > 4 || len(shown)*3 > len(number) || !strings.HasSuffix(number, shown) {
			t.Errorf("%q is shown as %q", number, mask)
		}
		if !resident {
			if birth != 0 {
				t.Errorf("%s %q is said to be born %s", kind, number, birth)
			}
			return
		}
		if strings.ReplaceAll(birth.String(), "-", "") != number[6:14] || birth > today {
			t.Errorf("%q is said to be born %s", number, birth)
		}
		for i := range 17 {
			other := number[:i] + string('0'+(number[i]-'0'+1+pick%9)%10) + number[i+1:]
			if _, _, err := CheckIDNumber(kind, other, today); err == nil {
				t.Errorf("%q and %q are both taken", number, other)
			}
			if swapped := swap(number, i); swapped != number {
				if _, _, err := CheckIDNumber(kind, swapped, today); err == nil {
					t.Errorf("%q and %q are both taken", number, swapped)
				}
			}
		}
	})
}

// checkDigit is ISO 7064 MOD 11-2 the way that standard reckons it, digit by digit.
func checkDigit(digits string) byte {
	p := 0
	for _, c := range []byte(digits) {
		p = (p + int(c-'0')) * 2 % 11
	}
	return "0123456789X"[((12-p)%11+11)%11]
}

func residentIDIsRight(s string) bool {
	if len(s) != 18 || strings.Trim(s[:17], "0123456789") != "" || s[17] != checkDigit(s[:17]) {
		return false
	}
	born, err := ParseDate(s[6:10] + "-" + s[10:12] + "-" + s[12:14])
	return err == nil && born >= MustDate("1900-01-01") && born <= today
}

func swap(s string, i int) string { return s[:i] + s[i+1:i+2] + s[i:i+1] + s[i+2:] }

// FuzzEmployerCode: of the codes of GB 32100 those are taken that another way of reckoning finds right, and no single slip
// of the pen is.
func FuzzEmployerCode(f *testing.F) {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	f.Fuzz(func(t *testing.T, s string, right bool, slip uint8) {
		if right && len(s) >= 17 {
			body := []byte(s[:17])
			for i, b := range body {
				body[i] = alphabet[int(b)%len(alphabet)]
			}
			s = string(body)
			for _, c := range alphabet {
				if employerCodeIsRight(alphabet, s+string(c)) {
					s += string(c)
					break
				}
			}
		}
		err := CheckEmployerCode(s)
		if want := employerCodeIsRight(alphabet, s); (err == nil) != want {
			t.Fatalf("%q: %v, want it taken: %v", s, err, want)
		}
		if err != nil {
			return
		}
		for i := range 18 {
			at := strings.IndexByte(alphabet, s[i])
			other := s[:i] + string(alphabet[(at+1+int(slip)%30)%31]) + s[i+1:]
			if CheckEmployerCode(other) == nil {
				t.Errorf("%q and %q are both taken", s, other)
			}
			if i < 17 && swap(s, i) != s && CheckEmployerCode(swap(s, i)) == nil {
				t.Errorf("%q and %q are both taken", s, swap(s, i))
			}
		}
		if lower := strings.ToLower(s); lower != s && CheckEmployerCode(lower) == nil {
			t.Errorf("%q is taken: one code would have two written forms", lower)
		}
	})
}

// employerCodeIsRight reckons from the back: the weighted sum and the check character make a multiple of 31.
func employerCodeIsRight(alphabet, s string) bool {
	if len(s) != 18 || strings.Trim(s, alphabet) != "" {
		return false
	}
	sum := 0
	for i := 16; i >= 0; i-- {
		sum = (sum*3 + strings.IndexByte(alphabet, s[i])) % 31
	}
	return (sum+strings.IndexByte(alphabet, s[17]))%31 == 0
}

// FuzzName: a text has one written form; what is taken for a name is one, and with anything else in it is one no more.
func FuzzName(f *testing.F) {
	const strange = "1<>&\"/\\\x00\n\u202e\u200b\u200d\ufeff\ufffd、，。☺%=@" // no part of a name
	f.Fuzz(func(t *testing.T, s string, at uint8) {
		n := NormalizeText(s)
		if n != typed(s) {
			t.Errorf("%q is normalized to %q, want %q", s, n, typed(s))
		}
		if again := NormalizeText(n); again != n || !utf8.ValidString(n) || utf8.RuneCountInString(n) > utf8.RuneCountInString(s) {
			t.Errorf("%q becomes %q, then %q", s, n, again)
		}
		if CheckName(n) != nil {
			return
		}
		runes := []rune(n)
		if len(runes) < 2 || len(runes) > 50 {
			t.Errorf("a name of %d characters: %q", len(runes), n)
		}
		for i, r := range runes {
			letter := unicode.IsLetter(r) || r == '〇' || unicode.Is(unicode.Mn, r)
			if !letter && !strings.ContainsRune("· -'’.", r) || !letter && r != '.' && (i == 0 || i == len(runes)-1) {
				t.Errorf("%q in the name %q", r, n)
			}
		}
		i := int(at) % (len(runes) + 1)
		for _, r := range strange {
			if spoilt := string(runes[:i]) + string(r) + string(runes[i:]); CheckName(spoilt) == nil {
				t.Errorf("%q is taken for a name", spoilt)
			}
		}
		for _, spoilt := range []string{n + "·", "-" + n, n + "\xff", n + " " + strings.Repeat("名", 50), "." + n, n + "··" + n} {
			if CheckName(spoilt) == nil {
				t.Errorf("%q is taken for a name", spoilt)
			}
		}
	})
}

// FuzzDate: a text is a date just when the calendar has that day, and every day has one text, one beginning and one end.
func FuzzDate(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string, n int32, years uint8) {
		d, err := parseDay(s)
		if want := isDay(s); (err == nil) != want || want && d.String() != s || err != nil && d != 0 {
			t.Fatalf("%q is %s, %v; want a date: %v", s, d, err, want)
		}
		first, last := MustDate("0001-01-01"), MustDate("9999-12-31")
		day := first + Date((int64(n)-int64(first))%int64(last)+int64(last))%last
		if again, err := parseDay(day.String()); again != day || err != nil {
			t.Errorf("%s is read as %s, %v", day, again, err)
		}
		begin, end := day.Start(), (day + 1).Start()
		if DateOf(begin) != day || DateOf(end.Add(-1)) != day || DateOf(end) != day+1 || end.Sub(begin) != 24*time.Hour {
			t.Errorf("%s from %s to %s", day, begin, end)
		}
		y, m, dd := begin.Date()
		if want := daysBefore(y) + begin.YearDay(); int(day) != want || NewDate(y, m, dd) != day {
			t.Errorf("%s is day %d, want %d", day, day, want)
		}
		if there := y + int(years); there <= 9999 {
			a := day.Anniversary(int(years))
			if want := birthday(day, int(years)); a != want || m == time.February && dd == 29 && a.Start().Month() != time.February {
				t.Errorf("%s and %d years is %s, want %s", day, years, a, want)
			}
		}
		var back Date
		stored, err := day.Value()
		if err != nil || back.Scan(stored) != nil || back != day {
			t.Errorf("%s is stored as %v and comes back as %s", day, stored, back)
		}
		if again := Date(1); again.Scan(begin.UTC().Add(8*time.Hour)) != nil || again != day { // as a driver gives a DATE
			t.Errorf("%s comes back from a driver as %s", day, again)
		}
	})
}

// isDay reads a date with nothing of package time.
func isDay(s string) bool {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' || strings.Trim(s[:4]+s[5:7]+s[8:], "0123456789") != "" {
		return false
	}
	y, _ := strconv.Atoi(s[:4])
	m, _ := strconv.Atoi(s[5:7])
	d, _ := strconv.Atoi(s[8:])
	if y < 1 || m < 1 || m > 12 || d < 1 {
		return false
	}
	days := []int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[m-1]
	if m == 2 && daysBefore(y+1)-daysBefore(y) == 366 {
		days++
	}
	return d <= days
}

// daysBefore counts the days from 0001-01-01 to the beginning of a year.
func daysBefore(year int) int {
	y := year - 1
	return 365*y + y/4 - y/100 + y/400
}
