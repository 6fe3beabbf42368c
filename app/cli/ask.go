package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"winnow/internal/trace"
	"winnow/pruning"
)

// defaultMethod is what a newcomer sees.
const defaultMethod = "corematching"

type askCmd struct {
	Image   string   `required:"" placeholder:"FILE" help:"The picture: JPEG, PNG, WebP, GIF, BMP or TIFF."`
	Prompt  string   `required:"" placeholder:"TEXT" help:"The question."`
	Method  []string `sep:"none" placeholder:"NAME[,KEY=VALUE…]" help:"A pruning method with its parameters; may be given several times, none for the dense run alone. Default: ${method}."`
	Model   string   `placeholder:"NAME|FILE.gguf" help:"A model's name or file. Default: the built-in one."`
	Mmproj  string   `placeholder:"FILE.gguf" help:"The vision encoder that belongs to the model's file. Default: the mmproj beside it."`
	Compute compute  `embed:""`
	Choice  sampling `embed:"" set:"tokens=128"`
	Trace   string   `placeholder:"FILE.jsonl" help:"Write the run to a file that winnow open and the window read."`
	Figure  string   `placeholder:"FILE.png" help:"Draw the run; the PNG carries its trace."`
	JSON    bool     `help:"Print one JSON object instead of text."`
}

// Help shows examples.
func (askCmd) Help() string {
	return `The question is answered twice: with all visual tokens (dense) and with those that the method keeps (pruned).

Examples:

    winnow ask --image photo.jpg --prompt "What is in the picture?"
    winnow ask --image photo.jpg --prompt "How many dogs?" --method fastv,keep=0.25
    winnow ask --image photo.jpg --prompt "What is this?" --method none --json
    winnow ask --image photo.jpg --prompt "What is this?" --figure run.png --trace run.jsonl`
}

func (c *askCmd) Run(env *Env) error {
	r, err := c.request()
	if err != nil {
		return err
	}
	ctx, stop := env.interruptible()
	defer stop()
	var events []trace.Event
	state := new(trace.State)
	show := &live{out: env.Out, notes: env.Err, quiet: c.JSON}
	err = c.findPicture()
	if err == nil {
		e := env.NewEngine()
		defer e.Close()
		err = e.Run(ctx, r, func(ev trace.Event) {
			events = append(events, ev)
			state.Apply(ev)
			show.event(ev)
		})
	}
	show.end()
	if c.JSON {
		j := resultOf(state)
		if err != nil {
			j.Error = err.Error()
		}
		_ = printJSON(env.Out, j) // Run tells of output that cannot be written
	} else {
		printResult(env.Out, state)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintf(env.Err, "winnow: %v\n", err)
		err = errSaid
	}
	if x := c.export(env, events, state); x != nil {
		err = cmp.Or(err, x)
	}
	if state.Cancelled || ctx.Err() != nil {
		return errCancelled
	}
	return err
}

// request checks what can be checked without the model.
func (c *askCmd) request() (trace.Request, error) {
	r := trace.Request{Model: c.Model, Picture: c.Image, PictureName: filepath.Base(c.Image),
		Messages: []trace.Message{{Role: "user", Text: c.Prompt}}, Device: c.Compute.Device, Threads: c.Compute.Threads}
	var err error
	if r.Sampling, err = c.Choice.check(); err != nil {
		return r, err
	}
	if err := c.Compute.check(); err != nil {
		return r, err
	}
	if r.Methods, err = methodSpecs(c.Method); err != nil {
		return r, err
	}
	if c.Mmproj != "" {
		if c.Model == "" {
			return r, usagef("--mmproj belongs to a model's file; give that with --model")
		}
		r.Projector = c.Mmproj
	}
	return r, nil
}

// methodSpecs reads the --method flags: none given means the default, "none" means none.
func methodSpecs(flags []string) ([]trace.Spec, error) {
	if len(flags) == 0 {
		flags = []string{defaultMethod}
	}
	var out []trace.Spec
	for _, f := range flags {
		if f == "none" {
			if len(flags) > 1 {
				return nil, usagef("--method none stands alone; leave it out or the others")
			}
			return nil, nil
		}
		spec, err := pruning.ParseSpec(f)
		if err == nil {
			_, _, err = pruning.New(spec)
		}
		if err != nil {
			return nil, usageError{err}
		}
		out = append(out, trace.Spec{Name: spec.Name, Params: spec.Params})
	}
	return out, nil
}

// findPicture says at once what would come out only after the model is loaded.
func (c *askCmd) findPicture() error {
	info, err := os.Stat(c.Image)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no picture %s; check the path", c.Image)
	case err != nil:
		return fmt.Errorf("the picture %s cannot be opened: %w", c.Image, bare(err))
	case info.IsDir():
		return fmt.Errorf("%s is a folder; give a picture in it", c.Image)
	}
	return nil
}

// export writes what was asked for; one that cannot be written does not hinder the other.
func (c *askCmd) export(env *Env, events []trace.Event, state *trace.State) error {
	if len(events) == 0 {
		return nil
	}
	var failed error
	for _, x := range []struct {
		path  string
		write func(string) error
	}{
		{c.Trace, func(path string) error { return saveTrace(path, events) }},
		{c.Figure, func(path string) error { return saveFigure(path, state, events, nil) }},
	} {
		if x.path == "" {
			continue
		}
		if err := x.write(x.path); err != nil {
			fmt.Fprintf(env.Err, "winnow: %v\n", err)
			failed = errSaid
		} else if !c.JSON {
			fmt.Fprintf(env.Err, "wrote %s\n", x.path)
		}
	}
	return failed
}
