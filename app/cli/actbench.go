package cli

import (
	"context"
	"strings"

	"winnow/app/bench"
)

type benchActCmd struct {
	Policy   []string `sep:"none" placeholder:"NAME=DIR" help:"A checkpoint's folder, or a built-in policy's name, and what it is: dense, stage1, cogvla or autoregressive, or any other name. May be given several times. Default: the built-in ones."`
	Suite    []string `placeholder:"NAME,…" help:"metaworld, table. Default: both."`
	Task     []string `placeholder:"NAME,…" help:"Only these tasks. Default: all."`
	Episodes int      `default:"10" placeholder:"N" help:"Of each task. Default: 10."`
	Seed     uint64   `default:"0" placeholder:"N" help:"Of each task's first episode."`
	Rounds   int      `default:"9" placeholder:"N" help:"Rounds in which the policies look by turns, for the latency. Default: 9."`
	JSON     bool     `help:"Print JSON."`
	Compute  compute  `embed:""`
}

// Help shows examples.
func (benchActCmd) Help() string {
	return `Each policy tries each task with the same seeds: success is counted, with its 95 % interval (Wilson). What a call takes is measured by turns on one moment; FLOPs are counted. Ratios are medians over the rounds; above 1, cogvla is faster. An autoregressive policy (OpenVLA) gives one action a call, the others a chunk: both the time of a call and that of an action are told. A policy with routers lets tokens skip layers by its own schedule, unless it is named dense or stage1. All policies are in memory at once.

Examples:

    winnow bench act --suite table --episodes 50
    winnow bench act --policy cogvla=robot-cogvla --policy dense=robot-dense --task push --episodes 5
    winnow bench act --policy dense=out/oft --policy cogvla=out/cogvla
    winnow bench act --policy dense=out/oft --policy stage1=out/stage1 --policy cogvla=out/cogvla --policy autoregressive=out/tokens --suite table --episodes 50 --json`
}

func (c *benchActCmd) options() (o bench.ActOptions, err error) {
	o = bench.ActOptions{Suites: lowered(c.Suite), Tasks: lowered(c.Task), Episodes: c.Episodes, Seed: c.Seed, Rounds: c.Rounds,
		Device: c.Compute.Device, Threads: c.Compute.Threads}
	if c.Episodes < 1 || c.Episodes > mostEpisodes {
		return o, usagef("--episodes is %d; it takes a number from 1 to %d", c.Episodes, mostEpisodes)
	}
	if c.Rounds < 1 || c.Rounds > 1000 {
		return o, usagef("--rounds is %d; it takes a number from 1 to 1000", c.Rounds)
	}
	for _, p := range c.Policy {
		name, dir, ok := strings.Cut(p, "=")
		if !ok || name == "" || dir == "" {
			return o, usagef("--policy is %q; it takes a name and a folder, as in cogvla=out/cogvla", p)
		}
		o.Policies = append(o.Policies, bench.ActPolicy{Name: name, Dir: dir})
	}
	return o, c.Compute.check()
}

func lowered(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, strings.ToLower(strings.TrimSpace(s)))
	}
	return out
}

func (c *benchActCmd) Run(env *Env) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	bar := newPointBar(env.Err, "episodes")
	defer bar.done()
	o.Progress = bar.at
	return benched(env, c.JSON, func(ctx context.Context) (report, error) {
		defer bar.done()
		return bench.RunAct(ctx, o)
	})
}
