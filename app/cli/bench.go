package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"winnow/app/bench"
)

type benchCmd struct {
	VLM       benchVLMCmd       `cmd:"" name:"vlm" help:"A question about a sample picture, with the built-in model or another."`
	LLM       benchLLMCmd       `cmd:"" name:"llm" help:"Text alone, with smollm2-135m or another model."`
	Agreement benchAgreementCmd `cmd:"" help:"Whether each method stays closer to dense than random does at the same budget."`
	KV        benchKVCmd        `cmd:"" name:"kv" help:"Decoding with a long context: f16, packed and evicted caches."`
	Draw      benchDrawCmd      `cmd:"" help:"Drawing with few evaluations of the network: time, likeness, and whether what was asked for is seen."`
	Act       benchActCmd       `cmd:"" help:"Robot policies beside each other: success in the simulator, latency by turns, FLOPs."`
	Serve     benchServeCmd     `cmd:"" hidden:"" help:"Measure one thing in a process of its own; bench starts it."`
}

// Help shows examples.
func (benchCmd) Help() string {
	return `Winnow dense, Winnow with each method, and libllama run by turns on one file, with the same threads and the same tokens. Ratios are medians over the runs; above 1, Winnow is faster.

Examples:

    winnow bench vlm
    winnow bench llm --runs 9 --json > bench.json
    winnow bench vlm --model model.gguf --mmproj mmproj.gguf
    winnow bench agreement --n 500
    winnow bench kv --context 4096
    winnow bench draw --fewer`
}

// Help shows examples.
func (benchVLMCmd) Help() string { return benchCmd{}.Help() }

// Help shows examples.
func (benchLLMCmd) Help() string { return benchCmd{}.Help() }

type benchFlags struct {
	Runs    int    `default:"7" placeholder:"N" help:"Rounds in which all run by turns; at least 1. Default: 7."`
	Model   string `placeholder:"NAME|FILE.gguf" help:"Another model than the default."`
	Threads int    `placeholder:"N" help:"Threads of both engines. Default: one a physical core."`
	JSON    bool   `help:"Print JSON."`
}

type benchVLMCmd struct {
	Flags  benchFlags `embed:""`
	Mmproj string     `placeholder:"FILE.gguf" help:"The vision encoder that belongs to the model's file. Default: the mmproj beside it."`
}

type benchLLMCmd struct {
	Flags benchFlags `embed:""`
}

func (c *benchVLMCmd) Run(env *Env) error {
	if c.Mmproj != "" && c.Flags.Model == "" {
		return usagef("--mmproj belongs to a model's file; give that with --model")
	}
	return c.Flags.run(env, bench.Options{Kind: bench.VLM, Projector: c.Mmproj})
}

func (c *benchLLMCmd) Run(env *Env) error { return c.Flags.run(env, bench.Options{Kind: bench.LLM}) }

func (c *benchFlags) run(env *Env, o bench.Options) error {
	if c.Runs < 1 || c.Runs > 1000 {
		return usagef("--runs is %d; it takes a number from 1 to 1000", c.Runs)
	}
	if err := (compute{Device: "cpu", Threads: c.Threads}).check(); err != nil {
		return err
	}
	o.Runs, o.Model, o.Threads = c.Runs, c.Model, c.Threads
	if program, err := os.Executable(); err == nil {
		o.Child = []string{program, "bench", "serve"}
	}
	o.Progress = telling(env.Err)
	return benched(env, c.JSON, func(ctx context.Context) (report, error) { return bench.Run(ctx, o) })
}

// report is what a bench has to say.
type report interface{ Print(io.Writer) error }

// benched runs a bench and prints its report.
func benched(env *Env, asJSON bool, run func(context.Context) (report, error)) error {
	ctx, stop := env.interruptible()
	defer stop()
	r, err := run(ctx)
	if ctx.Err() != nil {
		return errCancelled
	}
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(env.Out, r)
	}
	return r.Print(env.Out)
}

type benchServeCmd struct{}

func (benchServeCmd) Run(env *Env) error { return bench.Serve(env.ctx, env.In, env.Out) }

// telling prints each new thing that is being done.
func telling(w io.Writer) func(string) {
	last := ""
	return func(what string) {
		if what != last {
			last = what
			fmt.Fprintln(w, what)
		}
	}
}
