package stand

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMoveEvery(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "from"), filepath.Join(t.TempDir(), "to")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(from, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("name,employer\na,1\nb,2\nc,3\nd,4\ne,5\n")
	if err := moveEvery(from, to, 2); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(to) //nolint:gosec // the test's own
	if want := "name,employer\nb,2（分院）\nd,4（分院）\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	write("name\na\n")
	if err := moveEvery(from, to, 2); err == nil || !strings.Contains(err.Error(), "employer") {
		t.Error(err)
	}
}
