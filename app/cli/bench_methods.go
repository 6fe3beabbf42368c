package cli

import (
	"context"

	"winnow/app/bench"
	"winnow/internal/trace"
	"winnow/pruning"
)

type benchAgreementCmd struct {
	N       int      `default:"500" placeholder:"N" help:"The number of questions, drawn from those about the sample scenes; 0 for all. Default: 500."`
	Seed    uint64   `default:"0" placeholder:"0" help:"The same seed draws the same questions and lots."`
	Method  []string `sep:"none" placeholder:"NAME[,KEY=VALUE…][+…]" help:"A stack to compare with random; may be given several times. Default: every method at its defaults."`
	Model   string   `placeholder:"NAME|FILE.gguf" help:"Another model than the built-in one."`
	Mmproj  string   `placeholder:"FILE.gguf" help:"The vision encoder that belongs to the model's file. Default: the mmproj beside it."`
	Threads int      `placeholder:"N" help:"Processor threads. Default: one a physical core."`
	JSON    bool     `help:"Print JSON."`
}

// Help shows examples.
func (benchAgreementCmd) Help() string {
	return `The dense model answers questions about the sample scenes. Each method follows those answers token by token, and so does random, with the same share of the visual tokens (or of the cache). Whose next-token distributions stay closer to the dense ones is told by paired differences, their 95 % interval over resampled questions, and a sign test.

Examples:

    winnow bench agreement
    winnow bench agreement --n 100 --method fastv,layer=1,keep=0.25 --method zipvl,tau=0.9
    winnow bench agreement --n 0 --seed 7 --json > agreement.json`
}

func (c *benchAgreementCmd) Run(env *Env) error {
	if c.N < 0 {
		return usagef("--n is %d; it takes a number of questions, or 0 for all", c.N)
	}
	if c.Mmproj != "" && c.Model == "" {
		return usagef("--mmproj belongs to a model's file; give that with --model")
	}
	if err := (compute{Device: "cpu", Threads: c.Threads}).check(); err != nil {
		return err
	}
	stacks, err := stacksOf(c.Method)
	if err != nil {
		return err
	}
	bar := newPointBar(env.Err, "questions")
	defer bar.done()
	o := bench.FidelityOptions{Questions: c.N, Seed: c.Seed, Stacks: stacks, Model: c.Model, Projector: c.Mmproj, Threads: c.Threads, Progress: bar.at}
	return benched(env, c.JSON, func(ctx context.Context) (report, error) {
		defer bar.done()
		return bench.RunFidelity(ctx, o)
	})
}

type benchKVCmd struct {
	Model   string   `placeholder:"NAME|FILE.gguf" help:"Another model than smollm2-135m."`
	Context int      `default:"4096" placeholder:"N" help:"Prompt tokens. Default: 4096."`
	Decode  int      `default:"64" placeholder:"N" help:"Tokens decoded after the prompt. Default: 64."`
	Runs    int      `default:"5" placeholder:"N" help:"Rounds in which all run by turns. Default: 5."`
	Method  []string `sep:"none" placeholder:"NAME[,KEY=VALUE…][+…]" help:"A stack to run beside dense; may be given several times. Default: zipvl,kv=mixed and zipvl,kv=evict."`
	Threads int      `placeholder:"N" help:"Processor threads. Default: one a physical core."`
	JSON    bool     `help:"Print JSON."`
}

// Help shows examples.
func (benchKVCmd) Help() string {
	return `Decode speed after a long prompt, with the f16 cache, with one that is packed in 4 and 2 bits, and with one that the unimportant rows have left; and what choosing costs in prefill. All run by turns; bytes are counted as stored.

Examples:

    winnow bench kv
    winnow bench kv --context 2048 --runs 9 --json > kv.json
    winnow bench kv --method zipvl,kv=mixed,tau=0.99 --method zipvl,kv=keep`
}

func (c *benchKVCmd) Run(env *Env) error {
	for _, f := range []struct {
		name     string
		n, least int
		most     int
	}{{"--context", c.Context, 16, 1 << 20}, {"--decode", c.Decode, 2, 1 << 16}, {"--runs", c.Runs, 1, 1000}} {
		if f.n < f.least || f.n > f.most {
			return usagef("%s is %d; it takes a number from %d to %d", f.name, f.n, f.least, f.most)
		}
	}
	if err := (compute{Device: "cpu", Threads: c.Threads}).check(); err != nil {
		return err
	}
	stacks, err := stacksOf(c.Method)
	if err != nil {
		return err
	}
	o := bench.KVOptions{Model: c.Model, Context: c.Context, Decode: c.Decode, Runs: c.Runs, Threads: c.Threads, Stacks: stacks, Progress: telling(env.Err)}
	return benched(env, c.JSON, func(ctx context.Context) (report, error) { return bench.RunKV(ctx, o) })
}

// stacksOf reads --method flags that are a stack each.
func stacksOf(flags []string) ([][]pruning.Spec, error) {
	var out [][]pruning.Spec
	for _, f := range flags {
		methods, err := methodSpecs([]string{f})
		if err != nil {
			return nil, err
		}
		if len(methods) == 0 {
			return nil, usagef("--method none is the dense run, which is there anyway; leave it out")
		}
		out = append(out, specsOf(methods))
	}
	return out, nil
}

func specsOf(methods []trace.Spec) []pruning.Spec {
	out := make([]pruning.Spec, len(methods))
	for i, m := range methods {
		out[i] = pruning.Spec(m)
	}
	return out
}
