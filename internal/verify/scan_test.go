package verify_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"yanzheng/internal/code"
	"yanzheng/internal/testkit"
	"yanzheng/internal/testkit/storekit"
	"yanzheng/internal/verify"
	"yanzheng/models"
)

func ptr[T any](v T) *T { return &v }

// One scan on each database, with all that is kept of it.
func TestScan(t *testing.T) {
	for name := range storekit.Databases {
		t.Run(name, func(t *testing.T) {
			c := counterOn(t, name)
			r := c.admit(nil)
			issued := c.issue(r)
			place, err := models.NewPlace(39.9042, 116.4074)
			testkit.Must(t, err)
			a, err := c.Scan(t.Context(), verify.Request{Token: token, Code: issued.Code, Place: &place, Note: "工地抽查"})
			testkit.Must(t, err)
			if !a.Verdict.Usable() || a.Verdict.Registration.Facts.Name != r.Person.Name || a.Source != models.SourceDatabase || !a.At.Equal(now) || !a.AsOf.Equal(now) {
				t.Errorf("answer %+v", a)
			}
			if id, err := uuid.Parse(a.ScanID); err != nil || id.Version() != 7 {
				t.Errorf("scan id %q", a.ScanID)
			}
			kept, err := c.store.Scan(t.Context(), a.ScanID)
			testkit.Must(t, err)
			read := c.codes.Read(issued.Code)
			want := models.Scan{
				ID: a.ScanID, At: models.InstantOf(now), Channel: models.ChannelAPI, UserID: ptr("u-inspector"), CodeDigest: read.Digest[:],
				CertificateID: &issued.Certificate.ID, RegistrationID: &r.ID, DocumentStatus: models.DocumentValid, DocumentReason: models.ReasonGenuine,
				RegistrationStatus: models.RegistrationInForce, Usable: true, FactsAsOf: models.InstantOf(now), FactsSource: models.SourceDatabase,
				LatCenti: ptr(int32(3990)), LngCenti: ptr(int32(11641)), Note: "工地抽查",
			}
			if !reflect.DeepEqual(kept, want) {
				t.Errorf("kept %+v\nwant %+v", kept, want)
			}
			// The digits alone, as a scanner of another app may give them, are the same code.
			c.clock.Advance(time.Minute)
			again := c.scan(digits(issued.Code))
			if !again.Verdict.Usable() || again.ScanID == a.ScanID || again.Source != models.SourceCache || !again.AsOf.Equal(now) || !again.At.Equal(now.Add(time.Minute)) {
				t.Errorf("again %+v", again)
			}
		})
	}
}

// Whatever is no code of ours is answered without asking for facts, and kept all the same: that somebody
// showed it is worth knowing.
func TestScanOfWhatIsNotGenuine(t *testing.T) {
	c := newCounter(t)
	genuine := c.issue(c.admit(nil)).Code
	stray, err := c.codes.URL(&models.Certificate{ID: models.CertificateID{1}, Kind: 1, UseUntil: today.AddDays(10)})
	testkit.Must(t, err)
	for _, s := range []struct {
		text   string
		status models.DocumentStatus
		reason models.Reason
		asks   int64
	}{
		{forged(genuine), models.DocumentForged, models.ReasonBadSignature, 0},
		{"https://example.com/v/1", models.DocumentUnknown, models.ReasonNotOurs, 0},
		{"", models.DocumentUnknown, models.ReasonNotOurs, 0},
		{genuine[:len(genuine)-1], models.DocumentUnknown, models.ReasonUnreadable, 0},
		{stray, models.DocumentUnknown, models.ReasonNoRecord, 1},
	} {
		before := c.facts.asked.Load()
		a := c.scan(s.text)
		if a.Verdict.Document.Status != s.status || a.Verdict.Document.Reason != s.reason || a.Verdict.Registration != nil || a.Verdict.Usable() {
			t.Errorf("%.40s: %+v", s.text, a.Verdict)
		}
		if asks := c.facts.asked.Load() - before; asks != s.asks {
			t.Errorf("%.40s: asked for facts %d times, want %d", s.text, asks, s.asks)
		}
		kept, err := c.store.Scan(t.Context(), a.ScanID)
		if err != nil || kept.DocumentStatus != s.status || kept.DocumentReason != s.reason || kept.Usable || kept.RegistrationID != nil || (kept.CertificateID != nil) != (s.asks == 1) {
			t.Errorf("%.40s: kept %+v, %v", s.text, kept, err)
		}
		if want := map[int64]models.Source{0: models.SourceNone, 1: models.SourceDatabase}[s.asks]; kept.FactsSource != want || a.AsOf.IsZero() {
			t.Errorf("%.40s: source %s, as of %v", s.text, kept.FactsSource, a.AsOf)
		}
	}
}

// What cannot be recorded is not answered; and the answer waits until it is recorded.
func TestRecordedBeforeAnswered(t *testing.T) {
	c := newCounter(t)
	genuine := c.issue(c.admit(nil)).Code
	ask := map[string]func() (verify.Answer, error){
		"a scan": func() (verify.Answer, error) { return c.Scan(t.Context(), verify.Request{Token: token, Code: genuine}) },
		"a scan, forged": func() (verify.Answer, error) {
			return c.Scan(t.Context(), verify.Request{Token: token, Code: forged(genuine)})
		},
		"a look in public": func() (verify.Answer, error) { return c.Public(t.Context(), "192.0.2.1", digits(genuine), true) },
	}
	c.log.before = func() error { return errors.New("disk full") }
	for name, f := range ask {
		a, err := f()
		testkit.WantErr(t, err, models.ErrUnavailable)
		if !reflect.DeepEqual(a, verify.Answer{}) {
			t.Errorf("%s: answered %+v", name, a)
		}
	}
	for name, f := range ask {
		reached, open := make(chan struct{}), make(chan struct{})
		c.log.before = func() error { close(reached); <-open; return nil }
		answered := make(chan verify.Answer, 1)
		go func() {
			a, _ := f()
			answered <- a
		}()
		<-reached
		select {
		case <-answered:
			t.Errorf("%s: answered before it was recorded", name)
		case <-time.After(20 * time.Millisecond):
		}
		close(open)
		if a := <-answered; a.ScanID == "" {
			t.Errorf("%s: %+v", name, a)
		} else if _, err := c.store.Scan(t.Context(), a.ScanID); err != nil {
			t.Errorf("%s: answered, and not kept: %v", name, err)
		}
	}
}

