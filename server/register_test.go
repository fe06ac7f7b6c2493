package main

import (
	"bytes"
	"encoding/csv"
	"hash/fnv"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yanzheng/internal/demo"
	"yanzheng/internal/register"
	"yanzheng/models"
)

// today is the day in China; no test begins in the last minute of one and minds.
func today() models.Date { return models.DateOf(time.Now()) }

// people makes registrations up whose numbers begin with a prefix of their own, and notes their ID numbers as secrets.
func people(prefix string, n int) []models.Registration {
	seed := fnv.New64()
	seed.Write([]byte(prefix))
	maker := demo.NewMaker(seed.Sum64(), prefix, today())
	all := make([]models.Registration, n)
	for i := range all {
		all[i] = maker.Registration()
		if i < 100 { // one that leaks is like another, and the search takes its time
			secret("an ID number", all[i].Person.IDNumber)
		}
	}
	return all
}

// cells gives registrations as the cells of an import file, the header first.
func cells(all ...models.Registration) [][]string {
	rows := [][]string{append(append([]string{}, register.RequiredColumns...), register.OptionalColumns...)}
	for i := range all {
		rows = append(rows, register.Cells(&all[i]))
	}
	return rows
}

// sheetFile writes rows as a CSV file.
func sheetFile(t testing.TB, rows [][]string) string {
	t.Helper()
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return file(t, "people.csv", b.Bytes())
}

func file(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// report is what an import answers.
type report struct {
	Rows      int     `json:"rows"`
	Imported  int     `json:"imported"`
	Changed   int     `json:"changed"`
	Unchanged int     `json:"unchanged"`
	Rejected  int     `json:"rejected"`
	Errors    []fault `json:"errors"`
}

type fault struct {
	Line   int    `json:"line"`
	Column string `json:"column"`
	Reason string `json:"reason"`
}

// bring imports registrations, all of which are to go in.
func bring(t testing.TB, env environment, all ...models.Registration) {
	t.Helper()
	r := must[report](t, env, "import", sheetFile(t, cells(all...)))
	if r.Imported != len(all) || r.Rejected > 0 {
		t.Fatalf("of %d people: %+v", len(all), r)
	}
}

// issued is what issue-code answers.
type issued struct {
	Code          string `json:"code"`
	CertificateID string `json:"certificate_id"`
	UseFrom       string `json:"use_from"`
	UseUntil      string `json:"use_until"`
}

// digits is the part of the code behind its prefix.
func (i issued) digits() string { return i.Code[strings.LastIndexByte(i.Code, '/')+1:] }

// keyNumber reads by which key the code was signed, by docs/code-format.md and not by the program.
func (i issued) keyNumber(t testing.TB) int {
	t.Helper()
	n, ok := new(big.Int).SetString(i.digits(), 10)
	if !ok || len(i.digits()) != 184 {
		t.Fatalf("not 184 digits: %s", i.Code)
	}
	var b [76]byte
	n.FillBytes(b[:])
	return int(b[0] & 31)
}

func issue(t testing.TB, env environment, r models.Registration) issued {
	t.Helper()
	return must[issued](t, env, "issue-code", r.CertificateNumber)
}

// decision is what a registrar's decision answers.
type decision struct {
	CertificateNumber string   `json:"certificate_number"`
	Category          string   `json:"category"`
	Status            string   `json:"status"`
	Blocks            []string `json:"blocks"`
	Version           int64    `json:"version"`
	Propagated        any      `json:"propagated"`
}

// decide carries a registrar's decision out.
func decide(t testing.TB, env environment, what string, r models.Registration, more ...string) decision {
	t.Helper()
	return must[decision](t, env, append([]string{what, r.CertificateNumber, "--reason", "测试"}, more...)...)
}
