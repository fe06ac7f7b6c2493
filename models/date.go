package models

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// China is the zone in which every rule counts its days: UTC+8, a fixed offset without daylight saving.
var China = time.FixedZone("UTC+8", 8*60*60)

// DateLayout is how a Date is written everywhere: ISO 8601, 2006-01-02.
const DateLayout = "2006-01-02"

// Date is a calendar day in China, counted from 0001-01-01 as day 1 (Rata Die). Zero is "no date".
// A validity or use limit always includes its last day (二(二)).
type Date int32

// rataDieOfUnixEpoch is 1970-01-01 in Rata Die.
const rataDieOfUnixEpoch = 719163

const secondsPerDay = 24 * 60 * 60

// DateOf gives the day in China on which the instant t falls.
func DateOf(t time.Time) Date {
	seconds := t.Unix() + 8*60*60
	days := seconds / secondsPerDay
	if seconds%secondsPerDay < 0 {
		days--
	}
	return Date(days + rataDieOfUnixEpoch)
}

// NewDate gives the day; values out of range roll over as in time.Date.
func NewDate(year int, month time.Month, day int) Date {
	return DateOf(time.Date(year, month, day, 0, 0, 0, 0, China))
}

// The years in which the days lie that people may give: whoever is registered was born after the first, and a
// year outside is a slip of the hand.
const (
	firstYear = 1900
	lastYear  = 2200
)

// ParseDate reads 2006-01-02 as people and files give it; it refuses days that do not exist, and those before 1900 or
// after 2200.
func ParseDate(s string) (Date, error) {
	d, err := parseDay(s)
	if err != nil {
		return 0, err
	}
	if year := d.Start().Year(); year < firstYear || year > lastYear {
		return 0, ErrDateRange
	}
	return d, nil
}

// parseDay reads any day of the calendar from the year 1 to the year 9999.
func parseDay(s string) (Date, error) {
	t, err := time.ParseInLocation(DateLayout, s, China)
	if err != nil || len(s) != len(DateLayout) || t.Year() < 1 {
		return 0, ErrDate
	}
	return DateOf(t), nil
}

// MustDate reads a constant in code; it panics on a day that does not exist.
func MustDate(s string) Date {
	d, err := parseDay(s)
	if err != nil {
		panic("models: not a date: " + s)
	}
	return d
}

// Start is the instant at which the day begins in China.
func (d Date) Start() time.Time {
	return time.Unix((int64(d)-rataDieOfUnixEpoch)*secondsPerDay-8*60*60, 0).In(China)
}

// AddDays gives the day n days later.
func (d Date) AddDays(n int) Date { return d + Date(n) } //nolint:gosec // spans of years, far from overflow

// Anniversary gives the same day of the year, years later; 29 February becomes 28 February in a
// common year (R1b, ours).
func (d Date) Anniversary(years int) Date {
	y, m, day := d.Start().Date()
	if m == time.February && day == 29 && !leap(y+years) {
		day = 28
	}
	return NewDate(y+years, m, day)
}

func leap(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

// String is the day as 2006-01-02; no date is the empty string.
func (d Date) String() string {
	if d == 0 {
		return ""
	}
	return d.Start().Format(DateLayout)
}

// Value stores a Date as ISO text, which both MySQL's DATE and SQLite understand; no date is NULL.
func (d Date) Value() (driver.Value, error) {
	if d == 0 {
		return nil, nil
	}
	return d.String(), nil
}

// Scan reads what Value stored, as text or as the driver's time.
func (d *Date) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*d = 0
		return nil
	case time.Time:
		*d = NewDate(v.Date())
		return nil
	case []byte:
		return d.scanText(string(v))
	case string:
		return d.scanText(v)
	}
	return fmt.Errorf("models: a %T is not a date", src)
}

func (d *Date) scanText(s string) (err error) {
	if len(s) > len(DateLayout) && (s[len(DateLayout)] == ' ' || s[len(DateLayout)] == 'T') { // a DATE with a time of day
		s = s[:len(DateLayout)]
	}
	*d, err = parseDay(s)
	return err
}

// Instant is a point in time as milliseconds since 1970-01-01 UTC: the one form in which instants are
// stored, alike in every database. Zero is "never".
type Instant int64

// InstantOf gives t to the millisecond; the zero time is never.
func InstantOf(t time.Time) Instant {
	if t.IsZero() {
		return 0
	}
	return Instant(t.UnixMilli())
}

// Time gives the instant in China's zone.
func (i Instant) Time() time.Time { return time.UnixMilli(int64(i)).In(China) }

// ErrDateRange answers a day that no register would name.
var ErrDateRange = NewError(KindRule, "date_out_of_range", "日期应在 1900 年至 2200 年之间", "A date lies between the years 1900 and 2200")

// ErrDate answers a text that is not a day of the calendar.
var ErrDate = NewError(KindRule, "date_invalid", "日期无效，应为 2006-01-02 形式的真实日期", "Not a real date of the form 2006-01-02")
