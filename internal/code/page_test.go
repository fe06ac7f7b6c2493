package code_test

import (
	"crypto/ed25519"
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestPageTellsTheWorkedExample: the numbers on the page are those of the first key's sample, so that
// a stranger who follows the page by hand meets no wrong one.
func TestPageTellsTheWorkedExample(t *testing.T) {
	raw, err := os.ReadFile(docs + "/code-format.md")
	if err != nil {
		t.Fatal(err)
	}
	page := strings.Join(strings.Fields(string(raw)), " ")
	signature := sample.signature()
	for what, text := range map[string]string{
		"code":       prefix + sample.digits(),
		"payload":    fmt.Sprintf("%x", sample.payload()),
		"R":          fmt.Sprintf("%x", signature[:32]),
		"S":          fmt.Sprintf("%x", signature[32:]),
		"message":    fmt.Sprintf("%x", append([]byte(domain), sample.payload()...)),
		"public key": testKeys[0].public(),
		"key bytes":  fmt.Sprintf("%x", []byte(testKeys[0].private().Public().(ed25519.PublicKey))),
		"use limit":  sample.certificate().UseUntil.String(),
		"outcome":    show(check(sample.digits(), readVectors(t).Keys)),
	} {
		if !strings.Contains(page, text) {
			t.Errorf("the page does not give the %s: %s", what, text)
		}
	}
}
