package endorse_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"image/png"
	"slices"
	"strings"
	"sync"
	"testing"

	"yanzheng/internal/certificate"
	"yanzheng/internal/code"
	"yanzheng/internal/endorse"
	"yanzheng/internal/store"
	"yanzheng/internal/testkit"
	"yanzheng/internal/testkit/storekit"
	"yanzheng/models"
)

// TestHolderGoesTheWholeWay, on each database: looks, confirms, downloads, and a check knows the file.
func TestHolderGoesTheWholeWay(t *testing.T) {
	for name := range storekit.Databases {
		t.Run(name, func(t *testing.T) {
			h := newHall(t, name)
			me := "u1"
			r := h.move("u1", func(r *models.Registration) { r.ValidUntil = today.AddDays(30) })
			previews, err := h.Registrations(t.Context(), me)
			if err != nil || len(previews) != 1 || len(previews[0].Bars) != 0 || previews[0].Finding.Facts.CertificateNumber != r.CertificateNumber ||
				previews[0].Window != (models.UseWindow{From: today, Until: today.AddDays(30), LimitedBy: models.LimitRegistration}) {
				t.Fatalf("previews %+v, %v", previews, err)
			}
			w := wish("u1", r, "first-wish")
			w.UseUntil = previews[0].Window.Until
			own := h.confirm(w)
			c := own.Certificate
			if !own.Verdict.Usable() || own.File == nil || c.Printed != models.PrintOf(&r) || h.codes.Read(own.Code).ID != c.ID {
				t.Errorf("own %+v", own)
			}
			pdf, err := h.PDF(t.Context(), me, c.ID)
			testkit.Must(t, err)
			again, err := h.PDF(t.Context(), me, c.ID)
			if err != nil || !bytes.Equal(again.Content, pdf.Content) || pdf.Digest != sha256.Sum256(pdf.Content) || pdf.Digest != own.File.Digest || own.File.Size != int64(len(pdf.Content)) {
				t.Errorf("two downloads: %d and %d bytes, %v", len(pdf.Content), len(again.Content), err)
			}
			check, err := h.office.Check(t.Context(), bytes.NewReader(pdf.Content), h.store.FileIssued)
			if err != nil || check.Status != models.FileIssued || len(check.Reasons) != 0 || check.Code != own.Code {
				t.Errorf("check %+v, %v", check, err)
			}
			album, err := h.Album(t.Context(), me, c.ID)
			testkit.Must(t, err)
			if img, err := png.Decode(bytes.NewReader(album.Content)); err != nil || img.Bounds().Dx() != 1654 || album.Digest != sha256.Sum256(album.Content) {
				t.Errorf("the picture: %v", err)
			}
			list, err := h.Certificates(t.Context(), me)
			if err != nil || len(list) != 1 || list[0].Certificate != c || list[0].Code != own.Code {
				t.Errorf("list %+v, %v", list, err)
			}
		})
	}
}

