package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"winnow/app/policies"
	"winnow/app/routing"
	"winnow/pruning"
	"winnow/robotics"
	"winnow/robotics/episode"
	"winnow/robotics/policy"
)

type actCmd struct {
	List        bool     `help:"List the suites and their tasks."`
	Suite       string   `placeholder:"NAME" help:"metaworld or table; --list shows their tasks."`
	Task        string   `placeholder:"NAME" help:"A task of the suite: reach, or reach-v3, push, …"`
	Policy      string   `default:"robot-cogvla" placeholder:"NAME|DIR|expert" help:"A built-in policy (robot-cogvla, robot-dense, robot-stage1, robot-autoregressive), a folder with a checkpoint of CogVLA, OpenVLA-OFT or OpenVLA, or expert, the suite's scripted expert. Default: robot-cogvla."`
	Method      string   `placeholder:"NAME[,KEY=VALUE…]" help:"Which visual tokens skip which layers of the policy: cogvla, without parameters by the checkpoint's own schedule, or none. Default: cogvla where the policy has routers."`
	Instruction string   `placeholder:"TEXT" help:"What the policy is told. Default: what the task asks for."`
	Episodes    int      `default:"10" placeholder:"N" help:"The number of episodes. Default: 10."`
	Seed        uint64   `default:"0" placeholder:"N" help:"Of the first episode; each one's is one higher. The same seed gives the same scene."`
	Noisy       bool     `help:"The expert acts with the noise that recordings for training have."`
	Cameras     []string `placeholder:"NAME,…" help:"The cameras that the policy looks through, or that are recorded of the expert. Default: the usual one and the one at the hand."`
	Size        int      `placeholder:"PIXELS" help:"Side of the pictures that are recorded of the expert; a policy has its own. Default: 96."`
	Statistics  string   `placeholder:"NAME" help:"The data set by whose statistics the policy's actions are scaled, where none of several is named like the suite."`
	Export      string   `placeholder:"KIND" help:"Record all episodes: lerobot (a LeRobot v3.0 dataset), lerobot-v2.1, mcap, csv or jsonl."`
	Out         string   `placeholder:"DIR|FILE" help:"Where to: a new folder for lerobot, else a file or a folder that it is put into."`
	JSON        bool     `help:"Print one JSON object instead of text."`
	Compute     compute  `embed:""`
}

// Help shows examples.
func (actCmd) Help() string {
	return `A robot tries a task in the simulator, episode after episode, and is counted: a success is an episode in which the task was fulfilled in at least one step. The simulator comes with winnow native install mujoco.

The built-in policies were trained on these tasks. The expert reads the simulator's whole state, so its success says what the task allows, and nothing of a network.

Examples:

    winnow act --list
    winnow act --suite table --task push --episodes 20
    winnow act --suite table --task pick-colour --method none --episodes 50 --json
    winnow act --suite metaworld --task reach-v3 --policy expert --noisy --episodes 50 --export lerobot --out reach
    winnow act --suite metaworld --task door-open --policy out/cogvla --method cogvla --json`
}

const mostEpisodes = 100_000

