package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOnlyLoopback looks at every socket on which this process listens while an embedded server runs.
func TestOnlyLoopback(t *testing.T) {
	before := len(listening(t))
	serve(t, environment{"LISTEN": "127.0.0.1:0", "DATA_DIR": filepath.Join(t.TempDir(), "data"), "DEMO": "false"})
	all := listening(t)
	if len(all) < before+3 {
		t.Errorf("it listens on %d sockets, want the server's, the in-process Redis's and the WeChat sandbox's", len(all)-before)
	}
	for _, address := range all {
		if host, _, _ := strings.Cut(address, ":"); host != "0100007F" { // 127.0.0.1
			t.Errorf("it listens on %s, beyond loopback", address)
		}
	}
}

// listening gives the local addresses, as the kernel writes them, of this process's listening sockets.
func listening(t *testing.T) (addresses []string) {
	t.Helper()
	mine := map[string]bool{}
	links, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && strings.HasPrefix(target, "socket:[") {
			mine[strings.Trim(target, "socket:[]")] = true
		}
	}
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		raw, err := os.ReadFile(table)
		if err != nil {
			continue // a machine without IPv6
		}
		for _, line := range strings.Split(string(raw), "\n") {
			const listen, state, address, inode = "0A", 3, 1, 9
			if f := strings.Fields(line); len(f) > inode && f[state] == listen && mine[f[inode]] {
				addresses = append(addresses, f[address])
			}
		}
	}
	return addresses
}
