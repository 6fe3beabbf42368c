package bench

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"winnow/app/policies"
	"winnow/app/routing"
	"winnow/pruning"
	"winnow/robotics"
	"winnow/robotics/policy"
	"winnow/robotics/sim"
)

// brain is a checkpoint as a player.
type brain struct {
	*robotics.Brain
	method func(policy.Config) (pruning.Method, error) // nil: no row skips a layer
}

// BuiltInPolicies are those inside the program, under the names that ratios are made of.
func BuiltInPolicies() []ActPolicy {
	var out []ActPolicy
	for _, p := range policies.BuiltIns() {
		out = append(out, ActPolicy{Name: strings.TrimPrefix(p.Name, "robot-"), Dir: p.Name})
	}
	return out
}

func openPlayer(p ActPolicy, device string, threads int) (player, error) {
	found, err := policies.Find(p.Dir)
	if err != nil {
		return nil, err
	}
	b, err := robotics.OpenBrain(found.Open, device, threads)
	if err != nil {
		return nil, err
	}
	if err := p.named(b.Config); err != nil {
		b.Close()
		return nil, err
	}
	one := &brain{Brain: b}
	if p.Name == "cogvla" || p.Name != "dense" && p.Name != "stage1" && len(b.Config.Language.Routers) > 0 {
		one.method = func(c policy.Config) (pruning.Method, error) { return routing.Method(pruning.Spec{Name: "cogvla"}, c) }
	}
	return one, nil
}

// named refuses a name that promises another kind of policy, since the ratios go by names.
func (p ActPolicy) named(c policy.Config) error {
	switch tokens := c.Bins > 0; {
	case p.Name == autoregressive && !tokens:
		return fmt.Errorf("%s gives a chunk of %d actions in one pass, so it is not autoregressive: name it dense, stage1 or cogvla, as it was trained", p.Dir, c.Chunk)
	case tokens && slices.Contains([]string{"dense", "stage1", "cogvla"}, p.Name):
		return fmt.Errorf("%s says its action token after token: name it autoregressive", p.Dir)
	}
	return nil
}

func (b *brain) stage(ctx context.Context, t sim.Task) (sim.Env, robotics.Actor, error) {
	s, err := robotics.Job{Suite: t.Suite, Task: t.Name, Method: b.method}.With(ctx, b.Brain)
	if err != nil {
		return nil, nil, err
	}
	return s.Env, s.Actor, nil
}

func (b *brain) close() { b.Close() }