// Facts that cannot be had: no verdict by guess, and nothing is kept of a verdict that was not given.
func TestNoFactsNoAnswer(t *testing.T) {
	c := newCounter(t)
	genuine := c.issue(c.admit(nil)).Code
	c.facts.before = func() error { return models.ErrUnavailable.Because(errors.New("both are away")) }
	_, err := c.Scan(t.Context(), verify.Request{Token: token, Code: genuine})
	testkit.WantErr(t, err, models.ErrUnavailable)
	for _, look := range []bool{true, false} {
		a, err := c.Public(t.Context(), "192.0.2.1", digits(genuine), look)
		testkit.WantErr(t, err, models.ErrUnavailable)
		if !reflect.DeepEqual(a, verify.Answer{}) {
			t.Errorf("answered %+v", a)
		}
	}
	if kept := c.log.kept(); len(kept) != 0 {
		t.Errorf("kept %+v", kept)
	}
}

// A million forged codes at the public address must cost no store, no cache and no log.
func TestPublicForgedCostsNothing(t *testing.T) {
	c := newCounter(t)
	genuine := digits(c.issue(c.admit(nil)).Code)
	for _, d := range []string{forged(genuine), genuine[1:], "", "0", "12x", genuine + "0"} {
		for _, look := range []bool{true, false} {
			a, err := c.Public(t.Context(), "192.0.2.1", d, look)
			if err != nil || a.ScanID != "" || a.Verdict.Registration != nil || a.Verdict.Usable() || a.Source != models.SourceNone || a.AsOf.IsZero() {
				t.Errorf("%.20q: %+v, %v", d, a, err)
			}
		}
	}
	if n := c.facts.asked.Load(); n != 0 || len(c.log.kept()) != 0 {
		t.Errorf("asked for facts %d times, kept %d scans", n, len(c.log.kept()))
	}
}

// A link preview sees the answer, and is no scan.
func TestPublicLook(t *testing.T) {
	c := newCounter(t)
	issued := c.issue(c.admit(nil))
	preview, err := c.Public(t.Context(), "192.0.2.1", digits(issued.Code), false)
	if err != nil || preview.ScanID != "" || !preview.Verdict.Usable() || len(c.log.kept()) != 0 {
		t.Errorf("preview %+v, %v", preview, err)
	}
	look, err := c.Public(t.Context(), "192.0.2.1", digits(issued.Code), true)
	testkit.Must(t, err)
	kept, err := c.store.Scan(t.Context(), look.ScanID)
	if err != nil || kept.Channel != models.ChannelPublic || kept.UserID != nil || kept.LatCenti != nil || *kept.CertificateID != issued.Certificate.ID || !kept.Usable {
		t.Errorf("look %+v, kept %+v, %v", look, kept, err)
	}
}

// Every change shows in the very next scan, through the cache.
func TestScanAfterEveryChange(t *testing.T) {
	c := newCounter(t)
	r := c.admit(nil)
	issued := c.issue(r)
	c.scan(issued.Code)
	for i, s := range []struct {
		change       func(r *models.Registration)
		document     models.DocumentStatus
		registration models.RegistrationStatus
		usable       bool
	}{
		{func(r *models.Registration) { r.State = models.StateSuspended }, models.DocumentValid, models.RegistrationSuspended, false},
		{func(r *models.Registration) { r.State = models.StateInForce }, models.DocumentValid, models.RegistrationInForce, true},
		{func(r *models.Registration) { r.Employer = "新的设计院" }, models.DocumentOutdated, models.RegistrationInForce, false},
		{func(r *models.Registration) { r.Employer = issued.Certificate.Printed.Employer }, models.DocumentValid, models.RegistrationInForce, true},
		{func(r *models.Registration) {
			r.Blocks = []models.Block{{RegistrationID: r.ID, Kind: models.BlockPenalty, From: today}}
		}, models.DocumentValid, models.RegistrationInForce, false},
		{func(r *models.Registration) { r.Blocks, r.State = nil, models.StateRevoked }, models.DocumentValid, models.RegistrationRevoked, false},
	} {
		c.change(r, s.change)
		for _, source := range []models.Source{models.SourceDatabase, models.SourceCache} {
			a := c.scan(issued.Code)
			if a.Verdict.Document.Status != s.document || a.Verdict.Registration.Status != s.registration || a.Verdict.Usable() != s.usable || a.Source != source {
				t.Errorf("step %d from %s: %+v %+v", i, a.Source, a.Verdict.Document, a.Verdict.Registration)
			}
		}
	}
	// A key that is declared leaked withdraws what it signed, without a word to the caches.
	testkit.Must(t, code.Revoke(c.keyDir, 0, now))
	ring, err := code.Load(c.keyDir)
	testkit.Must(t, err)
	c.codes.Use(ring)
	if a := c.scan(issued.Code); a.Verdict.Document.Status != models.DocumentWithdrawn || a.Verdict.Document.Reason != models.ReasonKeyRevoked {
		t.Errorf("with a leaked key %+v", a.Verdict.Document)
	}
}
