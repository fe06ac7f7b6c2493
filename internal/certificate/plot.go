package certificate

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"strconv"
)

// matrix maps the units of a drawing to pixels: x' = a·x + c·y + e, y' = b·x + d·y + f.
type matrix struct{ a, b, c, d, e, f float64 }

func (m matrix) apply(x, y float64) point {
	return point{m.a*x + m.c*y + m.e, m.b*x + m.d*y + m.f}
}

// before gives the map that applies n first, then m: what cm does.
func (m matrix) before(n matrix) matrix {
	e := m.apply(n.e, n.f)
	return matrix{m.a*n.a + m.c*n.b, m.b*n.a + m.d*n.b, m.a*n.c + m.c*n.d, m.b*n.c + m.d*n.d, e.x, e.y}
}

// scale is how many pixels a unit is long, on average over its directions.
func (m matrix) scale() float64 { return math.Sqrt(math.Abs(m.a*m.d - m.b*m.c)) }

// plotter carries out on a canvas what pens wrote: the operators of this package, and no others.
type plotter struct {
	*canvas
	drawings map[string]func(p *plotter, at matrix) // by the name under which they are drawn
}

// inking is the state that q keeps and Q brings back.
type inking struct {
	at           matrix
	fill, stroke color.RGBA
	width        float64
	multiply     bool
}

// plot carries out a content stream. An error is a fault of ours: an operator that no pen wrote when this was written.
func (p *plotter) plot(content []byte, at matrix) error {
	state := inking{at: at, fill: color.RGBA{A: 255}, stroke: color.RGBA{A: 255}, width: 1}
	var kept []inking
	whole := p.clip
	defer func() { p.clip = whole }()
	var path outline
	var numbers []float64
	name, clipping := "", false
	for token := range bytes.FieldsSeq(content) {
		if n, err := strconv.ParseFloat(string(token), 64); err == nil {
			numbers = append(numbers, n)
			continue
		}
		if token[0] == '/' {
			name = string(token[1:])
			continue
		}
		points, err := state.points(string(token), numbers)
		if err != nil {
			return err
		}
		switch op := string(token); op {
		case "q":
			kept = append(kept, state)
		case "Q":
			if len(kept) == 0 {
				return fmt.Errorf("certificate: a drawing restores what it did not save")
			}
			state, kept = kept[len(kept)-1], kept[:len(kept)-1]
		case "cm":
			state.at = state.at.before(matrix{numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]})
		case "w":
			state.width = numbers[0]
		case "rg":
			state.fill = mixed(numbers)
		case "RG":
			state.stroke = mixed(numbers)
		case "gs":
			state.multiply = state.multiply || name == "Multiply"
		case "m":
			path.move(points[0])
		case "l":
			path.line(points[0])
		case "c":
			path.curve(points[0], points[1], points[2])
		case "h":
			path.close()
		case "re":
			x, y, w, h := numbers[0], numbers[1], numbers[2], numbers[3]
			path.move(state.at.apply(x, y))
			for _, corner := range []point{{x + w, y}, {x + w, y + h}, {x, y + h}} {
				path.line(state.at.apply(corner.x, corner.y))
			}
			path.close()
		case "W":
			clipping = true // to a rectangle, which is all that is ever clipped to; until the end of the drawing
		case "f", "S", "B", "n":
			if op == "f" || op == "B" {
				p.canvas.fill(&path, brush{state.fill, state.multiply})
			}
			if op == "S" || op == "B" {
				p.canvas.stroke(&path, max(state.width*state.at.scale(), 0.3), brush{state.stroke, state.multiply})
			}
			if clipping {
				p.clip = p.clip.Intersect(path.bounds(0))
			}
			path, clipping = outline{}, false
		case "Do":
			draw, ok := p.drawings[name]
			if !ok {
				return fmt.Errorf("certificate: no drawing %q", name)
			}
			draw(p, state.at)
		}
		numbers = numbers[:0]
	}
	return nil
}

// takes says how many numbers each operator takes.
var takes = map[string]int{
	"q": 0, "Q": 0, "cm": 6, "w": 1, "rg": 3, "RG": 3, "gs": 0, "m": 2, "l": 2, "c": 6, "h": 0, "re": 4, "W": 0, "f": 0, "S": 0, "B": 0, "n": 0, "Do": 0,
}

// points gives an operator's numbers as places, having held them to how many there must be.
func (s *inking) points(op string, numbers []float64) ([3]point, error) {
	var points [3]point
	if n, known := takes[op]; !known || n != len(numbers) {
		return points, fmt.Errorf("certificate: %d numbers before %q", len(numbers), op)
	}
	for i := 0; i+1 < len(numbers); i += 2 {
		points[i/2] = s.at.apply(numbers[i], numbers[i+1])
	}
	return points, nil
}

func mixed(parts []float64) color.RGBA {
	part := func(i int) uint8 { return uint8(math.Round(255 * max(0, min(1, parts[i])))) }
	return color.RGBA{part(0), part(1), part(2), 255}
}
