package miniprogram

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"

	"yanzheng/models"
)

func TestContractIsOpenAPI(t *testing.T) {
	d, err := libopenapi.NewDocument(contract)
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(d, config.WithFormatAssertions())
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if ok, faults := v.ValidateDocument(); !ok {
		t.Fatal(faults)
	}
}

// TestEnumsAreTheDomains: a word that the domain has and the contract lacks would be an answer that breaks the contract
// on the first day it is true.
func TestEnumsAreTheDomains(t *testing.T) {
	words := constants(t, "../models")
	d := contractYAML(t)
	for schema, typ := range map[string]string{
		"DocumentStatus": "DocumentStatus", "Reason": "Reason", "RegistrationStatus": "RegistrationStatus",
		"RegistrationReason": "RegistrationReason", "BlockKind": "BlockKind", "Source": "Source", "Category": "Category",
		"Field": "Field", "Role": "Role", "PaperStatus": "PaperStatus", "ImageKind": "ImageKind", "ImageState": "ImageState",
		"ClaimState": "ClaimState", "Viewer": "Viewer", "Device": "Device", "SignatureFinding": "SignatureFinding", "IDType": "IDType",
		"FileStatus": "FileStatus", "FileReason": "FileReason", "UseLimit": "UseLimit", "BarReason": "BarReason",
	} {
		same(t, schema, d.Components.Schemas[schema].Enum, words[typ])
	}
	var rows []string
	for _, p := range models.Policies() {
		rows = append(rows, string(p.Category))
	}
	same(t, "Category, as the policy table has it", d.Components.Schemas["Category"].Enum, rows)
}

// TestPaperFieldsAreTheComparable asks the domain for each field whether it compares it.
func TestPaperFieldsAreTheComparable(t *testing.T) {
	var comparable []string
	for _, f := range constants(t, "../models")["Field"] {
		if _, err := models.ComparePaper(map[models.Field]string{models.Field(f): "x"}, models.Registration{}); err == nil {
			comparable = append(comparable, f)
		}
	}
	same(t, "LookUpRequest.paper", contractYAML(t).Components.Schemas["LookUpRequest"].Properties["paper"].PropertyNames.Enum, comparable)
}

// inward are codes of the packages behind the surface that no answer of it can have, with the reason.
var inward = map[string]string{
	"not_found":                  "every use case says in its own words what was not found",
	"date_out_of_range":          "a paper's dates are compared as text; a scan has none",
	"conflict":                   "what meets another change is tried again",
	"identifier_invalid":         "a setting is wrong; nobody sends one",
	"imprint_invalid":            "of the settings, at the start",
	"code_not_drawable":          "a public address that is too long, noticed at the first certificate",
	"code_unencodable":           "a setting or a date beyond the format, which no certificate has",
	"no_such_seal_key":           "of a command",
	"validity_reversed":          "of an import or a change, which are commands",
	"status_unknown":             "of an import",
	"id_type_unknown":            "of an import",
	"id_number_invalid":          "of an import or a change",
	"id_birth_date_invalid":      "of an import or a change",
	"birth_date_needed":          "of an import or a change",
	"employer_code_invalid":      "of an import or a change",
	"status_would_restore":       "of an import",
	"holder_differs":             "of an import",
	"id_number_taken":            "of a change",
	"person_differs":             "of an import",
	"category_needed":            "of a command; a look-up takes the registration that ends last",
	"sex_invalid":                "of an import or a change",
	"name_invalid":               "of an import or a change",
	"employer_invalid":           "of an import or a change",
	"specialty_invalid":          "of an import or a change",
	"certificate_number_invalid": "of an import",
	"seal_number_invalid":        "of an import or a change",
	"role_unknown":               "of a command",
	"role_follows":               "of a command",
	"certificate_number_taken":   "of a command",
}

// TestProblemCodes: every code that the surface and what stands behind it can declare is in the contract, or is known
// not to come out; and the contract promises no code that nobody declares.
func TestProblemCodes(t *testing.T) {
	declared := map[string]bool{}
	for _, dir := range []string{".", "../models", "../internal/holder", "../internal/httpx", "../internal/picture", "../internal/ratelimit", "../internal/session", "../internal/verify", "../internal/wechat",
		"../internal/endorse", "../internal/certificate", "../internal/turns", "../internal/code"} {
		for _, code := range errorCodes(t, dir) {
			declared[code] = true
		}
	}
	for code := range inward {
		if !declared[code] {
			t.Errorf("%s is listed as inward and nobody declares it any more", code)
		}
		delete(declared, code)
	}
	same(t, "ProblemCode", contractYAML(t).Components.Schemas["ProblemCode"].Enum, slices.Collect(maps.Keys(declared)))
}

// TestEveryProblemCodeIsSomeones: a code of the closed set stands in the answers of an operation, or it is dead.
func TestEveryProblemCodeIsSomeones(t *testing.T) {
	text := string(contract)
	_, responses, found := strings.Cut(text, "\n  responses:\n")
	responses, _, found2 := strings.Cut(responses, "\n  schemas:\n")
	if !found || !found2 {
		t.Fatal("no components.responses")
	}
	for _, code := range contractYAML(t).Components.Schemas["ProblemCode"].Enum {
		if !strings.Contains(responses, code) {
			t.Errorf("no response has the code %s", code)
		}
	}
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("%s lacks %s", what, w)
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("%s has %s, which is none of the program's words", what, g)
		}
	}
	if len(want) == 0 || len(slices.Compact(got)) != len(got) {
		t.Errorf("%s: %q against %q", what, got, want)
	}
}

// constants gives the string constants of a package by the name of their type.
func constants(t *testing.T, dir string) map[string][]string {
	t.Helper()
	words := map[string][]string{}
	inspect(t, dir, func(n ast.Node) {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return
		}
		typ, ok := spec.Type.(*ast.Ident)
		if !ok {
			return
		}
		for _, v := range spec.Values {
			if s, ok := literal(v); ok {
				words[typ.Name] = append(words[typ.Name], s)
			}
		}
	})
	return words
}

// errorCodes gives the codes of the errors that a package declares.
func errorCodes(t *testing.T, dir string) []string {
	t.Helper()
	var codes []string
	inspect(t, dir, func(n ast.Node) {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 4 {
			return
		}
		name, ok := call.Fun.(*ast.Ident)
		if !ok {
			selector, isSelector := call.Fun.(*ast.SelectorExpr)
			if !isSelector {
				return
			}
			name = selector.Sel
		}
		if name.Name != "NewError" {
			return
		}
		code, ok := literal(call.Args[1])
		if !ok {
			t.Errorf("%s: an error's code is not written out", dir)
		}
		codes = append(codes, code)
	})
	return codes
}

func inspect(t *testing.T, dir string, see func(ast.Node)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(dir, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(syntax, func(n ast.Node) bool {
			see(n)
			return true
		})
	}
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}
