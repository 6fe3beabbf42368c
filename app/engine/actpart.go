package engine

import (
	"cmp"
	"context"
	"encoding/json"

	"winnow/app/routing"
	"winnow/internal/trace"
	"winnow/pruning"
	"winnow/robotics"
	"winnow/robotics/sim"
)

// part is a side of an acting run.
type part struct {
	side, title, method string
	policy              *policyOf // nil: the expert
	network             *robotics.Network
	actor               robotics.Actor
	made                string // what it was made of, but for the policy

	told   string // the instruction that one beside knows
	looked int    // the step of its last thought; -1: none yet
}

// choose makes the parts of a request, who acts first; those that were made already are kept.
func (s *stage) choose(ctx context.Context, r trace.Request, t task) ([]*part, error) {
	acts, err := s.part(ctx, trace.Pruned, r.Model, r, t, r.Methods)
	if err != nil {
		return nil, err
	}
	parts := []*part{acts}
	beside := r.Act.Beside
	if len(beside) == 0 && len(r.Methods) > 0 {
		beside = []string{r.Model}
	}
	for i, name := range beside {
		side := trace.Dense
		if i > 0 {
			side = trace.SideName(i)
		}
		p, err := s.part(ctx, side, name, r, t, nil)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

func (s *stage) part(ctx context.Context, side, name string, r trace.Request, t task, methods []trace.Spec) (*part, error) {
	made, err := json.Marshal([]any{side, name, methods, t.Suite, t.Name})
	if err != nil {
		return nil, err
	}
	p := &part{side: side, title: expertTitle, policy: s.policies[keyOf(name, r)], made: string(made), looked: -1}
	for _, old := range s.parts {
		if old.made == p.made && old.policy == p.policy {
			return old, nil
		}
	}
	if p.policy == nil {
		p.actor, err = robotics.NewScript(t.Suite, t.Name, false)
		return p, err
	}
	p.title = p.policy.title
	o := robotics.NetworkOptions{Instruction: s.instruction(r)}
	if len(methods) > 0 {
		if o.Method, err = routing.Method(pruning.Spec(methods[0]), p.policy.Config); err != nil {
			return nil, err
		}
		p.method = r.Labels()[0]
	}
	if err := robotics.Fit(p.policy.Config, t, robotics.Cameras(t, p.policy.Config.Images)); err != nil {
		return nil, err
	}
	if p.network, err = robotics.NewNetwork(ctx, p.policy.Policy, t, o); err != nil {
		if ctx.Err() == nil {
			s.forget(keyOf(name, r)) // its device may be lost: the next run opens it anew
		}
		return nil, err
	}
	p.actor = p.network
	return p, nil
}

// instruction is what the parts will probably be told first; "" where only the task knows.
func (s *stage) instruction(r trace.Request) string {
	if s.trial == nil {
		return r.Act.Instruction
	}
	return cmp.Or(r.Act.Instruction, s.trial.Now().Instruction)
}

// ask lets one that does not act look at a moment: at the same pictures, and at those of its own
// cameras where it has others.
func (p *part) ask(ctx context.Context, env sim.Env, m robotics.Moment) (robotics.Chunk, error) {
	if p.told != m.Seen.Instruction {
		if err := p.network.Instruct(m.Seen.Instruction); err != nil {
			return robotics.Chunk{}, err
		}
		p.told = m.Seen.Instruction
	}
	s := robotics.Seen{Observation: m.Seen}
	for _, c := range p.network.Cameras() {
		picture := m.Pictures[c]
		if picture == nil {
			var err error
			if picture, err = robotics.Picture(env, c); err != nil {
				return robotics.Chunk{}, err
			}
		}
		s.Pictures = append(s.Pictures, picture)
	}
	return p.network.Act(ctx, s)
}
