package models

import (
	"errors"
	"math"
	"testing"
)

// Closed sets are part of the contract: every word is read, and nothing else is.

func TestParseSex(t *testing.T) {
	for s, ok := range map[string]bool{"男": true, "女": true, "": false, "M": false, "男 ": false, "未知": false} {
		got, err := ParseSex(s)
		if ok != (err == nil) || (ok && string(got) != s) || (!ok && !errors.Is(err, ErrSex)) {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
}

func TestParseRole(t *testing.T) {
	for s, ok := range map[string]bool{
		"inspector": true, "employer": true, "holder": true, "registrar": true, "": false, "admin": false, "Registrar": false,
	} {
		got, err := ParseRole(s)
		if ok != (err == nil) || (ok && string(got) != s) || (!ok && (got != "" || !errors.Is(err, ErrRole))) {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
}

func TestParseSignatureFinding(t *testing.T) {
	for s, ok := range map[string]bool{"match": true, "differs": true, "missing": true, "": false, "same": false} {
		got, err := ParseSignatureFinding(s)
		if ok != (err == nil) || (ok && string(got) != s) || (!ok && (got != "" || !errors.Is(err, ErrSignatureFinding))) {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
}

func TestEventForEveryState(t *testing.T) {
	for next, want := range map[State]EventKind{
		StateInForce: EventRestored, StateSuspended: EventSuspended, StateCancelled: EventCancelled,
		StateWithdrawn: EventWithdrawn, StateRevoked: EventRevoked, "frozen": EventChanged,
	} {
		if got := EventFor(next); got != want {
			t.Errorf("%s makes %s, want %s", next, got, want)
		}
	}
}

func TestTableNames(t *testing.T) {
	if got := (Block{}).TableName(); got != "registration_blocks" {
		t.Errorf("blocks live in %s", got)
	}
}

func TestPlaceIsRounded(t *testing.T) {
	for _, c := range []struct {
		lat, lng float64
		want     Place
	}{
		{0, 0, Place{0, 0}}, {39.9042, 116.4074, Place{3990, 11641}}, {-33.8688, -70.6693, Place{-3387, -7067}},
		{0.005, -0.005, Place{1, -1}}, {0.0049, -0.0049, Place{0, 0}}, {90, 180, Place{9000, 18000}},
		{-90, -180, Place{-9000, -18000}}, {89.9999, 179.9999, Place{9000, 18000}},
	} {
		got, err := NewPlace(c.lat, c.lng)
		if err != nil || got != c.want {
			t.Errorf("%v, %v: %+v, %v", c.lat, c.lng, got, err)
		}
		lat, lng := got.Degrees()
		if math.Abs(lat-c.lat) > 0.0051 || math.Abs(lng-c.lng) > 0.0051 {
			t.Errorf("%v, %v comes back as %v, %v", c.lat, c.lng, lat, lng)
		}
		if again, err := NewPlace(lat, lng); err != nil || again != got {
			t.Errorf("%+v rounded again is %+v, %v", got, again, err)
		}
	}
	for _, c := range [][2]float64{
		{90.0001, 0}, {-90.0001, 0}, {0, 180.0001}, {0, -180.0001}, {math.NaN(), 0}, {0, math.NaN()},
		{math.Inf(1), 0}, {0, math.Inf(-1)}, {math.MaxFloat64, 0},
	} {
		if got, err := NewPlace(c[0], c[1]); !errors.Is(err, ErrPlace) || got != (Place{}) {
			t.Errorf("%v: %+v, %v", c, got, err)
		}
	}
}
