// Package archtest holds the house rules that the compiler does not: who may import whom, and what stays out of the models
// and of the store.
//
// It promises that the tables below are the truth about the tree; its one rule: a new package stands in them before it is merged.
package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/printer"
	"go/token"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	root   = "../.."
	module = "yanzheng/"
)

// The use cases, which everything above them may call.
var useCases = []string{"internal/verify", "internal/register", "internal/endorse", "internal/staff", "internal/session", "internal/holder"}

// edges says which of our packages each of them may import, apart from models, which everybody may. Test files are free.
// The arrows point down: server → surfaces → use cases → models. Adapters stand on models alone and do not know each other.
var edges = map[string][]string{
	"models": {},
	"config": {},

	// Use cases.
	"internal/endorse":  {},
	"internal/holder":   {},
	"internal/register": {},
	"internal/session":  {},
	"internal/staff":    {},
	"internal/verify":   {},

	// Adapters: each satisfies interfaces that use cases declare.
	"internal/certificate":    {"internal/durable", "internal/pdfread"},
	"internal/code":           {"internal/durable"},
	"internal/factcache":      {"internal/compact"},
	"internal/notify":         {},
	"internal/picture":        {},
	"internal/photolink":      {},
	"internal/ratelimit":      {},
	"internal/scanlog":        {"internal/compact"},
	"internal/sheet":          {},
	"internal/store":          {"internal/sealing"},
	"internal/vault":          {"internal/sealing"},
	"internal/turns":          {},
	"internal/wechat":         {},
	"internal/wechat/sandbox": {},

	// Surfaces, and what they share.
	"internal/httpx":  {},
	"miniprogram-api": append([]string{"internal/httpx"}, useCases...),
	"web":             append([]string{"internal/httpx"}, useCases...),

	// Demo data goes in by the front door.
	"internal/demo": useCases,

	// For tests alone.
	"internal/archtest":         {},
	"internal/testkit":          {},
	"internal/testkit/storekit": {"internal/store", "internal/testkit"},

	// Files that must not be lost, short records, and what nobody else may read.
	"internal/durable": {},
	"internal/compact": {},
	"internal/sealing": {},

	// PDFs that anybody may have sent.
	"internal/pdfread": {},
}

// tops are the programs: they put everything together, and nothing imports them.
var tops = []string{"server", "scripts"}

// reserved lists what not even every program may import, and who may.
var reserved = map[string][]string{
	"config":                    {"server"},
	"internal/demo":             {"server", "scripts/certificate", "scripts/madeup", "scripts/stand", "scripts/trial"},
	"internal/archtest":         {},
	"internal/testkit/storekit": {},
	"internal/testkit":          {"internal/testkit/storekit"}, // test files, which are not looked at here
}

// homes lists the libraries that live in a few places only, so that a change of library is a change of those places.
var homes = map[string][]string{
	"gorm.io":                                {"internal/store"},
	"github.com/ncruces/go-sqlite3/gormlite": {"internal/store"},
	"github.com/silenceper/wechat":           {"internal/wechat"},
	"gocloud.dev":                            {"internal/vault"},
	"github.com/aws":                         {"internal/vault"},
	"github.com/gin-gonic/gin":               {"miniprogram-api", "web", "internal/httpx", "server", "scripts/benchrun"},
	"github.com/Shopify/toxiproxy":           {"scripts/consistency"},
}

// frugal lists the packages that use no library but those named (by what their import path begins with).
var frugal = map[string][]string{
	"models":            {},
	"internal/picture":  {"golang.org/x/image/"},
	"internal/register": {"golang.org/x/"},
}

// badNames say nothing about what a package is for.
var badNames = []string{"utils", "util", "common", "helpers", "helper", "types", "manager"}

// forbidden words of the Go files of a folder, comments and tests aside.
var forbidden = map[string][]string{
	// Save writes zero fields, the soft delete of gorm.Model hides revoked rows, and migrations are SQL files.
	"internal/store": {".Save(", "AutoMigrate", "gorm.Model", "gorm.DeletedAt"},
	// Every edge has response types of its own, so that no field leaks by accident.
	"models": {`json:"`},
}

type goPackage struct {
	ImportPath, Name string
	Imports          []string
}

func TestImports(t *testing.T) {
	packages, err := list()
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range faults(packages) {
		t.Error(fault)
	}
}

// list asks the go command. Packages that do not compile at the moment (-e) are the compiler's business.
func list() ([]goPackage, error) {
	cmd := exec.Command("go", "list", "-e", "-buildvcs=false", "-json=ImportPath,Name,Imports", "./...")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, stderr.String())
	}
	var packages []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		if !strings.Contains(p.ImportPath, "/node_modules/") {
			packages = append(packages, p)
		}
	}
}

// faults gives a sentence for every broken rule.
func faults(packages []goPackage) []string {
	var all []string
	for _, p := range packages {
		name := strings.TrimPrefix(p.ImportPath, module)
		if slices.Contains(badNames, p.Name) || slices.Contains(badNames, path.Base(name)) {
			all = append(all, name+" says nothing: name the package by what it is for")
		}
		if _, known := edges[name]; !known && !isTop(name) {
			all = append(all, name+" is not known to internal/archtest: add it to the table")
		}
		for _, imported := range p.Imports {
			if complaint := fault(name, imported); complaint != "" {
				all = append(all, name+" imports "+imported+": "+complaint)
			}
		}
	}
	return all
}

