package scanlog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"yanzheng/internal/testkit"
	"yanzheng/models"
)

// letters gives what was set aside: the reason by the entry's first id.
func (d *desk) letters() map[string]string {
	d.t.Helper()
	all, err := d.rdb.XRange(d.t.Context(), d.refused, "-", "+").Result()
	testkit.Must(d.t, err)
	reasons := map[string]string{}
	for _, m := range all {
		reasons[fmt.Sprint(m.Values["entry"])] = fmt.Sprint(m.Values["reason"])
	}
	if len(reasons) != len(all) {
		d.t.Errorf("%d dead letters of %d entries", len(all), len(reasons))
	}
	return reasons
}

// What cannot be read and what the database refuses is set aside, whole; the rest goes in.
func TestPoison(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk, a *archive) {
		all := scans("good", 60)
		testkit.Must(t, d.AppendScans(t.Context(), all[:20]...))
		want := map[string]string{
			d.raw(field, "\x02not ours"):                                         unreadable,
			d.raw("text", "张三"):                                                  unreadable,
			d.raw(field, string(encodeRecord(&all[0])), "more", "1"):             unreadable,
			d.raw(field, string(encodeRecord(new(spoiled("secret-free-id-1"))))): refused,
			d.raw(field, string(encodeRecord(new(spoiled("secret-free-id-2"))))): refused,
		}
		testkit.Must(t, d.AppendScans(t.Context(), all[20:]...))
		d.start()
		d.empty()
		a.kept(t, all)
		if got := d.letters(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("dead letters %v, want %v", got, want)
		}
		if s := d.state(); s.Refused != 5 {
			t.Errorf("%+v", s)
		}
		lines := strings.Join(d.diary.read(), "\n")
		for id := range want {
			if !strings.Contains(lines, id) {
				t.Errorf("%s is not in the log", id)
			}
		}
		if len(d.diary.read()) != 5 || strings.Contains(lines, "张三") || !strings.Contains(lines, "secret-free-id-1") {
			t.Errorf("the log says %s", lines)
		}

		// Recalled, they come back one by one: nothing was done about the cause.
		n, err := d.Recall(t.Context())
		if err != nil || n != 5 {
			t.Errorf("recalled %d, %v", n, err)
		}
		testkit.Must(t, d.AppendScans(t.Context(), fullScan("beside"))) // else the two might be all there is
		eventually(t, "they are set aside again", func() bool { s := d.state(); return s.Refused == 5 && s.Waiting == 0 })
		texts := 0
		for _, m := range d.rdb.XRange(t.Context(), d.refused, "-", "+").Val() {
			if m.Values["text"] == "张三" {
				texts++
			}
			if len(m.Values) > 4 {
				t.Errorf("a dead letter grew: %q", m.Values)
			}
		}
		if texts != 1 {
			t.Error("the recall changed an entry")
		}
	})
}

// What somebody deleted while it was ours is no poison: there is nothing to set aside.
func TestDeletedMeanwhile(t *testing.T) {
	a, _ := openArchive(t, "SQLite")
	d := newDesk(t, a)
	testkit.Must(t, d.AppendScans(t.Context(), scans("deleted", 3)...))
	c := &consumer{Log: d.Log, name: "c", holds: true}
	testkit.Must(t, c.join(t.Context()))
	held, err := c.next(t.Context())
	if err != nil || len(held) != 3 {
		t.Fatalf("%d entries, %v", len(held), err)
	}
	testkit.Must(t, d.rdb.XDel(t.Context(), d.stream, held[1].ID).Err())
	c.holds = true
	n, err := c.step(t.Context())
	if err != nil || n != 3 {
		t.Errorf("%d entries, %v", n, err)
	}
	d.empty()
	if s := d.state(); a.has(t) != 2 || s.Refused != 0 || len(d.diary.read()) != 0 {
		t.Errorf("%d rows, %+v, the log says %q", a.has(t), s, d.diary.read())
	}
}

// A single refused scan proves nothing against itself, and waits for the next.
func TestLonePoisonWaits(t *testing.T) {
	a, _ := openArchive(t, "SQLite")
	d := newDesk(t, a)
	d.start()
	testkit.Must(t, d.AppendScans(t.Context(), spoiled("lone")))
	eventually(t, "the log says that it waits", func() bool { return len(d.diary.read()) == 1 })
	if s := d.state(); s.Waiting != 1 || s.Refused != 0 {
		t.Errorf("%+v", s)
	}
	if line := d.diary.read()[0]; !strings.HasSuffix(line, "error=internal") {
		t.Errorf("the log says %q: the database's own words may quote a scan", line)
	}
	testkit.Must(t, d.AppendScans(t.Context(), fullScan("next")))
	d.empty()
	a.kept(t, []models.Scan{fullScan("next")})
	if s := d.state(); s.Refused != 1 {
		t.Errorf("%+v", s)
	}
}

