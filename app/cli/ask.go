package cli

import (
	"winnow/internal/trace"
)

// defaultMethod is what a newcomer sees.
const defaultMethod = "corematching"

type askCmd struct {
	Question question `embed:""`
	Method   []string `sep:"none" placeholder:"NAME[,KEY=VALUE…]" help:"A pruning method with its parameters; several act in the order given, also joined by +. none is the dense run alone. Default: ${method}."`
	Trace    string   `placeholder:"FILE.jsonl" help:"Write the run to a file that winnow open and the window read."`
	Figure   string   `placeholder:"FILE.png" help:"Draw the run; the PNG carries its trace."`
	JSON     bool     `help:"Print one JSON object instead of text."`
}

// Help shows examples.
func (askCmd) Help() string {
	return `The question is answered twice: with all visual tokens (dense) and with those that the method keeps (pruned).

Examples:

    winnow ask --image photo.jpg --prompt "What is in the picture?"
    winnow ask --image photo.jpg --prompt "How many dogs?" --method fastv,keep=0.25
    winnow ask --image photo.jpg --prompt "How many dogs?" --method corematching+zipvl,kv=mixed
    winnow ask --image photo.jpg --prompt "What is this?" --method none --json
    winnow ask --image photo.jpg --prompt "What is this?" --method none --force 3,4=out --force 3,5=out
    winnow ask --image photo.jpg --prompt "What is this?" --figure run.png --trace run.jsonl`
}

func (c *askCmd) Run(env *Env) error {
	r, err := c.Question.request()
	if err != nil {
		return err
	}
	if r.Methods, err = methodSpecs(c.Method); err != nil {
		return err
	}
	show := &live{out: env.Out, notes: env.Err, quiet: c.JSON}
	rec := c.Question.run(env, r, func(ev trace.Event, _ *trace.State) { show.event(ev) })
	show.end()
	if c.JSON {
		_ = printJSON(env.Out, rec.result()) // Run tells of output that cannot be written
	} else {
		printResult(env.Out, rec.state)
	}
	return rec.finish(env, c.JSON, output{c.Trace, func(path string) error { return saveTrace(path, rec.events) }},
		output{c.Figure, func(path string) error { return saveFigure(path, rec.state, rec.events, nil) }})
}

// result is what --json prints.
func (rec *recording) result() resultJSON {
	j := resultOf(rec.state)
	if rec.err != nil {
		j.Error = rec.err.Error()
	}
	return j
}
