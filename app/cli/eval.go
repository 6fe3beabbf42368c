package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"winnow/app/eval"
	"winnow/internal/trace"
)

type evalCmd struct {
	Method   []string `sep:"none" placeholder:"NAME[,KEY=VALUE…][+…]" help:"A stack to evaluate beside dense; may be given several times."`
	N        int      `default:"100" placeholder:"N" help:"The number of scenes, about 15 questions each. Default: 100."`
	Seed     uint64   `default:"0" placeholder:"0" help:"The same seed gives the same scenes, questions and draws."`
	Model    string   `placeholder:"NAME|FILE.gguf" help:"Another model than the built-in one."`
	Mmproj   string   `placeholder:"FILE.gguf" help:"The vision encoder that belongs to the model's file. Default: the mmproj beside it."`
	Sprites  string   `placeholder:"DIR" help:"Paint scenes from a folder of NAME.png with a transparent ground. Default: the embedded style that training never saw."`
	Style    string   `placeholder:"NAME" help:"Paint in this style of the sprites."`
	Broken   bool     `help:"Put things together that do not go together."`
	Side     int      `placeholder:"PIXELS" help:"Paint scenes of this side, a multiple of 14. Default: as large as the model sees them, else 224."`
	Photos   string   `placeholder:"DIR" help:"Ask about photographs instead: a folder with annotations.json in COCO's form."`
	NoRandom bool     `name:"no-random" help:"Leave out random at each stack's budget."`
	Resume   string   `placeholder:"FILE.jsonl" help:"Keep finished scenes in a file, and go on from those that it holds."`
	CSV      string   `name:"csv" placeholder:"FILE.csv" help:"Write every answer as a table."`
	Figure   string   `placeholder:"FILE.png" help:"Draw quality against cost."`
	Compute  compute  `embed:""`
	JSON     bool     `help:"Print one JSON object instead of text."`
}

// Help shows examples.
func (evalCmd) Help() string {
	return `Questions whose answers are known, about scenes that the model never saw: is it there (POPE), where, what, which colour, how many, left or right; and captions (CHAIR). Dense, each --method and random at its budget answer the same ones in full. Differences are paired, with 95 % intervals over resampled scenes and a sign test.

Examples:

    winnow eval
    winnow eval --method fastv,keep=0.25,layer=1 --method corematching --figure eval.png
    winnow eval --n 1000 --method vasparse --resume vasparse.jsonl
    winnow eval --broken --json > broken.json
    winnow eval --sprites icons/ --csv answers.csv
    winnow eval --photos val2017/ --method zipvl`
}

func (c *evalCmd) Run(env *Env) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	bar := newPointBar(env.Err, "scenes")
	defer bar.done()
	o.Progress = bar.at
	ctx, stop := env.interruptible()
	defer stop()
	results, err := eval.Run(ctx, o)
	bar.done()
	cut := ctx.Err() != nil && (errors.Is(err, context.Canceled) || err == nil) && results != nil && len(results.Scenes) < results.Wanted
	switch {
	case cut && len(results.Scenes) == 0:
		return errCancelled
	case err != nil && !cut:
		return err
	}
	report, err := results.Report()
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(env.Out, report)
	} else {
		err = printEval(env.Out, report)
	}
	err = errors.Join(err, c.save(results, report))
	if cut {
		fmt.Fprintf(env.Err, "winnow: %d of %d scenes were finished; these are theirs\n", report.N, report.Wanted)
		return errors.Join(errCancelled, err)
	}
	return err
}

func (c *evalCmd) options() (o eval.Options, err error) {
	switch {
	case c.N < 1 || c.N > 1_000_000:
		return o, usagef("--n is %d; it takes a number of scenes from 1 to 1000000", c.N)
	case c.Mmproj != "" && c.Model == "":
		return o, usagef("--mmproj belongs to a model's file; give that with --model")
	case c.Photos != "" && (c.Sprites != "" || c.Style != "" || c.Broken):
		return o, usagef("--photos asks about photographs; --sprites, --style and --broken are about painted scenes: leave one or the other out")
	case c.Side != 0 && (c.Side%14 != 0 || c.Side < 70 || c.Side > 2044):
		return o, usagef("--side is %d; a scene's side is a multiple of 14 from 70 to 2044, such as 224 or 336", c.Side)
	case c.Photos != "" && c.Side != 0:
		return o, usagef("--photos asks about photographs, which have a size; --side is of painted scenes: leave one out")
	case c.NoRandom && len(c.Method) == 0:
		return o, usagef("--no-random leaves out random beside each --method, and none is given")
	}
	if err := c.Compute.check(); err != nil {
		return o, err
	}
	o = eval.Options{N: c.N, Seed: c.Seed, NoRandom: c.NoRandom, Model: c.Model, Projector: c.Mmproj, Device: c.Compute.Device,
		Threads: c.Compute.Threads, Resume: c.Resume}
	if o.Stacks, err = stacksOf(c.Method); err != nil {
		return o, err
	}
	if c.Photos != "" {
		o.Source, err = eval.Photos(c.Photos, c.Seed)
	} else {
		o.Source, err = eval.Painted(eval.PaintedOptions{Sprites: c.Sprites, Style: c.Style, Broken: c.Broken, Seed: c.Seed, Side: c.Side})
	}
	return o, err
}

// save writes the files that were asked for.
func (c *evalCmd) save(results *eval.Results, report *eval.Report) (err error) {
	write := func(path string, f func(io.Writer) error) {
		switch {
		case path == "":
		case special(path):
			err = errors.Join(err, writeInto(path, f))
		default:
			err = errors.Join(err, trace.Save(path, f))
		}
	}
	write(c.CSV, results.WriteCSV)
	write(c.Figure, func(w io.Writer) error { return drawEval(w, report) })
	return err
}
