package cli

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"winnow/internal/trace"
)

type openCmd struct {
	File   string `arg:"" placeholder:"TRACE" help:"A trace (.jsonl) or a figure (.png) that carries one."`
	Layer  *int   `placeholder:"N" help:"Show the tokens and scores of this layer. Default: the kept tokens of the last one."`
	JSON   bool   `help:"Print one JSON object with the sides' results." xor:"as"`
	Events bool   `help:"Print the events as JSON lines, which is the trace itself." xor:"as"`
	Figure string `placeholder:"FILE.png" help:"Draw the run."`
}

// Help shows examples.
func (openCmd) Help() string {
	return `Examples:

    winnow open run.jsonl
    winnow open run.png --layer 3
    winnow open run.png --events > run.jsonl
    winnow open run.jsonl --figure run.png
    winnow open compare.png            # a comparison or a sweep opens too

The command that repeats the run stands at the end.`
}

func (c *openCmd) Run(env *Env) error {
	events, damage := trace.Open(c.File)
	if len(events) == 0 {
		return damage
	}
	state := trace.Fold(events)
	if state.Request.Draw != nil {
		return cmp.Or(c.openDrawing(env, events, state), damage)
	}
	if c.Layer != nil && (*c.Layer < 0 || *c.Layer >= state.LayerCount()) {
		return usagef("--layer is %d; the run has layers 0 to %d", *c.Layer, state.LayerCount()-1)
	}
	if err := c.show(env, events, state); err != nil {
		return err
	}
	if c.Figure != "" {
		if err := saveFigure(c.Figure, state, events, c.Layer); err != nil {
			return err
		}
		fmt.Fprintf(env.Err, "wrote %s\n", c.Figure)
	}
	return damage
}

func (c *openCmd) show(env *Env, events []trace.Event, state *trace.State) error {
	switch {
	case c.Events:
		w := trace.NewWriter(env.Out)
		for _, e := range events {
			if err := w.Write(e); err != nil {
				return err
			}
		}
		return w.Flush()
	case c.JSON:
		return printJSON(env.Out, resultOf(state))
	}
	printRun(env.Out, state, c.Layer)
	layer := state.LayerCount() - 1
	if c.Layer != nil {
		layer = *c.Layer
	}
	if state.Request.Sweep == nil {
		printLayers(env.Out, state, layer, c.Layer != nil)
	}
	if again := rerun(state.Request); again != "" {
		fmt.Fprintf(env.Out, "\nAgain: %s\n", again)
	}
	return nil
}

// forcedText lists cells as --force takes them.
func forcedText(cells []trace.Forced) string {
	var parts []string
	for _, f := range cells[:min(len(cells), 32)] {
		where := "out"
		if f.Keep {
			where = "in"
		}
		parts = append(parts, fmt.Sprintf("%d,%d=%s", f.Row, f.Col, where))
	}
	if len(cells) > len(parts) {
		parts = append(parts, fmt.Sprintf("and %d more", len(cells)-len(parts)))
	}
	return strings.Join(parts, " ")
}

// printRun writes what was asked, of what, and what came out.
func printRun(w io.Writer, s *trace.State, layer *int) {
	fmt.Fprintf(w, "question %s\n", line(s.Request.Question()))
	if s.Time != "" {
		fmt.Fprintf(w, "run      %s, by winnow %s\n", line(s.Time), line(s.Version))
	}
	if s.Model != nil {
		fmt.Fprintln(w, modelLine(s.Model))
	}
	if s.Picture != nil {
		fmt.Fprintln(w, pictureLine(s.Picture))
	}
	stacks := s.Request.Stacks()
	for i, k := range stacks {
		if len(stacks) > 1 {
			fmt.Fprintf(w, "stack %d  %s\n", i+1, line(stackText(k.Methods)))
			continue
		}
		for _, m := range k.Methods {
			fmt.Fprintf(w, "method   %s\n", line(specText(m)))
		}
	}
	if n := len(s.Request.Force); n > 0 {
		fmt.Fprintf(w, "by hand  %s\n", forcedText(s.Request.Force))
	}
	names := live{labels: s.Request.Labels()}
	for _, d := range append([]*trace.Side{s.Dense}, s.Sides...) {
		if d != nil {
			fmt.Fprintf(w, "\n%s%s\n", names.heading(d.Name), answerText(d))
		}
	}
	switch {
	case s.Request.Sweep != nil:
		printPoints(w, s)
	case len(s.Sides) > 1:
		printComparison(w, s, layer)
	default:
		printResult(w, s)
	}
	for _, n := range s.Notices {
		fmt.Fprintf(w, "note: %s\n", line(n))
	}
	switch {
	case s.Error != "":
		fmt.Fprintf(w, "\nThe run failed: %s\n", line(s.Error))
	case s.Cancelled:
		fmt.Fprintln(w, "\nThe run was cancelled.")
	case !s.Ended:
		fmt.Fprintln(w, "\nThe trace ends before the run does.")
	}
}
