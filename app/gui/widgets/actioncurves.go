package widgets

import (
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"winnow/app/gui/theme"
)

// ActionPlot is a chunk of actions, as one policy or two predict it.
type ActionPlot struct {
	// Names of the numbers of an action.
	Names []string
	// Lines and Dots are two predictions [chunk][number]; nil: none. What is not a number is left out.
	Lines, Dots [][]float32
	// LineLabel and DotLabel say whose they are.
	LineLabel, DotLabel string
	// At is the action that is being carried out, -1: none.
	At int
}

// ActionCurves draws a chunk of actions, one colour a number of the action: one prediction as
// lines, another as dots. Up is 1, down −1; what lies beyond is cut there, as the robot does. The
// pointer reads the values; with the keyboard: arrows, Home and End.
type ActionCurves struct {
	celled
	p          ActionPlot
	n, numbers int // of the chunk, and of an action
}

// NewActionCurves makes an empty one.
func NewActionCurves() *ActionCurves {
	c := &ActionCurves{}
	c.extend(c, actionPlot{c}, "No actions yet.")
	c.beneath = true
	return c
}

// What is drawn of a chunk and of an action at most.
const (
	actionsMost = 512
	numbersMost = 32
)

// Set replaces the chunk. It draws the first 512 actions and the first 32 numbers of them.
func (c *ActionCurves) Set(p ActionPlot) {
	p.Names = slices.Clone(p.Names[:min(len(p.Names), numbersMost)])
	p.Lines, p.Dots = actions(p.Lines), actions(p.Dots)
	c.n, c.numbers = max(len(p.Lines), len(p.Dots)), 0
	for _, a := range append(slices.Clone(p.Lines), p.Dots...) {
		c.numbers = max(c.numbers, len(a))
	}
	c.p = p
	c.Refresh()
}

// actions copies as much of a chunk as is drawn.
func actions(chunk [][]float32) [][]float32 {
	out := make([][]float32, min(len(chunk), actionsMost))
	for i := range out {
		out[i] = slices.Clone(chunk[i][:min(len(chunk[i]), numbersMost)])
	}
	return out
}

// actionColors tell the numbers of an action apart; after the last the first comes again.
var actionColors = []fyne.ThemeColorName{theme.ColorMeasured, theme.ColorKept, theme.ColorSide1,
	theme.ColorSide2, theme.ColorSide3, theme.ColorSide4, theme.ColorSoft}

func actionColor(i int) fyne.ThemeColorName { return actionColors[i%len(actionColors)] }

func (c *ActionCurves) name(i int) string {
	if i < len(c.p.Names) && c.p.Names[i] != "" {
		return truncate(c.p.Names[i], caption, 24*theme.Step)
	}
	return fmt.Sprintf("number %d", i)
}

type actionPlot struct{ *ActionCurves }

// left is the room for the numbers of the axis.
func (c actionPlot) left() float32 { return measure("−1", captionMono).Width + theme.Gap }

const (
	actionFoot = 4*theme.Step + 2 // for the numbers of the actions
	actionPad  = 8                // between the edge and the first action
)

func (c actionPlot) empty() bool { return c.n == 0 || c.numbers == 0 }

func (c actionPlot) least(width float32) fyne.Size {
	h := float32(0)
	if !c.empty() {
		_, h = c.places(width)
	}
	return fyne.NewSize(60*theme.Step, h+30*theme.Step+actionFoot)
}

// area holds the legend too: its marks are drawn into the raster.
func (c actionPlot) area(s fyne.Size) frame {
	return frame{0, 0, max(s.Width, 1), max(s.Height-actionFoot, 1)}
}

// box is where the curves lie.
func (c actionPlot) box(s fyne.Size) frame {
	_, top := c.places(s.Width)
	top += theme.Step
	return frame{c.left(), top, max(s.Width-c.left(), 1), max(s.Height-actionFoot-top, 1)}
}

// x is where an action stands.
func (c actionPlot) x(i int, b frame) float32 {
	if c.n < 2 {
		return b.x + b.w/2
	}
	return b.x + actionPad + (b.w-2*actionPad)*float32(i)/float32(c.n-1)
}

