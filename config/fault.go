package config

import (
	"fmt"
	"strings"
)

// Fault is one thing to put right. It never holds a value that was given.
type Fault struct {
	Setting string // its path in the file; empty when the fault is not about one setting
	Env     string // its name in the environment; empty when there is none
	Line    int    // the line of the file the value comes from; 0 when not from the file
	Missing bool   // the setting is required and was not given
	Text    string // what is wrong and what to do; for a missing setting, what belongs there
}

// String gives the fault in one line.
func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(f.Setting)
	switch {
	case f.Setting == "":
		b.WriteString(f.Env)
	case f.Env != "":
		b.WriteString(" (" + f.Env + ")")
	}
	if f.Line > 0 {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "line %d", f.Line)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	b.WriteString(f.Text)
	return b.String()
}

// Error holds every fault of a configuration.
type Error struct {
	Because string // why settings are required, in words; empty when none is missing
	Faults  []Fault
}

// Error lists every fault, the missing settings first, one in a line.
func (e *Error) Error() string {
	var missing, wrong []string
	for _, f := range e.Faults {
		if f.Missing {
			missing = append(missing, f.String())
		} else {
			wrong = append(wrong, f.String())
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "configuration refused, faults: %d", len(e.Faults))
	if len(missing) > 0 {
		b.WriteString("\n" + e.Because + "; missing:")
		b.WriteString("\n  " + strings.Join(missing, "\n  "))
	}
	if len(wrong) > 0 {
		b.WriteString("\nwrong:\n  " + strings.Join(wrong, "\n  "))
	}
	return b.String()
}
