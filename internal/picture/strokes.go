package picture

import "image"

// trace finds the strokes: ink that hangs together and is no speck. It says how many pixels they have,
// and whether one of them touches the edge of the picture.
func (i *ink) trace(speck int) (count int, atEdge bool) {
	p := i.picture
	seen := make([]bool, len(p.pix))
	i.strokes = make([]bool, len(p.pix))
	var blot []int32
	for start, v := range p.pix {
		if seen[start] || int(v) > i.cut.at {
			continue
		}
		blot = i.blot(blot[:0], start, seen)
		if len(blot) <= speck {
			continue
		}
		count += len(blot)
		for _, at := range blot {
			i.strokes[at] = true
			x, y := int(at)%p.w, int(at)/p.w
			i.box = i.box.Union(image.Rect(x, y, x+1, y+1))
			atEdge = atEdge || x == 0 || y == 0 || x == p.w-1 || y == p.h-1
		}
	}
	return count, atEdge
}

// blot collects the ink that hangs together with a pixel, itself first. What it has collected is at
// the same time the list of what is still to be looked around.
func (i *ink) blot(blot []int32, start int, seen []bool) []int32 {
	p := i.picture
	seen[start] = true
	blot = append(blot, int32(start))
	for next := 0; next < len(blot); next++ {
		x, y := int(blot[next])%p.w, int(blot[next])/p.w
		for ny := max(0, y-1); ny <= min(p.h-1, y+1); ny++ {
			for nx := max(0, x-1); nx <= min(p.w-1, x+1); nx++ {
				if at := ny*p.w + nx; !seen[at] && int(p.pix[at]) <= i.cut.at {
					seen[at] = true
					blot = append(blot, int32(at))
				}
			}
		}
	}
	return blot
}

// nearStroke says whether a pixel or one beside it belongs to a stroke.
func (i *ink) nearStroke(x, y int) bool {
	p := i.picture
	for ny := max(0, y-1); ny <= min(p.h-1, y+1); ny++ {
		for nx := max(0, x-1); nx <= min(p.w-1, x+1); nx++ {
			if i.strokes[ny*p.w+nx] {
				return true
			}
		}
	}
	return false
}
