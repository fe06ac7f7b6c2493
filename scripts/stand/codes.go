package stand

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Certificates are issued by some commands side by side, each for so many people: a transaction waits for the disk most of
// the time, and what a command printed must fit into memory.
const (
	issuers    = 4
	issueChunk = 10_000 // at most
)

// IssueCodes imports n made-up people and gives the URL of a code for each, in the order of their numbers.
func (t *Stand) IssueCodes(ctx context.Context, n int) ([]string, error) {
	if err := WritePeople(t.people(), n); err != nil {
		return nil, err
	}
	if _, err := t.CLI(ctx, "import", t.people()); err != nil {
		return nil, err
	}
	codes := make([]string, n)
	size := min(issueChunk, (n+issuers-1)/issuers)
	chunks := make(chan int, n/size+1)
	for first := 0; first < n; first += size {
		chunks <- first
	}
	close(chunks)
	errs := make([]error, issuers)
	var wait sync.WaitGroup
	for i := range issuers {
		wait.Go(func() {
			for first := range chunks {
				if errs[i] = t.issue(ctx, first, codes[first:min(first+size, n)]); errs[i] != nil {
					return
				}
			}
		})
	}
	wait.Wait()
	return codes, errors.Join(errs...)
}

// people is the file that IssueCodes imports.
func (t *Stand) people() string { return filepath.Join(t.Dir, "people.csv") }

// issue fills in the codes of the people from the one after first on.
func (t *Stand) issue(ctx context.Context, first int, codes []string) error {
	var list strings.Builder
	for i := range codes {
		list.WriteString(Number(first+i+1) + "\n")
	}
	numbers := filepath.Join(t.Dir, fmt.Sprintf("numbers-%d", first))
	if err := os.WriteFile(numbers, []byte(list.String()), 0o600); err != nil {
		return err
	}
	out, err := t.CLI(ctx, "issue-code", "--json", "--from-file", numbers)
	if err != nil {
		return err
	}
	n := 0
	for line := range strings.Lines(out) {
		var issued struct{ Code string }
		if err := json.Unmarshal([]byte(line), &issued); err != nil {
			return err
		}
		if n < len(codes) {
			codes[n] = issued.Code
		}
		n++
	}
	if n != len(codes) {
		return fmt.Errorf("%d codes were issued, want %d", n, len(codes))
	}
	return os.Remove(numbers)
}
