package sheet

import (
	"slices"
	"strings"
)

// layout maps the columns of a file to places in the Spec.
type layout struct {
	names   []string // of the Spec, as compared
	place   []int    // by column of the file: the place in the Spec, or -1 when ignored
	ignored []string // names of the columns that the Spec does not have
}

// match is what came of comparing a header with a Spec.
type match struct {
	layout            *layout
	missing, repeated []string
}

// err gives all columns that are missing, or all that stand twice, at once.
func (m match) err() error {
	switch {
	case len(m.missing) > 0:
		return naming(ErrMissing, m.missing)
	case len(m.repeated) > 0:
		return naming(ErrRepeated, m.repeated)
	}
	return nil
}

// matchHeader compares the cells of a header with the Spec. Columns with the same unknown name do
// no harm; columns with the same known name would make us choose, and are refused.
func matchHeader(header []string, spec Spec) match {
	l := &layout{names: spec.columns()}
	m := match{layout: l}
	found := make([]bool, len(l.names))
	width := 0
	for col, cell := range header {
		cell = trim(cell)
		place := slices.Index(l.names, strings.ToLower(cell))
		l.place = append(l.place, place)
		if cell != "" {
			width = col + 1
		}
		switch {
		case place < 0 && cell != "":
			l.ignored = append(l.ignored, cell)
		case place >= 0 && found[place]:
			if !slices.Contains(m.repeated, l.names[place]) {
				m.repeated = append(m.repeated, l.names[place])
			}
		case place >= 0:
			found[place] = true
		}
	}
	l.place = l.place[:width] // programs leave separators behind the last column
	for i, name := range l.names[:len(spec.Required)] {
		if !found[i] {
			m.missing = append(m.missing, name)
		}
	}
	return m
}