// job checks the flags, without opening anything.
func (c *actCmd) job() (j robotics.Job, err error) {
	if c.Episodes < 1 || c.Episodes > mostEpisodes {
		return j, usagef("--episodes is %d; it takes a number from 1 to %d", c.Episodes, mostEpisodes)
	}
	if c.Seed > math.MaxInt64-mostEpisodes {
		return j, usagef("--seed is %d; it takes a number up to %d", c.Seed, uint64(math.MaxInt64-mostEpisodes))
	}
	if err := c.Compute.check(); err != nil {
		return j, err
	}
	task, err := robotics.Find(strings.ToLower(strings.TrimSpace(c.Suite)), strings.ToLower(strings.TrimSpace(c.Task)))
	if err != nil {
		return j, usageError{fmt.Errorf("%w; `winnow act --list` says what they are", err)}
	}
	if err := robotics.Known(task, c.Cameras); err != nil {
		return j, usageError{err}
	}
	j = robotics.Job{Suite: task.Suite, Task: task.Name, Policy: c.Policy, Noisy: c.Noisy, DataSet: c.Statistics, Cameras: c.Cameras,
		Size: c.Size, Device: c.Compute.Device, Threads: c.Compute.Threads}
	if len(c.Cameras) == 0 {
		j.Cameras = nil
	}
	if c.Size < 0 || c.Size > 4096 {
		return j, usagef("--size is %d; it takes a number of pixels from 1 to 4096", c.Size)
	}
	if err := c.whose(); err != nil {
		return j, err
	}
	spec, err := actMethod(c.Method)
	if err != nil {
		return j, err
	}
	routed := c.Method == ""
	if spec == nil {
		c.Method = ""
	}
	j.Method = func(p policy.Config) (pruning.Method, error) {
		switch {
		case spec != nil:
			return routing.Method(*spec, p)
		case routed && len(p.Language.Routers) > 0:
			c.Method = "cogvla" // what is told of the run
			return routing.Method(pruning.Spec{Name: c.Method}, p)
		}
		return nil, nil
	}
	if c.Policy != robotics.Expert {
		found, err := policies.Find(c.Policy)
		if err != nil {
			return j, usageError{err}
		}
		j.Load = found.Open
	}
	return j, c.exporting()
}

// whose refuses flags that are another actor's.
func (c *actCmd) whose() error {
	expert := c.Policy == robotics.Expert
	switch {
	case c.Policy == "":
		return usagef("--policy is empty; give a policy's name or a checkpoint's folder, or leave it out for robot-cogvla")
	case expert && c.Method != "" && c.Method != "none":
		return usagef("--method %s belongs to a policy, and the scripted expert has no network; choose a policy with --policy", c.Method)
	case expert && c.Statistics != "":
		return usagef("--statistics belongs to a policy; choose one with --policy")
	case !expert && c.Noisy:
		return usagef("--noisy is for the expert; leave it out, or add --policy expert")
	case !expert && c.Size != 0:
		return usagef("--size is for the expert; a policy looks at pictures of its own size: leave it out, or add --policy expert")
	}
	return nil
}

// actMethod reads --method; nil for none.
func actMethod(flag string) (*pruning.Spec, error) {
	if flag == "" {
		return nil, nil
	}
	methods, err := methodSpecs([]string{flag})
	if err != nil {
		return nil, err
	}
	switch len(methods) {
	case 0:
		return nil, nil
	case 1:
		s := pruning.Spec(methods[0])
		return &s, nil
	}
	return nil, usagef("--method %s names %d methods; a policy takes one", flag, len(methods))
}

func (c *actCmd) Run(env *Env) (err error) {
	if c.List {
		return listTasks(env, c.Suite, c.JSON)
	}
	job, err := c.job()
	if err != nil {
		return err
	}
	ctx, stop := env.interruptible()
	defer stop()
	out, err := c.begin(job)
	if err != nil {
		return err
	}
	defer out.discard()
	stage, err := job.Open(ctx)
	if err != nil {
		return ended(ctx, err)
	}
	defer stage.Close()
	bar := newPointBar(env.Err, "episodes")
	defer bar.done()
	o := robotics.Options{Episodes: c.Episodes, Seed: c.Seed, Instruction: strings.TrimSpace(c.Instruction), Model: policyName(c.Policy), Method: c.Method,
		Progress: func(done, _ int) { bar.at(done, c.Episodes) }}
	if out != nil {
		o.Record = func(e *episode.Episode) error { return out.writer.Add(ctx, e) }
		if stage.Brain == nil {
			if o.Cameras = job.Cameras; o.Cameras == nil && out.pictures {
				o.Cameras = robotics.Cameras(stage.Env.Task(), 2)
			}
		}
	}
	report, err := robotics.Run(ctx, stage.Env, stage.Actor, o)
	if err == nil && out != nil {
		err = out.writer.Commit()
	}
	bar.done()
	if err != nil {
		return ended(ctx, err)
	}
	result := newActResult(c, report, stage, out)
	if c.JSON {
		return printJSON(env.Out, result)
	}
	result.print(env.Out)
	return nil
}

// ended tells a cancelled run from a failed one.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return errCancelled
	}
	return err
}
