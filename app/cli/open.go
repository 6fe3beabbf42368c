package cli

import (
	"fmt"
	"io"

	"winnow/internal/trace"
)

type openCmd struct {
	File   string `arg:"" placeholder:"TRACE" help:"A trace (.jsonl) or a figure (.png) that carries one."`
	Layer  *int   `placeholder:"N" help:"Show the tokens and scores of this layer. Default: the kept tokens of the last one."`
	JSON   bool   `help:"Print one JSON object with both sides' results." xor:"as"`
	Events bool   `help:"Print the events as JSON lines, which is the trace itself." xor:"as"`
	Figure string `placeholder:"FILE.png" help:"Draw the run."`
}

// Help shows examples.
func (openCmd) Help() string {
	return `Examples:

    winnow open run.jsonl
    winnow open run.png --layer 3
    winnow open run.png --events > run.jsonl
    winnow open run.jsonl --figure run.png`
}

func (c *openCmd) Run(env *Env) error {
	events, damage := trace.Open(c.File)
	if len(events) == 0 {
		return damage
	}
	state := trace.Fold(events)
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
	printRun(env.Out, state)
	layer := state.LayerCount() - 1
	if c.Layer != nil {
		layer = *c.Layer
	}
	printLayer(env.Out, state, layer, c.Layer != nil)
	return nil
}

// printRun writes what was asked, of what, and what came out.
func printRun(w io.Writer, s *trace.State) {
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
	for _, m := range s.Request.Methods {
		fmt.Fprintf(w, "method   %s\n", line(specText(m)))
	}
	for _, d := range []*trace.Side{s.Dense, s.Pruned} {
		if d != nil {
			fmt.Fprintf(w, "\n%-*s%s\n", len(indent), d.Name, answerText(d))
		}
	}
	printResult(w, s)
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
