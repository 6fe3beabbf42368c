package cli

import (
	"fmt"
	"io"
	"strings"

	"winnow/internal/trace"
)

// mostStacks is how many stacks one run compares with dense.
const mostStacks = trace.MaxCompare + 1

type compareCmd struct {
	Question question `embed:""`
	Method   []string `required:"" sep:"none" placeholder:"NAME[,KEY=VALUE…][+…]" help:"A stack to compare: a method with its parameters, or several joined by +. Give two to ${stacks}."`
	Layer    *int     `placeholder:"N" help:"Compare the tokens of this layer. Default: the last in the figure, the mean over all in the text."`
	Trace    string   `placeholder:"FILE.jsonl" help:"Write the run to a file that winnow open and the window read."`
	Figure   string   `placeholder:"FILE.png" help:"Draw the comparison; the PNG carries its trace."`
	JSON     bool     `help:"Print one JSON object instead of text."`
}

// Help shows examples.
func (compareCmd) Help() string {
	return `The question is answered with all visual tokens (dense) and once for each --method, in one run. Words that are not in the dense answer stand in [brackets].

Examples:

    winnow compare --image photo.jpg --prompt "How many dogs?" --method fastv --method corematching
    winnow compare --image photo.jpg --prompt "How many dogs?" --method fastv,keep=0.5 --method fastv,keep=0.1
    winnow compare --image photo.jpg --prompt "How many dogs?" --method zipvl --method corematching+zipvl,kv=mixed --figure compare.png
    winnow compare --image photo.jpg --prompt "How many dogs?" --method fastv --method random --json`
}

func (c *compareCmd) Run(env *Env) error {
	r, err := c.Question.request()
	if err != nil {
		return err
	}
	if err := compared(&r, c.Method); err != nil {
		return err
	}
	if c.Layer != nil && *c.Layer < 0 {
		return usagef("--layer is %d; layers count from 0", *c.Layer)
	}
	show := &live{out: env.Out, notes: env.Err, quiet: c.JSON, labels: r.Labels()}
	rec := c.Question.run(env, r, func(ev trace.Event, _ *trace.State) { show.event(ev) })
	show.end()
	if n := rec.state.LayerCount(); c.Layer != nil && n > 0 && *c.Layer >= n {
		fmt.Fprintf(env.Err, "note: there is no layer %d; the last one, %d, is shown\n", *c.Layer, n-1)
		c.Layer = nil
	}
	if c.JSON {
		_ = printJSON(env.Out, rec.result())
	} else {
		printComparison(env.Out, rec.state, c.Layer)
	}
	return rec.finish(env, c.JSON, output{c.Trace, func(path string) error { return saveTrace(path, rec.events) }},
		output{c.Figure, func(path string) error { return saveFigure(path, rec.state, rec.events, c.Layer) }})
}

// compared puts each --method into the request as a stack of its own.
func compared(r *trace.Request, flags []string) error {
	if len(flags) < 2 || len(flags) > mostStacks {
		return usagef("--method was given %d times; a comparison takes 2 to %d stacks, `winnow ask` takes one", len(flags), mostStacks)
	}
	for i, f := range flags {
		methods, err := methodSpecs([]string{f})
		if err != nil {
			return err
		}
		if len(methods) == 0 {
			return usagef("--method none is the dense answer, which every comparison has; leave it out")
		}
		if i == 0 {
			r.Methods = methods
		} else {
			r.Compare = append(r.Compare, trace.Stack{Methods: methods})
		}
	}
	return nil
}

// printComparison writes the table of a run with several sides, their answers' differences, and
// how far they agree on what to keep.
func printComparison(w io.Writer, s *trace.State, layer *int) {
	if s.Dense == nil || s.Dense.Summary == nil || len(s.Sides) == 0 {
		return
	}
	fmt.Fprintln(w)
	for _, d := range s.Sides {
		if d.Summary != nil {
			fmt.Fprintf(w, "%s: %s\n", line(d.Label), differences(s.Dense, d))
		}
	}
	printTable(w, trace.Compare(s))
	printJaccard(w, s, layer)
}

// differences shows an answer with the words that the dense one lacks in brackets.
func differences(dense, d *trace.Side) string {
	_, marks, first := trace.Diff(dense.Words, d.Words)
	if first < 0 {
		return "the same answer"
	}
	var text string
	for i, word := range d.Words {
		t := clean(word.Text)
		if marks[i] && (i == 0 || !marks[i-1]) {
			space := len(t) - len(strings.TrimLeft(t, " \n\t"))
			t = t[:space] + "[" + t[space:]
		}
		if marks[i] && (i+1 == len(marks) || !marks[i+1]) {
			t += "]"
		}
		text += t
	}
	return fmt.Sprintf("differs from token %d on: %s", first+1, line(text))
}
