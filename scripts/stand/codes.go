package stand

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
)

// IssueCodes imports n made-up people and gives the URL of a code for each.
func (t *Stand) IssueCodes(ctx context.Context, n int) ([]string, error) {
	people, numbers := filepath.Join(t.Dir, "people.csv"), filepath.Join(t.Dir, "numbers")
	if err := WritePeople(people, n); err != nil {
		return nil, err
	}
	if _, err := t.CLI(ctx, "import", people); err != nil {
		return nil, err
	}
	var list strings.Builder
	for i := range n {
		list.WriteString(Number(i+1) + "\n")
	}
	if err := os.WriteFile(numbers, []byte(list.String()), 0o600); err != nil {
		return nil, err
	}
	out, err := t.CLI(ctx, "issue-code", "--json", "--from-file", numbers)
	if err != nil {
		return nil, err
	}
	var codes []string
	for line := range strings.Lines(out) {
		var issued struct{ Code string }
		if err := json.Unmarshal([]byte(line), &issued); err != nil {
			return nil, err
		}
		codes = append(codes, issued.Code)
	}
	return codes, nil
}
