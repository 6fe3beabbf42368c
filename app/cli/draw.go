package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"winnow/diffusion"
	"winnow/diffusion/solver"
	"winnow/internal/trace"
	"winnow/pruning"
)

type drawCmd struct {
	Prompt   string   `required:"" placeholder:"TEXT" help:"What to draw."`
	Out      string   `required:"" placeholder:"FILE.png" help:"Write the picture with its run inside: the pruned one of the first method, or without a method the dense one."`
	OutDense string   `placeholder:"FILE.png" help:"Write the dense picture too."`
	OutDiff  string   `placeholder:"FILE.png" help:"Write where the two differ, ${amplify} times amplified."`
	Model    string   `placeholder:"NAME|DIR" help:"A model that draws: a name, or a folder in diffusers' layout: a PixArt denoiser on pixels, without an autoencoder, and CLIP's text encoder. Default: the built-in one."`
	Method   []string `sep:"none" placeholder:"NAME[,KEY=VALUE…][+…]" help:"A pruning method with its parameters. May be given up to ${stacks} times: each draws a picture of its own from the same seed. Default: the dense picture alone."`
	How      drawHow  `embed:""`
	Trace    string   `placeholder:"FILE.jsonl" help:"Write the run to a file that winnow open and the window read."`
	JSON     bool     `help:"Print one JSON object instead of text."`
	Compute  compute  `embed:""`
}

// drawHow is how a picture is drawn, for draw and bench draw.
type drawHow struct {
	Seed     uint64  `default:"0" placeholder:"0" help:"The same seed gives the same noise to begin with."`
	Steps    int     `default:"50" placeholder:"N" help:"Denoising steps. Default: 50."`
	Guidance float64 `default:"3" placeholder:"3" help:"Scale of classifier-free guidance; 1 leaves it out, and half of the arithmetic. Default: 3."`
	Size     int     `placeholder:"PIXELS" help:"Side of the picture. Default: what the model was trained for."`
	Solver   string  `default:"dpm++2m" placeholder:"NAME" help:"${solvers}. Default: dpm++2m."`
}

// Help shows examples.
func (drawCmd) Help() string {
	return `The picture is drawn once with every evaluation of the network (dense), and once with those that each method leaves, from the same noise.

Examples:

    winnow draw --prompt "a red apple on the left" --out apple.png
    winnow draw --prompt "a dog above a boat" --method sada --out dog.png --out-diff diff.png
    winnow draw --prompt "a cat" --solver flow-euler --steps 30 --seed 7 --method sada --json --out cat.png
    winnow draw --model out/draw/draw-8.9m --prompt "a cat" --method sada --method stepcache,interval=2 --out cat.png --trace cat.jsonl

winnow open FILE.png shows the run of a picture again.`
}

func (h drawHow) check() error {
	switch {
	case h.Steps < 1 || h.Steps > trace.MaxDrawSteps:
		return usagef("--steps is %d; it takes a number from 1 to %d", h.Steps, trace.MaxDrawSteps)
	case !(h.Guidance >= 1 && h.Guidance <= 100):
		return usagef("--guidance is %g; it takes a number from 1, which is none, to 100", h.Guidance)
	case h.Size < 0 || h.Size > diffusion.MaxSide:
		return usagef("--size is %d; it takes a number of pixels up to %d, or 0 for the model's own", h.Size, diffusion.MaxSide)
	}
	return nil
}

// solversText is a list for help texts.
var solversText = "One of " + strings.Join(solver.Names(), ", ")

func solverName(name string) (string, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	if !slices.Contains(solver.Names(), name) {
		return "", usagef("there is no solver %q; choose from %s", name, strings.Join(solver.Names(), ", "))
	}
	return name, nil
}

// drawStacks reads --method flags that draw a picture each.
func drawStacks(flags []string) ([]trace.Stack, error) {
	if len(flags) > mostStacks {
		return nil, usagef("--method was given %d times; %d is the most", len(flags), mostStacks)
	}
	var out []trace.Stack
	for _, f := range flags {
		methods, err := methodSpecs([]string{f})
		if err != nil {
			return nil, err
		}
		if len(methods) == 0 {
			if len(flags) > 1 {
				return nil, usagef("--method none is the dense picture, which is drawn anyway; leave it out")
			}
			return nil, nil
		}
		for _, m := range methods {
			if !denoises(m.Name) {
				return nil, usagef("%s is no method for drawing; choose from %s", m.Name, strings.Join(drawMethods(), ", "))
			}
		}
		out = append(out, trace.Stack{Methods: methods})
	}
	return out, nil
}

func denoises(method string) bool { return slices.Contains(drawMethods(), method) }

// drawMethods lists the methods that act on denoising steps.
func drawMethods() []string {
	var out []string
	for _, i := range pruning.Infos() {
		if i.Denoises() {
			out = append(out, i.Name)
		}
	}
	return out
}

func (c *drawCmd) request() (trace.Request, error) {
	r := trace.Request{Model: c.Model, Device: c.Compute.Device, Threads: c.Compute.Threads}
	if strings.TrimSpace(c.Prompt) == "" {
		return r, usagef("--prompt is empty; say what to draw")
	}
	if err := cmp.Or(c.How.check(), c.Compute.check()); err != nil {
		return r, err
	}
	name, err := solverName(c.How.Solver)
	if err != nil {
		return r, err
	}
	stacks, err := drawStacks(c.Method)
	if err != nil {
		return r, err
	}
	if len(stacks) > 0 {
		r.Methods, r.Compare = stacks[0].Methods, stacks[1:]
	} else if c.OutDiff != "" {
		return r, usagef("--out-diff compares the pruned picture with the dense one; give a --method")
	}
	r.Draw = &trace.Draw{Prompt: c.Prompt, Seed: c.How.Seed, Steps: c.How.Steps, Solver: name, Guidance: c.How.Guidance, Size: c.How.Size}
	return r, nil
}

func (c *drawCmd) Run(env *Env) error {
	r, err := c.request()
	if err == nil {
		err = c.places()
	}
	if err != nil {
		return err
	}
	bar := newPointBar(env.Err, "steps")
	steps := 0
	rec := recordDrawing(env, r, func(ev trace.Event) {
		switch e := ev.(type) {
		case trace.Notice:
			fmt.Fprintf(env.Err, "note: %s\n", line(e.Text))
		case trace.Denoised:
			steps++
			bar.at(steps, r.Draw.Steps*(1+len(r.Stacks())))
		}
	})
	bar.done()
	if c.JSON {
		_ = printJSON(env.Out, rec.drawResult()) // Run tells of output that cannot be written
	} else if rec.state.Drawing != nil {
		printDrawing(env.Out, rec.state)
	}
	return rec.finish(env, c.JSON, rec.drawOutputs(c)...)
}

// recordDrawing lets the engine draw.
func recordDrawing(env *Env, r trace.Request, see func(trace.Event)) *recording {
	ctx, stop := env.interruptible()
	defer stop()
	e := env.NewEngine()
	defer e.Close()
	rec := &recording{state: new(trace.State)}
	rec.err = e.Run(ctx, r, func(ev trace.Event) {
		rec.events = append(rec.events, ev)
		rec.state.Apply(ev)
		see(ev)
	})
	rec.cancelled = rec.state.Cancelled || ctx.Err() != nil
	if errors.Is(rec.err, context.Canceled) {
		rec.err = nil
	}
	return rec
}

// finite is nil for what JSON cannot hold.
func finite(v *float64) *float64 {
	if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
		return nil
	}
	return v
}