// A database that refuses everything is at fault itself: nothing is set aside, and all arrive once it is put right.
func TestTableMissing(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk, a *archive) {
		_, err := a.raw.ExecContext(t.Context(), "ALTER TABLE scans RENAME TO scans_elsewhere")
		testkit.Must(t, err)
		all := scans("table", batchSize+20)
		testkit.Must(t, d.AppendScans(t.Context(), all...))
		d.start()
		eventually(t, "the log says that they wait", func() bool { return len(d.diary.read()) == 1 })
		if s := d.state(); s.Waiting != int64(len(all)) || s.Refused != 0 {
			t.Errorf("%+v", s)
		}
		_, err = a.raw.ExecContext(t.Context(), "ALTER TABLE scans_elsewhere RENAME TO scans")
		testkit.Must(t, err)
		d.empty()
		a.kept(t, all)
		if s := d.state(); s.Refused != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// After Recall the cause may be gone: then they go in.
func TestRecall(t *testing.T) {
	a, _ := openArchive(t, "SQLite")
	d := newDesk(t, a)
	all := scans("recall", batchSize+30)
	for i := range all {
		testkit.Must(t, d.rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: d.refused, Values: []any{
			"entry", "1-1", "reason", refused, field, encodeRecord(&all[i]),
		}}).Err())
	}
	n, err := d.Recall(t.Context())
	if err != nil || n != int64(len(all)) {
		t.Errorf("recalled %d, %v", n, err)
	}
	if s := d.state(); s.Refused != 0 || s.Waiting != n {
		t.Errorf("%+v", s)
	}
	d.start()
	d.empty()
	a.kept(t, all)
	if n, err := d.Recall(t.Context()); err != nil || n != 0 {
		t.Errorf("recalled %d more, %v", n, err)
	}
}

// script is a database that answers as told, row by row.
type script struct {
	mu      sync.Mutex
	answers func(scans []models.Scan) error
	asked   int
}

func (s *script) AppendScans(_ context.Context, scans ...models.Scan) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return s.answers(scans)
}

func TestWrite(t *testing.T) {
	bad := func(s models.Scan) bool { return s.Note == "bad" }
	refusal := models.ErrInternal.Because(errors.New("Data too long"))
	calls := 0
	for name, c := range map[string]struct {
		rows, bad       int // how many, and how many of them are refused
		answer          func(s []models.Scan) error
		taken, rejected int
		want            error
	}{
		"all good":               {rows: 50, taken: 50},
		"some bad":               {rows: 50, bad: 7, taken: 43, rejected: 7},
		"more bad than suspects": {rows: 500, bad: 2 * suspects, taken: 500 - 2*suspects, rejected: 2 * suspects},
		"all bad":                {rows: 500, bad: 500, want: models.ErrInternal},
		"two, all bad":           {rows: 2, bad: 2, want: models.ErrInternal},
		"one, bad":               {rows: 1, bad: 1, want: models.ErrInternal},
		"away":                   {rows: 5, answer: func([]models.Scan) error { return models.ErrUnavailable }, want: models.ErrUnavailable},
		"a foreign error":        {rows: 5, answer: func([]models.Scan) error { return context.DeadlineExceeded }, want: context.DeadlineExceeded},
		"met another, then not": {rows: 5, taken: 5, answer: func([]models.Scan) error {
			if calls++; calls < attempts {
				return models.ErrConflict
			}
			return nil
		}},
		"meets another for ever": {rows: 5, answer: func([]models.Scan) error { return models.ErrConflict }, want: models.ErrConflict},
		"away in the middle": {rows: 5, answer: func(s []models.Scan) error {
			if len(s) > 1 {
				return refusal
			}
			return models.ErrUnavailable
		}, want: models.ErrUnavailable},
	} {
		answer := c.answer
		if answer == nil {
			answer = func(scans []models.Scan) error {
				for _, s := range scans {
					if bad(s) {
						return refusal
					}
				}
				return nil
			}
		}
		database := &script{answers: answer}
		l := New(Options{Database: database})
		rows := make([]row, c.rows)
		for i := range rows[:c.bad] {
			rows[i].scan.Note = "bad"
		}
		taken, rejected, err := (&consumer{Log: l}).write(t.Context(), rows)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || len(taken) != c.taken || len(rejected) != c.rejected {
			t.Errorf("%s: %d taken, %d rejected, %v", name, len(taken), len(rejected), err)
		}
		for _, r := range rejected {
			if !bad(r.scan) {
				t.Errorf("%s: a good one was rejected", name)
			}
		}
		if c.want != nil && database.asked > 1+suspects {
			t.Errorf("%s: asked %d times in vain", name, database.asked)
		}
	}
	// Away after some were taken: those are taken, and what was refused is asked for again with the rest.
	n := 0
	database := &script{answers: func(s []models.Scan) error {
		switch n++; {
		case len(s) > 1 || n == 4:
			return refusal
		case n > 6:
			return models.ErrUnavailable
		}
		return nil
	}}
	taken, rejected, err := (&consumer{Log: New(Options{Database: database})}).write(t.Context(), make([]row, 9))
	if len(taken) != 4 || len(rejected) != 0 || !errors.Is(err, models.ErrUnavailable) {
		t.Errorf("away in the middle: %d taken, %d rejected, %v", len(taken), len(rejected), err)
	}
	// Put right in the middle: nothing is wrong with those that it refused before.
	n = 0
	database = &script{answers: func([]models.Scan) error {
		if n++; n <= 4 {
			return refusal
		}
		return nil
	}}
	taken, rejected, err = (&consumer{Log: New(Options{Database: database})}).write(t.Context(), make([]row, 9))
	if len(taken) != 9 || len(rejected) != 0 || err != nil {
		t.Errorf("put right in the middle: %d taken, %d rejected, %v", len(taken), len(rejected), err)
	}
}
