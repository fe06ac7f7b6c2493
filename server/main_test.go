package main

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// TestMain adds what only all tests together can tell: no secret left the program anywhere, and, when none was left
// out, every answer that the contract promises was seen.
func TestMain(m *testing.M) {
	flag.Parse()
	status := m.Run()
	faults := leaks()
	if status == 0 && !testing.Short() && all() {
		faults = append(faults, unseen()...)
	}
	for _, fault := range faults {
		fmt.Println("FAIL:", fault)
		status = 1
	}
	os.Exit(status)
}

// all tells whether no flag left a test out.
func all() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.fuzz"} {
		if flag.Lookup(name).Value.String() != "" {
			return false
		}
	}
	return true
}
