package figure

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"

	"winnow/internal/trace"
	"winnow/vision/heatmap"
)

// Kind is what a figure shows of a run.
type Kind int

// The kinds; Auto is a sweep where the run has points, a comparison where it has several pruned
// sides, else one side.
const (
	Auto Kind = iota
	OneSide
	Comparison
	Sweep
)

// of is the kind that a state is drawn as.
func (k Kind) of(s *trace.State) Kind {
	switch {
	case k != Auto:
		return k
	case len(s.Points) > 0:
		return Sweep
	case len(s.Sides) > 1:
		return Comparison
	}
	return OneSide
}

// Options say what a figure shows and how. The zero value shows the last layer, dark.
type Options struct {
	Kind Kind
	// Side to show by name (trace.SideName), for OneSide; empty: the first pruned one.
	Side string
	// Layer whose tokens are shown, counted from 0; nil: the last.
	Layer *int
	// Light draws on white, for papers.
	Light bool
	// Map is the colour map of the scores.
	Map heatmap.Map
	// Width in pixels, 800 to 3200; 0: 1600. All sizes follow.
	Width int
}

// Sizes in units: a figure is 1600 wide.
const (
	full   = 1600.0
	margin = 48.0
	gap    = 32.0
	column = (full - 2*margin - gap) / 2
	right  = margin + column + gap
)

// Render draws a state. What a run lacks (a picture, scores, a pruned side) is left out.
func Render(state *trace.State, opt Options) (image.Image, error) {
	if state == nil || state.Dense == nil && state.Pruned == nil && state.Picture == nil {
		return nil, errors.New("the run has nothing to draw yet; wait for its first answer")
	}
	if opt.Width == 0 {
		opt.Width = full
	}
	if opt.Width < 800 || opt.Width > 3200 {
		return nil, fmt.Errorf("a figure of %d pixels' width cannot be drawn; choose 800 to 3200", opt.Width)
	}
	f := &figure{state: state, side: state.Pruned, layer: state.LayerCount() - 1, opt: opt, lines: 10}
	if opt.Side != "" {
		if f.side = state.Side(opt.Side); f.side == nil {
			return nil, fmt.Errorf("there is no side %q in this run", opt.Side)
		}
	}
	if f.side == nil {
		f.side = state.Dense
	}
	if opt.Layer != nil {
		if *opt.Layer < 0 || *opt.Layer >= max(state.LayerCount(), 1) {
			return nil, fmt.Errorf("there is no layer %d; the run has layers 0 to %d", *opt.Layer, state.LayerCount()-1)
		}
		f.layer = *opt.Layer
	}
	st := dark
	if opt.Light {
		st = light
	}
	// Drawn on paper that is long enough for the longest of each section, then cut.
	c, err := newCanvas(full, 3400, float64(opt.Width)/full, st)
	if err != nil {
		return nil, err
	}
	f.canvas = c
	var y float64
	switch opt.Kind.of(state) {
	case Comparison:
		y, err = f.comparison(margin)
	case Sweep:
		y, err = f.sweep(margin)
	default:
		y, err = f.run(margin)
	}
	if err != nil {
		return nil, err
	}
	cut := image.Rect(0, 0, c.img.Rect.Dx(), min(round(y*c.scale), c.img.Rect.Dy()))
	return c.img.SubImage(cut), nil
}

// run draws one side beside the dense one.
func (f *figure) run(y float64) (float64, error) {
	y = f.header(y)
	l, r, err := f.pictures(y)
	switch {
	case err != nil:
		return 0, err
	case l > r: // a picture without scores has the results beside it
		y = max(l, f.savings(right, f.answers(right, r))) + gap
	default:
		y = max(f.answers(margin, l), f.savings(right, r)) + gap
	}
	return f.footer(f.charts(y)), nil
}

// Write draws the figure to a PNG file that carries the events. A nil state is made from them.
func Write(path string, state *trace.State, events []trace.Event, opt Options) error {
	if state == nil {
		state = trace.Fold(events)
	}
	img, err := Render(state, opt)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return fmt.Errorf("the figure cannot be packed as PNG: %w", err)
	}
	data, err := trace.EmbedPNG(b.Bytes(), events)
	if err != nil {
		return err
	}
	return trace.Save(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// figure is one drawing in progress.
type figure struct {
	*canvas
	state *trace.State
	side  *trace.Side // the one whose tokens are shown
	layer int
	opt   Options
	lines int // of an answer at most
}

// The sections take the y they begin at and return the y where the next one may.

func (f *figure) header(y float64) float64 {
	s := f.style
	f.textRight(bold(22), s.ink, full-margin, y+20, "winnow")
	question := f.state.Request.Question()
	if plain(question) == "" {
		question = "A run without a question"
	}
	t := bold(36)
	at := f.lay(t, runsOf(nil, nil, question), full-2*margin-140, 3)
	y = f.paragraph(t, f.ink, margin, y+30, 46, at)
	y += 34
	f.text(regular(19), s.soft, margin, y, f.fit(regular(19), f.subtitle(), full-2*margin))
	return y + 32
}

// heading draws the title of a section with a note after it.
func (f *figure) heading(x, y float64, title, note string, width float64) float64 {
	end := f.text(bold(18), f.style.ink, x, y+18, f.fit(bold(18), title, width))
	if note != "" && width-(end-x) > 60 {
		f.text(regular(18), f.style.soft, end+10, y+18, f.fit(regular(18), note, width-(end-x)-10))
	}
	return y + 34
}
