package models

import (
	"errors"
	"testing"
	"time"
)

func TestDateRoundTrip(t *testing.T) {
	for s, want := range map[string]Date{
		"0001-01-01": 1, "1970-01-01": 719163, "1900-02-28": 693654, "1900-03-01": 693655, // 1900 was no leap year
		"2000-02-29": 730179, "2021-08-01": 738003, "9999-12-31": 3652059,
	} {
		d, err := parseDay(s)
		if err != nil || d != want || d.String() != s {
			t.Errorf("%s: day %d (%s), %v; want day %d", s, d, d, err, want)
		}
	}
	// Every day of a span that holds a century and a leap century: no day is lost or counted twice.
	last := MustDate("2101-01-01")
	for d := MustDate("1899-12-31"); d <= last; d++ {
		back, err := parseDay(d.String())
		if err != nil || back != d || DateOf(d.Start()) != d || DateOf(d.Start().Add(-1)) != d-1 {
			t.Fatalf("day %d is written %s and read back as %d, %v", d, d, back, err)
		}
	}
}

func TestDateRefusesWhatIsNoDay(t *testing.T) {
	for _, s := range []string{
		"", "2021-02-29", "1900-02-29", "2021-04-31", "2021-13-01", "2021-00-10", "2021-01-00", "0000-00-00",
		"2021-8-1", "2021/08/01", "20210801", "2021-08-01 ", " 2021-08-01", "2021-08-01T00:00:00Z", "10000-01-01",
		"-021-08-01", "\uff12021-08-01", "二〇二一",
	} {
		if d, err := parseDay(s); !errors.Is(err, ErrDate) || d != 0 {
			t.Errorf("%q: day %s, %v", s, d, err)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("MustDate took a day that does not exist")
		}
	}()
	MustDate("2021-02-29")
}

// What people give is refused where it can only be a slip: the calendar goes on, the register does not.
func TestParseDateHasBounds(t *testing.T) {
	for s, want := range map[string]error{
		"0001-01-01": ErrDateRange, "0204-01-01": ErrDateRange, "1899-12-31": ErrDateRange, "1900-01-01": nil, "2026-03-02": nil,
		"2200-12-31": nil, "2201-01-01": ErrDateRange, "9999-12-31": ErrDateRange, "1900-02-29": ErrDate, "0000-01-01": ErrDate, "": ErrDate,
	} {
		d, err := ParseDate(s)
		if !errors.Is(err, want) || (err == nil) != (want == nil) || (d != 0) != (want == nil) {
			t.Errorf("%q is %s, %v, want %v", s, d, err, want)
		}
	}
}

func TestDateOfIsTheDayInChina(t *testing.T) {
	for instant, want := range map[string]string{
		"2021-07-31T15:59:59.999999999Z": "2021-07-31",
		"2021-07-31T16:00:00Z":           "2021-08-01",
		"2021-08-01T00:00:00+08:00":      "2021-08-01",
		"2021-08-01T00:00:00Z":           "2021-08-01",
		"2021-08-01T00:00:00+14:00":      "2021-07-31",
		"2021-08-01T00:00:00-12:00":      "2021-08-01",
		"2021-07-31T12:00:00-04:00":      "2021-08-01",
		"1969-12-31T15:59:59.5Z":         "1969-12-31", // before the epoch, between two seconds
		"1969-12-31T16:00:00Z":           "1970-01-01",
		"1988-07-01T16:00:00Z":           "1988-07-02", // China then had summer time, which no rule counts
		"1988-07-01T15:30:00Z":           "1988-07-01",
		"0001-01-01T00:00:00Z":           "0001-01-01",
		"9999-12-31T15:59:59Z":           "9999-12-31",
	} {
		at, err := time.Parse(time.RFC3339Nano, instant)
		if err != nil {
			t.Fatal(err)
		}
		if got := DateOf(at); got.String() != want {
			t.Errorf("%s falls on %s, want %s", instant, got, want)
		}
	}
}

