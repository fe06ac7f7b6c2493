package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

func testScans(t *testing.T, d dialect) {
	p := d.migrated(t)
	t.Run("read back", p.testScanRoundTrip)
	t.Run("twice", p.testScanTwice)
	t.Run("many at once", p.testScansAtOnce)
	t.Run("retention", p.testRetention)
}

func ptr[T any](v T) *T { return &v }

func fullScan(id string) models.Scan {
	return models.Scan{
		ID: id, At: at, Channel: models.ChannelAPI, UserID: ptr("u-inspector"), CodeDigest: bytes.Repeat([]byte{0xfe, 0}, 8),
		CertificateID: ptr(models.CertificateID{0xff, 0, 7: 9}), RegistrationID: ptr(int64(1) << 40),
		DocumentStatus: models.DocumentOutdated, DocumentReason: models.ReasonChanged, RegistrationStatus: models.RegistrationInForce,
		Usable: true, FactsAsOf: at - 5, FactsSource: models.SourceDatabase, LatCenti: ptr(int32(-9000)), LngCenti: ptr(int32(18000)),
		Note: strings.Repeat("𠮷", models.MaxNoteLength),
	}
}

func emptyScan(id string) models.Scan {
	return models.Scan{ID: id, At: at, CodeDigest: make([]byte, 16)}
}

func (p *place) scan(id string) models.Scan {
	p.t.Helper()
	s, err := p.Scan(p.t.Context(), id)
	testkit.Must(p.t, err)
	return s
}

func (p *place) testScanRoundTrip(t *testing.T) {
	p = p.within(t)
	full, empty := fullScan("0195-full"), emptyScan("0195-empty")
	testkit.Must(t, p.AppendScans(t.Context(), full, empty))
	if got := p.scan(full.ID); !reflect.DeepEqual(got, full) {
		t.Errorf("got  %+v\nwant %+v", got, full)
	}
	if got := p.scan(empty.ID); !reflect.DeepEqual(got, empty) {
		t.Errorf("got  %+v\nwant %+v", got, empty)
	}
	nulls := "user_id IS NULL AND certificate_id IS NULL AND registration_id IS NULL AND lat_centi IS NULL AND lng_centi IS NULL"
	if n := p.count("SELECT COUNT(*) FROM scans WHERE id = ? AND "+nulls, empty.ID); n != 1 {
		t.Error("what is not known is not NULL")
	}
	// Every word of the closed sets fits.
	for i, word := range []models.Reason{
		models.ReasonBadSignature, models.ReasonNotOurs, models.ReasonUnreadable, models.ReasonUnknownKey, models.ReasonNoRecord,
		models.ReasonKeyRevoked, models.ReasonWithdrawn, models.ReasonUsePassed, models.ReasonChanged, models.ReasonGenuine,
	} {
		s := emptyScan(fmt.Sprintf("0195-%d", i))
		s.DocumentReason = word
		testkit.Must(t, p.AppendScans(t.Context(), s))
		if got := p.scan(s.ID).DocumentReason; got != word {
			t.Errorf("%s comes back as %s", word, got)
		}
	}
	_, err := p.Scan(t.Context(), "0195-none")
	testkit.WantErr(t, err, models.ErrNotFound)
}

// A replay after a crash brings what is there already, mixed with what is not.
func (p *place) testScanTwice(t *testing.T) {
	p = p.within(t)
	first := fullScan("twice-1")
	testkit.Must(t, p.AppendScans(t.Context(), first))
	other := first
	other.Note, other.Usable, other.UserID = "改写", false, nil
	testkit.Must(t, p.AppendScans(t.Context(), other))
	testkit.Must(t, p.AppendScans(t.Context(), other, fullScan("twice-2"), other))
	if got := p.scan("twice-1"); !reflect.DeepEqual(got, first) {
		t.Errorf("the replay rewrote it: %+v", got)
	}
	if n := p.count("SELECT COUNT(*) FROM scans WHERE id LIKE 'twice-%'"); n != 2 {
		t.Errorf("%d scans, want 2", n)
	}
}

func (p *place) testScansAtOnce(t *testing.T) {
	p = p.within(t)
	const writers, each = 8, 25
	errs := make([]error, writers)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				errs[w] = errors.Join(errs[w], p.AppendScans(t.Context(), fullScan(fmt.Sprintf("once-%d-%d", w/2, i)))) // two write the same
			}
		})
	}
	all.Wait()
	testkit.Must(t, errors.Join(errs...))
	if n := p.count("SELECT COUNT(*) FROM scans WHERE id LIKE 'once-%'"); n != writers/2*each {
		t.Errorf("%d scans, want %d", n, writers/2*each)
	}
}

func (p *place) testRetention(t *testing.T) {
	p = p.within(t)
	p.spoil("DELETE FROM scans")
	for i := range 10 {
		s := emptyScan(fmt.Sprintf("old-%d", i))
		s.At = at + models.Instant(9-i)
		testkit.Must(t, p.AppendScans(t.Context(), s))
	}
	for _, step := range []struct {
		before models.Instant
		limit  int
		want   int64
		oldest models.Instant
	}{{at, 100, 0, at}, {at + 5, 3, 3, at + 3}, {at + 5, 3, 2, at + 5}, {at + 5, 3, 0, at + 5}, {at + 100, 100, 5, 0}} {
		n, err := p.DeleteScansBefore(t.Context(), step.before, step.limit)
		if err != nil || n != step.want {
			t.Errorf("before %d: %d went, %v, want %d", step.before-at, n, err, step.want)
		}
		if oldest := p.count("SELECT COALESCE(MIN(at), 0) FROM scans"); oldest != int(step.oldest) {
			t.Errorf("before %d: the oldest left is %d, want %d", step.before-at, oldest, step.oldest)
		}
	}
}

// Counts of several processes, on several days, add up; one lot of them counts once, however often it is told.
func testMisses(t *testing.T, d dialect) {
	p := d.migrated(t)
	day := models.MustDate("2026-03-02")
	forged := models.Miss{Day: day, Channel: models.ChannelPublic, Reason: models.ReasonBadSignature, N: 3}
	other, next := forged, forged
	other.Reason, next.Day = models.ReasonNotOurs, day.AddDays(1)
	testkit.Must(t, p.AddMisses(t.Context(), "none", 1))
	for at, flush := range []string{"a", "b", "a", "a"} {
		testkit.Must(t, p.AddMisses(t.Context(), flush, models.Instant(at), forged, other, next))
	}
	forged.N = 1 << 40
	testkit.Must(t, p.AddMisses(t.Context(), "c", 5, forged))
	if n := p.count("SELECT COUNT(*) FROM code_misses"); n != 3 {
		t.Errorf("%d rows", n)
	}
	if n := p.count("SELECT n FROM code_misses WHERE reason = ? AND day = ?", string(models.ReasonBadSignature), day.String()); n != 1<<40+6 {
		t.Errorf("%d forged codes", n)
	}
	if n := p.count("SELECT SUM(n) FROM code_misses"); n != 1<<40+18 {
		t.Errorf("%d in all", n)
	}
	for _, want := range []int64{2, 0} { // a and b are older than 5
		if n, err := p.DeleteFlushesBefore(t.Context(), 5, 10); err != nil || n != want {
			t.Errorf("%d flushes are forgotten, %v, want %d", n, err, want)
		}
	}
}
