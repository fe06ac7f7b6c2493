package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"yanzheng/internal/demo"
	"yanzheng/internal/register"
	"yanzheng/models"
	"yanzheng/scripts/stand"
)

// importFile writes a file of made-up people, imports it twice, and gives the rates.
func (t *trial) importFile(ctx context.Context) error {
	path := filepath.Join(t.Dir, "people.csv")
	if err := stand.WritePeople(path, t.rows); err != nil {
		return err
	}
	for _, want := range []register.Report{{Rows: t.rows, Imported: t.rows}, {Rows: t.rows, Unchanged: t.rows}} {
		began := time.Now()
		out, err := t.CLI(ctx, "import", "--json", path)
		if err != nil {
			return err
		}
		took := time.Since(began)
		var got register.Report
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			return err
		}
		if err := t.check("import", got, want); err != nil {
			return err
		}
		fmt.Printf("  %d rows, %d new: %.0f rows/s\n", got.Rows, got.Imported, float64(got.Rows)/took.Seconds())
	}
	return nil
}

// situation is what is done to a registration after its code was issued, and what a scan then says.
type situation struct {
	name                   string
	do                     []string // sub-command; the certificate number is put behind its first word
	document, registration string
	usable                 bool
}

func situations() []situation {
	today := models.DateOf(time.Now())
	return []situation{
		{"untouched", nil, "valid", "in_force", true},
		{"suspended", []string{"suspend"}, "valid", "suspended", false},
		{"cancelled", []string{"cancel"}, "valid", "cancelled", false},
		{"withdrawn", []string{"withdraw"}, "valid", "withdrawn", false},
		{"revoked", []string{"revoke"}, "valid", "revoked", false},
		{"penalty", []string{"block"}, "valid", "in_force", false},
		{"moved", []string{"change", "--employer", "改名设计院"}, "outdated", "in_force", false},
		{"renamed", []string{"change", "--name", "改名者"}, "outdated", "in_force", false},
		{"not yet", []string{"change", "--valid-from", today.AddDays(1).String()}, "outdated", "not_yet", false},
		{"ended", []string{"change", "--valid-from", today.AddDays(-900).String(), "--valid-until", today.AddDays(-1).String()}, "outdated", "expired", false},
		{"code only", []string{"change", "--employer-code", demo.EmployerCode(99)}, "valid", "in_force", true},
	}
}

// statuses issues a code for each situation, scans it, brings the situation about, and scans again.
func (t *trial) statuses(ctx context.Context) error {
	t.codes = map[string]string{}
	for i, s := range situations() {
		code, err := t.CLI(ctx, "issue-code", stand.Number(i+1))
		if err != nil {
			return err
		}
		t.codes[s.name] = code
		for range 2 { // from the database, then from the cache
			if err := t.expect(ctx, code, situation{s.name + " before", nil, "valid", "in_force", true}); err != nil {
				return err
			}
		}
		if s.do != nil {
			args := append([]string{s.do[0], stand.Number(i + 1), "--json", "--reason", "演练"}, s.do[1:]...)
			out, err := t.CLI(ctx, args...)
			if err != nil {
				return err
			}
			var done struct{ Propagated any }
			if err := json.Unmarshal([]byte(out), &done); err != nil {
				return err
			}
			if err := t.check(s.name+" propagated", done.Propagated, any(true)); err != nil {
				return err
			}
		}
		if err := t.expect(ctx, code, s); err != nil {
			return err
		}
	}
	genuine := t.codes["untouched"]
	last := genuine[len(genuine)-1:]
	forged := strings.TrimSuffix(genuine, last) + map[bool]string{true: "1", false: "0"}[last == "0"]
	for code, s := range map[string]situation{
		forged:                    {"forged", nil, "forged", "", false},
		"https://example.com/v/1": {"not ours", nil, "unknown", "", false},
		genuine[:len(genuine)-9]:  {"cut", nil, "unknown", "", false},
	} {
		if err := t.expect(ctx, code, s); err != nil {
			return err
		}
	}
	if _, err := t.CLI(ctx, "restore", stand.Number(5), "--reason", "演练"); err != nil {
		return err
	}
	return t.expect(ctx, t.codes["revoked"], situation{"restored", nil, "valid", "in_force", true})
}

// restart stops the server, starts it again and finds everything as it was, the session included.
func (t *trial) restart(ctx context.Context) error {
	if err := t.Stop(); err != nil {
		return fmt.Errorf("the server did not stop cleanly: %w", err)
	}
	if err := t.start(ctx); err != nil {
		return err
	}
	for _, s := range situations() {
		if s.name == "revoked" { // and restored
			s.registration, s.usable = "in_force", true
		}
		if err := t.expect(ctx, t.codes[s.name], s); err != nil {
			return err
		}
	}
	return nil
}

// verdict is the part of the contract that is held here.
type verdict struct {
	Usable   bool
	Document struct{ Status string }
	// Registration is absent for forged and unknown documents.
	Registration *struct{ Status string }
}

func (v verdict) words() string {
	registration := ""
	if v.Registration != nil {
		registration = v.Registration.Status
	}
	return fmt.Sprintf("%s/%s usable %v", v.Document.Status, registration, v.Usable)
}

// expect scans a code through the API and, where it is ours, through /v/.
func (t *trial) expect(ctx context.Context, code string, s situation) error {
	want := fmt.Sprintf("%s/%s usable %v", s.document, s.registration, s.usable)
	var scan verdict
	if err := t.Post(ctx, "/api/v1/scans", map[string]string{"code": code}, &scan); err != nil {
		return err
	}
	if err := t.check(s.name+" by the API", scan.words(), want); err != nil || !strings.HasPrefix(code, t.URL) {
		return err
	}
	var public verdict
	if err := stand.Get(ctx, code, &public); err != nil {
		return err
	}
	return t.check(s.name+" at /v/", public.words(), want)
}

func (t *trial) check(what string, got, want any) error {
	if got != want {
		return fmt.Errorf("%s: got %v, want %v", what, got, want)
	}
	t.checks++
	return nil
}