func TestNewDateRollsOver(t *testing.T) {
	for want, got := range map[string]Date{
		"2021-03-01": NewDate(2021, time.February, 29),
		"2022-01-01": NewDate(2021, time.December, 32),
		"2021-01-31": NewDate(2021, time.February, 0),
		"2024-02-29": NewDate(2024, time.February, 29),
	} {
		if got.String() != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestAddDays(t *testing.T) {
	for _, c := range []struct {
		day  string
		n    int
		want string
	}{
		{"2021-08-01", 180, "2022-01-28"}, {"2021-08-01", 0, "2021-08-01"}, {"2021-08-01", -1, "2021-07-31"},
		{"2023-12-31", 1, "2024-01-01"}, {"2024-02-28", 1, "2024-02-29"}, {"2023-02-28", 1, "2023-03-01"},
		{"2000-01-01", 146097, "2400-01-01"}, // the Gregorian cycle
	} {
		if got := MustDate(c.day).AddDays(c.n); got.String() != c.want {
			t.Errorf("%s + %d = %s, want %s", c.day, c.n, got, c.want)
		}
	}
}

func TestAnniversary(t *testing.T) {
	for _, c := range []struct {
		day   string
		years int
		want  string
	}{
		{"1960-02-29", 65, "2025-02-28"}, {"1960-02-29", 64, "2024-02-29"}, {"1960-02-28", 65, "2025-02-28"},
		{"1960-03-01", 65, "2025-03-01"}, {"1959-02-28", 65, "2024-02-28"}, {"1959-12-31", 65, "2024-12-31"},
		{"2000-02-29", 100, "2100-02-28"}, {"2000-02-29", 400, "2400-02-29"}, {"1980-05-20", 0, "1980-05-20"},
	} {
		if got := MustDate(c.day).Anniversary(c.years); got.String() != c.want {
			t.Errorf("%s, %d years later: %s, want %s", c.day, c.years, got, c.want)
		}
	}
}

func TestDateInTheDatabase(t *testing.T) {
	day := MustDate("2021-08-01")
	for _, src := range []any{
		"2021-08-01", []byte("2021-08-01"), "2021-08-01 00:00:00", []byte("2021-08-01T00:00:00Z"),
		// A driver's time says the day in its own zone: it stands for the column's text.
		time.Date(2021, 8, 1, 0, 0, 0, 0, time.UTC), time.Date(2021, 8, 1, 0, 0, 0, 0, China),
		time.Date(2021, 8, 1, 0, 0, 0, 0, time.FixedZone("", -5*60*60)),
	} {
		var d Date
		if err := d.Scan(src); err != nil || d != day {
			t.Errorf("%T %v: %s, %v", src, src, d, err)
		}
	}
	for _, src := range []any{"", "0000-00-00", []byte("2021-02-30"), 20210801, 3.5, true} {
		var d Date
		if err := d.Scan(src); err == nil {
			t.Errorf("%T %v was taken for %s", src, src, d)
		}
	}
	if v, err := day.Value(); v != "2021-08-01" || err != nil {
		t.Errorf("stored as %v, %v", v, err)
	}
	if v, err := Date(0).Value(); v != nil || err != nil {
		t.Errorf("no date is stored as %v, %v", v, err)
	}
	if d := day; d.Scan(nil) != nil || d != 0 || d.String() != "" {
		t.Errorf("NULL is read as %s", d)
	}
}

func TestInstant(t *testing.T) {
	at := time.Date(2022, 1, 28, 23, 59, 59, 999_999_999, China)
	got := InstantOf(at).Time()
	if !got.Equal(at.Truncate(time.Millisecond)) || got.Location() != China || DateOf(got) != DateOf(at) {
		t.Errorf("%s became %s", at, got)
	}
	if InstantOf(at.UTC()) != InstantOf(at) {
		t.Error("an instant depends on the zone it is written in")
	}
}
