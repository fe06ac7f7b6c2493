package store_test

import (
	"errors"
	"sync"
	"testing"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

func testMergeAtOnce(t *testing.T, d dialect) {
	p := d.migrated(t)
	t.Run("two importers", p.testTwoImporters)
	t.Run("an importer and a registrar", p.testImporterAndRegistrar)
	t.Run("two people, one number", p.testOneNumberTwice)
}

// mergeAtOnce merges each batch in a goroutine of its own and counts what became of the rows.
func (p *place) mergeAtOnce(batches ...[]models.Registration) (counts map[models.MergeKind]int, events int) {
	p.t.Helper()
	counts = map[models.MergeKind]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, rows := range batches {
		all.Go(func() {
			outcomes, happened, err := p.Merge(p.t.Context(), rows, models.Merge, models.Event{Kind: models.EventImported}, at)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				p.t.Error(err)
			}
			for _, o := range outcomes {
				counts[o.Kind]++
			}
			events += len(happened)
		})
	}
	all.Wait()
	return counts, events
}

// The same file, imported by two people at the same moment, or by one with a nervous finger.
func (p *place) testTwoImporters(t *testing.T) {
	p = p.within(t)
	const rows = 30
	batch := func() []models.Registration { return make([]models.Registration, rows) }
	one, two := batch(), batch()
	for i := range rows {
		one[i] = p.maker.Registration()
		two[i] = one[i]
	}
	counts, events := p.mergeAtOnce(one, two)
	if counts[models.MergeImported] != rows || counts[models.MergeUnchanged] != rows || events != 0 {
		t.Errorf("new rows: %v with %d events", counts, events)
	}
	for i := range rows {
		one[i].Employer, two[i].Employer = "两人同时导入", "两人同时导入"
	}
	counts, events = p.mergeAtOnce(one, two)
	if counts[models.MergeChanged] != rows || counts[models.MergeUnchanged] != rows || events != rows {
		t.Errorf("changed rows: %v with %d events", counts, events)
	}
	for i := range rows {
		if got := p.registration(one[i].Category, one[i].CertificateNumber); got.Version != 2 || got.Employer != "两人同时导入" {
			t.Errorf("row %d is %+v", i, got)
		}
	}
	if n := p.count("SELECT COUNT(*) FROM persons") - p.count("SELECT COUNT(DISTINCT person_id) FROM registrations"); n != 0 {
		t.Errorf("%d persons were made twice", n)
	}
}

// A revocation while an old file comes in: whichever is first, the holder stays revoked.
func (p *place) testImporterAndRegistrar(t *testing.T) {
	p = p.within(t)
	for range 10 {
		r := p.admit(p.maker.Registration())
		errs := make([]error, 2)
		var outcomes []models.MergeOutcome
		var all sync.WaitGroup
		all.Go(func() {
			_, _, errs[0] = p.ChangeRegistration(t.Context(), r.ID, later, func(r *models.Registration) (models.Event, error) {
				r.State, r.StateSince = models.StateRevoked, today
				return models.Event{Kind: models.EventRevoked}, nil
			})
		})
		all.Go(func() {
			outcomes, _, errs[1] = p.Merge(t.Context(), []models.Registration{withEmployer(r, "旧文件里的单位")}, models.Merge, models.Event{Kind: models.EventImported}, at)
		})
		all.Wait()
		testkit.Must(t, errors.Join(errs...))
		got := p.registration(r.Category, r.CertificateNumber)
		want := map[models.MergeKind]int64{models.MergeChanged: 3, models.MergeRefused: 2}[outcomes[0].Kind]
		if got.State != models.StateRevoked || got.StateSince != today || got.Version != want {
			t.Errorf("after %+v: %s at version %d, want revoked at %d", outcomes[0], got.State, got.Version, want)
		}
	}
}

// Two files claim one number for two people at once: one gets it, the other is told.
func (p *place) testOneNumberTwice(t *testing.T) {
	p = p.within(t)
	for range 5 {
		one, two := p.maker.Registration(), p.maker.Registration()
		two.CertificateNumber = one.CertificateNumber
		counts, _ := p.mergeAtOnce([]models.Registration{one}, []models.Registration{two})
		if counts[models.MergeImported] != 1 || counts[models.MergeRefused] != 1 {
			t.Errorf("outcomes %v, want one imported and one refused", counts)
		}
		if n := p.count("SELECT COUNT(*) FROM registrations WHERE certificate_number = ?", one.CertificateNumber); n != 1 {
			t.Errorf("%d registrations of one number", n)
		}
	}
}
