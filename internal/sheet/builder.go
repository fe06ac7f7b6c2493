package sheet

// slabRows is how many rows share one allocation for their cells: few allocations, and a row that
// is kept does not hold much else in memory.
const slabRows = 64

// builder gathers the cells of one record. The rules that both formats share stand here.
type builder struct {
	layout   *layout
	slab     []string // room for the cells of the rows to come
	cells    []string // of this record, by place in the Spec
	width    int      // cells put so far
	filled   bool     // something is not empty
	overflow bool     // something stands beyond the header's last column
}

func (b *builder) begin() {
	n := len(b.layout.names)
	if len(b.slab) < n {
		b.slab = make([]string, slabRows*n)
	}
	b.cells = b.slab[:n:n]
	b.width, b.filled, b.overflow = 0, false, false
}

// put takes the cell of a column of the file, counted from 0; columns come in rising order.
func (b *builder) put(column int, cell string) {
	b.width = column + 1
	cell = trim(cell)
	if cell == "" {
		return
	}
	b.filled = true
	if column >= len(b.layout.place) {
		b.overflow = true
		return
	}
	if place := b.layout.place[column]; place >= 0 {
		b.cells[place] = cell
	}
}

// discard makes the room of an unfinished record ready for the next one.
func (b *builder) discard() { clear(b.cells) }

// reject ends the record with an error.
func (b *builder) reject(line int, column, reason string) Row {
	b.discard()
	return badRow(line, column, reason)
}

// finish ends the record; control says that its cells may hold control characters.
func (b *builder) finish(line int, control bool) Row {
	if b.overflow {
		return b.reject(line, "", ReasonTooManyCells)
	}
	if control {
		for i, cell := range b.cells {
			if hasControl(cell) {
				return b.reject(line, b.layout.names[i], ReasonControl)
			}
		}
	}
	b.slab = b.slab[len(b.cells):]
	return Row{Line: line, cells: b.cells}
}