// TestOneWishOneCertificate: sent again, at once, to several servers; a new wish makes a new one.
func TestOneWishOneCertificate(t *testing.T) {
	for name := range storekit.Databases {
		t.Run(name, func(t *testing.T) {
			h := newHall(t, name)
			r := h.move("u1", nil)
			other, err := store.Open(t.Context(), h.options)
			testkit.Must(t, err)
			defer other.Close()
			servers := []*endorse.Wallet{h.Wallet, h.wallet(func(p *endorse.WalletParts) { p.Holdings, p.Wishes, p.Withdrawals = other, other, other })}
			const times = 10
			owned, made := make([]endorse.Own, times), make([]bool, times)
			var all sync.WaitGroup
			for i := range times {
				all.Go(func() {
					var err error
					if owned[i], made[i], err = servers[i%2].Confirm(context.Background(), wish("u1", r, "at-once-1")); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			n := 0
			for i := range times {
				if made[i] {
					n++
				}
				if owned[i].Certificate != owned[0].Certificate || owned[i].Code != owned[0].Code {
					t.Errorf("%+v and %+v", owned[i], owned[0])
				}
			}
			if n != 1 || h.made(r) != 1 || !slices.Equal(h.kept(), []string{"certificates/" + owned[0].Certificate.ID.String()}) {
				t.Errorf("made %d times, %d certificates, files %q", n, h.made(r), h.kept())
			}
			second := h.confirm(wish("u1", r, "another-wish"))
			list, err := h.Certificates(t.Context(), "u1")
			if err != nil || len(list) != 2 || second.Certificate.ID == owned[0].Certificate.ID || !list[0].Verdict.Usable() || !list[1].Verdict.Usable() {
				t.Errorf("%d certificates, %v: %+v", len(list), err, list)
			}
		})
	}
}

// TestSentAgain: what has happened since changes nothing about what came of a wish.
func TestSentAgain(t *testing.T) {
	h := newHall(t, "SQLite")
	r := h.move("u1", nil)
	first := h.confirm(wish("u1", r, "first-wish"))
	h.change(r, func(r *models.Registration) { r.State = models.StateSuspended })
	h.images[r.PersonID] = false
	again, made, err := h.Confirm(t.Context(), wish("u1", r, "first-wish"))
	if err != nil || made || again.Certificate != first.Certificate || again.Verdict.Usable() {
		t.Errorf("made %t, %v: %+v", made, err, again)
	}
	both := h.admit(func(n *models.Registration) { n.Person, n.Category = r.Person, models.CategoryStructural1 })
	_, _, err = h.Confirm(t.Context(), wish("u1", both, "first-wish"))
	testkit.WantErr(t, err, endorse.ErrKeyReused)
}

// TestNoCertificate: each thing that stands against one has its own answer, and nothing is left of the attempt.
func TestNoCertificate(t *testing.T) {
	h := newHall(t, "SQLite")
	for name, c := range map[string]struct {
		change func(r *models.Registration)
		before func(r models.Registration, w *endorse.Wish)
		want   error
		says   string
	}{
		"suspended": {before: func(r models.Registration, _ *endorse.Wish) {
			h.change(r, func(r *models.Registration) { r.State, r.StateSince = models.StateSuspended, today.AddDays(-2) })
		}, want: models.ErrEndorseBarred, says: "注册被暂停，自 2026-02-28 起"},
		"a penalty": {before: func(r models.Registration, _ *endorse.Wish) {
			h.change(r, func(r *models.Registration) {
				r.Blocks = append(r.Blocks, models.Block{RegistrationID: r.ID, Kind: models.BlockPenalty, From: today, Until: today})
			})
		}, want: models.ErrEndorseBarred, says: "处罚期内"},
		"no images":           {before: func(r models.Registration, _ *endorse.Wish) { h.images[r.PersonID] = false }, want: models.ErrImagesMissing},
		"another window":      {before: func(_ models.Registration, w *endorse.Wish) { w.UseUntil-- }, want: endorse.ErrWindowMoved},
		"no window":           {before: func(_ models.Registration, w *endorse.Wish) { w.UseUntil = 0 }, want: endorse.ErrWindowMoved},
		"not bound":           {before: func(_ models.Registration, w *endorse.Wish) { w.UserID = "stranger" }, want: models.ErrNotHolder},
		"somebody else's":     {before: func(_ models.Registration, w *endorse.Wish) { w.CertificateNumber = h.admit(nil).CertificateNumber }, want: endorse.ErrNoRegistration},
		"another category":    {before: func(_ models.Registration, w *endorse.Wish) { w.Category = models.CategoryStructural1 }, want: endorse.ErrNoRegistration},
		"no name":             {before: func(_ models.Registration, w *endorse.Wish) { w.Name = "" }, want: models.ErrConfirmationName},
		"a name with a space": {before: func(_ models.Registration, w *endorse.Wish) { w.Name = "a wish of mine" }, want: models.ErrConfirmationName},
		"a name too long":     {before: func(_ models.Registration, w *endorse.Wish) { w.Name = strings.Repeat("a", 65) }, want: models.ErrConfirmationName},
		"a character that nobody can print": {change: func(r *models.Registration) { r.Person.Name = "张\U00030000" },
			want: certificate.ErrGlyph, says: "U+30000"},
		"the files are away": {before: func(models.Registration, *endorse.Wish) { h.away = models.ErrUnavailable }, want: models.ErrUnavailable},
	} {
		r := h.move("u1", c.change)
		w := wish("u1", r, "a-wish-of-mine")
		if c.before != nil {
			c.before(r, &w)
		}
		_, made, err := h.Confirm(t.Context(), w)
		h.away = nil
		if made || !errors.Is(err, c.want) || !strings.Contains(models.AsError(err).Message.ZH, c.says) {
			t.Errorf("%s: made %t, %v", name, made, err)
		}
		if h.made(r) != 0 || len(h.kept()) != 0 {
			t.Errorf("%s: %d certificates, files %q", name, h.made(r), h.kept())
		}
	}
}

// hasty lets something happen while the file is drawn.
type hasty struct {
	endorse.Printer
	meanwhile func()
}

func (p hasty) Issue(d *models.Document) (models.File, error) {
	p.meanwhile()
	return p.Printer.Issue(d)
}

// TestRegisterMovesOnMeanwhile: what is printed is what the register holds when the certificate is written.
func TestRegisterMovesOnMeanwhile(t *testing.T) {
	h := newHall(t, "SQLite")
	r := h.move("u1", nil)
	drawn := 0
	w := h.wallet(func(p *endorse.WalletParts) {
		p.Printer = hasty{h.office, func() {
			if drawn++; drawn == 1 {
				h.change(r, func(r *models.Registration) { r.Employer = "新的设计院" })
			}
		}}
	})
	own, made, err := w.Confirm(t.Context(), wish("u1", r, "first-wish"))
	if err != nil || !made || own.Certificate.Printed.Employer != "新的设计院" || !own.Verdict.Usable() || drawn != 2 || len(h.kept()) != 1 {
		t.Errorf("drawn %d times, made %t, %v, files %q: %+v", drawn, made, err, h.kept(), own)
	}
	bar := func(barred error, change func(r *models.Registration)) {
		w := h.wallet(func(p *endorse.WalletParts) { p.Printer = hasty{h.office, func() { h.change(r, change) }} })
		_, made, err := w.Confirm(t.Context(), wish("u1", r, "second-wish"))
		testkit.WantErr(t, err, barred)
		if made || h.made(r) != 1 || len(h.kept()) != 1 {
			t.Errorf("made %t, %d certificates, files %q", made, h.made(r), h.kept())
		}
	}
	n := 0
	bar(models.ErrUnavailable, func(r *models.Registration) { n++; r.SealNumber = "R" + string(rune('0'+n)) }) // again and again
	bar(endorse.ErrWindowMoved, func(r *models.Registration) { r.ValidUntil = today.AddDays(5) })
	bar(endorse.ErrWindowMoved, func(*models.Registration) {})
	h.change(r, func(r *models.Registration) { r.ValidUntil = today.AddDays(1000) })
	bar(models.ErrEndorseBarred, func(r *models.Registration) { r.State = models.StateRevoked })
}

func TestDownloadIsTheHoldersAlone(t *testing.T) {
	h := newHall(t, "SQLite")
	r := h.move("u1", nil)
	h.move("u2", nil)
	own := h.confirm(wish("u1", r, "first-wish"))
	id := own.Certificate.ID
	me := "u1"
	plain := h.endorse(r).Certificate.ID
	for name, c := range map[string]struct {
		who  string
		id   models.CertificateID
		want error
	}{
		"another holder": {"u2", id, endorse.ErrNoCertificate}, "nobody's": {me, models.CertificateID{1}, endorse.ErrNoCertificate},
		"not bound":                 {"u3", id, models.ErrNotHolder},
		"issued without its holder": {me, plain, endorse.ErrNoFile},
	} {
		_, err := h.PDF(t.Context(), c.who, c.id)
		testkit.WantErr(t, err, c.want)
		_, err = h.Album(t.Context(), c.who, c.id)
		testkit.WantErr(t, err, c.want)
		if errors.Is(c.want, endorse.ErrNoFile) {
			continue
		}
		_, err = h.Certificate(t.Context(), c.who, c.id)
		testkit.WantErr(t, err, c.want)
		_, err = h.Wallet.Withdraw(t.Context(), c.who, c.id, "")
		if !errors.Is(err, c.want) {
			t.Errorf("%s withdraws: %v", name, err)
		}
	}
	if got, err := h.Certificate(t.Context(), me, id); err != nil || got.Certificate != own.Certificate {
		t.Errorf("%+v, %v", got, err)
	}
	// A file that is gone, or was changed where it lies, is no answer.
	name := "certificates/" + id.String()
	good := h.files[name]
	for what, content := range map[string][]byte{"changed": append(bytes.Clone(good), '\n'), "gone": nil} {
		if h.files[name] = content; content == nil {
			delete(h.files, name)
		}
		if _, err := h.PDF(t.Context(), me, id); models.AsError(err).Kind != models.KindInternal {
			t.Errorf("%s: %v", what, err)
		}
	}
	h.away = models.ErrUnavailable
	_, err := h.PDF(t.Context(), me, id)
	testkit.WantErr(t, err, models.ErrUnavailable)
}

// TestKeyRevoked: the certificate is listed as withdrawn, and its file and picture stay what they are.
func TestKeyRevoked(t *testing.T) {
	h := newHall(t, "SQLite")
	r := h.move("u1", nil)
	me := "u1"
	id := h.confirm(wish("u1", r, "first-wish")).Certificate.ID
	before, err := h.Album(t.Context(), me, id)
	testkit.Must(t, err)
	testkit.Must(t, code.Revoke(h.codeDir, 0, now))
	ring, err := code.Load(h.codeDir)
	testkit.Must(t, err)
	h.codes.Use(ring)
	own, err := h.Certificate(t.Context(), me, id)
	if err != nil || own.Verdict.Document.Reason != models.ReasonKeyRevoked || own.Code != "" {
		t.Errorf("%+v, %v", own, err)
	}
	if after, err := h.Album(t.Context(), me, id); err != nil || !bytes.Equal(after.Content, before.Content) {
		t.Errorf("another picture: %v", err)
	}
}

func TestWithdrawOwn(t *testing.T) {
	h := newHall(t, "SQLite")
	r := h.move("u1", nil)
	me := "u1"
	var ids []models.CertificateID
	for _, name := range []string{"wish-one", "wish-two", "wish-three"} {
		ids = append(ids, h.confirm(wish("u1", r, name)).Certificate.ID)
	}
	theirs := h.confirm(wish("u2", h.move("u2", nil), "wish-one")).Certificate.ID
	if propagated, err := h.Wallet.Withdraw(t.Context(), me, ids[0], "手机遗失"); err != nil || !propagated {
		t.Errorf("%t, %v", propagated, err)
	}
	_, err := h.Wallet.Withdraw(t.Context(), me, ids[0], "")
	testkit.WantErr(t, err, endorse.ErrWithdrawn)
	_, _, err = h.WithdrawAll(t.Context(), me, longReason())
	testkit.WantErr(t, err, endorse.ErrReason)
	h.caches = false
	if n, propagated, err := h.WithdrawAll(t.Context(), me, "手机遗失"); n != 2 || propagated || err != nil {
		t.Errorf("%d, %t, %v", n, propagated, err)
	}
	if n, propagated, err := h.WithdrawAll(t.Context(), me, ""); n != 0 || !propagated || err != nil {
		t.Errorf("again: %d, %t, %v", n, propagated, err)
	}
	for _, id := range ids {
		if own, err := h.Certificate(t.Context(), me, id); err != nil || own.Verdict.Document.Status != models.DocumentWithdrawn {
			t.Errorf("%+v, %v", own, err)
		}
	}
	if f := h.facts(theirs); f.WithdrawnOn != 0 {
		t.Error("another holder's is withdrawn too")
	}
	if _, err := h.PDF(t.Context(), me, ids[1]); err != nil { // it stays theirs
		t.Error(err)
	}
}
