package figure

import (
	"image/color"
	"math"
	"slices"
)

// spread lists 0 … n-1 with the ends first, then middles, so that labels that find room are
// spread over the line.
func spread(n int) []int {
	var out []int
	seen := make([]bool, n)
	add := func(i int) {
		if i >= 0 && i < n && !seen[i] {
			seen[i] = true
			out = append(out, i)
		}
	}
	add(0)
	add(n - 1)
	for gap := n; gap > 0; gap /= 2 {
		for i := 0; i < n; i += gap {
			add(i)
		}
	}
	return out
}

// labelled places labels so that none covers another, a point or the line.
type labelled struct {
	f              *figure
	x0, y0, x1, y1 float64 // they stay between
	boxes          [][4]float64
}

func (l *labelled) take(x, y, w, h float64) { l.boxes = append(l.boxes, [4]float64{x, y, w, h}) }

func (l *labelled) takeLine(p, q [2]float64) {
	n := math.Ceil(math.Hypot(q[0]-p[0], q[1]-p[1]) / 6)
	for i := 0.0; i < n; i++ {
		l.take(p[0]+(q[0]-p[0])*i/n-2, p[1]+(q[1]-p[1])*i/n-2, 4, 4)
	}
}

func (l *labelled) put(t typeface, text string, x, y float64, below bool, col color.RGBA) {
	w, h := l.f.width(t, text), t.size
	above := [][2]float64{{x - w/2, y - 10 - h}, {x + 11, y - h - 5}, {x - w - 11, y - h - 5}}
	under := [][2]float64{{x - w/2, y + 10}, {x + 11, y + 5}, {x - w - 11, y + 5}}
	beside := [][2]float64{{x + 11, y - h/2}, {x - w - 11, y - h/2}, {x - w, y - 10 - h}, {x - w, y + 10}, {x - w/2, y - 26 - h}, {x - w/2, y + 26}}
	spots := slices.Concat(above, under, beside)
	if below {
		spots = slices.Concat(under, above, beside)
	}
next:
	for _, s := range spots {
		if s[0] < l.x0 || s[0]+w > l.x1 || s[1] < l.y0 || s[1]+h > l.y1 {
			continue
		}
		for _, b := range l.boxes {
			if s[0] < b[0]+b[2]+3 && b[0] < s[0]+w+3 && s[1] < b[1]+b[3]+1 && b[1] < s[1]+h+1 {
				continue next
			}
		}
		l.take(s[0], s[1], w, h)
		l.f.text(t, col, s[0], s[1]+h-2, text)
		return
	}
}
