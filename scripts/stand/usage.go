package stand

import (
	"flag"
	"fmt"
)

// Usage gives what -h prints: how the program is called, what it proves, and its flags.
func Usage(command, proves string) func() {
	return func() {
		out := flag.CommandLine.Output()
		fmt.Fprintf(out, "usage: %s [FLAGS]\n\n%s\n\n", command, proves)
		flag.PrintDefaults()
	}
}
