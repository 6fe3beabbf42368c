package bench

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"slices"
	"strings"

	"winnow/robotics"
	"winnow/robotics/sim"
	"winnow/robotics/sim/suites"
)

// ActPolicy is a robot policy to be measured.
type ActPolicy struct {
	// Name is dense, stage1, cogvla or autoregressive, of which the ratios are made, or any other. Dense
	// and stage1 never route; another policy routes where its checkpoint has routers, and cogvla must
	// have them. Autoregressive must say its actions as tokens, and the other three must not.
	Name string
	// Dir is its checkpoint's folder, or the name of a built-in policy.
	Dir string
}

// ActOptions say who acts on what.
type ActOptions struct {
	Policies []ActPolicy
	// Suites that are run; none: all. Tasks limits them to these names; none: all.
	Suites, Tasks []string
	// Episodes of each task, at least 1; 0 means 10. All policies have the same, Seed being the first's.
	Episodes int
	Seed     uint64
	// Rounds in which all policies look at one moment by turns, at least 1; 0 means 9.
	Rounds  int
	Device  string
	Threads int
	// Progress tells how many episodes are done; nil tells nobody.
	Progress func(done, of int)

	// open reads a policy's folder; nil: as robotics does. Tests have their own.
	open func(p ActPolicy, device string, threads int) (player, error)
}

// autoregressive is the name of a policy that says its action token after token.
const autoregressive = "autoregressive"

// call is one look at a moment, and how many actions came of it.
type call struct {
	robotics.Thought
	actions int
}

// player is a policy that is open.
type player interface {
	// stage readies it for a task; the environment is the caller's to close.
	stage(ctx context.Context, t sim.Task) (sim.Env, robotics.Actor, error)
	close()
}

func (o *ActOptions) check() error {
	if len(o.Policies) == 0 {
		o.Policies = BuiltInPolicies()
	}
	seen := map[string]bool{}
	for _, p := range o.Policies {
		switch {
		case p.Name == "" || p.Dir == "":
			return fmt.Errorf("a policy is named %q with the folder %q; give both, as NAME=DIR", p.Name, p.Dir)
		case seen[p.Name]:
			return fmt.Errorf("two policies are named %s; give each its own name", p.Name)
		}
		seen[p.Name] = true
	}
	o.Episodes, o.Rounds = cmp.Or(o.Episodes, 10), cmp.Or(o.Rounds, 9)
	if o.Episodes < 1 || o.Rounds < 1 {
		return fmt.Errorf("a bench of %d episodes and %d rounds cannot be made; give at least 1 of each", o.Episodes, o.Rounds)
	}
	return nil
}

// tasks are those of all suites that were asked for, in their order.
func (o *ActOptions) tasks() ([]sim.Task, error) {
	names := o.Suites
	if len(names) == 0 {
		names = suites.Names()
	}
	var out []sim.Task
	left := map[string]bool{}
	for _, t := range o.Tasks {
		left[strings.TrimSuffix(t, "-v3")] = true
	}
	found := map[string]bool{}
	for i, s := range names {
		if slices.Contains(names[:i], s) {
			continue
		}
		list, err := suites.Tasks(s)
		if err != nil {
			return nil, err
		}
		for _, t := range list {
			if len(left) == 0 || left[t.Name] {
				out, found[t.Name] = append(out, t), true
			}
		}
	}
	for _, t := range o.Tasks {
		if !found[strings.TrimSuffix(t, "-v3")] {
			return nil, fmt.Errorf("no task of %s is called %q; `winnow act --list` says what there is", strings.Join(names, " or "), t)
		}
	}
	return out, nil
}

// RunAct lets each policy try each task, and measures what a call takes by turns. ctx ends it between
// two steps. All policies are in memory at once.
func RunAct(ctx context.Context, o ActOptions) (*Acting, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	tasks, err := o.tasks()
	if err != nil {
		return nil, err
	}
	if o.open == nil {
		o.open = openPlayer
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	var players []player
	defer func() {
		for _, p := range players {
			p.close()
		}
	}()
	for _, p := range o.Policies {
		one, err := o.open(p, o.Device, o.Threads)
		if err != nil {
			return nil, fmt.Errorf("policy %s: %w", p.Name, err)
		}
		players = append(players, one)
	}
	r := &Acting{Episodes: o.Episodes, Seed: o.Seed, Rounds: o.Rounds}
	calls, err := o.byTurns(ctx, players, tasks[0])
	if err != nil {
		return nil, err
	}
	done, of := 0, len(players)*len(tasks)*o.Episodes
	for i, p := range players {
		m := newActed(o.Policies[i], calls[i])
		for _, t := range tasks {
			report, err := o.try(ctx, p, t, func(n int) { o.Progress(done+n, of) })
			if err != nil {
				return nil, fmt.Errorf("policy %s: %w", m.Name, err)
			}
			done += o.Episodes
			m.add(report)
		}
		m.sum()
		r.Policies = append(r.Policies, *m)
	}
	o.Progress(of, of)
	r.compare(calls)
	return r, nil
}

func (o *ActOptions) try(ctx context.Context, p player, t sim.Task, progress func(int)) (*robotics.Report, error) {
	env, actor, err := p.stage(ctx, t)
	if err != nil {
		return nil, err
	}
	defer env.Close()
	return robotics.Run(ctx, env, actor, robotics.Options{Episodes: o.Episodes, Seed: o.Seed, Progress: func(done, _ int) { progress(done) }})
}

// byTurns lets all policies look at the first moment of a task, in an order that turns, and returns
// the calls of each by round. They are warm by then.
func (o *ActOptions) byTurns(ctx context.Context, players []player, t sim.Task) ([][]call, error) {
	look := make([]func() (call, error), len(players))
	for i, p := range players {
		env, actor, err := p.stage(ctx, t)
		if err != nil {
			return nil, fmt.Errorf("policy %s: %w", o.Policies[i].Name, err)
		}
		defer env.Close()
		seen, err := first(env, actor, o.Seed)
		if err != nil {
			return nil, fmt.Errorf("policy %s: %w", o.Policies[i].Name, err)
		}
		look[i] = func() (call, error) {
			c, err := actor.Act(ctx, seen)
			if err == nil && c.Thought == nil {
				err = fmt.Errorf("no network ran, so there is nothing to measure")
			}
			if err != nil {
				return call{}, fmt.Errorf("policy %s: %w", o.Policies[i].Name, err)
			}
			one := call{*c.Thought, len(c.Actions)}
			one.Result = nil
			return one, nil
		}
		if _, err := look[i](); err != nil { // compiles what is of this instruction's length
			return nil, err
		}
	}
	out := make([][]call, len(players))
	for round := range o.Rounds {
		for turn := range players {
			i := (turn + round) % len(players)
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			one, err := look[i]()
			if err != nil {
				return nil, err
			}
			out[i] = append(out[i], one)
		}
	}
	return out, nil
}

// first is the first moment of an episode, as an actor sees it.
func first(env sim.Env, a robotics.Actor, seed uint64) (robotics.Seen, error) {
	obs, err := env.Reset(seed)
	if err != nil {
		return robotics.Seen{}, err
	}
	if err := a.Begin(obs.Instruction, seed); err != nil {
		return robotics.Seen{}, err
	}
	s := robotics.Seen{Observation: obs}
	for _, c := range a.Cameras() {
		var img *image.RGBA
		if img, err = robotics.Picture(env, c); err != nil {
			return s, err
		}
		s.Pictures = append(s.Pictures, img)
	}
	return s, nil
}
