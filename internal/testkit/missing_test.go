package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestNeedsServers is not about itself: the test below runs it in a process that lacks the servers.
func TestNeedsServers(t *testing.T) {
	switch os.Getenv("YANZHENG_TESTKIT_CHILD") {
	case "mysql":
		fmt.Println("got", MySQL(t).Name)
	case "redis":
		fmt.Println("got", Redis(t).Addr)
	}
}

func TestMissingServersFailUnlessShort(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range []string{"mysql", "redis"} {
		for _, short := range []bool{false, true} {
			cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestNeedsServers$", "-test.v", fmt.Sprintf("-test.short=%t", short))
			cmd.Env = []string{"YANZHENG_TESTKIT_CHILD=" + service, "PATH=/nonexistent"}
			out, err := cmd.CombinedOutput()
			if short && (err != nil || !strings.Contains(string(out), "--- SKIP")) {
				t.Errorf("%s with -short is not skipped: %v\n%s", service, err, out)
			}
			if !short && (err == nil || !strings.Contains(string(out), "scripts/test")) {
				t.Errorf("%s does not fail with advice: %v\n%s", service, err, out)
			}
		}
	}
}
