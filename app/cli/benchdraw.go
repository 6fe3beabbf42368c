package cli

import (
	"context"

	"winnow/app/bench"
	"winnow/internal/trace"
)

type benchDrawCmd struct {
	Model   string   `placeholder:"NAME|DIR" help:"Another model that draws than the built-in one: a folder in diffusers' layout."`
	N       int      `default:"${prompts}" placeholder:"N" help:"The number of prompts. Default: ${prompts}."`
	Solvers []string `name:"solver" placeholder:"NAME,…" help:"The solvers that draw each prompt. Default: dpm++2m,flow-euler."`
	Method  []string `sep:"none" placeholder:"NAME[,KEY=VALUE…][+…]" help:"A method to draw with beside dense; up to ${stacks} times. Default: sada."`
	Fewer   bool     `help:"Draw dense with as few steps, too, as the first method had evaluations."`
	How     benchHow `embed:""`
	Compute compute  `embed:""`
	JSON    bool     `help:"Print JSON."`
}

// benchHow is drawHow without its solver.
type benchHow struct {
	Seed     uint64  `default:"0" placeholder:"0" help:"The same seed gives the same prompts and noise."`
	Steps    int     `default:"50" placeholder:"N" help:"Denoising steps. Default: 50."`
	Guidance float64 `default:"3" placeholder:"3" help:"Scale of classifier-free guidance; 1 leaves it out. Default: 3."`
	Size     int     `placeholder:"PIXELS" help:"Side of the pictures. Default: what the model was trained for."`
}

// Help shows examples.
func (benchDrawCmd) Help() string {
	return `Prompts about one to three things with their colours and places are drawn dense and with each method, from the same noise, by turns with each solver. Speed is measured, evaluations and arithmetic are counted, PSNR and SSIM are those to the dense picture. The built-in VLM is asked whether it sees what was asked for: the thing, its place, its colour. Before it all, an evaluation of the network is timed beside its matrix products alone, and on some of the tokens.

Examples:

    winnow bench draw
    winnow bench draw --fewer --json > draw.json
    winnow bench draw --model out/draw/draw-8.9m --method sada --method stepcache,interval=2 --solver dpm++2m,unipc --n 64`
}

func (c *benchDrawCmd) Run(env *Env) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	bar := newPointBar(env.Err, "drawings")
	defer bar.done()
	o.Progress = bar.at
	return benched(env, c.JSON, func(ctx context.Context) (report, error) {
		e := env.NewEngine()
		defer e.Close()
		defer bar.done()
		o.Runner = e
		return bench.RunDraw(ctx, o)
	})
}

func (c *benchDrawCmd) options() (o bench.DrawOptions, err error) {
	if c.N < 1 || c.N > 100_000 {
		return o, usagef("--n is %d; it takes a number of prompts from 1 to 100000", c.N)
	}
	how := drawHow{Seed: c.How.Seed, Steps: c.How.Steps, Guidance: c.How.Guidance, Size: c.How.Size}
	if err := how.check(); err != nil {
		return o, err
	}
	if err := c.Compute.check(); err != nil {
		return o, err
	}
	o = bench.DrawOptions{Prompts: c.N, Fewer: c.Fewer, Model: c.Model, Device: c.Compute.Device, Threads: c.Compute.Threads,
		Draw: trace.Draw{Seed: how.Seed, Steps: how.Steps, Guidance: how.Guidance, Size: how.Size}}
	for _, s := range c.Solvers {
		name, err := solverName(s)
		if err != nil {
			return o, err
		}
		o.Solvers = append(o.Solvers, name)
	}
	o.Stacks, err = drawStacks(c.Method)
	if err == nil && len(c.Method) > 0 && len(o.Stacks) == 0 {
		err = usagef("--method none is the dense picture, which is drawn anyway; leave it out")
	}
	return o, err
}