// fault says what is wrong with one import, or nothing.
func fault(name, imported string) string {
	target, ours := strings.CutPrefix(imported, module)
	if !ours {
		return libraryFault(name, imported)
	}
	if who, ok := reserved[target]; ok && !slices.Contains(who, name) {
		return "not for anybody else than " + fmt.Sprint(who)
	}
	switch {
	case target == "scripts/stand" && within(name, "scripts"): // what the programs there share
		return ""
	case isTop(target):
		return "nothing imports a program"
	case isTop(name), target == "models", slices.Contains(edges[name], target):
		return ""
	}
	return "this edge is not in the table of internal/archtest"
}

func libraryFault(name, imported string) string {
	for library, home := range homes {
		if within(imported, library) && !slices.Contains(home, name) {
			return "it lives in " + fmt.Sprint(home) + " only"
		}
	}
	standard := !strings.Contains(strings.Split(imported, "/")[0], ".")
	if allowed, ok := frugal[name]; ok && !standard {
		for _, prefix := range allowed {
			if strings.HasPrefix(imported, prefix) {
				return ""
			}
		}
		return "this package stands on the standard library and " + fmt.Sprint(allowed) + " only"
	}
	return ""
}

func isTop(name string) bool {
	return slices.ContainsFunc(tops, func(top string) bool { return within(name, top) })
}

func within(name, folder string) bool { return name == folder || strings.HasPrefix(name, folder+"/") }

// A rule that cannot fail is none.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name, imports string
		ok            bool
	}{
		{"server", "yanzheng/internal/store", true},
		{"server", "yanzheng/config", true},
		{"server", "github.com/gin-gonic/gin", true},
		{"server", "yanzheng/internal/testkit", false},
		{"server", "gorm.io/gorm", false},
		{"scripts/bench", "yanzheng/internal/code", true},
		{"scripts/bench", "yanzheng/config", false},
		{"scripts/consistency", "github.com/Shopify/toxiproxy/v2", true},
		{"server", "github.com/Shopify/toxiproxy/v2", false},
		{"web", "yanzheng/internal/verify", true},
		{"web", "yanzheng/internal/store", false},
		{"web", "yanzheng/miniprogram-api", false},
		{"web", "yanzheng/server", false},
		{"miniprogram-api", "yanzheng/internal/httpx", true},
		{"miniprogram-api", "yanzheng/config", false},
		{"internal/verify", "yanzheng/models", true},
		{"internal/verify", "yanzheng/internal/factcache", false},
		{"internal/verify", "yanzheng/web", false},
		{"internal/verify", "github.com/gin-gonic/gin/binding", false},
		{"internal/factcache", "yanzheng/internal/store", false},
		{"internal/factcache", "yanzheng/internal/compact", true},
		{"internal/scanlog", "yanzheng/internal/factcache", false},
		{"internal/factcache", "github.com/redis/go-redis/v9", true},
		{"internal/store", "gorm.io/driver/mysql", true},
		{"internal/scanlog", "gorm.io/gorm", false},
		{"internal/vault", "yanzheng/internal/sealing", true},
		{"internal/vault", "gocloud.dev/blob/s3blob", true},
		{"internal/endorse", "gocloud.dev/blob", false},
		{"internal/picture", "golang.org/x/image/draw", true},
		{"internal/picture", "golang.org/x/text/width", false},
		{"internal/wechat", "github.com/silenceper/wechat/v2/cache", true},
		{"internal/wechat/sandbox", "github.com/silenceper/wechat/v2", false},
		{"internal/demo", "yanzheng/internal/register", true},
		{"internal/demo", "yanzheng/internal/store", false},
		{"internal/register", "golang.org/x/text/width", true},
		{"internal/register", "github.com/xuri/excelize/v2", false},
		{"models", "crypto/sha256", true},
		{"models", "golang.org/x/text/width", false},
		{"models", "yanzheng/internal/code", false},
		{"internal/utils", "fmt", false},
		{"internal/brandnew", "fmt", false},
	} {
		got := faults([]goPackage{{module + c.name, path.Base(c.name), []string{c.imports}}})
		if (len(got) == 0) != c.ok {
			t.Errorf("%s imports %s: ok = %t, want %t %q", c.name, c.imports, !c.ok, c.ok, got)
		}
	}
}

func TestForbiddenWords(t *testing.T) {
	for folder, words := range forbidden {
		files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			found, err := wordsIn(file, nil, words)
			if err != nil {
				t.Error(err)
			}
			for _, word := range found {
				t.Errorf("%s: %s is forbidden in %s", file, word, folder)
			}
		}
	}
}

// wordsIn gives the words that the code of a Go file has; a comment may speak of them. src may stand for the file's content.
func wordsIn(file string, src any, words []string) (found []string, err error) {
	set := token.NewFileSet()
	syntax, err := parser.ParseFile(set, file, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var code strings.Builder
	if err := printer.Fprint(&code, set, syntax); err != nil {
		return nil, err
	}
	for _, word := range words {
		if strings.Contains(code.String(), word) {
			found = append(found, word)
		}
	}
	return found, nil
}

func TestWordsIn(t *testing.T) {
	src := "package p\n// never AutoMigrate\ntype row struct {\n\tgorm.Model\n\tName string `json:\"name\"`\n}\nfunc f() { db.Save (1); db.SavePoint(2) }"
	found, err := wordsIn("p.go", src, []string{".Save(", "AutoMigrate", "gorm.Model", "gorm.DeletedAt", `json:"`})
	if want := []string{".Save(", "gorm.Model", `json:"`}; err != nil || !slices.Equal(found, want) {
		t.Errorf("found %q, %v, want %q", found, err, want)
	}
}
