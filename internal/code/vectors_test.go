package code_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"yanzheng/internal/code"
	"yanzheng/models"
)

var update = flag.Bool("update", false, "write docs/code-vectors.json anew")

const (
	docs        = "../../docs"
	vectorsFile = docs + "/code-vectors.json"
	checkerFile = docs + "/code-check.mjs"
	aboutText   = "Test vectors for docs/code-format.md. The keys are for tests only: their seeds are public."
)

type vector struct {
	Name string `json:"name"`
	Text string `json:"text"`
	answer
}

// vectorFile is docs/code-vectors.json; Keys is keysFile where strangers read it.
type vectorFile[Keys any] struct {
	About   string   `json:"about"`
	Keys    Keys     `json:"keys_json"`
	Vectors []vector `json:"vectors"`
}

// TestVectorsAreTheseBytes: the published vectors change only when somebody means it.
func TestVectorsAreTheseBytes(t *testing.T) {
	var made bytes.Buffer
	out := json.NewEncoder(&made)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	err := out.Encode(vectorFile[code.Published]{aboutText, testReader(t).Publish(), vectors()})
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(vectorsFile, made.Bytes(), 0o644); err != nil { //nolint:gosec // a public document
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(committed, made.Bytes()) {
		t.Error("docs/code-vectors.json differs from what the test makes; look at the difference, then run with -update")
	}
}

func readVectors(t testing.TB) vectorFile[keysFile] {
	t.Helper()
	raw, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	var file vectorFile[keysFile]
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestVectorsByThePageAlone holds the vectors against the second checker.
func TestVectorsByThePageAlone(t *testing.T) {
	file := readVectors(t)
	names, outcomes := map[string]bool{}, map[string]int{}
	for _, v := range file.Vectors {
		if got := check(v.Text, file.Keys); !reflect.DeepEqual(got, v.answer) {
			t.Errorf("%s: %s, want %s", v.Name, show(got), show(v.answer))
		}
		if names[v.Name] {
			t.Errorf("%s: two vectors of this name", v.Name)
		}
		names[v.Name] = true
		outcomes[v.Outcome]++
	}
	for _, outcome := range outcomeNames {
		if outcomes[outcome] < 3 {
			t.Errorf("%d vectors are %s, want at least 3", outcomes[outcome], outcome)
		}
	}
}

// TestVectorsByTheReader holds the package against the vectors.
func TestVectorsByTheReader(t *testing.T) {
	r := testReader(t)
	for _, v := range readVectors(t).Vectors {
		if got := answerOf(r.Read(v.Text)); !reflect.DeepEqual(got, v.answer) {
			t.Errorf("%s: %s, want %s", v.Name, show(got), show(v.answer))
		}
	}
}

// TestRingSignsTheVectors: the package's own signatures are the published ones, byte for byte.
func TestRingSignsTheVectors(t *testing.T) {
	ring := signers(t)
	for name, d := range genuine {
		if got, err := ring.Sign(d.certificate()); err != nil || got != d.digits() {
			t.Errorf("%s: signed as %s, %v; want %s", name, got, err, d.digits())
		}
	}
}

// TestVectorsByTheScript runs the checker that strangers are given, on all vectors and on single codes.
func TestVectorsByTheScript(t *testing.T) {
	node := nodePath(t)
	keys, err := json.Marshal(testReader(t).Publish())
	if err != nil {
		t.Fatal(err)
	}
	keysPath := filepath.Join(t.TempDir(), "keys.json")
	write(t, keysPath, keys)
	raw, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	wrongPath := filepath.Join(t.TempDir(), "wrong.json")
	write(t, wrongPath, bytes.Replace(raw, []byte(`"outcome": "forged"`), []byte(`"outcome": "genuine"`), 1))
	otherPath := filepath.Join(t.TempDir(), "other.json")
	write(t, otherPath, bytes.Replace(keys, []byte(domain), []byte("another/v1:"), 1))
	for name, c := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"all vectors":       {[]string{vectorsFile}, 0, " vectors, 0 differ"},
		"a wrong vector":    {[]string{wrongPath}, 1, " vectors, 1 differ"},
		"a genuine code":    {[]string{prefix + sample.digits(), keysPath}, 0, `"use_until":"2026-12-31"`},
		"a revoked key":     {[]string{draft{version: 1, key: 1}.digits(), keysPath}, 1, `"key_revoked":true`},
		"a forged code":     {[]string{prefix + sample.with(make([]byte, 64)), keysPath}, 1, `"forged"`},
		"keys of another":   {[]string{prefix + sample.digits(), otherPath}, 2, "domain"},
		"what it can't see": {[]string{prefix + sample.digits(), keysPath}, 0, "needs a network"},
		"no arguments":      {nil, 2, "usage"},
		"a missing file":    {[]string{filepath.Join(docs, "none.json")}, 2, "ENOENT"},
	} {
		t.Run(name, func(t *testing.T) {
			run := exec.CommandContext(t.Context(), node, append([]string{checkerFile}, c.args...)...)
			out, err := run.CombinedOutput()
			if run.ProcessState == nil {
				t.Fatal(err)
			}
			if run.ProcessState.ExitCode() != c.status || !strings.Contains(string(out), c.says) {
				t.Errorf("status %d, want %d and %q in:\n%s", run.ProcessState.ExitCode(), c.status, c.says, out)
			}
		})
	}
}

// nodePath fails where node is missing: a skipped test is a promise nobody keeps. -short may skip.
func nodePath(t *testing.T) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil && testing.Short() {
		t.Skip("no node (-short)")
	}
	if err != nil {
		t.Fatal("no node in PATH: install Node 20, or skip with -short")
	}
	return node
}

var outcomeNames = map[models.ReadOutcome]string{
	models.ReadNotOurs: "not_ours", models.ReadUnreadable: "unreadable", models.ReadUnknownKey: "unknown_key",
	models.ReadForged: "forged", models.ReadGenuine: "genuine",
}

// answerOf puts a reading into the words of the page. What a reading must not tell shows as a difference.
func answerOf(r models.Reading) answer {
	a := answer{Outcome: outcomeNames[r.Outcome], UseUntil: r.UseUntil.String()}
	if r.ID != (models.CertificateID{}) || r.Outcome == models.ReadGenuine {
		a.ID = r.ID.String()
	}
	if r.Outcome == models.ReadGenuine || r.Kind != 0 || r.KeyNumber != 0 || r.KeyRevoked {
		kind, number := int(r.Kind), int(r.KeyNumber)
		a.Kind, a.KeyNumber, a.KeyRevoked = &kind, &number, &r.KeyRevoked
	}
	return a
}

func show(a answer) string {
	raw, _ := json.Marshal(a) // strings, numbers and a bool: cannot fail
	return string(raw)
}