// y is where a value stands, cut to −1 … 1.
func (c actionPlot) y(v float32, b frame) float32 {
	return b.y + theme.Step + (b.h-2*theme.Step)*(1-max(min(v, 1), -1))/2
}

func (c actionPlot) labels(s fyne.Size) []label {
	var out []label
	at, _ := c.places(s.Width)
	h := measure("Ag", caption).Height
	for i, k := range c.keys() {
		out = append(out, label{k.text, at[i].X + actionGlyph + theme.Step, at[i].Y - h/2, caption, theme.ColorSoft, fyne.TextAlignLeading})
	}
	b := c.box(s)
	for _, v := range []float32{1, 0, -1} {
		out = append(out, label{strings.Replace(fmt.Sprint(v), "-", "−", 1), b.x - theme.Gap, c.y(v, b) - h/2, captionMono, theme.ColorFaint, fyne.TextAlignTrailing})
	}
	every := 1
	for every < c.n && float32(every)*(b.w-2*actionPad)/float32(c.n-1) < 6*theme.Step {
		every *= 2
	}
	for i := 0; i < c.n; i += every {
		name := theme.ColorFaint
		if i == c.p.At {
			name = foreground
		}
		out = append(out, label{fmt.Sprint(i + 1), c.x(i, b), s.Height - actionFoot + 2, captionMono, name, fyne.TextAlignCenter})
	}
	return out
}

func (c actionPlot) spot(pos fyne.Position, s fyne.Size) spot {
	b := c.box(s)
	if c.empty() || pos.X < b.x || pos.X > b.x+b.w || pos.Y < b.y || pos.Y > s.Height {
		return nowhere
	}
	share := clamp01(float64((pos.X - b.x - actionPad) / max(b.w-2*actionPad, 1)))
	return spot{0, int(share*float64(c.n-1) + 0.5)}
}

// column is a band around an action.
func (c actionPlot) column(i int, b frame) frame {
	w := float32(4 * theme.Step)
	if c.n > 1 {
		w = min(w, max((b.w-2*actionPad)/float32(c.n-1)-1, 2))
	}
	return frame{c.x(i, b) - w/2, b.y, w, b.h}
}

func (c actionPlot) around(at spot, s fyne.Size) (frame, bool) {
	if at.col < 0 || at.col >= c.n {
		return frame{}, false
	}
	b := c.box(s)
	return frame{c.x(at.col, b) - 0.5, b.y, 1, b.h}, true
}

func (c actionPlot) framed(fyne.Size) (frame, bool) { return frame{}, false }

func (c actionPlot) tapped(spot) {}

func (c actionPlot) arrow(dx, dy int) {
	c.hover(spot{0, max(min(c.hovered.col+dx+dy, c.n-1), 0)})
}

// actionTips is how many numbers a tooltip has room for.
const actionTips = 10

func (c actionPlot) tip(at spot) []string {
	head := fmt.Sprintf("action %d of %d", at.col+1, c.n)
	if at.col == c.p.At {
		head += ", carried out now"
	}
	lines := []string{head}
	for i := range min(c.numbers, actionTips) {
		var says []string
		for _, of := range []struct {
			chunk [][]float32
			label string
		}{{c.p.Lines, c.p.LineLabel}, {c.p.Dots, c.p.DotLabel}} {
			if v, ok := value(of.chunk, at.col, i); ok {
				says = append(says, strings.TrimSpace(of.label+" "+hundredths(v)))
			}
		}
		if says != nil {
			lines = append(lines, c.name(i)+": "+strings.Join(says, ", "))
		}
	}
	if c.numbers > actionTips {
		lines = append(lines, fmt.Sprintf("and %d more", c.numbers-actionTips))
	}
	return lines
}

// value is a number of an action, false where there is none.
func value(chunk [][]float32, action, number int) (float32, bool) {
	if action >= len(chunk) || number >= len(chunk[action]) || !finite(float64(chunk[action][number])) {
		return 0, false
	}
	return chunk[action][number], true
}

// hundredths writes a number with a real minus and two decimals.
func hundredths(v float32) string {
	text := fmt.Sprintf("%.2f", v)
	if text == "-0.00" {
		return "0.00"
	}
	return strings.Replace(text, "-", "−", 1)
}
